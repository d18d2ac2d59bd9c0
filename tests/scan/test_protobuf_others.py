"""Core ML, PaddlePaddle, checkpoints' tables, and the text and JSON forms: what the corpus does not show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.formats import coreml_weights, onnx_text, paddle_operators, protobuf_text
from chainguard_ml.scan.protobuf import document, schema, text
from tests.corpus import benign_protobuf, malicious_protobuf
from tests.corpus import malicious_onnx as onnx
from tests.corpus import malicious_tensorflow as tf
from tests.corpus.benign_protobuf import block, entry, table
from tests.corpus.encode import encode, field, varint
from tests.corpus.encode_text import as_json, as_text
from tests.corpus.malicious_protobuf import coreml, operator, paddle, params, pir, program, weights
from tests.corpus.scientific_files import snapped

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

EVERY = [sample for module in (benign_protobuf, malicious_protobuf) for sample in module.samples()]
GRAPH = schema.load("tensorflow")["GraphDef"]
MODEL = schema.load("onnx")["ModelProto"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("m.mlmodel", coreml(**program({"type": "linear"}))), ("m.pdmodel", paddle(operator("relu"), operator("conv2d")))],
)
def test_cut_models_are_gaps(scan: Scan, name: str, data: bytes) -> None:
    for end in range(1, len(data)):
        told = scan(name, data[:end])
        assert told.gaps or not told.findings  # between two fields it is a whole message again


def test_core_ml_is_recognised_by_its_description(scan: Scan) -> None:
    assert scan("model", coreml()).format == "coreml"
    assert scan("model", field(2, b"abc")).format == ""
    assert scan("m.mlmodel", coreml(customModel={"className": "A"})).findings[0].facts == {
        "operator": "A",
        "kind": "CustomModel",
    }


@pytest.mark.parametrize("count", [3, 1 << 31])
def test_weights_that_are_not_there_are_a_gap(scan: Scan, count: int) -> None:
    assert scan("weight.bin", weights(bytes(64), bytes(64), count=count)).reasons == {"malformed"}
    assert scan("weight.bin", weights(bytes(64))[:-10]).reasons == {"malformed"}


def test_a_great_many_weights_are_a_gap(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coreml_weights, "_MOST", 1)
    assert scan("weight.bin", weights(bytes(64), bytes(64))).reasons == {"budget"}


def test_operators_of_paddle_are_known_with_their_endings() -> None:
    for name in ("relu", "relu_", "relu_grad", "conv2d", "fused_anything", "tensorrt_engine", "matmul_v2"):
        assert paddle_operators.is_known(name)
    assert not paddle_operators.is_known("run_command")


def test_a_place_of_a_paddle_operator_is_shown(scan: Scan) -> None:
    told = scan("m.pdmodel", paddle(operator("save", note="x", file_path="/etc/x")))
    assert told.findings[0].message == "the operator 'save' reads or writes files: '/etc/x'"


def test_an_operator_of_paddle_is_reported_once(scan: Scan) -> None:
    assert len(scan("m.pdmodel", paddle(operator("run"), operator("run"))).findings) == 1


def test_paddles_documents_need_their_mark(scan: Scan) -> None:
    assert scan("m.json", pir("1.py_func").replace(b'"pir"', b'"x"')).clean
    assert scan("m.json", b'{"base_code": {"magic": "pir"}, "program": null}').clean


@pytest.mark.parametrize(
    "data",
    [params(bytes(4))[:-1], params(bytes(4))[:20], bytes(64), params(b"\1") + bytes(4) + b"\xff" * 8, bytes(7)],
)
def test_parameters_that_are_cut_are_said_to_be(scan: Scan, data: bytes) -> None:
    told = scan("m.pdiparams", data)
    assert told.gaps or told.findings


def test_parameters_with_levels_of_detail_are_followed(scan: Scan) -> None:
    one = params(b"\1\2")
    leveled = bytes(4) + (1).to_bytes(8, "little") + (16).to_bytes(8, "little") + bytes(16) + one[12:]
    assert scan("m.pdiparams", leveled + one).clean
    described = one[:20].replace(b"\x04\0\0\0", b"\x06\0\0\0")[:20] + b"\x08\x14\x10\x02\x18\x01" + b"\1\2"
    assert scan("m.pdiparams", described).reasons == {"unsupported"}


def test_tensors_of_a_checkpoint_are_measured(scan: Scan) -> None:
    told = scan("variables.index", table((b"w", entry(15))))
    assert told.rules == {"tensor-size-mismatch"}
    assert told.format == "tensorflow-table"
    sliced = entry(15) + field(7, b"")
    assert scan("variables.index", table((b"w", sliced), (b"v", entry(4, 0)[:2]))).clean


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-48] + b"\xff" * 40 + data[-8:],
        lambda data: data[:-48] + bytes(2) + varint(1 << 40) + bytes(40 - 2 - 6) + data[-8:],
        lambda data: b"\x05" + data[1:],
        lambda data: b"\0\x7f" + data[2:],
        lambda data: data.replace(b"\1\0\0\0\0\0\0\0\0", b"\xff\xff\xff\x7f\0\0\0\0\0", 1),
    ],
)
def test_broken_tables_are_gaps(scan: Scan, change: object) -> None:
    data = change(table((b"w", entry())))  # type: ignore[operator]  # a function
    assert scan("variables.index", data).reasons == {"malformed"}


def compressed(*entries: tuple[bytes, bytes], spoilt: bool = False) -> bytes:
    """A table whose block is compressed with Snappy."""
    packed = snapped(block(*entries)[:-5])
    data = (packed[:-1] if spoilt else packed) + b"\1" + bytes(4)
    index = block((b"z", varint(0) + varint(len(data) - 5)))
    footer = varint(0) + varint(len(data) - 5) + varint(len(data)) + varint(len(index) - 5)
    return data + index + footer + bytes(40 - len(footer)) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def test_compressed_blocks_are_read(scan: Scan) -> None:
    assert scan("variables.index", compressed((b"w", entry()))).clean
    assert scan("variables.index", compressed((b"w", entry(15)))).rules == {"tensor-size-mismatch"}
    assert scan("variables.index", compressed((b"w", entry()), spoilt=True)).reasons == {"malformed"}


def test_blocks_of_an_unknown_compression_are_gaps(scan: Scan) -> None:
    data = bytearray(table((b"w", entry())))
    data[len(block((b"w", entry()))) - 5] = 2
    assert scan("variables.index", bytes(data)).reasons == {"unsupported"}


def test_a_pickle_that_ends_like_a_table_is_found(scan: Scan) -> None:
    assert "dangerous-global" in scan("x.index", onnx.PAYLOAD + table((b"w", entry()))).rules


@pytest.mark.parametrize(
    ("source", "wire"),
    [
        (b"node { name: \"a\" op: 'b' }", field(1, field(1, b"a") + field(2, b"b"))),
        (b'node < name: "a" "b"\n  \'c\' >', field(1, field(1, b"abc"))),
        (b"versions { producer: 0x10 min_consumer: 010000u }", None),
        (
            b'node { name: "\\n\\t\\101\\x41\\u00e9\\U0001F600\\q\\UFFFFFFFF" }',
            field(1, field(1, "\n\tAAé😀q".encode())),
        ),
        (b"# only a comment\n", b""),
        (
            b'other { a { b: 1 } c: [1, 2] d: [{e: 1}] [x.y/z.W] { f: -inf } } node { name: "a" }',
            field(1, field(1, b"a")),
        ),
        (b'node: [{name: "a"}, {name: "b"}]', field(1, field(1, b"a")) + field(1, field(1, b"b"))),
        (b"node { attr { key: 'k' value { b: true f: 1.5 i: -1 type: DT_INT8 } } }", None),
    ],
)
def test_texts_become_messages(source: bytes, wire: bytes | None) -> None:
    data, broken = text.to_wire(source, GRAPH)
    assert broken is None
    assert wire is None or data == wire


def test_numbers_of_a_text_keep_their_kinds() -> None:
    data, _ = text.to_wire(b"node { attr { value { b: true f: 1.5 i: -1 } } }", GRAPH)
    assert data == field(1, field(5, field(2, b"\x28\x01" + b"\x25" + bytes(4) + b"\x18" + varint(-1))))


@pytest.mark.parametrize(
    "source", [b"node {", b"}", b'node { name: "a', b"{", b"1", b'"a"', b"node { \x01 }", b"node {" * 200, b"a: {{"]
)
def test_broken_texts_say_where(source: bytes) -> None:
    _, broken = text.to_wire(source, GRAPH)
    assert broken is not None
    assert 0 <= broken <= len(source)


def test_text_and_json_are_the_message_again() -> None:
    values = tf.graph(
        tf.node("x", "Placeholder", "a", s={"s": b"\xff\0"}), tf.constant("c", "d"), functions=(tf.function("f"),)
    )
    expected = encode("tensorflow", "GraphDef", values)
    assert text.to_wire(as_text(values), GRAPH) == (expected, None)
    assert document.to_wire(json.loads(as_json("tensorflow", "GraphDef", values)), GRAPH) == expected


def test_json_takes_either_spelling_and_leaves_out_the_rest() -> None:
    source = {"irVersion": "8", "producerName": 5, "graph": [], "opset_import": [{"version": True}, 7], "x": 1}
    assert document.to_wire(source, MODEL) == b"\x08\x08" + field(7, b"") * 0 + field(8, b"\x10\x01") + field(8, b"")
    assert document.to_wire({"graph": {"initializer": {"raw_data": "_-8"}}}, MODEL) == field(
        7, field(5, field(9, b"\xff\xef"))
    )
    assert document.to_wire({"graph": {"initializer": {"raw_data": "?"}}}, MODEL) == field(7, field(5, field(9, b"?")))
    assert document.to_wire({"ir_version": "x"}, MODEL) == b"\x08\0"
    assert document.to_wire({}, MODEL, 101) == b""


def test_huge_texts_are_gaps(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf_text, "_LIMIT", 10)
    assert scan("graph.pbtxt", as_text(tf.graph(tf.node("x", "Relu")))).reasons == {"budget"}


def test_huge_texts_of_onnx_are_gaps(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_text, "_LIMIT", 10)
    assert scan("m.onnxtxt", b"<ir_version: 8>").reasons == {"budget"}


def test_broken_texts_are_gaps(scan: Scan) -> None:
    assert scan("graph.pbtxt", as_text(tf.graph(tf.node("x", "Relu"))) + b"}").reasons == {"malformed"}


def test_findings_say_that_they_are_in_a_text(scan: Scan) -> None:
    told = scan("graph.pbtxt", as_text(tf.graph(tf.node("r", "ReadFile", "p"))))
    assert told.format == "protobuf-text"
    assert told.findings[0].location.member == ("graph.graphdef",)


def test_other_json_is_left_alone(scan: Scan) -> None:
    for value in ({"node": [], "edges": []}, {"graph": {}}, {"modelTopology": {"class_name": "x"}}, {"ir_version": 1}):
        assert scan("x.json", json.dumps(value).encode()).clean


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(EVERY), st.data())
def test_changed_files_only_give_findings_and_gaps(scan: Scan, sample: object, data: st.DataObject) -> None:
    name, original = next(iter(sample.files.items()))  # type: ignore[attr-defined]  # both kinds of samples have files
    place = data.draw(st.integers(0, len(original) - 1))
    changed = original[:place] + data.draw(st.binary(max_size=4)) + original[place + data.draw(st.integers(0, 4)) :]
    if changed:
        scan(name, changed)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_text_end(data: bytes) -> None:
    _, broken = text.to_wire(data, GRAPH)
    assert broken is None or 0 <= broken <= len(data)
