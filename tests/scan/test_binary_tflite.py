"""TensorFlow Lite: operators, indices, buffers; any bytes only give findings and gaps."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.scan.formats.flatbuffer import Buffer, FlatbufferError, VisitsError
from chainguard_ml.scan.formats.flexbuffer import FlexbufferError, root_strings
from tests.corpus.build_flatbuffer import flatbuffer, flex_options, node_def, tflite
from tests.corpus.malicious_binary import flex

if TYPE_CHECKING:
    from tests.corpus.build_flatbuffer import Table
    from tests.scan.conftest import Scan


def test_a_model_is_recognised_whatever_its_name(scan: Scan) -> None:
    assert scan("model.bin", tflite()).format == "tflite"
    assert scan("model.onnx", tflite()).rules == {"format-mismatch"}


def test_every_cut_is_a_finding_or_a_gap(scan: Scan) -> None:
    whole = tflite(buffers=[{}, {0: bytes(20)}], f6=[{0: "m", 1: ("I", 1)}], f7=[{2: "serving_default"}])
    for stop in range(8, len(whole) - 60):
        told = scan("m.tflite", whole[:stop])
        assert told.gaps, stop
        assert told.rules <= {"flatbuffer-out-of-bounds"}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (tflite(f6=[{0: "m", 1: ("I", 9)}]), "metadata names a buffer"),
        (tflite(f7=[{4: ("I", 2)}]), "a signature names a subgraph"),
        (tflite([{0: ("b", 127)}]), "operator code 0 has the number 127"),
        (tflite(graphs=[{0: [{2: ("I", 4)}]}]), "names a buffer that is not there"),
        (tflite(graphs=[{0: [{}], 1: [3]}]), "names a tensor that is not there"),
    ],
)
def test_indices_are_checked(scan: Scan, data: bytes, text: str) -> None:
    told = scan("m.tflite", data)
    assert [item for item in told.findings if text in item.message]


def test_subgraphs_that_call_each_other_are_found(scan: Scan) -> None:
    def calling(other: int) -> Table:
        return {3: [{0: ("I", 0), 3: ("B", 1), 4: {0: ("i", other), 1: ("i", other)}}]}

    told = scan("m.tflite", tflite([{0: ("b", 118)}], graphs=[calling(1), calling(2), calling(1)]))
    assert any("calls itself" in item.message for item in told.findings)
    chain = tflite([{0: ("b", 118)}, {}], graphs=[calling(1), calling(2), {}])
    assert scan("m.tflite", chain).clean


def test_composites_are_called_too(scan: Scan) -> None:
    code: Table = {0: ("b", 127), 3: ("i", 206)}
    operator: Table = {0: ("I", 0), 11: ("B", 21), 12: {0: "odml.rms_norm", 1: ("i", 0)}}
    assert scan("m.tflite", tflite([code], [operator])).rules == {"flatbuffer-out-of-bounds"}


def test_an_unknown_builtin_is_a_gap(scan: Scan) -> None:
    told = scan("m.tflite", tflite([{0: ("b", 127), 3: ("i", 5000)}]))
    assert (told.rules, told.reasons) == (set(), {"unsupported"})


def test_flex_options_that_cannot_be_read_are_a_gap(scan: Scan) -> None:
    for options in (b"", b"nonsense", bytes(3), flex_options(b"Add", b"")[:-9] + b"\xff\x29\x01"):
        model = tflite([{0: ("b", 32), 1: "FlexAdd"}], [{0: ("I", 0), 5: options}])
        assert scan("m.tflite", model).reasons == {"malformed"}


def test_flex_options_outside_of_the_flatbuffer_are_read(scan: Scan) -> None:
    options = flex_options(b"Add", node_def("x" * 90, "ReadFile"))
    model = tflite([{0: ("b", 32), 1: "FlexAdd"}], [{0: ("I", 0), 9: ("Q", 7), 10: ("Q", len(options))}])
    pair = struct.pack("<QQ", 7, len(options))
    assert model.count(pair) == 1
    model = model.replace(pair, struct.pack("<QQ", len(model), len(options))) + options
    assert scan("m.tflite", model).rules <= {"graph-file-access"}


def test_flex_names_are_all_judged(scan: Scan) -> None:
    assert scan("m.tflite", flex("FlexAdd", "Add", "Add")).clean
    assert len(scan("m.tflite", flex("FlexReadFile", "WriteFile", "PyFunc")).findings) == 3


@pytest.mark.parametrize(
    "before", [b"\x38\x05", b"\x39" + bytes(8), b"\x3d" + bytes(4), b"\xba\x01\x03abc", b"\x32\xac\x02" + bytes(300)]
)
def test_fields_before_the_operator_do_not_hide_it(scan: Scan, before: bytes) -> None:
    options = flex_options(b"Add", before + node_def("node", "ReadFile"))
    model = tflite([{0: ("b", 32), 1: "FlexAdd"}], [{0: ("I", 0), 5: options}])
    assert scan("m.tflite", model).rules == {"graph-file-access"}


@pytest.mark.parametrize(
    "node", [b"\x12", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x13", b"\x38", b"\x12\x7fA"]
)
def test_a_broken_node_ends_quietly(scan: Scan, node: bytes) -> None:
    model = tflite([{0: ("b", 32), 1: "FlexAdd"}], [{0: ("I", 0), 5: flex_options(b"Add", node)}])
    assert not scan("m.tflite", model).findings


def test_flexbuffers_are_bounded() -> None:
    data = flex_options(b"Add", node_def("node", "Add"))
    assert root_strings(data) == [b"Add", node_def("node", "Add")]
    assert root_strings(bytes([1, 7, 4, 2, 40, 1])) == [b""]  # a vector of one number
    for stop in range(len(data)):
        for last in (b"\x29\x01", b"\x29\x08", b"\x2b\x01"):
            with contextlib.suppress(FlexbufferError):
                root_strings(data[:stop] + last)
    with pytest.raises(FlexbufferError, match="too long"):
        root_strings(bytes([200, 0, 40, 1]))
    with pytest.raises(FlexbufferError, match="a string leads outside"):
        root_strings(bytes([99, 120, 1, 2, 20, 2, 40, 1]))


def test_more_visits_than_bytes_are_a_gap(scan: Scan) -> None:
    """A vector of a thousand operator codes that are one and the same, each with a vector of its own."""
    data = bytearray(flatbuffer({1: [{1: "a"}]}, b"TFL3"))
    root = Buffer(bytes(data)).root()
    (code,) = root.tables(1)
    start, count = len(data) + -len(data) % 4, 2000
    data += bytes(start - len(data)) + struct.pack("<I", count) + bytes(4 * count)
    table = len(data) + 12
    data += struct.pack("<6H", 12, 8, 0, 4, 0, 0) + struct.pack("<iI", 12, 4) + struct.pack("<I", 0) + bytes(8)
    for index in range(count):
        place = start + 4 + 4 * index
        struct.pack_into("<I", data, place, table - place)
    struct.pack_into("<I", data, root.place(1), start - root.place(1))
    assert code.text(1) == "a"
    buffer = Buffer(bytes(data))
    buffer.left = count
    with pytest.raises(VisitsError):
        list(buffer.root().tables(1) if buffer.visit(0) is None else ())
    told = scan("m.tflite", bytes(data))
    assert told.rules == {"custom-operator"} or told.clean


def test_numbers_outside_are_refused() -> None:
    buffer = Buffer(bytes(8))
    for place in (-1, 5, 8):
        with pytest.raises(FlatbufferError):
            buffer.number(place, "I")


def changed(place: str, code: str, value: int) -> bytes:
    """A model whose root table, or its description, has another number."""
    data = bytearray(tflite())
    root = int.from_bytes(data[:4], "little")
    vtable = root - struct.unpack_from("<i", data, root)[0]
    struct.pack_into(
        code, data, {"root": root, "length": vtable, "size": vtable + 2, "field": vtable + 6}[place], value
    )
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "severity"),
    [
        (changed("root", "<i", 1 << 30), "HIGH"),  # its description stands before the start
        (changed("root", "<i", -(1 << 30)), "MEDIUM"),  # behind the end, which a cut explains
        (changed("length", "<H", 3), "HIGH"),
        (changed("length", "<H", 60_000), "MEDIUM"),
        (changed("size", "<H", 60_000), "MEDIUM"),
        (changed("field", "<H", 60_000), "HIGH"),
    ],
)
def test_tables_are_checked(scan: Scan, data: bytes, severity: str) -> None:
    told = scan("m.tflite", data)
    assert told.reasons == {"malformed"}
    assert [item.severity.name for item in told.findings] == [severity]
