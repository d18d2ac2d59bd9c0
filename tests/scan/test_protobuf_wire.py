"""The wire format and messages by their schema: nothing hides behind another, whatever the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.model import Location, Subject
from chainguard_ml.scan.interface import Blob
from chainguard_ml.scan.protobuf import operators, schema
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT, Wire, WireError
from tests.corpus.encode import field, varint

MODEL = schema.load("onnx")["ModelProto"]


def read(data: bytes, limit: int = 1000) -> list[tuple[int, int, int, int]]:
    return list(Wire(data, limit).fields(0, len(data)))


def test_every_wire_type_is_read() -> None:
    data = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x02ab" + b"\x23\x08\x01\x24" + b"\x2d" + bytes(4)
    assert read(data) == [(1, 0, 150, 0), (2, 1, 4, 12), (3, 2, 14, 16), (4, 3, 17, 19), (5, 5, 21, 25)]


def test_long_forms_of_numbers_are_the_same() -> None:
    assert read(b"\x88\x80\x00\x81\x80\x00") == [(1, 0, 1, 0)]
    assert read(b"\x0a\x81\x80\x00x") == [(1, 2, 4, 5)]
    assert read(b"\x08" + varint(-1)) == [(1, 0, (1 << 64) - 1, 0)]


NO_FIELDS = (
    "00 0e 0f 0c 80 808080808001 f8ffffff7f 08 0880808080808080808080 0a 0a05616263 0a80 0d000000 0900 0b 0b14 0b0e "
    "0b0a7f 0b0d00 0b08 " + "0b" * 200
)


@pytest.mark.parametrize("data", [bytes.fromhex(item) for item in NO_FIELDS.split()])
def test_what_is_no_field_is_an_error_with_its_place(data: bytes) -> None:
    with pytest.raises(WireError) as error:
        read(data)
    assert 0 <= error.value.offset <= len(data) + 8


def test_groups_in_groups_end_where_they_should() -> None:
    inner = b"\x13" + b"\x08\x01" + b"\x12\x01x" + b"\x15" + bytes(4) + b"\x11" + bytes(8) + b"\x14"
    assert read(b"\x0b" + inner + b"\x0c\x10\x01")[-1] == (2, 0, 1, len(inner) + 2)


def test_what_is_cut_is_still_handed_out() -> None:
    wire = Wire(b"\x0a\x05abc")
    assert list(wire.sound(0, 5)) == [(1, 2, 2, 5)]
    assert "2 bytes more than are there" in wire.problems[0].text


def test_the_budget_counts_fields_in_groups_too() -> None:
    for data in (b"\x08\x01" * 100, b"\x0b" + b"\x08\x01" * 100 + b"\x0c"):
        with pytest.raises(WireError) as error:
            read(data, 50)
        assert error.value.reason == "budget"


def test_problems_are_gaps_and_few() -> None:
    wire = Wire(b"\x0e")
    for _ in range(50):
        list(wire.sound(0, 1))
    blob = Blob(b"\x0e", Subject("m"), Location("m"), "m")
    assert [gap.reason for gap in wire.gaps(blob)] == ["malformed"]


def test_numbers_stand_alone_or_packed() -> None:
    wire = Wire(b"\x96\x01\x05\x80")
    assert list(wire.numbers((1, VARINT, 7, 0))) == [7]
    assert list(wire.numbers((1, BYTES, 0, 3))) == [150, 5]
    assert list(wire.numbers((1, BYTES, 0, 4))) == [150, 5]
    assert list(wire.numbers((1, 5, 0, 4))) == []
    assert wire.problems


def test_every_occurrence_of_a_message_is_walked_through() -> None:
    data = field(7, field(1, field(4, b"A"))) + field(7, field(1, field(4, b"B")))
    found = [record for record in schema.walk(Wire(data), MODEL, len(data)) if record.kind.name == "NodeProto"]
    assert len(found) == 2
    assert all(record.inside("ModelProto") and not record.inside("TensorProto") for record in found)


def test_messages_in_messages_have_a_limit() -> None:
    data = b""
    for _ in range(80):
        data = field(1, field(5, field(6, data)))
    wire = Wire(field(7, data))
    for _ in schema.walk(wire, MODEL, len(wire.data)):
        pass
    assert any(problem.reason == "budget" for problem in wire.problems)


def test_data_of_every_framework_are_there() -> None:
    for name, kind in {
        "onnx": "ModelProto",
        "tensorflow": "SavedModel",
        "coreml": "Model",
        "paddle": "ProgramDesc",
    }.items():
        assert schema.load(name)[kind].names
    for name, operator in {"onnx": "Relu", "tensorflow": "MatMul", "paddle": "conv2d"}.items():
        assert operator in operators.known(name)
        assert all(names for names in operators.load(name).values())


def test_inner_kinds_are_the_messages_they_name() -> None:
    attribute = schema.load("tensorflow")["AttrValue"]
    assert attribute.inner[attribute.names["list"]].name == "AttrValue.ListValue"
    assert attribute.fits(attribute.names["i"], VARINT)
    assert not attribute.fits(99, VARINT)


@given(st.binary(max_size=200))
def test_any_bytes_give_fields_inside_of_them_and_end(data: bytes) -> None:
    wire = Wire(data)
    for _, how, first, last in wire.sound(0, len(data)):
        assert how == VARINT or 0 <= first <= last <= len(data)
    for shape in (schema.Shape(MODEL, frozenset({("NodeProto", "op_type")}), frozenset({"graph"})),):
        shape.matches(data, named=True)
        assert not shape.matches(data, named=False) or b"\x22" in data


def test_long_messages_are_read_one_field_after_the_other() -> None:
    data = field(1, bytes(20_000)) + b"\x0e"
    wire = Wire(data)
    assert list(wire.sound(0, len(data))) == [(1, BYTES, 4, 20_004)]
    assert wire.problems[0].offset == 20_004


def test_a_budget_that_is_used_up_is_noted_and_stays_used_up() -> None:
    wire = Wire(b"\x08\x01" * 20, 10)
    assert len(list(wire.sound(0, 40))) <= 20
    assert list(wire.sound(0, 40)) == []
    assert {problem.reason for problem in wire.problems} == {"budget"}
