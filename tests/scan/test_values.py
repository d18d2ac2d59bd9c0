"""Files in base64 in configurations, tables with pickled types, configurations of training code."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import config_training, encoded_values
from chainguard_ml.scan.interface import Blob
from tests.corpus.malicious_values import FRAMED, arrow, parquet

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

JUDGE = allowlist.make_judge([])


def told(name: str, data: bytes) -> list[Finding | Gap]:
    seen = list(Session(JUDGE).nested(Blob(data, Subject(name, size=len(data)), Location(name), name)))
    assert all(isinstance(item, Finding | Gap | Evidence) for item in seen)
    return [item for item in seen if isinstance(item, Finding | Gap)]


def test_the_place_of_a_value_is_told(scan: Scan) -> None:
    told = scan("config.json", json.dumps({"a": base64.b64encode(FRAMED).decode()}).encode())
    assert any("(base64 1)" in finding.location.member for finding in told.findings)


def test_digits_of_any_kind_are_files(scan: Scan) -> None:
    for number, digits in enumerate([FRAMED.hex(), FRAMED.hex().upper(), f"0x{FRAMED.hex()}"[2:]]):
        told = scan("config.json", json.dumps({"a": digits, "b": "0f" * 32}).encode())
        assert any("(hexadecimal 1)" in finding.location.member for finding in told.findings), number
    assert scan("config.json", json.dumps({"a": "80" * 40, "b": FRAMED.hex()[:-1]}).encode()).clean


def test_too_many_files_are_a_gap(scan: Scan, monkeypatch: object) -> None:
    monkeypatch.setattr(encoded_values, "_MOST", 3)  # type: ignore[attr-defined]  # pytest's fixture
    values = [base64.b64encode(FRAMED + bytes([number])).decode() for number in range(5)]
    assert "budget" in scan("config.json", json.dumps(values).encode()).reasons


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_table_only_gives_observations(data: bytes) -> None:
    for start, end in (
        (b"ARROW1\0\0", b""),
        (b"PAR1", data[:4] + b"PAR1"),
        (arrow(data), b""),
        (parquet(arrow(data)), b""),
    ):
        told("x.parquet", start + data + end)


NAMES = (
    "backbone head download names train custom_imports imports megatron_core megatron_config dataset_reader model type"
)
KEYS = tuple(NAMES.split())
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_any_document_only_gives_findings(document: object) -> None:
    blob = Blob(b"{}", Subject("x.yaml"), Location("x.yaml"), "x.yaml")
    found = list(config_training.examine_document(blob, document, Session(JUDGE)))  # type: ignore[arg-type]  # any value of JSON
    assert all(isinstance(item, Finding) for item in found)


def test_what_stands_under_download_is_told_in_one_line(scan: Scan) -> None:
    told = scan("data.yaml", b"train: a\nnc: 1\ndownload: |\n  import os\n  print(os)\n")
    assert [finding.facts["value"] for finding in told.findings] == ["import os print(os)"]
    assert scan("data.yaml", b"train: a\nnc: 1\ndownload: ''\n").clean
    assert scan("data.yaml", b"train: a\nnc: 1\ndownload: 1\n").clean


def test_imports_by_one_name_or_by_none(scan: Scan) -> None:
    assert scan("c.yaml", b"custom_imports: {imports: a.b}\n").rules == {"model-repository-carries-code"}
    assert scan("c.yaml", b"custom_imports: {imports: []}\n").clean
    assert scan("c.yaml", b"custom_imports: null\n").clean


def test_a_schema_that_is_no_base64_is_left(scan: Scan) -> None:
    assert scan("x.parquet", parquet(b"")[:-8] + b"ARROW:schema" + b"A" * 17 + b"\x30\0\0\0PAR1").clean
