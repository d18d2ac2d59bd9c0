"""Our own predicates, made by examining; a release in one step; and a policy that asks for claims."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import sbom, signing
from chainguard_ml.cli import exit as boundary
from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.model import Digest, Evidence, Finding, Gap, GapReason, Location, Outcome, Report, Severity, Subject
from chainguard_ml.model import Verdict as Concluded
from chainguard_ml.rules import audit as rules
from chainguard_ml.signing import bundle
from chainguard_ml.signing.attestations import kinds, making, predicates, statement
from tests.cli.conftest import ADVISORY, BENIGN, PRINTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.signing.conftest import Kit, Write

MOMENT = "2023-11-14T22:13:20Z"


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same time, data directory and working directory for every command."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("CHAINGUARD_ML_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def weights(tmp_path: Path, tree: Write) -> Path:
    return tree(tmp_path / "net", {"weights.pkl": BENIGN, "config.json": b"{}"})


@pytest.fixture
def project(tmp_path: Path, tree: Write) -> Path:
    """A pipeline with a vulnerable dependency, and the advisory about it in the database."""
    import zipfile

    root = tree(tmp_path / "project", {"requirements.txt": b"brokenlib==1.0\n"})
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-0000-1.json", json.dumps(ADVISORY))
    assert boundary.run(["audit", "db", "import", str(tmp_path / "all.zip")]) == 0
    return root


@pytest.fixture
def attest(kit: Kit) -> Callable[..., int]:
    def attest(model: Path, kind: str, *options: object) -> int:
        key = ["--key", str(kit.pair.private), "--no-config"]
        return boundary.run(["attest", str(model), "--type", kind, *key, *map(str, options)])

    return attest


def claimed(model: Path) -> dict[str, dict]:
    """Return the predicates beside a model by their types."""
    lines = (model / "claims.jsonl").read_bytes().splitlines()
    parsed = [statement.parse(bundle.parse(line).payload) for line in lines]
    return {each.predicate_type: each.predicate for each in parsed}


def test_a_scan(kit: Kit, weights: Path, attest: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    kit.sign(weights)
    assert attest(weights, "scan") == 0
    assert "scan: acceptable\n" in capsys.readouterr().err
    scan = claimed(weights)[kinds.SCAN]
    assert scan["tool"] == {"name": "chainguard-ml", "type": "model scan", "uri": predicates.TOOL, "version": "0.1.0"}
    assert (scan["result"], scan["metadata"]) == ("PASS", {"analysisDate": MOMENT})
    assert scan["summary"]["formats"] == ["pickle"]
    assert scan["summary"]["findings"] == []
    # Anybody who has the model alone gets the same report.
    kept = (weights / "claims.jsonl").rename(weights.parent / "kept")
    assert scan["config"]["full_command"] == "chainguard-ml scan -f json net"
    assert boundary.run(["scan", "net", "-f", "json", "--no-config"]) == 0
    again = hashlib.sha256(capsys.readouterr().out.encode()).hexdigest()
    assert scan["output"] == [{"name": "scan.json", "mediaType": "application/json", "digest": {"sha256": again}}]
    kept.rename(weights / "claims.jsonl")
    (claim,) = (each.statement for each in kit.verify(weights).evidence if each.kind == "attestation")
    assert (claim["kind"], claim["verdict"], claim["tool"], claim["verified"]) == (
        "scan",
        "pass",
        "chainguard-ml",
        True,
    )
    assert claim["time"] == MOMENT


def test_a_scan_that_says_no_is_attested_as_it_is(kit: Kit, weights: Path, attest: Callable[..., int]) -> None:
    (weights / "weights.pkl").write_bytes(PRINTS)
    kit.sign(weights)
    assert attest(weights, "scan") == 1
    scan = claimed(weights)[kinds.SCAN]
    assert scan["result"] == "FAIL"
    assert [each["rule"] for each in scan["summary"]["findings"]] == ["unknown-global"]
    assert kit.verify(weights).rules == {"adverse-claim"}


def test_a_scan_of_what_nobody_can_read_is_incomplete(weights: Path, attest: Callable[..., int]) -> None:
    (weights / "weights.pkl").write_bytes(BENIGN[:-3])
    assert attest(weights, "scan") in {1, 4}
    (weights / "weights.pkl").write_bytes(BENIGN)
    (weights / "other.bin").write_bytes(b"\x00\x01")
    assert attest(weights, "scan") == 4
    assert claimed(weights)[kinds.SCAN]["result"] == "INCOMPLETE"


def test_nothing_to_scan(tmp_path: Path, tree: Write, attest: Callable[..., int]) -> None:
    assert attest(tree(tmp_path / "docs", {"readme.txt": b"x"}), "scan") == 3


def test_a_bill_of_materials(kit: Kit, weights: Path, project: Path, attest: Callable[..., int]) -> None:
    kit.sign(weights)
    assert attest(weights, "sbom", "--project", project) == 0
    document = claimed(weights)["https://cyclonedx.org/bom"]
    assert document["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")
    assert sbom.validate(json.dumps(document).encode()) == []
    assert {each["name"] for each in document["components"]} >= {"brokenlib"}
    (claim,) = (each.statement for each in kit.verify(weights).evidence if each.kind == "attestation")
    assert (claim["kind"], claim["specification"]) == ("sbom", "CycloneDX 1.6")


def test_a_bill_of_materials_with_gaps(weights: Path, tmp_path: Path, tree: Write, attest: Callable[..., int]) -> None:
    broken = tree(tmp_path / "broken", {"requirements.txt": b"brokenlib==1.0\n", "pyproject.toml": b"[["})
    assert attest(weights, "sbom", "--project", broken) == 4
    assert claimed(weights)


def test_an_audit(kit: Kit, weights: Path, project: Path, attest: Callable[..., int]) -> None:
    kit.sign(weights)
    assert attest(weights, "audit", "--project", project) == 1
    found = claimed(weights)[kinds.AUDIT]
    assert found["scanner"]["db"] == {"lastUpdate": "2024-01-01T00:00:00Z", "records": 1}
    assert found["metadata"] == {"scanStartedOn": MOMENT, "scanFinishedOn": MOMENT}
    (vulnerability,) = found["scanner"]["result"]
    assert vulnerability["id"] == "PYSEC-0000-1"
    assert vulnerability["severity"] == [
        {"method": "cvss", "score": "critical"}, {"method": "cvss_score", "score": "9.8"}
    ]  # fmt: skip
    assert {"key": "package", "value": "brokenlib"} in vulnerability["annotations"]
    (claim,) = (each.statement for each in kit.verify(weights).evidence if each.kind == "attestation")
    assert (claim["kind"], claim["findings"]) == ("audit", 1)


def test_an_audit_without_advisories_cannot_be_attested(
    weights: Path, tmp_path: Path, tree: Write, attest: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    project = tree(tmp_path / "other", {"requirements.txt": b"brokenlib==1.0\n"})
    assert attest(weights, "audit", "--project", project) == 4
    assert "only a complete audit can be attested" in capsys.readouterr().err
    assert not (weights / "claims.jsonl").exists()


def test_a_verdict_of_a_policy(kit: Kit, weights: Path, tmp_path: Path, attest: Callable[..., int]) -> None:
    policy = tmp_path / "own.yaml"
    policy.write_text(
        "apiVersion: chainguard-ml/v1\nkind: Policy\nmetadata: {name: own-rules, title: Own}\nrules:\n"
        "- {id: safe, title: Safe, for_each: scan, require: 'false'}\n"
        "- {id: few, title: Few, require: 'summary.models < 1', mode: warn}\n",
        encoding="utf-8",
    )
    assert (
        attest(weights, "verdict", "--policy", policy, "--verifier", "https://acme.example", "--resource", "pkg:x/y")
        == 0
    )
    digest = hashlib.sha256(policy.read_bytes()).hexdigest()
    rules = {"uri": "https://chainguard-ml/check/v1#policy-own-rules", "digest": {"sha256": digest}}
    assert claimed(weights) == {
        kinds.VSA: {
            "verifier": {"id": "https://acme.example", "version": {"chainguard-ml": "0.1.0"}},
            "timeVerified": MOMENT,
            "resourceUri": "pkg:x/y",
            "policy": rules,
            "verificationResult": "PASSED",
            "verifiedLevels": ["CHAINGUARD_ML_OWN_RULES"],
            "slsaVersion": "1.0",
        },
        kinds.SVR: {
            "verifier": {"id": "https://acme.example", "policy": rules},
            "timeCreated": MOMENT,
            "properties": ["CHAINGUARD_ML_NO_HIGH_FINDINGS", "CHAINGUARD_ML_SAFE"],
        },
    }
    assert attest(weights, "test-results", "--policy", policy, "--claims", tmp_path / "tests.jsonl") == 0
    (line,) = (tmp_path / "tests.jsonl").read_bytes().splitlines()
    assert statement.parse(bundle.parse(line).payload).predicate == {
        "result": "WARNED",
        "configuration": [{"name": "own-rules", **rules}],
        "passedTests": ["safe"],
        "warnedTests": ["few"],
        "failedTests": [],
    }
    kit.sign(weights)
    outcome = kit.verify(weights, claims=[tmp_path / "tests.jsonl"])
    assert not outcome.findings
    verdicts = [each.statement for each in outcome.evidence if each.statement.get("kind") == "verdict"]
    assert {(each["verdict"], each["verifier"]) for each in verdicts} == {("pass", "https://acme.example")}


def test_a_verdict_by_severity_alone(kit: Kit, weights: Path, attest: Callable[..., int]) -> None:
    kit.sign(weights)
    (weights / "weights.pkl").write_bytes(PRINTS)
    kit.sign(weights)
    assert attest(weights, "verdict") == 1
    made = claimed(weights)
    assert made[kinds.VSA]["verificationResult"] == "FAILED"
    assert made[kinds.VSA]["verifiedLevels"] == ["FAILED"]
    assert made[kinds.VSA]["policy"] == {"uri": "https://chainguard-ml/check/v1#fail-on-high"}
    assert made[kinds.VSA]["resourceUri"] == "pkg:generic/net"
    assert made[kinds.SVR]["properties"] == []
    assert attest(weights, "test-results") == 2  # tests are a policy's rules


def test_tests_that_fail() -> None:
    from chainguard_ml.model import Decision, Result

    decisions = tuple(
        Decision(each.value, "t", each, Severity.HIGH) for each in (Result.FAIL, Result.ERROR, Result.SKIPPED)
    )
    report = Report("check", ("x",), 1, Concluded(Outcome.FAIL, decisions))
    judged = predicates.Judged("v", "r", "p", "0" * 64, Severity.HIGH)
    found = predicates.tests(report, judged)
    assert (found["result"], found["failedTests"], found["passedTests"]) == ("FAILED", ["error", "fail"], [])
    assert predicates.tests(Report("check", ("x",), 1, Concluded(Outcome.PASS)), judged)["result"] == "PASSED"


def test_an_audit_that_could_not_compare_everything() -> None:
    subject = Subject("x", "package", Digest("sha256", "0" * 64))
    gap = Gap(subject, GapReason.NO_DATA, "no data")
    odd = Finding("advisory-not-compared", subject, Location("r.txt"), "odd", Severity.LOW)
    for verdict in (Concluded(Outcome.INCOMPLETE, gaps=(gap,)), Concluded(Outcome.PASS, findings=(odd,))):
        with pytest.raises(InputError, match=r"only a complete audit can be attested: (?:no data|odd)"):
            predicates.audit(Report("audit", ("x",), 1, verdict), MOMENT, MOMENT)
    database = Evidence("advisory-database", subject, "audit", {"newest": MOMENT, "records": 2})
    other = Finding("ambiguous-names", subject, Location("r.txt"), "odd", Severity.LOW)
    found = predicates.audit(
        Report("audit", ("x",), 1, Concluded(Outcome.PASS, findings=(other,)), (database,)), MOMENT, MOMENT
    )
    assert found["scanner"]["result"] == []


def test_a_kind_and_a_predicate_do_not_go_together(weights: Path, attest: Callable[..., int], tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    (tmp_path / "p.json").write_text("{}", encoding="utf-8")
    assert attest(weights, "scan", "--predicate", tmp_path / "p.json") == 2
    assert "--type scan makes its predicate itself" in capsys.readouterr().err
    assert attest(weights, "https://example.com/x") == 2
    assert boundary.run(["attest", str(weights)]) == 2
    assert "there is no predicate to claim as 'https://example.com/x'" in capsys.readouterr().err


def test_a_release_in_one_step(
    kit: Kit, weights: Path, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sign = ["sign", str(weights), "--key", str(kit.pair.private), "--no-config", "--attest"]
    assert boundary.run([*sign, "--project", str(project)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert [line for line in err.splitlines() if line.startswith(("scan", "sbom", "audit", "attested"))] == [
        "scan: acceptable",
        "sbom: acceptable",
        "audit: not acceptable (3 findings)",
        f"attested 3 results, appended to {weights / 'claims.jsonl'}",
    ]
    outcome = kit.verify(weights)
    assert not outcome.findings
    found = {
        each.statement["kind"]: each.statement["verified"] for each in outcome.evidence if each.kind != "signature"
    }
    assert found == {"scan": True, "sbom": True, "audit": True}

    verify = ["verify", str(weights), "--key", str(kit.pair.public), "--no-config", "--policy", "attested"]
    assert boundary.run(verify) == 1
    assert "models-are-released" in capsys.readouterr().out
    params = ["--param", 'releasers=["release.pub"]', "--param", 'scanners=["release.pub"]']
    params += ["--param", 'builders=["release.pub"]']
    assert boundary.run([*verify, *params]) == 1
    shown = capsys.readouterr().out
    assert "  claims  audit, sbom, scan by release.pub\n" in shown
    assert "models-have-provenance" in shown
    (tmp_path / "p.json").write_text(
        json.dumps({"buildDefinition": {"buildType": "t"}, "runDetails": {"builder": {"id": "b"}}}), encoding="utf-8"
    )
    provenance = ["--type", kinds.PROVENANCE, "--predicate", str(tmp_path / "p.json")]
    assert boundary.run(["attest", str(weights), *provenance, "--key", str(kit.pair.private)]) == 0
    assert boundary.run([*verify, *params, "-q"]) == 0
    assert boundary.run([*verify, *params, "--param", 'builder_ids=["c"]', "-q"]) == 1


def test_the_report_reads_as_a_stranger_would_want(
    kit: Kit, weights: Path, tmp_path: Path, tree: Write, golden: Callable[[str, str], None],
    attest: Callable[..., int], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    kit.sign(weights)
    assert attest(weights, "scan") == 0
    good = (weights / "claims.jsonl").read_bytes()
    other = tree(tmp_path / "other", {"weights.pkl": BENIGN})
    elsewhere = ["--claims", weights / "claims.jsonl"]
    assert attest(other, "sbom", *elsewhere) == 0
    stranger = kit.make("p256", "stranger")
    approval = making.claim("https://example.com/approval/v1", b"{}")
    making.attest_model(weights, stranger.key, [approval], time=datetime.now(UTC))
    failed = making.claim(kinds.TEST_RESULTS, b'{"result": "FAILED", "configuration": []}')
    making.attest_model(weights, kit.pair.key, [failed], time=datetime.now(UTC))
    with (weights / "claims.jsonl").open("ab") as stream:
        stream.write(b"\n" + good[:100] + b"\n" + good.replace(b'"sig":"', b'"sig":"AAAA').strip())
    capsys.readouterr()
    assert boundary.run(["verify", str(weights), "--key", str(kit.pair.public), "--no-config"]) == 1
    golden("report-claims.txt", capsys.readouterr().out)


def test_a_release_without_a_pipeline(kit: Kit, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.run(["sign", str(weights), "--key", str(kit.pair.private), "--no-config", "--attest"]) == 0
    assert "audit: nothing to attest: there is no dependency" in capsys.readouterr().err
    assert set(claimed(weights)) == {kinds.SCAN, "https://cyclonedx.org/bom"}


def test_a_model_that_its_scan_refuses_is_not_released(
    kit: Kit, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (weights / "weights.pkl").write_bytes(PRINTS)
    assert boundary.run(["sign", str(weights), "--key", str(kit.pair.private), "--no-config", "--attest"]) == 1
    assert "not signed, because its scan does not accept it" in capsys.readouterr().err
    assert sorted(path.name for path in weights.iterdir()) == ["config.json", "weights.pkl"]


def test_options_of_a_release(kit: Kit, weights: Path, tmp_path: Path) -> None:
    sign = ["sign", str(weights), "--key", str(kit.pair.private), "--no-config"]
    assert boundary.run([*sign, "--project", str(tmp_path)]) == 2
    assert boundary.run([*sign, "--attest", "--lfs-pointers"]) == 2
    assert not (weights / "model.sig").exists()


def test_a_model_that_changes_while_it_is_examined_is_neither_signed_nor_attested(kit: Kit, weights: Path) -> None:
    before = signing.measured(weights)
    assert making.measured(weights) == before
    (weights / "config.json").write_bytes(b"{ }")
    with pytest.raises(ChangedError, match="changed while it was examined"):
        signing.sign_model(weights, kit.pair.key, expected=before)
    assert not (weights / "model.sig").exists()
    claim = making.claim("https://example.com/x", b"{}")
    with pytest.raises(ChangedError, match="changed while it was examined"):
        making.attest_model(weights, kit.pair.key, [claim], time=datetime.now(UTC), expected=before)
    assert not (weights / "claims.jsonl").exists()


def test_a_vulnerability_without_a_score() -> None:
    found = rules.VULNERABLE_DEPENDENCY.finding(
        Subject("pkg:pypi/a@1", "package"), Location("requirements.txt"), "it is", key=("a",),
        facts={"advisory": "X-1", "package": "a", "severity_source": "GHSA"},
    )  # fmt: skip
    assert predicates._vulnerability(found) == {
        "id": "X-1",
        "severity": [{"method": "GHSA", "score": str(found.severity)}],
        "annotations": [{"key": "package", "value": "a"}],
    }
