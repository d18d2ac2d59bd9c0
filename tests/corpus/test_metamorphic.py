"""A finding survives every other form of the same pickle and every container; what is benign stays clean in both."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob
from tests.corpus.frame import Malicious, samples
from tests.corpus.reassemble import CONTAINERS, FORMS, ORDINARY, operations

if TYPE_CHECKING:
    from collections.abc import Iterator

AREAS = {"pickle", "gadget", "detour", "object", "array"}
CUT = "pickle-global-cut-without-newline"  # what is appended to it becomes a part of a name
LARGEST = 100_000  # bytes of a sample that is changed
NAMES = ("model.pt", "model.safetensors", "model.json", "model.txt", "model", "model.png", "model.h5", "README.md")


def _streams(kind: str) -> Iterator[tuple[str, bytes, Severity]]:
    for sample in samples(kind):
        data = sample.files.get("model.pkl", b"")
        if sample.name != CUT and 0 < len(data) <= LARGEST and sample.name.partition("-")[0] in AREAS:
            yield sample.name, data, sample.least if isinstance(sample, Malicious) else Severity.INFO


MALICIOUS = list(_streams("malicious"))
JUDGE = allowlist.make_judge([])


def told(data: bytes, name: str) -> list[Finding | Gap]:
    seen = Session(JUDGE).nested(Blob(data, Subject(name, size=len(data)), Location(name), name))
    return [item for item in seen if isinstance(item, Finding | Gap)]


def worst(data: bytes, name: str) -> Severity:
    return max((item.severity for item in told(data, name) if isinstance(item, Finding)), default=Severity.INFO)


@pytest.mark.parametrize("form", FORMS)
def test_a_finding_survives_a_change_of_form(form: str) -> None:
    missed = [name for name, data, least in MALICIOUS if worst(FORMS[form](data), "model.pkl") < least]
    assert missed == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_finding_survives_a_container(container: str) -> None:
    name, wrap = CONTAINERS[container]
    assert [which for which, data, least in MALICIOUS if worst(wrap(data), name) < least] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_survives_another_name(name: str) -> None:
    assert [which for which, data, least in MALICIOUS if worst(data, name) < least] == []


def test_samples_can_be_taken_apart() -> None:
    assert sum(operations(data) is not None for _, data, _ in MALICIOUS) > 300
    assert all(FORMS["noise"](data) != data for _, data, _ in MALICIOUS if operations(data))


VALUES = {
    "values": {"a": [1, 2.5, None, "b", b"c", {4}, (5, 6), 1 << 70, True], "texts": ["x" * 300, "cat\ndog\n"]},
    "shared": [[1, 2], "again"] * 3,
    "numbers": list(range(3000)),
}
BENIGN = {f"{name} {number}": pickle.dumps(value, number) for name, value in VALUES.items() for number in range(6)}


@pytest.mark.parametrize("name", BENIGN)
def test_what_is_benign_stays_clean(name: str) -> None:
    data = BENIGN[name]
    quiet = FORMS.keys() - {"junk behind"}
    assert {form: told(FORMS[form](data), "model.pkl") for form in quiet} == {form: [] for form in quiet}
    clean = {form: told(CONTAINERS[form][1](data), CONTAINERS[form][0]) for form in ORDINARY}
    assert clean == {form: [] for form in ORDINARY}
