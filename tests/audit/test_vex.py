"""Statements of others on what can be exploited: beside findings, never instead of them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.audit import vex
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZERO = {"introduced": "0"}


def openvex(*statements: dict) -> dict:
    return {"@context": "https://openvex.dev/ns/v0.2.0", "statements": list(statements)}


def said(status: str, *products: object, vulnerability: object = "CVE-1", **more: str) -> dict:
    return {"vulnerability": vulnerability, "products": list(products), "status": status, **more}


@pytest.fixture
def judged(tmp_path: Path, examine: Callable, package: Callable, database: Callable, record: Callable) -> Callable:
    """Audit ``a 1.0`` with one vulnerability, and these VEX documents."""

    def run(*documents: object, identifier: str = "PYSEC-1") -> tuple:
        paths = []
        for number, document in enumerate(documents):
            paths.append(tmp_path / f"vex{number}.json")
            paths[-1].write_text(document if isinstance(document, str) else json.dumps(document))
        path = database(record(identifier, ZERO, aliases=["CVE-1"], database_specific={"severity": "HIGH"}))
        findings, gaps, _ = examine(package("a", "1.0"), database=path, vex=tuple(paths))
        return findings, gaps

    return run


CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "components": [{"bom-ref": "x", "purl": "pkg:pypi/a@1"}],
    "vulnerabilities": [
        {"id": "GHSA-x", "references": [{"id": "CVE-1"}], "affects": [{"ref": "x"}],
         "analysis": {"state": "false_positive", "justification": "code_not_present", "detail": "No."}},
        {"id": "CVE-1"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (openvex(said("not_affected", {"@id": "pkg:pypi/A@1"})), "not_affected"),
        (openvex(said("fixed", "pkg:pypi/a")), "fixed"),
        (openvex(said("fixed", {"identifiers": {"purl": "pkg:pypi/a@1.0?x=y"}})), "fixed"),
        (openvex(said("not_affected", {"@id": "own", "subcomponents": [{"@id": "pkg:pypi/a@1.0"}]})), "not_affected"),
        (openvex(said("fixed", "pkg:pypi/a", vulnerability={"name": "X-1", "aliases": ["PYSEC-1"]})), "fixed"),
        (openvex(said("affected", "pkg:pypi/a"), said("not_affected", "pkg:pypi/a")), "not_affected"),
        (CYCLONEDX, "not_affected"),
        ({**CYCLONEDX, "components": [], "vulnerabilities": [
            {"id": "CVE-1", "affects": [{"ref": "urn:cdx:1/1#pkg:pypi/a@1.0"}], "analysis": {"state": "resolved"}}]},
         "fixed"),
    ],
)  # fmt: skip
def test_what_is_harmless_is_information(document: dict, status: str, judged: Callable) -> None:
    (finding,), gaps = judged(document)
    assert gaps == []
    assert (finding.severity, finding.facts["vex"], finding.facts["vex_source"]) == (Severity.INFO, status, "vex0.json")
    assert "says vex0.json" in finding.message


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (openvex(said("affected", "pkg:pypi/a")), "affected"),
        (openvex(said("not_affected", "pkg:pypi/a"), said("under_investigation", "pkg:pypi/a")), "under_investigation"),
        (openvex(said("not_affected", "pkg:pypi/a@2")), None),
        (openvex(said("not_affected", "pkg:pypi/b")), None),
        (openvex(said("not_affected", "pkg:npm/a")), None),
        (openvex(said("not_affected", "pkg:pypi/a", vulnerability="CVE-2")), None),
        (openvex(said("harmless", "pkg:pypi/a")), None),
        (openvex(said("not_affected", 5), {"products": 5}), None),
    ],
)
def test_what_is_not_stays(document: dict, status: str | None, judged: Callable) -> None:
    (finding,), _ = judged(document)
    assert (finding.severity, finding.facts.get("vex")) == (Severity.HIGH, status)


def test_reasons_are_told(judged: Callable) -> None:
    (finding,), _ = judged(openvex(said("fixed", "pkg:pypi/a", justification="x", impact_statement="\x1by")))
    assert (finding.facts["vex_justification"], finding.facts["vex_reason"]) == ("x", "\\x1by")
    (finding,), _ = judged(CYCLONEDX)
    assert (finding.facts["vex_justification"], finding.facts["vex_reason"]) == ("code_not_present", "No.")


def test_a_malicious_package_stays_what_it_is(judged: Callable) -> None:
    (finding,), _ = judged(openvex(said("not_affected", "pkg:pypi/a")), identifier="MAL-1")
    assert (finding.severity, "vex" in finding.facts) == (Severity.CRITICAL, False)


@pytest.mark.parametrize("document", ["{", "[]", "{}", '{"bomFormat": "x"}'])
def test_a_file_that_says_nothing_is_a_gap(document: str, judged: Callable) -> None:
    (finding,), (gap,) = judged(document)
    assert (finding.severity, gap.reason) == (Severity.HIGH, GapReason.NO_DATA)


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        vex.read(tmp_path / "gone")
    (tmp_path / "big").write_text("{} ")
    monkeypatch.setattr(vex, "_LONGEST", 2)
    with pytest.raises(InputError, match="larger"):
        vex.read(tmp_path / "big")


words = st.sampled_from(["@context", "https://openvex.dev/ns", "statements", "products", "vulnerability", "status", "x",
                         "bomFormat", "CycloneDX", "vulnerabilities", "analysis", "affects", "ref", "components",
                         "state", "pkg:pypi/a@1", "fixed", "subcomponents", "aliases"])  # fmt: skip
values = st.recursive(
    st.none() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(document=st.dictionaries(words, values, max_size=5), start=st.sampled_from([CYCLONEDX, openvex(), {}]))
def test_any_document_is_read_or_refused(document: dict, start: dict, tmp_path: Path) -> None:
    (tmp_path / "m").write_text(json.dumps({**start, **document}))
    with contextlib.suppress(InputError):
        assert isinstance(vex.read(tmp_path / "m"), list)
