"""JSON that loaders act on: code of a repository, Keras architectures, skops schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scan.conftest import Build, Scan


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def test_auto_map_is_code_of_the_repository(scan: Scan) -> None:
    told = scan("config.json", dump({"auto_map": {"AutoModel": "modeling.Net"}}))
    assert told.rules == {"model-repository-carries-code"}
    assert told.findings[0].facts == {"auto_map": {"AutoModel": "modeling.Net"}}
    assert not told.evidence
    assert scan("config.json", dump({"auto_map": {}, "architectures": ["Bert"]})).clean
    assert scan("config.json", dump({"auto_map": None})).clean


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b" \r\n\t"])
def test_what_precedes_the_document_does_not_matter(scan: Scan, prefix: bytes) -> None:
    assert scan("config.json", prefix + dump({"auto_map": {"AutoModel": "m.N"}})).rules


def test_documents_are_read_as_loaders_read_them(scan: Scan) -> None:
    assert scan("config.json", b'{"x": NaN, "auto_map": {"AutoModel": "m.N"}}').rules
    assert scan("config.json", b'{"auto_map": null, "auto_map": {"AutoModel": "m.N"}}').rules
    assert scan("config.json", b'{"\\u0061uto_map": {"AutoModel": "m.N"}}').rules


@pytest.mark.parametrize("data", [b'{"auto_map": ', b'{"auto_map": ' + b"[" * 100_000, b'{"auto_map": "\xff"}'])
def test_a_broken_document_with_such_a_key_is_a_gap(scan: Scan, data: bytes) -> None:
    assert scan("config.json", data).reasons == {"malformed"}


@pytest.mark.parametrize("data", [b"{", b"[]", b"[1, 2]", b'{"a": 1}\n{"a": 2}\n', b"[" * 100_000, b'{"a": "\xff"}'])
def test_other_json_is_data(scan: Scan, data: bytes) -> None:
    assert scan("data.json", data).clean


def test_large_documents_without_such_a_key_are_data(scan: Scan) -> None:
    assert scan("data.json", b"[" + b"1," * 600_000 + b"1").clean
    assert scan("config.json", b'{"auto_map": {"AutoModel": "m.N"}, "x": "' + b"y" * 1_100_000 + b'"}').rules


def node(module: str, name: str, loader: str = "ObjectNode", **content: object) -> dict[str, object]:
    return {"__class__": name, "__module__": module, "__loader__": loader, "content": content}


def test_types_of_a_skops_schema_are_judged(scan: Scan, build: Build) -> None:
    schema = {**node("builtins", "dict", "DictNode", a=node("os", "system", "FunctionNode")), "protocol": 2}
    told = scan("m.skops", build.zip({"schema.json": dump(schema)}))
    assert told.rules == {"skops-untrusted-type"}
    assert told.findings[0].facts["module"] == "os"
    assert told.format == "skops"
    twice = node("evil", "T", a=node("evil", "T"))
    assert len(scan("m.skops", build.zip({"schema.json": dump(twice)})).findings) == 1


@pytest.mark.oracle
def test_what_skops_writes_is_clean(scan: Scan, tmp_path: Path) -> None:
    io = pytest.importorskip("skops.io")
    np = pytest.importorskip("numpy")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = np.arange(40.0).reshape(20, 2)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(3)).fit(data, data[:, 0] > 9)
    told = scan("m.skops", io.dumps(model))
    assert told.clean
    assert told.format == "skops"


def test_a_skops_file_that_is_a_pickle_is_reported(scan: Scan, build: Build) -> None:
    told = scan("m.skops", build.payload)
    assert told.payload
    assert "format-mismatch" in told.rules
