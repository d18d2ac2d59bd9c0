"""Components to findings: what is affected, what cannot be compared, what manifests give away."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import audit
from chainguard_ml.audit import freshness
from chainguard_ml.model import Component, Confidence, GapReason, Severity
from chainguard_ml.rules.audit import RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZERO = {"introduced": "0"}
VECTOR = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N"}


def test_a_vulnerable_package_at_its_line(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(
        record("GHSA-1", ZERO, {"fixed": "1.5"}, aliases=["CVE-1"], summary="It \x1bbreaks.", severity=[VECTOR]),
        record("PYSEC-1", ZERO, {"fixed": "1.4"}, aliases=["CVE-1"], details="First. Second."),
        record("PYSEC-2", {"introduced": "1.5"}, {"fixed": "1.6"}, versions=["1.5"]),
        record("PYSEC-3", ZERO, {"fixed": "1.3"}, withdrawn="2026-01-01T00:00:00Z"),
        record("PYSEC-4", ZERO, name="other"),
    )
    findings, gaps, evidence = examine(package("A", "1.2", 7), package("clean", "1.2"), database=path)
    (finding,) = findings
    assert gaps == []
    assert (finding.rule, str(finding.location)) == ("vulnerable-dependency", "requirements.txt:7")
    assert (finding.subject.name, finding.subject.kind) == ("pkg:pypi/a@1.2", "package")
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.HIGH)
    assert finding.facts == {
        "package": "a",
        "version": "1.2",
        "scope": "required",
        "advisory": "PYSEC-1",
        "aliases": ["CVE-1", "GHSA-1"],
        "fixed_in": ["1.4", "1.5"],
        "fix": "1.6",
        "reported_by": "database",
        "severity": "medium",
        "severity_source": "cvss",
        "cvss": 5.4,
        "cvss_vector": VECTOR["score"],
    }
    assert finding.message == "A 1.2 is affected by PYSEC-1 (CVE-1): First"
    assert "1.6" in finding.hint
    statements = {item.kind: item.statement for item in evidence}
    assert statements["audit"] == {"packages": 2, "compared": True, "vulnerable": 1}
    assert statements["advisory-database"]["records"] == 5
    assert statements["advisory-database"]["sources"][0]["name"] == "all.zip"


def test_the_fingerprint_survives_line_shifts(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(record("PYSEC-1", ZERO))
    (one,), _, _ = examine(package("a", "1", 1), database=path)
    (two,), _, _ = examine(package("a", "1", 99), database=path)
    assert one.fingerprint == two.fingerprint


def test_fix_advice_avoids_every_advisory(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(
        record("PYSEC-1", ZERO, {"fixed": "1.4"}),
        record("PYSEC-2", {"introduced": "1.4"}, {"fixed": "1.6"}),
        record("PYSEC-3", ZERO, name="b"),
        record("PYSEC-4", ZERO, {"fixed": "2"}, name="c"),
        record("PYSEC-5", {"introduced": "2"}, name="c"),
    )
    findings, _, _ = examine(package("a", "1"), package("b", "1"), package("c", "1"), database=path)
    facts = {finding.facts["package"]: (finding.facts["fixed_in"], finding.facts.get("fix")) for finding in findings}
    assert facts == {"a": (["1.4"], "1.6"), "b": ([], None), "c": (["2"], None)}
    hints = {finding.facts["package"]: finding.hint for finding in findings}
    assert "no fixed release" in hints["b"]
    assert "other advisories affect" in hints["c"]


@pytest.mark.parametrize(
    ("fields", "severity", "word", "confidence"),
    [
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM, "medium", Confidence.HIGH),
        ({"database_specific": {"severity": "critical"}}, Severity.CRITICAL, "critical", Confidence.HIGH),
        ({"database_specific": {"severity": "dunno"}}, Severity.HIGH, "unknown", Confidence.MEDIUM),
        ({}, Severity.HIGH, "unknown", Confidence.MEDIUM),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/garbage"}], "database_specific": {"severity": "LOW"}},
         Severity.LOW, "low", Confidence.HIGH),
        ({"severity": [VECTOR], "database_specific": {"severity": "LOW"}}, Severity.MEDIUM, "medium", Confidence.HIGH),
    ],
)  # fmt: skip
def test_severities(
    fields: dict, severity: Severity, word: str, confidence: Confidence, examine: Callable, package: Callable,
    database: Callable, record: Callable,
) -> None:  # fmt: skip
    (finding,), _, _ = examine(package("a", "1"), database=database(record("PYSEC-1", ZERO, **fields)))
    assert (finding.severity, finding.facts["severity"], finding.confidence) == (severity, word, confidence)


def test_a_malicious_package_is_critical(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(record("MAL-2026-1", versions=["1.0"]), record("GHSA-1", ZERO, aliases=["MAL-2026-1"]))
    (finding,), _, _ = examine(package("a", "1.0"), database=path)
    assert (finding.rule, finding.severity) == ("malicious-package", Severity.CRITICAL)
    assert finding.facts["advisory"] == "MAL-2026-1"


def test_a_build_with_a_local_label_is_its_public_version(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(record("PYSEC-1", ZERO, {"last_affected": "2.3.0"}, name="torch"))
    (finding,), _, _ = examine(package("torch", "2.3.0+cu121"), database=path)
    assert (finding.facts["version"], finding.facts["local_label"]) == ("2.3.0+cu121", "cu121")


def test_what_cannot_be_compared_is_a_finding(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(
        *(record(f"PYSEC-{number}", ZERO, {"fixed": "1.0"}) for number in range(7)),
        record("PYSEC-8", {"fixed": "1.0"}, name="b"),
        record("PYSEC-9", ZERO, {"fixed": "r12"}, name="c"),
    )
    findings, gaps, _ = examine(
        package("a", "custom"), package("b", "1"), package("c", "3"), package("d", "1"), database=path
    )
    assert gaps == []
    assert [(item.rule, item.facts["package"]) for item in findings] == [
        ("advisory-not-compared", name) for name in "abc"
    ]
    assert "and 2 more" in findings[0].message
    assert "record" in findings[1].message


def test_no_components_say_nothing(examine: Callable) -> None:
    assert examine() == ([], [], [])
    assert examine(Component("machine-learning-model", "m")) == ([], [], [])


def test_no_database_is_never_no_vulnerabilities(examine: Callable, package: Callable, tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("nonsense" * 1000)
    for database in (None, tmp_path / "gone", tmp_path / "broken"):
        findings, (gap,), _ = examine(package("a", "1"), database=database)
        assert findings == []
        assert gap.reason is GapReason.NO_DATA
        assert "audit db import" in gap.detail
        assert str(tmp_path) not in gap.detail


def test_unpinned_requirements(examine: Callable, package: Callable, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO, {"fixed": "1"}))
    findings, _, _ = examine(
        package("a", None, 3, specifier=">=1"),
        package("b", None, 4),
        package("c", None, 5, path="pyproject.toml", source="pyproject"),
        package("c", "2", 9, path="uv.lock", source="uv"),
        package("d", None, 6),
        package("d", "1", None, path="venv/METADATA", source="environment"),
        database=path,
    )
    assert [(item.rule, str(item.location)) for item in findings if item.rule == "unpinned-requirement"] == [
        ("unpinned-requirement", f"requirements.txt:{line}") for line in (3, 4, 6)
    ]
    assert "'>=1'" in findings[0].message
    assert "any version" in findings[1].message


def test_what_affects_every_release_needs_no_version(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(
        record("MAL-2026-1", ZERO, name="evil", summary="Malware"),
        record("PYSEC-2", {"introduced": "0"}, {"limit": "*"}, name="old"),
        record("PYSEC-3", {"introduced": "1"}, name="later"),
        record("MAL-2026-4", ZERO, name="ours"),
    )
    findings, _, _ = examine(
        package("evil", None, 1),
        package("old", None, 2),
        package("old", "1", 3),
        package("later", None, 4),
        package("ours", None, 5, url="file:///srv/ours"),
        package("Evil", None, 6, editable=True),
        database=path,
    )
    told = [(item.rule, item.location.line, item.severity) for item in findings if "advisory" in item.facts]
    assert told == [
        ("malicious-package", 1, Severity.CRITICAL),
        ("vulnerable-dependency", 3, Severity.HIGH),
    ]


def test_malicious_releases_that_a_requirement_allows(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(
        record("MAL-2026-1", versions=["1.0", "1.1"], name="squat", summary="Steals keys", aliases=["GHSA-1"]),
        record("MAL-2026-2", versions=["8.3.41", "8.3.42"], name="taken"),
        record("PYSEC-3", ZERO, {"fixed": "8.3.47"}, versions=["8.3.40"], name="taken"),
        record("MAL-2026-4", versions=[f"0.{minor}" for minor in range(6)], name="many"),
        record("MAL-2026-5", versions=["1.0"], name="gone", withdrawn="2026-01-01T00:00:00Z"),
    )
    findings, _, _ = examine(
        package("squat", None, 1),
        package("taken", None, 2, specifier=">=8"),
        package("taken", None, 3, specifier=">=8.3.43"),
        package("many", None, 4, specifier="^0.1"),
        package("gone", None, 5),
        package("squat", None, 6, specifier=">2"),
        database=path,
    )
    told = [item for item in findings if item.rule == "malicious-package"]
    assert [(item.location.line, item.severity) for item in told] == [
        (1, Severity.CRITICAL), (2, Severity.MEDIUM), (4, Severity.CRITICAL)
    ]  # fmt: skip
    assert told[0].message == "squat allows 1.0, 1.1, malicious by MAL-2026-1: Steals keys"
    assert told[0].facts["aliases"] == ["GHSA-1"]
    assert told[1].facts["allows"] == ["8.3.41", "8.3.42"]
    assert "many allows 0.3, 0.4, 0.5 and 3 more" in told[2].message


def test_malicious_records_are_critical_whatever_they_are_called(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    classed = {"cwe_ids": ["CWE-506"], "severity": "LOW"}
    path = database(
        record("GHSA-1", versions=["1.0"], database_specific=classed),
        record("PYSEC-2", {"introduced": "2"}, aliases=["MAL-2026-2"], database_specific={"cwe_ids": 3}),
    )
    findings, _, _ = examine(package("a", "1.0"), package("a", "2.0"), package("a", "1.5"), database=path)
    assert [(item.rule, item.severity) for item in findings] == [("malicious-package", Severity.CRITICAL)] * 2


def test_what_is_known_about_attacks(
    examine: Callable, package: Callable, database: Callable, record: Callable, tmp_path: Path
) -> None:
    path = database(
        record("PYSEC-1", ZERO, aliases=["CVE-2020-1938", "CVE-2020-1111"]), record("PYSEC-2", {"introduced": "1"})
    )
    (tmp_path / "kev.json").write_text(
        '{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2020-1938", "dateAdded": "2022-03-03",'
        ' "knownRansomwareCampaignUse": "Known"}]}'
    )
    (tmp_path / "epss.csv").write_text(
        "cve,epss,percentile\nCVE-2020-1938,0.5,0.9\nCVE-2020-1111,0.25,0.8\nCVE-2020-3,1,1\n"
    )
    for name in ("kev.json", "epss.csv"):
        audit.import_advisories(tmp_path / name, path)
    (attacked, other), gaps, _ = examine(package("a", "1.0"), database=path)
    assert gaps == []
    assert "(CVE-2020-1111) (known to be exploited)" in attacked.message
    known = {key: value for key, value in attacked.facts.items() if key.startswith(("kev", "epss"))}
    assert known == {
        "kev": True, "kev_added": "2022-03-03", "kev_ransomware": True, "epss": 0.5, "epss_percentile": 0.9
    }  # fmt: skip
    assert not {"kev", "epss"} & other.facts.keys()


def test_a_withdrawn_record_that_is_broken_needs_no_comparison(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    broken = {"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}}]}
    path = database(
        record("PYSEC-1", ZERO, name="z"),
        record("PYSEC-2", **broken, withdrawn="2026-01-01T00:00:00Z"),
    )
    assert examine(package("a", "1"), database=path)[0] == []


def test_requirements_without_digests(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    path = database(record("PYSEC-1", ZERO, name="z"))
    none = [package(name, "1", line, hashed=False, path="none.txt") for line, name in enumerate("cab", 2)]
    some = [package("a", "1", 1, path="some.txt"), package("b", "1", 2, path="some.txt", hashed=False)]
    editable = [package("e", None, 1, path="e.txt", hashed=False, editable=True, url="git+https://x.example/e")]
    findings, _, _ = examine(*none, *some, *editable, database=path)
    told = [(item.rule, str(item.location), item.severity) for item in findings]
    assert told == [
        ("direct-url-requirement", "e.txt:1", Severity.MEDIUM),
        ("requirement-without-hash", "none.txt:2", Severity.LOW),
        ("requirement-without-hash", "some.txt:2", Severity.MEDIUM),
    ]


def test_direct_references(examine: Callable, package: Callable, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO))
    findings, _, _ = examine(
        package("b", None, 1, url="git+https://x.example/b@main", pinned=False),
        package("a", "1.0", 2, url="https://x.example/a-1.0.tar.gz", pinned=True),
        database=path,
    )
    assert [item.rule for item in findings] == ["direct-url-requirement"] * 2 + ["vulnerable-dependency"]
    assert "version is not known" in findings[0].message
    assert "pinned to its content" in findings[1].message


def test_indexes(examine: Callable, package: Callable, database: Callable, record: Callable) -> None:
    def options(*items: tuple[str, str]) -> list:
        return [{"option": option, "url": url, "path": "r.txt", "line": line}
                for line, (option, url) in enumerate(items, 1)]  # fmt: skip

    path = database(record("PYSEC-1", ZERO, name="z"))
    several = options(
        ("index-url", "https://index.example"),
        ("extra-index-url", "http://b.example"),
        ("find-links", "./wheels"),
        ("trusted-host", "c.example"),
        ("find-links", "https://d.example"),
    )
    findings, _, _ = examine(package("a", "1", indexes=several), package("b", "1", indexes=several), database=path)
    assert sorted((str(item.location), item.rule) for item in findings) == [
        ("r.txt:2", "insecure-index"),
        ("r.txt:2", "several-indexes"),
        ("r.txt:4", "insecure-index"),
        ("r.txt:5", "several-indexes"),
    ]
    offline = [*options(("extra-index-url", "https://b.example")), {"option": "no-index", "path": "r.txt", "line": 9}]
    assert examine(package("a", "1", indexes=offline), database=path)[0] == []
    assert examine(package("a", "1", indexes="nonsense"), database=path)[0] == []


@pytest.mark.parametrize(
    ("newest", "days", "words"),
    [
        ("2026-01-01T00:00:00Z", 14, "more than 14 days ago"),
        ("2026-01-17T00:00:00Z", 14, None),
        ("2026-01-31T00:00:00Z", 0, None),
        ("2026-01-30T23:59:59Z", 0, "more than 0 days ago"),
        ("2026-02-01T00:00:00Z", 14, None),  # a zone ahead of ours
        ("2026-02-02T00:00:00Z", 14, "in the future"),
        ("", 14, "not known"),
    ],
)
def test_freshness(newest: str, days: int, words: str | None) -> None:
    finding = freshness.stale(newest, days, "db", date(2026, 1, 31))
    assert (finding is None) == (words is None)
    assert words is None or words in finding.message


def test_stale_advisories_are_told(examine: Callable, package: Callable, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", ZERO, modified="2001-01-01T00:00:00Z"))
    (finding,), _, _ = examine(package("b", "1"), database=path, max_age_days=1)
    assert (finding.rule, finding.location.path) == ("stale-advisories", "advisories.sqlite")


def test_known_vulnerable_releases(examine: Callable, package: Callable, snapshot_database: Path) -> None:
    def advisories(name: str, version: str) -> set[str]:
        findings, gaps, _ = examine(package(name, version), database=snapshot_database)
        assert gaps == []
        return {item.facts["advisory"] for item in findings if item.rule == "vulnerable-dependency"}

    assert "PYSEC-2020-80" in advisories("Pillow", "7.0.0")
    assert "PYSEC-2020-80" not in advisories("pillow", "7.1.0")
    assert "PYSEC-2023-61" in advisories("Django", "3.2a1")
    assert advisories("requests", "2.19.1") == {"PYSEC-2018-28", "PYSEC-2023-74"}
    assert advisories("requests", "2.32.3") == set()
    assert advisories("torch", "1.13.0+cu117") == advisories("torch", "1.13.0") != set()
    assert advisories("no-such-package", "1.0") == set()


def test_every_rule_is_described() -> None:
    assert all(rule.family == "audit" and rule.references and rule.remediation for rule in RULES)


def test_ages_in_words() -> None:
    today = date(2026, 1, 2)
    assert freshness.age("", today) == "age not known"
    assert freshness.age("2026-01-02T00:00:00Z", today) == "0 days old"
    assert freshness.age("2026-01-01T00:00:00Z", today) == "1 day old"
    assert freshness.age("2026-01-04T00:00:00Z", today).startswith("in the future: the clock, which says 2026-01-02")


def test_the_same_vulnerability_in_another_file_is_another_finding(
    examine: Callable, package: Callable, database: Callable, record: Callable
) -> None:
    """Else a baseline that knows the one would hide the other; lines may shift."""
    path = database(record("PYSEC-1", ZERO))
    one, other, shifted = (
        examine(package("a", "1", **place), database=path)[0][0].fingerprint
        for place in ({"path": "x.txt"}, {"path": "y.lock"}, {"path": "x.txt", "line": 9})
    )
    assert one == shifted != other
