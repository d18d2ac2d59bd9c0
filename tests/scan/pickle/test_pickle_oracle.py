"""Every opcode in random streams: what CPython's two unpicklers import, call and change, the machine has seen.

The unpicklers get inert stand-ins for every name, which write down what is done to them.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import pickle
import pickletools
import struct
import warnings
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.pickle.walk import walk
from tests.scan.pickle.test_pickle_unpicklers import ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.scan.pickle.trace import Trace

pytestmark = pytest.mark.oracle

EXTENSION = ("extension", "One")
CODES = (0x21, 0x4321, 0x54321)
Event = tuple[str, str, str]
"""Module, name and what was done: ``imported``, ``made``, ``called`` and ``built`` (an instance), ``changed`` (a class)."""

events: set[Event] = set()


class Method:
    """A method that instances and classes have; it writes down for which of both it was called."""

    def __get__(self, instance: object, owner: Named) -> Callable[..., None]:
        def record(*_: object, **__: object) -> None:
            events.add((*owner.key, "changed" if instance is None else "built"))

        return record


class Named(type):
    """What a name resolves to."""

    key: tuple[str, str]

    def __setitem__(cls, _: object, __: object) -> None:
        events.add((*cls.key, "changed"))


class StandIn(metaclass=Named):
    """An object that bears everything that opcodes do to it."""

    key = ("", "")
    __setstate__ = Method()
    append = extend = add = update = Method()

    def __new__(cls, *_: object, **__: object) -> Self:
        events.add((*cls.key, "made"))
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *_: object, **__: object) -> Self:
        events.add((*self.key, "called"))
        return self

    def __setitem__(self, _: object, __: object) -> None:
        events.add((*self.key, "built"))

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return self is other


def stand_in(module: str, name: str) -> type[StandIn]:
    if not module:
        raise ValueError("Empty module name")  # as the import says
    events.add((module, name, "imported"))
    return Named("StandIn", (StandIn,), {"key": (module, name)})


class Python(pickle._Unpickler):  # type: ignore[name-defined,misc]  # the pure Python unpickler has no public name
    def find_class(self, module: str, name: str) -> type:
        return stand_in(module, name)

    def persistent_load(self, _: object) -> object:
        return bytearray()


class C(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        return stand_in(module, name)

    def persistent_load(self, _: object) -> object:
        return bytearray()


@pytest.fixture(scope="module", autouse=True)
def registry() -> Iterator[None]:
    """Some extension codes that are known to the unpicklers."""
    for code in CODES:
        copyreg.add_extension(*EXTENSION[:1], f"{EXTENSION[1]}{code}", code)
    yield
    for code in CODES:
        copyreg.remove_extension(*EXTENSION[:1], f"{EXTENSION[1]}{code}", code)
    copyreg.clear_extension_cache()


def done(kind: type[Python | C], data: bytes) -> set[Event]:
    """Return what an unpickler did before it ended or gave up."""
    events.clear()
    copyreg.clear_extension_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown escapes
        with contextlib.suppress(*ERRORS):
            kind(io.BytesIO(data), buffers=iter([bytearray(b"ab")] * 50)).load()
    return set(events)


def seen(trace: Trace) -> set[Event]:
    """Return what the machine saw, in the same words."""
    told: set[Event] = set()
    for (module, name), known in trace.seen.items():
        told.add((module, name, "imported"))
        if known.uses.keys() & {"called", "newobj", "instantiated"}:
            told.add((module, name, "made"))
        if known.uses.keys() & {"built", "fed"}:
            told.add((module, name, "built"))
    for note in trace.notes.values():
        if note.target:
            told.add((note.target.module, note.target.name, {"overwritten": "changed", "misused": "called"}[note.kind]))
    return told


def agree(data: bytes) -> None:
    trace = walk(data).trace
    if any(problem.differs for problem in trace.problems):
        return  # a finding of its own
    ours = seen(trace)
    hidden = any(note.kind == "unresolved" for note in trace.notes.values())
    for kind in (Python, C):
        missed = {event for event in done(kind, data) - ours if not (hidden and event[0] == EXTENSION[0])}
        assert not missed, (kind.__module__, data, missed)


def _u(width: int, raw: bytes) -> bytes:
    return len(raw).to_bytes(width, "little") + raw


index = st.integers(0, 3).map(lambda number: bytes((number,)))
line = st.sampled_from([b"0\n", b"1\n", b"2\n", b"7\n", b" 3\n", b"0x1\n", b"00\n", b"01\n", b"1_1\n", b"-1\n", b"\n"])
word = st.sampled_from([b"alpha", b"One", b"two", b"ab.cd", b"", b"x" * 30, "ä".encode(), b"\\x41", b"\\"])
lined = word.map(lambda raw: raw + b"\n")
quoted = word.map(lambda raw: b"'" + raw + b"'\n")
long = st.sampled_from([b"", b"\x01", b"\xff", b"\0\1", bytes(9)])
name = st.sampled_from([b"alpha\nOne\n", b"beta.gamma\nTwo\n", b"delta\nA.b\n", b"\nx\n"])

OPERANDS: dict[str, st.SearchStrategy[bytes]] = {
    "INT": line, "LONG": line, "FLOAT": line, "STRING": quoted, "UNICODE": lined, "PERSID": lined,
    "BININT": st.sampled_from([bytes(4), b"\xff" * 4]), "BININT1": index, "BININT2": index.map(lambda raw: raw + b"\0"),
    "LONG1": long.map(lambda raw: _u(1, raw)), "LONG4": long.map(lambda raw: _u(4, raw)),
    "BINSTRING": word.map(lambda raw: _u(4, raw)), "SHORT_BINSTRING": word.map(lambda raw: _u(1, raw)),
    "BINBYTES": word.map(lambda raw: _u(4, raw)), "SHORT_BINBYTES": word.map(lambda raw: _u(1, raw)),
    "BINBYTES8": word.map(lambda raw: _u(8, raw)), "BYTEARRAY8": word.map(lambda raw: _u(8, raw)),
    "SHORT_BINUNICODE": word.map(lambda raw: _u(1, raw)), "BINUNICODE": word.map(lambda raw: _u(4, raw)),
    "BINUNICODE8": word.map(lambda raw: _u(8, raw)), "BINFLOAT": st.just(struct.pack(">d", 1.5)),
    "GET": line, "BINGET": index, "LONG_BINGET": index.map(lambda raw: raw + bytes(3)),
    "PUT": line, "BINPUT": index, "LONG_BINPUT": index.map(lambda raw: raw + bytes(3)),
    "EXT1": st.sampled_from([b"\x21", b"\0"]), "EXT2": st.sampled_from([b"\x21\x43", b"\1\0"]),
    "EXT4": st.sampled_from([b"\x21\x43\x05\0", b"\xff" * 4]), "GLOBAL": name, "INST": name,
    "PROTO": st.sampled_from([b"\0", b"\2", b"\3", b"\4", b"\5", b"\6"]),
    "FRAME": st.sampled_from([0, 1, 5, 20, 100]).map(lambda length: struct.pack("<Q", length)),
}  # fmt: skip

WEIGHTS = {"STOP": 0, "FRAME": 1, "PROTO": 1}
ALL = {item.name: item.code.encode("latin-1") for item in pickletools.opcodes}


def opcode(which: str) -> st.SearchStrategy[bytes]:
    return OPERANDS.get(which, st.just(b"")).map(lambda operand: ALL[which] + operand)


any_opcode = st.sampled_from([key for key in ALL for _ in range(WEIGHTS.get(key, 2))]).flatmap(opcode)

# ruff: noqa: E501 (the table of pieces)
# Pieces that leave something to work with, so that random opcodes do not only find an empty stack.
piece = st.sampled_from([
    b"calpha\nOne\n", b"\x8c\x05alpha\x8c\x03One\x93", b"calpha\nOne\n)R", b"calpha\nOne\n)\x81", b"(calpha\nOne\no",
    b"(ialpha\nOne\n", b"(Kaibeta.gamma\nTwo\n", b"}", b"]", b"\x8f", b"(", b")", b"K\1", b"\x8c\x01a", b"N", b"]q\0", b"}q\1",
    b"calpha\nOne\nq\0", b"\x8c\x05alphaq\2", b"(K\1K\2", b"}b", b"N\x85R", b")}\x92", b"K\1a", b"(K\1e", b"K\1K\2s",
    b"(K\1K\2u", b"(K\1\x90", b"\x85", b"\x86", b"\x94", b"h\0", b"h\1", b"2", b"0", b"1", b"R", b"b", b"\x93", b"\x81", b"Q",
])  # fmt: skip
soups = st.lists(st.one_of(any_opcode, piece, piece), max_size=30).map(lambda parts: b"".join(parts) + b".")


def test_the_table_knows_every_opcode() -> None:
    operands = {item.name for item in pickletools.opcodes if item.arg is not None}
    assert operands == set(OPERANDS)


@pytest.mark.parametrize("which", sorted(ALL))
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_each_opcode_amid_others(which: str, data: st.DataObject) -> None:
    before = b"".join(data.draw(st.lists(piece, max_size=6)))
    after = b"".join(data.draw(st.lists(piece, max_size=6)))
    agree(before + data.draw(opcode(which)) + after + b".")


@settings(max_examples=1500, deadline=None)
@given(soups)
@example(b"calpha\nOne\n)R)R}b.")
@example(b"calpha\nOne\n}b.")
@example(b"calpha\nOne\nK\1K\2s.")
def test_what_unpicklers_do_is_seen(stream: bytes) -> None:
    agree(stream)


@settings(max_examples=300, deadline=None)
@given(soups, st.integers(0, 120))
def test_what_unpicklers_do_before_a_cut_is_seen(stream: bytes, length: int) -> None:
    agree(stream[:length])


def test_stand_ins_write_down_what_is_done() -> None:
    for kind in (Python, C):
        told = done(kind, b"calpha\nOne\nq\0)R}bq\1)R0h\0}b0h\0K\1K\2s0h\1K\1a.")
        assert {what for _, _, what in told} == {"imported", "made", "called", "built", "changed"}
