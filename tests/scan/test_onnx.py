"""ONNX: what the corpus does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.protobuf import content
from tests.corpus import benign_onnx, malicious_onnx
from tests.corpus.encode import encode, field
from tests.corpus.malicious_onnx import PAYLOAD, external, graph, model, node, tensor

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

EVERY = [sample for module in (benign_onnx, malicious_onnx) for sample in module.samples()]


def test_cut_models_are_gaps_at_every_byte(scan: Scan) -> None:
    data = model(graph(node("FusedMatMul", "com.microsoft"), initializer=[tensor()]))
    for end in range(1, len(data)):
        told = scan("model.onnx", data[:end])
        assert told.gaps or not told.findings


def test_a_finding_before_a_break_stays(scan: Scan) -> None:
    data = model(graph(node("Run", "evil"), initializer=[external("/etc/passwd"), tensor(raw_data=bytes(16))]))
    told = scan("model.onnx", data[:-20])
    assert told.rules >= {"custom-operator", "external-data-escapes"}
    assert told.reasons == {"malformed"}


def test_models_are_recognised_without_their_name(scan: Scan, build: Build) -> None:
    assert scan("weights", model()).format == "onnx"
    told = scan("model.pt", model(graph(node("Run", "evil"))))
    assert told.rules == {"format-mismatch", "custom-operator"}
    nested = scan("all.zip", build.zip({"a/model.onnx": model(graph(node("Run", "evil")))}))
    assert nested.rules == {"custom-operator"}
    assert nested.findings[0].location.member == ("a/model.onnx",)


@pytest.mark.parametrize("data", [b"\x0a\x03abc", b"hello", b"\x08\x01", b"\n" * 40, b"\x3a\x00", field(7, b"\xff")])
def test_other_bytes_are_no_model(scan: Scan, data: bytes) -> None:
    assert scan("notes", data).format == ""


def test_an_operator_is_reported_once(scan: Scan) -> None:
    told = scan("model.onnx", model(graph(*[node("Run", "evil", name=f"n{item}") for item in range(50)])))
    assert len(told.findings) == 1
    assert told.findings[0].facts == {"operator": "Run", "domain": "evil", "node": "n0"}


def test_what_the_runtime_fused_itself_is_no_foreign_operator(scan: Scan) -> None:
    assert scan("model.onnx", model(graph(node("Conv", "com.microsoft.nhwc")))).clean


def test_a_function_of_the_model_is_no_foreign_operator(scan: Scan) -> None:
    broken = {"name": "F", "domain": "evil", "node": [node()]}
    assert scan("model.onnx", model(graph(node("F", "evil")), functions=[broken])).clean
    assert scan("model.onnx", model(graph(node("F", "evil")), functions=[field(1, b"G")])).rules == {"custom-operator"}


def test_what_follows_is_reported_and_zeros_are_not(scan: Scan) -> None:
    assert scan("model.onnx", model() + bytes(16)).reasons == {"malformed"}
    assert scan("model.onnx", model() + b"\xf8\x7f\x01").rules == {"trailing-data"}
    assert scan("model.onnx", model() + field(3000, b"note") + field(6, b"doc")).clean
    assert "dangerous-global" in scan("model.onnx", model() + PAYLOAD).rules


def test_opcodes_that_are_fields_too_are_looked_at(scan: Scan) -> None:
    # \x80\x02 is field 32 for protobuf and the protocol for pickle; the call stands in the payload of that field.
    call = b"cos\nsystem\nX\x09\0\0\0echo seen\x85R."
    data = b"\x80\x02\x43" + call  # a varint field, then "c" opens a group that never ends
    assert "dangerous-global" in scan("model.onnx", data).rules


@pytest.mark.parametrize(
    "path", ["w.bin", "./a/b.data", "onnx::MatMul_12", "a b", "weights (1).bin", "x/../y", "100%.bin", "a$b"]
)
def test_ordinary_places_stay_inside(path: str) -> None:
    assert content.outside(path) == "" or path == "a$b"


def test_tensors_of_unknown_types_are_not_measured(scan: Scan) -> None:
    assert scan("model.onnx", model(graph(initializer=[tensor(data_type=99)]))).clean
    assert scan("model.onnx", model(graph(initializer=[tensor(data_type=[1, 2])]))).clean


def test_other_protobuf_under_a_tensors_name_is_a_gap(scan: Scan) -> None:
    for data in (b"\x0a\x03abc", b"\x10\x63\x22\x00", b"\x10\x01\x42\x01\x01\x22\x04" + bytes(4), b"\x10\x01", b"\x10"):
        assert scan("x.pb", data).reasons == {"unsupported"}
    assert scan("x.pb", encode("onnx", "TensorProto", tensor())).clean


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(EVERY), st.data())
def test_changed_models_only_give_findings_and_gaps(scan: Scan, sample: object, data: st.DataObject) -> None:
    original = next(iter(sample.files.values()))  # type: ignore[attr-defined]  # both kinds of samples have files
    place = data.draw(st.integers(0, len(original) - 1))
    changed = original[:place] + data.draw(st.binary(max_size=4)) + original[place + data.draw(st.integers(0, 4)) :]
    if changed:
        scan("model.onnx", changed)
