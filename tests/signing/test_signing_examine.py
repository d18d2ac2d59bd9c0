"""The room inside a run: signatures that the inventory found, and the models that none covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.config import Config, SigningConfig
from chainguard_ml.context import Context
from chainguard_ml.errors import UsageError
from chainguard_ml.model import Artifact, ArtifactKind, GapReason, Severity
from chainguard_ml.rules.signing import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chainguard_ml.workers import WorkerPool
    from tests.signing.conftest import Kit, Outcome, Run, Write


@pytest.fixture
def project(tmp_path: Path, tree: Write, kit: Kit) -> Path:
    """A project with a signed directory, a signed file, and an unsigned one."""
    root = tree(
        tmp_path / "project",
        {"models/net/weights.bin": b"w", "models/net/config.json": b"{}", "models/tree.skops": b"t", "other.pkl": b"o"},
    )
    kit.sign(root / "models/net")
    kit.sign(root / "models/tree.skops")
    return root


MODELS = ["models/net/weights.bin", "models/tree.skops", "other.pkl"]
SIGNATURES = ["models/net/model.sig", "models/tree.skops.sig"]


@pytest.fixture
def run(pool: WorkerPool, kit: Kit) -> Run:
    def examine(
        root: Path, *, models: Sequence[str] = MODELS, signatures: Sequence[str] = SIGNATURES, **config: object
    ) -> Outcome:
        artifacts = [
            Artifact(kind, path, "any", 1)
            for kind, paths in ((ArtifactKind.MODEL, models), (ArtifactKind.SIGNATURE, signatures))
            for path in paths
        ]
        config.setdefault("public_keys", (kit.pair.public,))
        context = Context(root, pool, tuple(artifacts), config=Config(signing=SigningConfig(**config)))
        return kit.sort(signing.examine(context))

    return examine


def test_models_are_covered_or_named(project: Path, run: Run) -> None:
    outcome = run(project)
    (finding,) = outcome.findings
    assert (finding.rule, finding.severity, finding.location.path) == ("unsigned-model", Severity.LOW, "other.pkl")
    assert finding.facts == {"reason": "missing"}
    assert outcome.verified
    covers = {item.subject.name: item.statement["covers"] for item in outcome.evidence}
    assert covers == {
        "models/net": ["models/net/config.json", "models/net/weights.bin"],
        "models/tree.skops": ["models/tree.skops"],
    }
    assert [str(item.origin) for item in outcome.evidence] == SIGNATURES


def test_signatures_that_are_not_required(project: Path, run: Run) -> None:
    outcome = run(project, required=False)
    assert outcome.verified
    assert not outcome.findings


def test_a_tampered_model_is_named_once(project: Path, run: Run) -> None:
    (project / "models/net/weights.bin").write_bytes(b"x")
    (project / "models/tree.skops").unlink()
    outcome = run(project, models=MODELS[:1])
    assert outcome.changes == {"models/net/weights.bin": "changed", "models/tree.skops": "missing"}
    assert outcome.rules == {"model-tampered"}


def test_an_untrusted_signature_covers_nothing(project: Path, run: Run, kit: Kit) -> None:
    outcome = run(project, public_keys=(kit.make("p256", "other").public,))
    assert [finding.rule for finding in outcome.findings] == ["untrusted-signer"] * 2 + ["unsigned-model"] * 3
    assert not outcome.evidence


def test_no_configured_key_is_a_gap_for_each_signature(project: Path, run: Run) -> None:
    outcome = run(project, public_keys=())
    assert {(gap.subject.name, gap.reason) for gap in outcome.gaps} == {
        ("models/net", GapReason.NO_DATA),
        ("models/tree.skops", GapReason.NO_DATA),
    }


def test_a_wrong_configured_key_is_the_operator_s_mistake(project: Path, run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(project, public_keys=(tmp_path / "none.pub",))


def test_paths_that_the_operator_accepts(project: Path, run: Run, tree: Write) -> None:
    tree(project, {"models/net/.git/config": b"x"})
    assert run(project, models=()).rules == {"uncovered-file"}
    assert run(project, models=(), ignore=(".git",)).verified


def test_a_signature_at_the_root_covers_the_root(tmp_path: Path, tree: Write, kit: Kit, run: Run) -> None:
    root = tree(tmp_path / "r", {"w.bin": b"w", "sub/x": b"x"})
    kit.sign(root)
    outcome = run(root, models=["w.bin"], signatures=["model.sig"])
    assert outcome.verified
    assert outcome.evidence[0].statement["covers"] == ["sub/x", "w.bin"]
    assert outcome.evidence[0].subject.name == "."


@pytest.mark.parametrize("name", ["net.sig", "net.sigstore.json", "net.sigstore"])
def test_a_signature_beside_a_directory_or_file_of_its_name(
    tmp_path: Path, tree: Write, kit: Kit, run: Run, name: str
) -> None:
    root = tree(tmp_path / "r", {"net/w.bin": b"w", "f": b"f"})
    kit.sign(root / "net", signature=root / name)
    assert run(root, models=["net/w.bin"], signatures=[name]).verified
    kit.sign(root / "f", signature=root / "f.sig")
    assert run(root, models=["f"], signatures=["f.sig"]).verified


@pytest.mark.parametrize("name", ["signature.json", ".sig"])
def test_a_signature_of_any_other_name_is_about_its_directory(
    tmp_path: Path, tree: Write, kit: Kit, run: Run, name: str
) -> None:
    root = tree(tmp_path / "r", {"net/w.bin": b"w"})
    kit.sign(root / "net", signature=root / "net" / name)
    assert run(root, models=["net/w.bin"], signatures=[f"net/{name}"]).verified


def test_a_hostile_signature_costs_only_itself(project: Path, run: Run) -> None:
    (project / "models/net/model.sig").write_bytes(b"[" * 100_000)
    outcome = run(project)
    assert {gap.reason for gap in outcome.gaps} == {GapReason.BUDGET}
    assert [item.subject.name for item in outcome.evidence] == ["models/tree.skops"]


def test_a_signature_that_is_gone_is_named(project: Path, run: Run) -> None:
    (project / "models/net/model.sig").unlink()
    assert "unsigned-model" in run(project).rules


def test_findings_are_the_same_on_every_run(project: Path, run: Run) -> None:
    (project / "models/net/weights.bin").write_bytes(b"x")
    (project / "models/net/z").write_bytes(b"x")
    first, second = run(project), run(project)
    assert first == second
    fingerprints = [finding.fingerprint for finding in first.findings]
    assert len(set(fingerprints)) == len(fingerprints)


def test_rules_of_the_family_say_what_to_do() -> None:
    assert all(rule.family == "signing" and rule.why and rule.remediation and rule.references for rule in RULES)
    assert {rule.id for rule in RULES} == {
        "unsigned-model",
        "model-tampered",
        "signature-invalid",
        "untrusted-signer",
        "expired-signer",
        "signature-malformed",
        "uncovered-file",
        "revoked-model",
        "expired-release",
        "superseded-release",
        "unlisted-release",
        "stale-release-index",
        "claim-malformed",
        "claim-invalid",
        "untrusted-claim",
        "claim-mismatch",
        "stale-claim",
        "adverse-claim",
    }
