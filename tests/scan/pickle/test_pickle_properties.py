"""Any bytes: nothing raises, nothing hangs, the fast path and the machine agree."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.pickle import fast
from chainguard_ml.scan.pickle.literals import SHORTEST, may_be_pickle
from chainguard_ml.scan.pickle.machine import Machine
from chainguard_ml.scan.pickle.trace import Trace
from chainguard_ml.scan.pickle.walk import walk

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Look

OPCODES = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x99))
opcodes = st.lists(st.sampled_from(OPCODES), max_size=60).map(bytes)
mixed = st.lists(
    st.one_of(
        opcodes, st.binary(max_size=20),
        st.sampled_from([b"cos\nsystem\n", b"\x8c\x02os", b"(tR", b"\x80\x04", b"ios\nx\n", b"\x93", b"}b",
                         b".", b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81",
                         b"X\x05\0\0\0shapeK\x02\x85", b"cnumpy\ndtype\n",
                         b"ctorch.storage\n_load_from_bytes\n", b"\x95\x10\0\0\0\0\0\0\0", b"cbuiltins\ngetattr\n"]),
    ),
    max_size=20,
).map(b"".join)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(mixed)
def test_any_bytes_are_examined_without_an_error(look: Look, data: bytes) -> None:
    for name in ("x", "x.pkl"):
        look(data, name)


@settings(max_examples=300, deadline=None)
@given(mixed, st.sampled_from([b"\x80\x02", b"\x80\x04", b"\x80\x05"]))
def test_the_answer_is_the_same_twice_and_through_a_window(look: Look, data: bytes, head: bytes) -> None:
    whole = head + data
    first, second = look(whole), look(memoryview(b"..." + whole)[3:])  # type: ignore[arg-type]  # a window on a container
    assert [item.order for item in first.findings] == [item.order for item in second.findings]


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=40,
)


@settings(max_examples=300, deadline=None)
@given(data, st.integers(0, 5))
def test_the_fast_path_says_what_the_machine_says(value: object, protocol: int) -> None:
    stream = pickle.dumps(value, protocol)
    trace = Trace()
    end, whole = Machine(stream, trace).run(0)
    assert (end, whole) == (len(stream), True)
    quick = fast.inert_end(stream, 0)
    assert quick is None or (quick == end and not trace.seen and not trace.nested)


@settings(max_examples=400, deadline=None)
@given(mixed)
def test_what_the_fast_path_lets_pass_names_nothing(stream: bytes) -> None:
    if fast.inert_end(stream, 0) is not None:
        trace = Trace()
        Machine(stream, trace).run(0)
        assert not trace.seen
        assert not trace.nested
        assert not any(problem.differs for problem in trace.problems)


@pytest.mark.parametrize("protocol", range(6))
def test_large_streams_of_data_take_the_fast_path(protocol: int) -> None:
    rows = [
        [number, str(number), number / 7, (number, None, True), b"x", "y" * (number % 90)] for number in range(4000)
    ]
    stream = pickle.dumps(rows, protocol)
    if protocol >= 3:
        assert fast.inert_end(stream, 0) == len(stream)
    result = walk(stream)
    assert result.complete
    assert result.trace.protocol == (protocol if protocol >= 2 else 0)
    assert not {key for key in result.trace.seen if key != ("_codecs", "encode")}


LITERALS = (
    b"cos\nsystem\n(tR.",
    b"\x80\x02cos\nsystem\n.",
    b"(S'x'\nios\nsystem\n.",
    b"gAJjb3MKc3lzdGVtCi4=",
    b"8002636f730a73797374656d0a2e",
    b"Y29zCnN5c3RlbQoodFIu",
    b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    b"I 5\n0cos\nsystem\n.",
    b"L\x0b5L\n0cos\nsystem\n.",
    b"F 1\n0cos\nsystem\n.",
    b"V\n0cos\nsystem\n.",
    b"S''\n0cos\nsystem\n.",
    b"K\x000cos\nsystem\n.",
)


@pytest.mark.parametrize("literal", LITERALS)
@pytest.mark.parametrize("form", ["short", "long", "very long"])
def test_a_payload_in_a_literal_does_not_take_the_fast_path(look: Look, literal: bytes, form: str) -> None:
    text = literal + (b"" if form == "short" else b"\n" * 300)
    rows = list(range(20_000))
    stream = pickle.dumps([rows, text], 4) if form != "very long" else pickle.dumps([rows, text + b"\n" * 70_000], 4)
    assert len(stream) > fast.SMALLEST
    assert "dangerous-global" in look(stream).rules


@pytest.mark.parametrize(
    "tail", [b"cos\nsystem\n.", b"\x8c\x02os\x8c\x06system\x93.", b"h\x00R.", b"\x82\x01.", b"Pid\n.", b"\xff", b""]
)
def test_the_fast_path_stops_at_what_is_not_data(tail: bytes) -> None:
    assert fast.inert_end(b"\x80\x04]\x94(" + b"K\x01" * 30_000 + b"e" + tail, 0) is None


def test_streams_larger_than_a_copy_are_walked_in_place() -> None:
    body = b"B" + (5_000_000).to_bytes(4, "little") + bytes(5_000_000) + b"0cos\nsystem\n."
    assert set(walk(memoryview(b"\x80\x03" + body)).trace.seen) == {("os", "system")}


LITERAL = st.tuples(
    st.sampled_from([b"", b"I 5\n", b"L_1\n", b"F.5\n", b"V\n", b"S''\n", b"K\0", b"N", b"(", b"}", b"\x8c\0", b" "]),
    st.lists(
        st.sampled_from([b"0", b"N", b"K\1", b"(", b"cos\nsystem\n", b"ios\nx\n", b"\x93", b"\x82\1", b"R", b"."])
    ),
    st.binary(max_size=8),
).map(lambda parts: parts[0] + b"".join(parts[1]) + parts[2])


@settings(max_examples=800, deadline=None)
@given(LITERAL, st.sampled_from([b"C", b"U", b"\x8c"]))
def test_the_fast_path_passes_over_no_literal_that_may_be_a_pickle(literal: bytes, opcode: bytes) -> None:
    literal = literal[:255]
    stream = b"\x80\x04" + opcode + bytes((len(literal),)) + literal + b"."
    if len(literal) >= SHORTEST and may_be_pickle(literal, 0, len(literal)):
        assert fast.inert_end(stream, 0) is None
