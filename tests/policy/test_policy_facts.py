"""Nouns of a run to typed facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import (
    Artifact,
    ArtifactKind,
    Component,
    Digest,
    Evidence,
    Finding,
    Gap,
    GapReason,
    Location,
    Scope,
    Severity,
    Subject,
)
from chainguard_ml.policy.schema import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Json
    from chainguard_ml.policy import Facts

SHA = Digest("sha256", "ab" * 32)


def model(path: str, format_: str = "safetensors") -> Artifact:
    return Artifact(ArtifactKind.MODEL, path, format_, 10, SHA)


def test_a_finding(build: Callable[..., Facts]) -> None:
    found = Finding(
        "vulnerable-dependency",
        Subject("pkg:pypi/a@1", "package", SHA),
        Location("a.zip", ("b.txt", "c"), line=7),
        "bad",
        Severity.CRITICAL,
        facts={
            "package": "a",
            "cvss": 9,
            "fixed_in": ["2", "3"],
            "aliases": "not a list",
            "version": 1,
            "severity": "unknown",  # the finding's own severity counts
            "path": "elsewhere",
            "other": {"x": 1},
        },
    )
    (item,) = build(findings=[found]).items["audit"]
    assert item["item.family"] == "audit"
    assert (item["item.severity"], item["item.severity_rank"], item["item.confidence"]) == ("critical", 4, "high")
    assert (item["item.path"], item["item.member"], item["item.line"]) == ("a.zip", "b.txt!/c", 7)
    assert item["item.location"] == "a.zip!/b.txt!/c:7"
    assert item["item.sha256"] == "ab" * 32
    assert (item["item.package"], item["item.cvss"], item["item.fixed_in"]) == ("a", 9.0, ("2", "3"))
    assert (item["item.aliases"], item["item.version"], item["item.advisory"]) == ((), "", "")


def test_findings_by_room_and_by_severity(build: Callable[..., Facts], finding: Callable[..., Finding]) -> None:
    facts = build(findings=[finding(), finding("model-tampered", "critical"), finding("from-elsewhere", "info")])
    assert [len(facts.items[name]) for name in ("findings", "audit", "signing", "scan", "source")] == [3, 1, 1, 0, 0]
    assert facts.summary["summary.findings.total"] == 3
    assert facts.summary["summary.findings.critical"] == 1
    assert facts.summary["summary.audit.high"] == 1
    assert facts.summary["summary.signing.high"] == 0


def test_the_order_of_observations_does_not_matter(
    build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    findings = [finding(path="b"), finding(path="a"), finding(severity="critical")]
    evidence = [Evidence("sbom", Subject(name), "sbom") for name in "cab"]
    artifacts = [model("b"), model("a")]
    one = build(findings=findings, evidence=evidence, artifacts=artifacts)
    assert one == build(findings=findings[::-1], evidence=evidence[::-1], artifacts=artifacts[::-1])


def test_gaps(build: Callable[..., Facts]) -> None:
    facts = build(
        gaps=[
            Gap(Subject("x", "package"), GapReason.NO_DATA, "no advisories"),
            Gap(Subject("y"), GapReason.CRASH, "died", Location("y", ("m",))),
        ]
    )
    first, second = facts.items["gaps"]
    assert (first["item.reason"], first["item.path"], first["item.kind"]) == ("no-data", "x", "package")
    assert (second["item.location"], second["item.path"]) == ("y!/m", "y")
    assert facts.summary["summary.gaps"] == 2


def test_packages(build: Callable[..., Facts]) -> None:
    lock = Location("uv.lock", line=3)
    locked_facts = {"source": "uv", "pinned": True, "hashed": True}
    components = [
        Component("library", "Foo.Bar", None, facts={"source": "pyproject", "specifier": ">=1"}),
        Component("library", "foo-bar", "2", "pkg:pypi/foo-bar@2", (), ("MIT",), Scope.OPTIONAL, lock, locked_facts),
        Component("library", "only-installed", "1", facts={"source": "environment"}),
        Component("library", "only-installed", None, facts={"source": "requirements", "pinned": "yes"}),
    ]
    items = {(item["item.name"], item["item.source"]): item for item in build(components=components).items["packages"]}
    locked = {name: item["item.locked"] for name, item in items.items()}
    assert locked == {
        ("Foo.Bar", "pyproject"): True,
        ("foo-bar", "uv"): True,
        ("only-installed", "environment"): False,
        ("only-installed", "requirements"): False,
    }
    item = items["foo-bar", "uv"]
    assert (item["item.version"], item["item.purl"], item["item.scope"]) == ("2", "pkg:pypi/foo-bar@2", "optional")
    assert (item["item.licences"], item["item.location"], item["item.line"]) == (("MIT",), "uv.lock:3", 3)
    assert (item["item.pinned"], item["item.hashed"]) == (True, True)
    assert items["only-installed", "requirements"]["item.pinned"] is False


def test_models_are_signed_only_by_a_signature_that_verified_in_whole(build: Callable[..., Facts]) -> None:
    def signature(name: str, covers: object, *, verified: object = True) -> Evidence:
        statement = {"verified": verified, "covers": covers, "signer": "k1", "signer_name": "release"}
        return Evidence("signature", Subject(name), "signing", statement)

    facts = build(
        artifacts=[
            model("m/a"),
            model("m/b"),
            model("n"),
            Artifact(ArtifactKind.MODEL, "o", "pickle", 1, Digest("md5", "00")),
        ],
        evidence=[
            signature("m", ["m/a"]),
            signature("n", ["n"], verified="true"),
            signature("o", "o"),
            Evidence("scan", Subject("m/a"), "scan"),
            Evidence("other", Subject("n"), "x", {"covers": ["n"], "verified": True}),
        ],
    )
    a, b, n, o = facts.items["models"]
    assert (a["item.signed"], a["item.signer"], a["item.signer_name"], a["item.scanned"]) == (
        True,
        "k1",
        "release",
        True,
    )
    assert [item["item.signed"] for item in (b, n, o)] == [False, False, False]
    assert (b["item.signer"], b["item.scanned"], b["item.sha256"], o["item.sha256"]) == ("", False, "ab" * 32, "")


def test_data_sets_and_their_cards(build: Callable[..., Facts]) -> None:
    def artifact(kind: ArtifactKind, path: str) -> Artifact:
        return Artifact(kind, path, "csv", 1)

    facts = build(
        artifacts=[
            artifact(ArtifactKind.DATASET_CARD, "a/README.md"),
            artifact(ArtifactKind.DATASET, "a/train/x.csv"),
            artifact(ArtifactKind.DATASET, "a/y.csv"),
            artifact(ArtifactKind.DATASET, "ab/y.csv"),
            artifact(ArtifactKind.DATASET, "z.csv"),
        ]
    )
    assert [item["item.has_card"] for item in facts.items["datasets"]] == [True, True, False, False]


def test_evidence_of_the_other_rooms(build: Callable[..., Facts]) -> None:
    facts = build(
        evidence=[
            Evidence(
                "sbom",
                Subject("sbom.cdx.json"),
                "sbom",
                {"valid": True, "components": 4, "specification": "CycloneDX 1.6"},
            ),
            Evidence("advisory-database", Subject("db"), "audit", {"records": 3, "sources": [{"name": "all.zip"}]}),
            Evidence("advisory-database", Subject("dc"), "audit", {"sources": "x"}, Location("dc")),
            Evidence("signature", Subject("m"), "signing", {"files": 3, "covers": ["m/a"]}, Location("m/model.sig")),
        ]
    )
    (sbom,) = facts.items["sbom"]
    assert (sbom["item.valid"], sbom["item.components"], sbom["item.location"]) == (True, 4, "sbom.cdx.json")
    first, second = facts.items["database"]
    assert (first["item.name"], first["item.records"], first["item.sources"]) == ("db", 3, ("all.zip",))
    assert (second["item.sources"], second["item.records"]) == ((), 0)
    (signed,) = facts.items["signatures"]
    assert (signed["item.path"], signed["item.location"], signed["item.covers"]) == ("m", "m/model.sig", ("m/a",))


def test_a_signature_knows_the_claims_about_the_same_model(build: Callable[..., Facts]) -> None:
    def claim(model: str, **statement: Json) -> Evidence:
        given = {"verified": True, "kind": "scan", "signer_name": "qa", **statement}
        return Evidence("attestation", Subject(model), "signing", given, Location("claims.jsonl", line=2))

    facts = build(
        evidence=[
            Evidence("signature", Subject("m"), "signing", {"verified": True}),
            Evidence("signature", Subject("n"), "signing", {"verified": True}),
            claim("m", verdict="pass", time="2025-01-01T00:00:00Z"),
            claim("m", verdict="pass"),
            claim("m", kind="sbom"),
            claim("m", kind="audit", verified=False),
            claim("m", kind="verdict", verdict="fail"),
        ]
    )
    assert [item["item.claims"] for item in facts.items["signatures"]] == [("sbom by qa", "scan by qa"), ()]
    assert facts.summary["summary.attestations"] == 5
    item = facts.items["attestations"][-1]
    assert (item["item.path"], item["item.location"], item["item.signer_name"]) == ("m", "claims.jsonl:2", "qa")


def test_names_that_are_not_unicode(build: Callable[..., Facts]) -> None:
    (item,) = build(artifacts=[model("m\udcff")]).items["models"]
    assert item["item.path"] == "m\\xff"


@pytest.mark.parametrize(
    ("rooms", "absent"),
    [
        ({"scan", "audit", "source", "signing", "sbom"}, set()),
        ({"scan", "audit", "source", "signing"}, {"gaps", "sbom"}),
        (
            {"sbom"},
            {
                "findings",
                "scan",
                "carries_code",
                "audit",
                "source",
                "signing",
                "gaps",
                "models",
                "signatures",
                "attestations",
                "database",
            },
        ),
        (set(), set(GROUPS) - {"datasets"}),
    ],
)
def test_only_what_was_asked_is_present(build: Callable[..., Facts], rooms: set[str], absent: set[str]) -> None:
    facts = build(present=rooms, findings=[], artifacts=[model("a")])
    assert set(GROUPS) - facts.present == absent
    assert not any(facts.items[name] for name in absent)
    assert {name.split(".")[1] for name in facts.summary} == facts.present
