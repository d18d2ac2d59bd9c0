"""VEX documents that reports are written as: valid, complete, and read back as what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import vex as reader
from chainguard_ml.model import Finding, Gap, GapReason, Location, Outcome, Report, Subject, Verdict, Waived
from chainguard_ml.report import ReportFormat, render
from chainguard_ml.report.interface import Look
from chainguard_ml.rules.audit import ADVISORY_NOT_COMPARED, MALICIOUS_PACKAGE, VULNERABLE_DEPENDENCY
from chainguard_ml.sbom.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.conftest import Run

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORMATS = (ReportFormat.OPENVEX, ReportFormat.CYCLONEDX_VEX)
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
ADVISORIES = [
    {"id": "PYSEC-1", "aliases": ["CVE-2020-1", "GHSA-a"], "summary": "bad", "modified": "2026-01-02T03:04:05Z",
     "severity": [{"type": "CVSS_V3", "score": VECTOR}],
     "affected": [{"package": {"ecosystem": "PyPI", "name": "a"},
                   "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
                   "versions": ["1.0", "1.2"]}]},
    {"id": "PYSEC-2", "modified": "2026-01-02T03:04:05Z",
     "affected": [{"package": {"ecosystem": "PyPI", "name": "b"},
                   "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]},
]  # fmt: skip


def finding(package: str = "a", version: str = "1.0", advisory: str = "PYSEC-1", **facts: object) -> Finding:
    base = {"package": package, "version": version, "advisory": advisory, "aliases": [], "severity": "high"}
    rule = MALICIOUS_PACKAGE if advisory.startswith("MAL") else VULNERABLE_DEPENDENCY
    subject = Subject(f"pkg:pypi/{package}@{version}", "package")
    return rule.finding(subject, Location("requirements.txt", line=1), "m", key=(advisory,), facts={**base, **facts})  # type: ignore[dict-item]


def written(
    form: ReportFormat, *findings: Finding, waived: Sequence[Waived] = (), gaps: Sequence[Gap] = ()
) -> tuple[dict, bytes]:
    verdict = Verdict(Outcome.FAIL, (), findings, tuple(gaps), tuple(waived), ())
    data = render(Report("audit", (".",), 1, verdict), form, Look(moment=MOMENT))
    return json.loads(data), data


def test_openvex_says_all_that_the_format_demands() -> None:
    (document, data) = written(ReportFormat.OPENVEX, finding(aliases=["CVE-1"]), finding("b"))
    assert {"@context", "@id", "author", "timestamp", "version", "statements"} <= set(document)
    assert document["timestamp"] == "2026-01-02T03:04:05Z"
    (statement,) = document["statements"]
    assert statement["vulnerability"] == {"name": "PYSEC-1", "aliases": ["CVE-1"]}
    assert [product["@id"] for product in statement["products"]] == ["pkg:pypi/a@1.0", "pkg:pypi/b@1.0"]
    assert (statement["status"], statement["action_statement"]) == ("affected", finding().hint)
    assert written(ReportFormat.OPENVEX, finding("b"), finding(aliases=["CVE-1"]))[1] == data
    assert document["@id"] != written(ReportFormat.OPENVEX, finding("b"))[0]["@id"]


def test_cyclonedx_is_valid_and_its_library_reads_it() -> None:
    from cyclonedx.model.bom import Bom

    facts = {
        "cvss": 9.8,
        "cvss_vector": VECTOR,
        "severity": "critical",
        "kev": True,
        "fix": "1.2",
        "aliases": ["GHSA-x"],
    }
    document, data = written(ReportFormat.CYCLONEDX_VEX, finding(**facts), finding("b", advisory="MAL-1"))
    assert validate(data) == []
    bom = Bom.from_json(document)
    assert [item.id for item in bom.vulnerabilities] == ["MAL-1", "PYSEC-1"]
    last = document["vulnerabilities"][1]
    assert last["ratings"] == [{"severity": "critical", "score": 9.8, "vector": VECTOR, "method": "CVSSv31"}]
    assert last["analysis"] == {"state": "exploitable", "response": ["update"]}
    assert {"name": "chainguard-ml:kev", "value": "true"} in last["properties"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_waiver_accepts_and_does_not_deny(form: ReportFormat) -> None:
    by = "waiver of ml, approved by sec, until 2030-01-01: not reachable"
    document, _ = written(form, waived=[Waived(finding(), by), Waived(finding("b"), "baseline")])
    text = json.dumps(document)
    assert by in text
    assert "not_affected" not in text
    assert "pkg:pypi/b@1.0" in text  # what a baseline knows is affected all the same


@pytest.mark.parametrize("form", FORMATS)
def test_gaps_are_told(form: ReportFormat) -> None:
    gap = Gap(Subject("x.lock"), GapReason.UNREADABLE, "no")
    assert "incomplete: 1 gap, see the report" in json.dumps(written(form, gaps=[gap])[0])
    assert "incomplete" not in json.dumps(written(form)[0])


def test_nothing_to_state_is_a_document_all_the_same() -> None:
    assert written(ReportFormat.OPENVEX)[0]["statements"] == []
    document, data = written(ReportFormat.CYCLONEDX_VEX)
    assert (document["vulnerabilities"], validate(data)) == ([], [])


def test_what_could_not_be_compared_is_under_investigation() -> None:
    odd = ADVISORY_NOT_COMPARED.finding(
        Subject("pkg:pypi/a@x", "package"), Location("r.txt"), "m", facts={"advisories": ["PYSEC-9"], "package": "a"}
    )
    assert written(ReportFormat.OPENVEX, odd)[0]["statements"][0]["status"] == "under_investigation"
    assert written(ReportFormat.CYCLONEDX_VEX, odd)[0]["vulnerabilities"][0]["analysis"] == {"state": "in_triage"}


def test_a_requirement_that_allows_malicious_releases_names_them() -> None:
    allowing = finding(advisory="MAL-2", allows=["1.1", "1.2"])
    allowing = MALICIOUS_PACKAGE.finding(
        Subject("pkg:pypi/a", "package"), allowing.location, "m", facts=dict(allowing.facts)
    )
    (statement,) = written(ReportFormat.OPENVEX, allowing)[0]["statements"]
    assert [product["@id"] for product in statement["products"]] == ["pkg:pypi/a@1.1", "pkg:pypi/a@1.2"]


WORDS = ("", "component_not_present", "vulnerable_code_cannot_be_controlled_by_adversary", "code_not_reachable",
         "requires_environment", "protected_at_runtime", "made up")  # fmt: skip
JUDGED = st.fixed_dictionaries(
    {
        "vex": st.sampled_from(["not_affected", "fixed", "affected", "under_investigation"]),
        "vex_justification": st.sampled_from(WORDS),
        "vex_reason": st.sampled_from(["", "because", "a: b"]),
    }
)


ITEMS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["CVE-1", "PYSEC-2"]), JUDGED),
    min_size=1, max_size=4, unique_by=lambda item: item[:2],
)  # fmt: skip


@given(items=ITEMS, form=st.sampled_from(FORMATS))
def test_what_is_written_is_read_as_the_same_judgement(
    items: list[tuple[str, str, dict]], form: ReportFormat, tmp_path_factory: pytest.TempPathFactory
) -> None:
    findings = [finding(package, advisory=advisory, **facts) for package, advisory, facts in items]
    document, data = written(form, *findings)
    path = tmp_path_factory.mktemp("vex") / "said.json"
    path.write_bytes(data)
    if form is ReportFormat.CYCLONEDX_VEX:
        assert validate(data) == []
    for statement in document.get("statements", ()):
        if statement["status"] == "not_affected":
            assert "justification" in statement or "impact_statement" in statement
    plain = [finding(package, advisory=advisory) for package, advisory, _ in items]
    judged = [item for item in reader.applied(plain, [path]) if isinstance(item, Finding)]
    assert [item.facts["vex"] for item in judged] == [facts["vex"] for *_, facts in items]
    for item, (*_, facts) in zip(judged, items, strict=True):
        told = f"{item.facts.get('vex_justification', '')} {item.facts.get('vex_reason', '')}"
        assert facts["vex_reason"] in told


@pytest.fixture
def project(tmp_path: Path, cli: Callable[..., Run]) -> Path:
    for item in ADVISORIES:
        (tmp_path / "osv").mkdir(exist_ok=True)
        (tmp_path / "osv" / f"{item['id']}.json").write_text(json.dumps(item))
    assert cli("audit", "db", "import", "osv").code == 0
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "requirements.txt").write_text("a==1.0\nb==2\n")
    return directory


@pytest.mark.parametrize("form", FORMATS)
def test_an_audit_writes_what_the_next_one_reads(form: str, project: Path, cli: Callable[..., Run]) -> None:
    env = {"SOURCE_DATE_EPOCH": "1767323045"}
    first = cli("audit", project, "--report", f"{form}=said.json", env=env)
    assert first.code == 1, first.err
    again = cli("audit", project, "-f", form, env=env)
    assert again.out == (project.parent / "said.json").read_text()
    document = json.loads(again.out)
    if form == "openvex":
        document["statements"][1] |= {"status": "not_affected", "justification": "component_not_present"}
    else:
        document["vulnerabilities"][1]["analysis"] = {"state": "not_affected", "justification": "code_not_present"}
    (project.parent / "judged.json").write_text(json.dumps(document))
    (project.parent / "chainguard-ml.toml").write_text('[audit]\nvex = ["judged.json"]\n')
    report = json.loads(cli("audit", project, "-f", "json", env=env).out)
    said = {
        item["facts"]["advisory"]: item["facts"].get("vex")
        for item in report["findings"]
        if "advisory" in item["facts"]
    }
    assert said == {"PYSEC-1": "affected", "PYSEC-2": "not_affected"}
    assert '"not_affected"' in cli("audit", project, "-f", "openvex", env=env).out


def test_a_later_statement_counts(tmp_path: Path) -> None:
    def document(status: str, time: str, *, inherited: bool) -> Path:
        statement = {"vulnerability": "PYSEC-1", "products": ["pkg:pypi/a@1.0"], "status": status}
        whole = {"@context": "https://openvex.dev/ns", "statements": [statement]}
        (whole if inherited else statement)["timestamp"] = time
        path = tmp_path / f"{status}.json"
        path.write_text(json.dumps(whole))
        return path

    new = document("fixed", "2026-01-01T00:30:00+01:00", inherited=True)
    old = document("affected", "2025-12-31T23:00:00Z", inherited=False)
    nonsense = document("under_investigation", "yesterday", inherited=False)
    for paths in ([new, old, nonsense], [nonsense, old, new]):
        (judged,) = reader.applied([finding()], paths)
        assert isinstance(judged, Finding)
        assert (judged.facts["vex"], judged.facts["vex_time"]) == ("fixed", "2025-12-31T23:30:00+00:00")
