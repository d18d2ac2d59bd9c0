"""joblib's arrays: skipped exactly as joblib reads them, and also read as ``pickle.load`` would."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Severity

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Look

np = pytest.importorskip("numpy", reason="numpy is in the oracles group")
joblib = pytest.importorskip("joblib", reason="joblib is in the oracles group")

RUN = b"cos\nsystem\n\x8c\x09echo seen\x85R"
DTYPE = b"cnumpy\ndtype\n(X\x02\0\0\0f8\x89\x88tR(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def dumped(value: object, protocol: int | None = None) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream, protocol=protocol)
    return stream.getvalue()


def wrapper(
    dtype: bytes = DTYPE, shape: bytes = b"K\x02\x85", alignment: bytes = b"N", subclass: bytes = b"cnumpy\nndarray\n"
) -> bytes:
    """Opcodes up to the BUILD of a wrapper, as joblib up to 1.1 writes them where ``alignment`` is empty."""
    extra = b"X\x1b\0\0\0numpy_array_alignment_bytes" + alignment if alignment else b""
    return (
        b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x08\0\0\0subclass" + subclass
        + b"X\x05\0\0\0shape" + shape + b"X\x05\0\0\0orderX\x01\0\0\0CX\x05\0\0\0dtype" + dtype
        + b"X\x0a\0\0\0allow_mmap\x88" + extra + b"ub"
    )  # fmt: skip


ARRAYS = {
    "doubles": lambda: np.arange(10.0),
    "empty": lambda: np.empty(0),
    "no dimensions": lambda: np.array(1.5),
    "three dimensions": lambda: np.ones((2, 3, 4), "i2"),
    "Fortran order": lambda: np.asfortranarray(np.ones((3, 4))),
    "booleans": lambda: np.array([True, False]),
    "unsigned": lambda: np.arange(5, dtype="u8"),
    "complex": lambda: np.ones(3, "c16"),
    "half": lambda: np.ones(3, "f2"),
    "big endian": lambda: np.ones(3, ">f8"),
    "texts": lambda: np.array(["one", "three"]),
    "bytes": lambda: np.array([b"one", b"three"]),
    "dates": lambda: np.array(["2024-01-01"], "M8[D]"),
    "durations": lambda: np.array([1], "m8[s]"),
    "structure": lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8", (2,))]),
    "records": lambda: np.rec.array([(1, 2)], dtype=[("a", int), ("b", int)]),
    "void": lambda: np.zeros(2, "V7"),
    "objects": lambda: np.array([None, "x", 1.5], object),
    "structure with objects": lambda: np.array([(1, None)], dtype=[("a", "i4"), ("b", "O")]),
    "matrix": lambda: np.ones((1, 2)).view(np.matrix),
    "several": lambda: [np.arange(3), {"a": np.ones(2), "b": [np.zeros(1), np.array(["x"], object)]}, "end"],
    "large": lambda: np.arange(200_000.0),
    "opcodes in the numbers": lambda: np.frombuffer(b"(N.cos\nsystem\n)R." * 8, "u1"),
}


@pytest.mark.oracle
@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_joblib_writes_are_clean(look: Look, name: str, protocol: int) -> None:
    seen = look(dumped(ARRAYS[name](), protocol), "m.joblib")
    assert seen.clean, seen.findings + seen.gaps


@pytest.mark.oracle
@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "opcodes in the numbers"])
def test_a_payload_behind_an_array_is_found(look: Look, name: str) -> None:
    data = dumped([ARRAYS[name](), "end"], 4)
    hidden = data[:-2] + b"0" + RUN + data[-2:]
    assert "dangerous-global" in look(hidden, "m.joblib").rules


@pytest.mark.parametrize("alignment", [b"", b"N", b"K\x10"])
def test_exactly_the_array_is_skipped(look: Look, alignment: bytes) -> None:
    body = struct.pack("<dd", 1.5, 2.5)
    padding = b"\x03\xff\xff\xff" if alignment.startswith(b"K") else b""
    assert look(wrapper(alignment=alignment) + padding + body + b".").clean
    assert "dangerous-global" in look(wrapper(alignment=alignment) + padding + body + b"0" + RUN + b".").rules
    longer = look(wrapper(alignment=alignment) + padding + body + b"\xff.")
    assert "malformed-pickle" in longer.rules


def test_what_pickle_itself_would_run_inside_an_array_is_found(look: Look) -> None:
    payload = b"0" + RUN + b"." + bytes(64)
    data = wrapper(shape=b"K" + bytes((len(payload) // 8,)) + b"\x85", alignment=b"") + payload[: len(payload) // 8 * 8]
    assert "dangerous-global" in look(data + b".").rules


def test_what_joblib_would_run_behind_an_array_that_pickle_reads_otherwise_is_found(look: Look) -> None:
    body = b"N0." + bytes(13)  # for pickle the stream ends here
    assert "dangerous-global" in look(wrapper(alignment=b"") + body + b"0" + RUN + b".").rules


def test_objects_are_a_pickle_of_their_own(look: Look) -> None:
    objects = b"cnumpy\ndtype\n(X\x02\0\0\0O8\x89\x88tR"
    assert "dangerous-global" in look(wrapper(objects) + b"\x80\x02" + RUN + b"..").rules
    assert "malformed-pickle" in look(wrapper(objects) + b"\x80\x02N\xff").rules
    # with the memo of the outer stream the inner one comes to another name
    outer = b"\x80\x03X\x02\0\0\0osq\x00X\x06\0\0\0systemq\x010" + wrapper(objects)[2:]
    inner = b"\x80\x04\x8c\x05numpy\x94\x8c\x05dtype\x940h\x00h\x01\x93.."
    assert "dangerous-global" in look(outer + inner).rules


WRONG = {
    "computed shape": wrapper(shape=b"c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R"),
    "negative shape": wrapper(shape=b"J\xff\xff\xff\xff\x85"),
    "shape of texts": wrapper(shape=b"X\x01\0\0\0a\x85"),
    "computed type": wrapper(dtype=b"N"),
    "unknown type": wrapper(dtype=b"cnumpy\ndtype\n(X\x02\0\0\0z8\x89\x88tR"),
    "structure without state": wrapper(dtype=b"cnumpy\ndtype\n(X\x01\0\0\0V\x89\x88tR"),
    "computed size": wrapper(dtype=b"cnumpy\ndtype\n(X\x02\0\0\0V8\x89\x88tR(K\x03X\x01\0\0\0|NNN\x88K\x01K\x00tb"),
    "computed alignment": wrapper(alignment=b"\x88"),
    "cut": wrapper(shape=b"M\xff\xff\x85"),
    "huge": wrapper(shape=b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x85"),
    "state is no dictionary": b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81Nb",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_an_array_that_cannot_be_followed_is_reported(look: Look, name: str) -> None:
    seen = look(WRONG[name] + bytes(16) + b".")
    assert seen.of("malformed-pickle").severity is Severity.HIGH


def test_a_wrapper_may_lack_what_is_not_needed(look: Look) -> None:
    data = wrapper(alignment=b"").replace(b"X\x08\0\0\0subclasscnumpy\nndarray\n", b"")
    assert look(data + bytes(16) + b".").clean
    assert look(wrapper(shape=b")", alignment=b"") + bytes(8) + b".").clean
    assert "malformed-pickle" in look(data).rules


def test_a_subclass_is_judged(look: Look) -> None:
    body = bytes(16) + b"."
    assert look(wrapper(subclass=b"cnumpy\nmemmap\n") + body).clean
    assert "unknown-global" in look(wrapper(subclass=b"cevil\nArray\n") + body).rules


def test_an_array_inside_a_frame_is_reported(look: Look) -> None:
    opcodes = wrapper()[2:] + bytes(16) + b"."
    assert look(b"\x80\x04\x95" + struct.pack("<Q", len(opcodes) - 17) + opcodes).clean
    assert "malformed-pickle" in look(b"\x80\x04\x95" + struct.pack("<Q", len(opcodes)) + opcodes).rules


def test_what_one_reading_changes_does_not_reach_the_other(look: Look) -> None:
    """Read as opcodes the first array makes the second one longer, and would hide what follows it."""
    state = wrapper(alignment=b"")[2:-1].replace(b"}(X\x08", b"}q\x07(X\x08")
    one = b"h\x07X\x05\0\0\0shapeK\x40\x85s0cx\ny\n.."  # as opcodes: sets the shape of the memoised state
    one += bytes(-len(one) % 8)
    head = b"\x80\x03" + state.replace(b"shapeK\x02", b"shapeK" + bytes((len(one) // 8,))) + b"b"
    again = b"0cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81h\x07b"
    body = bytes(len(one)) + b"0" + RUN + b"." + bytes(512)
    assert "dangerous-global" in look(head + one + again + body).rules


def test_text_types_are_pickled_as_objects(look: Look) -> None:
    dtype = b"cnumpy._core._internal\n_convert_to_stringdtype_kwargs\nK\x01\x85R"
    assert look(wrapper(dtype) + b"\x80\x03N..").clean


def test_flexible_types_take_their_size_from_the_state(look: Look) -> None:
    text = b"cnumpy\ndtype\n(X\x02\0\0\0U2\x89\x88tR"
    assert look(wrapper(text) + bytes(16) + b".").clean
    assert look(wrapper(text + b"(K\x03X\x01\0\0\0<NNNK\x0cK\x04K\x08tb") + bytes(24) + b".").clean


def test_numbers_that_only_seem_to_name_something_are_numbers(look: Look) -> None:
    assert look(wrapper(alignment=b"") + b"\x93" * 16 + b".").clean


def test_many_readings_are_bounded(look: Look) -> None:
    memo = b"".join(b"r" + struct.pack("<I", number) for number in range(3000))
    body = b"cos\nx\n)R....\xff\xff\xff\xff"
    one = wrapper(alignment=b"")[2:] + body[:16] + b"0"
    data = b"\x80\x03N" + memo + b"0" + one * 1800 + b"N."
    seen = look(data)
    assert "dangerous-global" in seen.rules
    assert any("copied" in gap.detail for gap in seen.gaps)
