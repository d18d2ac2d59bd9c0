"""Every sample of the corpus: no technique is missed, nothing ordinary is flagged or left unexamined."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import rules
from chainguard_ml.check import Request, examine
from chainguard_ml.model import Finding, Gap
from chainguard_ml.scan import scan_file
from tests.corpus.frame import Benign, Malicious, samples

if TYPE_CHECKING:
    from pathlib import Path

    from tests.corpus.frame import Sample

MALICIOUS = [sample for sample in samples("malicious") if isinstance(sample, Malicious)]
BENIGN = [sample for sample in samples("benign") if isinstance(sample, Benign)]


def told(sample: Sample, directory: Path) -> list[Finding | Gap]:
    """Scan a sample: one file in this process, several as a directory."""
    for path, data in sample.files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    if len(sample.files) == 1:
        seen = scan_file(directory / next(iter(sample.files)))
        return [item for item in seen if isinstance(item, Finding | Gap)]
    report = examine(Request(verb="scan", paths=(directory,), rooms=("scan",), decide=False))
    return [*report.verdict.findings, *report.verdict.gaps]


@pytest.mark.parametrize("sample", MALICIOUS, ids=lambda sample: sample.name)
def test_a_technique_is_found(sample: Malicious, tmp_path: Path) -> None:
    seen = told(sample, tmp_path)
    found = [item for item in seen if isinstance(item, Finding) and item.rule in sample.rules]
    assert found, [str(item) for item in seen]
    assert max(item.severity for item in found) >= sample.least


@pytest.mark.parametrize("sample", BENIGN, ids=lambda sample: sample.name)
def test_what_is_ordinary_is_clean(sample: Benign, tmp_path: Path) -> None:
    seen = told(sample, tmp_path)
    assert [item for item in seen if isinstance(item, Gap)] == []
    found = {item.rule for item in seen if isinstance(item, Finding)}
    assert found == sample.code, [str(item) for item in seen]


def test_names_are_unique_and_rules_exist() -> None:
    counts = Counter(sample.name for sample in (*MALICIOUS, *BENIGN))
    assert [name for name, count in counts.items() if count > 1] == []
    known = {rule.id for rule in rules.catalogue()}
    assert {rule for sample in MALICIOUS for rule in sample.rules} <= known
    families = {rule.id: rule.family for rule in rules.catalogue()}
    assert {families[rule] for sample in BENIGN for rule in sample.code} <= {"carries-code"}
