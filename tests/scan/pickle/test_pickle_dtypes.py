"""Types of NumPy: what NumPy writes is ordinary, and no state in which parts disagree is."""

# ruff: noqa: E501 (a table: one row is one state)

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.scan.pickle import dtypes, values
from chainguard_ml.scan.pickle.values import DATA
from chainguard_ml.scan.pickle.walk import walk
from tests.corpus.pickles import call, glob, number, text, whole
from tests.scan.pickle.numpy_types import I4, OBJECT, fields, kind, state

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = ["?", "i1", "<i4", ">u2", "f8", "c16", "S5", "U3", "M8[ns]", "m8[D]", "V7", "O", "g", "e"]


def details(data: bytes) -> set[str]:
    return {note.detail for note in walk(data).trace.notes.values()}


def records() -> st.SearchStrategy[object]:
    """Descriptions of types as ``numpy.dtype`` takes them: structures of structures, with shapes and titles."""

    def structure(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        shapes = st.sampled_from([(), (2,), (2, 3)])
        return st.lists(st.tuples(inner, shapes, st.booleans()), min_size=1, max_size=4).map(
            lambda found: [
                ((f"title {index}", f"f{index}") if titled else f"f{index}", each, shape)
                for index, (each, shape, titled) in enumerate(found)
            ]
        )

    return st.recursive(st.sampled_from(CODES), structure, max_leaves=6)


@pytest.mark.oracle
@given(description=records(), aligned=st.booleans(), protocol=st.integers(0, 5))
def test_what_numpy_writes_is_ordinary(description: object, aligned: bool, protocol: int) -> None:  # noqa: FBT001 (drawn)
    np = pytest.importorskip("numpy", reason="numpy is in the oracles group")
    made = np.dtype(description, align=aligned)
    assert not details(pickle.dumps(made, protocol))
    assert not details(pickle.dumps(np.zeros(1, made), protocol))


@pytest.mark.oracle
def test_records_and_older_states_are_ordinary() -> None:
    np = pytest.importorskip("numpy", reason="numpy is in the oracles group")
    for made in (np.dtype((np.record, [("a", "O")])), np.rec.array([(1, 2.0)]).dtype, np.dtype(("f4", (2, 3)))):
        assert not details(pickle.dumps(made, 2))
    assert not details(whole(kind("f8", b"(" + number(2) + text("<") + b"NNN" + number(-1) * 2 + b"t")))
    assert not details(whole(kind(glob("ml_dtypes", "bfloat16"), state(size=number(-1)))))
    assert not details(whole(kind("V4", state(names=b"(t", fields=b"}", size=number(4)))))


A, B = "a", "b"
WRONG: dict[str, tuple[bytes, str]] = {
    "objects without flags": (kind("O8", state()), dtypes._FLAGS),
    "objects that are not cleared": (kind("O8", state(flags=3)), dtypes._FLAGS),
    "numbers as objects": (kind("i8", state(flags=63)), dtypes._FLAGS),
    "flags left out": (kind("O8", state(length=7)), dtypes._FLAGS),
    "flags computed": (kind("i8", state(flags=b"\x88")), dtypes._FLAGS),
    "field of objects without flags": (fields({A: (OBJECT, 0)}, flags=16), dtypes._FLAGS),
    "field of numbers as objects": (fields({A: (I4, 0)}, flags=27), dtypes._FLAGS),
    "field over objects": (fields({A: (OBJECT, 0), B: (I4, 4)}, size=16), dtypes._FLAGS),
    "field outside": (fields({A: (OBJECT, 4096)}), dtypes._OUTSIDE),
    "field that ends outside": (fields({A: (I4, 5)}, flags=16), dtypes._OUTSIDE),
    "field before": (fields({A: (I4, -8)}, flags=16), dtypes._HIDDEN),
    "fields of a number": (fields({A: (I4, 0)}, code="i8", flags=0), dtypes._OUTSIDE),
    "size computed": (fields({A: (I4, 0)}, size=b"\x88", flags=16), dtypes._OUTSIDE),
    "place computed": (fields({A: (I4, b"\x88")}, flags=16), dtypes._HIDDEN),
    "field of no type": (kind("V8", state(fields=b"}" + text(A) + number(4) + b"s", size=number(8), flags=16)), dtypes._HIDDEN),
    "field of a computed type": (fields({A: (call(glob("numpy", "dtype"), b"]"), 0)}, flags=16), dtypes._HIDDEN),
    "fields are no dictionary": (kind("V8", state(fields=b"]", size=number(8))), dtypes._HIDDEN),
    "fields and subarray": (kind("V8", state(subtype=I4 + number(1) + b"\x86", fields=b"}", size=number(8))), dtypes._HIDDEN),
    "subarray that ends outside": (kind("V8", state(subtype=I4 + number(3) + b"\x86", size=number(8))), dtypes._OUTSIDE),
    "subarray of objects": (kind("V8", state(subtype=OBJECT + number(1) + b"\x85\x86", size=number(8))), dtypes._FLAGS),
    "subarray of a computed shape": (kind("V8", state(subtype=I4 + b"\x88\x85\x86", size=number(8))), dtypes._HIDDEN),
    "subarray of nothing": (kind("V8", state(subtype=b")", size=number(8))), dtypes._HIDDEN),
    "subarray of a computed type": (
        kind("V8", state(subtype=call(glob("numpy", "dtype"), b"]") + number(1) + b"\x86", size=number(8))),
        dtypes._HIDDEN,
    ),
    "of another class": (kind(glob("numpy", "object_"), state()), dtypes._HIDDEN),
    "of several texts": (kind("i8,O", state()), dtypes._HIDDEN),
    "of a list": (kind(b"]", state()), dtypes._HIDDEN),
    "state computed": (kind("O8", b"]"), dtypes._HIDDEN),
    "state too short": (kind("O8", state(length=6)), dtypes._HIDDEN),
    "version computed": (kind("O8", state(version=b"\x88")), dtypes._HIDDEN),
    "made without a call": (call(glob("copyreg", "_reconstructor"), glob("numpy", "dtype"), glob("builtins", "object"), b"N") + state() + b"b", dtypes._HIDDEN),
    "changed": (kind("V8", state(size=number(8))) + state(size=number(4)) + b"b", dtypes._AGAIN),
    "fields changed": (
        b"}q\1" + text(A) + I4 + number(0) + b"\x86s0" + kind("V8", state(fields=b"h\1", size=number(8), flags=16))
        + b"0h\1" + text(A) + OBJECT + number(0) + b"\x86s",
        dtypes.CLOSED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_state_whose_parts_disagree_is_noted(name: str) -> None:
    stream, detail = WRONG[name]
    assert detail in details(whole(stream))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (kind("O8", state(flags=63)), (True, 8)),
        (kind("O8"), (True, 8)),
        (kind("U3"), (False, 12)),
        (kind("V8", state(size=number(4))), (False, 4)),
        (kind("V8", state(size=number(-4))), None),
        (kind("V8", state(size=number(4), flags=b"\x88")), None),
        (kind("V8", state(size=number(4), length=7)), None),
        (kind("V"), None),
        (kind("z"), None),
        (b"N", None),
    ],
)
def test_bytes_of_items(stream: bytes, expected: tuple[bool, int] | None, run: Callable[[bytes], object]) -> None:
    found = run(stream)
    assert (dtypes.item(found) if found is not DATA else None) == expected  # type: ignore[arg-type]  # a value of the machine


@pytest.fixture
def run() -> Callable[[bytes], object]:
    from chainguard_ml.scan.pickle.machine import Machine
    from chainguard_ml.scan.pickle.trace import Trace

    def top(stream: bytes) -> object:
        machine = Machine(b"\x80\2" + stream + b"N.", Trace())
        machine.run(0)
        return machine.stack[-1]

    return top


def test_a_type_of_more_fields_than_are_kept_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    two = fields({A: (I4, 0), B: (I4, 4)}, flags=16)
    assert not details(whole(two))
    monkeypatch.setattr(values, "MOST_FIELDS", 1)
    assert details(whole(two)) == {dtypes._HIDDEN}


def test_many_types_of_the_same_fields_cost_little() -> None:
    made = b"}q\1(" + b"".join(text(str(each)) + I4 + number(0) + b"\x86" for each in range(2000)) + b"u0"
    typed = kind("V8", state(fields=b"h\1", size=number(8), flags=16))
    assert not details(whole(made, *[typed + b"0"] * 2000, b"N"))
