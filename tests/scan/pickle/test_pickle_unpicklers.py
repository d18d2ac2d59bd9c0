"""The machine against CPython's two unpicklers, which load the same streams with inert stubs for every name."""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
import warnings
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.pickle.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

MODULES = ("alpha", "beta.gamma", "delta")
NAMES = ("One", "two", "Three.four")


class Stub:
    """An object that bears everything that opcodes do to it."""

    def __new__(cls, *_: object, **__: object) -> Self:
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        self.kept: list[object] = []

    def __call__(self, *_: object, **__: object) -> Stub:
        return Stub()

    def __setstate__(self, _: object) -> None:
        pass

    def __setitem__(self, _: object, __: object) -> None:
        pass

    def append(self, _: object) -> None:
        pass

    def extend(self, _: object) -> None:
        pass

    def add(self, _: object) -> None:
        pass

    def update(self, _: object) -> None:
        pass


class Type(type):
    """A class that bears state and items as well."""

    def __setstate__(cls, _: object) -> None:
        pass

    def __setitem__(cls, _: object, __: object) -> None:
        pass

    def append(cls, _: object) -> None:
        pass

    def extend(cls, _: object) -> None:
        pass

    def add(cls, _: object) -> None:
        pass

    def update(cls, _: object) -> None:
        pass


class Named(Stub, metaclass=Type):
    """What every name resolves to."""


class Python(pickle._Unpickler):  # type: ignore[name-defined,misc]  # the pure Python unpickler has no public name
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> type:
        if not module:
            raise ValueError("Empty module name")  # as the import says
        self.names.add((module, name))
        return Named

    def persistent_load(self, _: object) -> object:
        return Stub()


class C(pickle.Unpickler):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> type:
        if not module:
            raise ValueError("Empty module name")  # as the import says
        self.names.add((module, name))
        return Named

    def persistent_load(self, _: object) -> object:
        return Stub()


ERRORS = (pickle.UnpicklingError, ValueError, TypeError, IndexError, KeyError, AttributeError, EOFError, OverflowError,
          struct.error, UnicodeError, ImportError, RecursionError, MemoryError, BufferError)  # fmt: skip


def loaded(kind: type[Python | C], data: bytes) -> tuple[set[tuple[str, str]], bool]:
    """Return the names that an unpickler asks for, and whether it comes to the end."""
    unpickler = kind(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown escapes
        try:
            unpickler.load()
        except ERRORS:
            return unpickler.names, False
    return unpickler.names, True


def resolved(data: bytes) -> set[tuple[str, str]]:
    return set(walk(data).trace.seen)


def agree(data: bytes) -> None:
    """What either unpickler asks for, the machine sees; where both come to the end, it sees nothing else.

    Where it says that unpicklers read on at different places, it need not see what each of them does.
    """
    trace = walk(data).trace
    ours = set(trace.seen)
    asked = [loaded(kind, data) for kind in (Python, C)]
    differs = any(problem.differs for problem in trace.problems)
    for names, _ in asked:
        assert names <= ours or differs, data
    if all(whole for _, whole in asked) and trace.streams == 1:  # an unpickler reads one, the machine all
        assert asked[0][0] | asked[1][0] == ours, data


GLOBAL = b"calpha\nOne\n"
TEXTS = b"\x8c\x05alpha\x8c\x03One"
CASES = {
    "MARK": b"(NN1" + GLOBAL + b".",
    "STOP": GLOBAL + b".",
    "POP": b"N0" + GLOBAL + b".",
    "POP_MARK": b"(N(N11" + GLOBAL + b".",
    "DUP": b"\x8c\x05alpha2\x93" + GLOBAL + b".",
    "FLOAT": b"F1.5\n" + GLOBAL + b".",
    "INT": b"I7\n" + GLOBAL + b".",
    "INT bool": b"I01\n" + GLOBAL + b".",
    "BININT": b"J\1\0\0\0" + GLOBAL + b".",
    "BININT1": b"K\1" + GLOBAL + b".",
    "LONG": b"L7L\n" + GLOBAL + b".",
    "BININT2": b"M\1\0" + GLOBAL + b".",
    "NONE": b"N" + GLOBAL + b".",
    "PERSID": b"Pid\n" + GLOBAL + b".",
    "BINPERSID": b"K\1Q" + GLOBAL + b".",
    "REDUCE": GLOBAL + b")R.",
    "STRING": b"S'alpha'\nS'One'\n\x93.",
    "STRING escapes": b"S'al\\x70h\\141'\nS\"O\\x6ee\"\n\x93.",
    "STRING unknown escape": b"S'al\\pha'\nS'O\\'ne'\n\x93.",
    "BINSTRING": b"T\5\0\0\0alphaT\3\0\0\0One\x93.",
    "SHORT_BINSTRING": b"U\5alphaU\3One\x93.",
    "UNICODE": b"Valpha\nVO\\u006ee\n\x93.",
    "BINUNICODE": b"X\5\0\0\0alphaX\3\0\0\0One\x93.",
    "APPEND": b"]" + GLOBAL + b"a.",
    "BUILD": GLOBAL + b")R}b.",
    "BUILD global": GLOBAL + b"}b.",
    "GLOBAL": GLOBAL + b".",
    "DICT": b"(K\1" + GLOBAL + b"d.",
    "EMPTY_DICT": b"}" + GLOBAL + b".",
    "APPENDS": b"](" + GLOBAL + b"e.",
    "APPENDS global": GLOBAL + b"(N" + b"e.",
    "GET": TEXTS + b"p1\n0p0\n0g0\ng1\n\x93.",
    "BINGET": TEXTS + b"q\x010q\x000h\x00h\x01\x93.",
    "LONG_BINGET": TEXTS + b"r\1\0\1\x000q\x000h\x00j\1\0\1\0\x93.",
    "INST": b"(Nialpha\nOne\n.",
    "INST empty": b"(ialpha\nOne\n.",
    "OBJ": b"(" + GLOBAL + b"No.",
    "OBJ empty": b"(" + GLOBAL + b"o.",
    "LIST": b"(" + GLOBAL + b"l.",
    "EMPTY_LIST": b"]" + GLOBAL + b".",
    "PUT": TEXTS + b"p1\n0p0\n0g0\ng1\n\x93.",
    "SETITEM": b"}K\1" + GLOBAL + b"s.",
    "SETITEM global": GLOBAL + b"K\1K\2s.",
    "TUPLE": b"(" + GLOBAL + b"t.",
    "EMPTY_TUPLE": b")" + GLOBAL + b".",
    "SETITEMS": b"}(K\1" + GLOBAL + b"u.",
    "BINFLOAT": b"G" + struct.pack(">d", 1.5) + GLOBAL + b".",
    "PROTO": b"\x80\x02" + GLOBAL + b".",
    "PROTO in the middle": b"N\x80\x04" + GLOBAL + b".",
    "NEWOBJ": GLOBAL + b")\x81.",
    "TUPLE1": GLOBAL + b"\x85.",
    "TUPLE2": GLOBAL + b"N\x86.",
    "TUPLE3": GLOBAL + b"NN\x87.",
    "NEWTRUE": b"\x88" + GLOBAL + b".",
    "NEWFALSE": b"\x89" + GLOBAL + b".",
    "LONG1": b"\x8a\x01\x05" + GLOBAL + b".",
    "LONG4": b"\x8b\1\0\0\0\x05" + GLOBAL + b".",
    "BINBYTES": b"B\2\0\0\0ab" + GLOBAL + b".",
    "SHORT_BINBYTES": b"C\2ab" + GLOBAL + b".",
    "SHORT_BINUNICODE": TEXTS + b"\x93.",
    "BINUNICODE8": b"\x8d\5" + bytes(7) + b"alpha\x8d\3" + bytes(7) + b"One\x93.",
    "BINBYTES8": b"\x8e\2" + bytes(7) + b"ab" + GLOBAL + b".",
    "EMPTY_SET": b"\x8f" + GLOBAL + b".",
    "ADDITEMS": b"\x8f(K\1K\2\x90" + GLOBAL + b".",
    "FROZENSET": b"(K\1\x91" + GLOBAL + b".",
    "NEWOBJ_EX": GLOBAL + b")}\x92.",
    "STACK_GLOBAL": TEXTS + b"\x93.",
    "MEMOIZE": b"\x8c\x05alpha\x940\x8c\x03One\x940h\x00h\x01\x93.",
    "FRAME": b"\x80\x04\x95\x0f" + bytes(7) + GLOBAL[:11] + b"NNN.",
    "BYTEARRAY8": b"\x96\2" + bytes(7) + b"ab" + GLOBAL + b".",
    "READONLY_BUFFER": b"C\2ab\x98" + GLOBAL + b".",
    "GLOBAL dotted": b"\x80\x04calpha\nThree.four\n.",
    "GLOBAL not ASCII": "calphä\nÖne\n.".encode(),
    "INST not ASCII": "(ialphä\nOne\n.".encode(),
    "GLOBAL without newline": b"calpha\nOneX",
    "GLOBAL cut": b"calpha\nO",
    "NEXT_BUFFER": b"\x97" + GLOBAL + b".",
}
NUMBERS = (b"0x10", b"010", b"0o17", b"0b11", b"1_0", b" 5", b"+5", b"-0x1f", b"1\0junk", b"\0", b"08", b"0x", b"",
           b"1.5", b"--1", b"9" * 30, b"5 ", b"0_7", b"_5", b"\x0b7", b"1" * 4200, b"00", b"01",
           b"010L", b"abc", b"0x1\0")  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_opcode_agrees(name: str) -> None:
    agree(CASES[name])


@pytest.mark.parametrize("opcode", [b"I", b"L", b"F"])
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_either_reads_are_read(opcode: bytes, number: bytes) -> None:
    agree(opcode + number + b"\n0" + GLOBAL + b".")
    agree(opcode + number + b"L\n0" + GLOBAL + b".")


@pytest.mark.parametrize("opcode", [b"p", b"g"])
@pytest.mark.parametrize("number", [b"0", b"00", b" 1", b"1 ", b"+1", b"-1", b"1_0", b"0x1", b"", b"x", b"1\0"])
def test_memo_numbers_agree(opcode: bytes, number: bytes) -> None:
    agree(b"Nq\x00q\x01q\x0a" + opcode + number + b"\n" + GLOBAL + b".")


@pytest.mark.parametrize("length", [0, 1, 5, 11, 12, 13, 14, 100, 1 << 40, (1 << 63) - 1, 1 << 63])
def test_frames_of_any_length_agree(length: int) -> None:
    agree(b"\x80\x04\x95" + struct.pack("<Q", length) + GLOBAL + b"N0.")
    agree(b"\x80\x04\x95" + struct.pack("<Q", length) + TEXTS + b"\x95\x01" + bytes(7) + b"\x93.")


def test_extension_codes_agree() -> None:
    copyreg.add_extension("alpha", "One", 0x4321)
    try:
        for data in (b"\x83\x21\x43.", b"\x84\x21\x43\0\0."):
            for kind in (Python, C):
                copyreg.clear_extension_cache()
                assert loaded(kind, data)[0] == {("alpha", "One")}
            assert [note.kind for note in walk(data).trace.notes.values()] == ["unresolved"]
    finally:
        copyreg.remove_extension("alpha", "One", 0x4321)
        copyreg.clear_extension_cache()


def test_python_2_names_are_mapped_as_pickle_maps_them() -> None:
    for protocol, module in ((0, "builtins"), (2, "builtins"), (3, "__builtin__"), (4, "__builtin__")):
        assert resolved(bytes((0x80, protocol)) + b"c__builtin__\nlen\n.") == {(module, "len")}
    assert resolved(b"curllib\nurlopen\n.") == {("urllib.request", "urlopen")}
    assert resolved(b"c__builtin__\nxrange\n.") == {("builtins", "range")}


# Programs that are valid by construction: expressions, with values kept, doubled and fetched in between.

text = st.sampled_from(
    [b"\x8c\x05alpha", b"\x8c\x03One", b"Vtwo\n", b"S'delta'\n", b"U\x03two", b"X\x0a\0\0\0beta.gamma"]
)
scalar = st.sampled_from([b"N", b"K\x07", b"M\x01\x02", b"J\xff\xff\xff\xff", b"\x88", b"I7\n", b"F1.5\n", b"C\x02ab",
                          b"\x8a\x01\x05", b")", b"G" + bytes(8)])  # fmt: skip


def named() -> st.SearchStrategy[bytes]:
    pairs = st.tuples(st.sampled_from(MODULES), st.sampled_from(NAMES))
    return pairs.flatmap(
        lambda pair: st.sampled_from(
            [
                f"c{pair[0]}\n{pair[1]}\n".encode(),
                b"".join(b"\x8c" + bytes((len(part),)) + part.encode() for part in pair) + b"\x93",
                b"".join(b"V" + part.encode() + b"\n" for part in pair) + b"\x93",
                b"(" + f"i{pair[0]}\n{pair[1]}\n".encode(),
                b"(N" + f"i{pair[0]}\n{pair[1]}\n".encode(),
            ]
        )
    )


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    """A program that leaves one value; memo numbers are fetched only after they were put."""
    known: list[int] = []

    def pieces(depth: int) -> Iterator[bytes]:
        yield expression(depth)
        if draw(st.booleans()):
            number = draw(st.integers(0, 40))
            known.append(number)
            yield draw(st.sampled_from([b"q" + bytes((number,)), b"p%d\n" % number]))
        yield draw(st.sampled_from([b"", b"", b"N0", b"20", b"(NN1", b"(0", b"\x80\x04", b"\x80\x02"]))
        if known and draw(st.booleans()):
            number = draw(st.sampled_from(known))
            yield draw(st.sampled_from([b"h" + bytes((number,)), b"g%d\n" % number])) + b"0"

    def value(depth: int) -> bytes:
        return b"".join(pieces(depth))

    def expression(depth: int) -> bytes:
        if depth == 0:
            return draw(st.one_of(scalar, text, named()))
        kind = draw(st.integers(0, 8))
        inner = [value(depth - 1) for _ in range(draw(st.integers(0, 3)))]
        key = draw(text)
        thing = draw(named())
        return [
            lambda: b"(" + b"".join(inner) + b"t",
            lambda: b"(" + b"".join(inner) + b"l",
            lambda: b"](" + b"".join(inner) + b"e",
            lambda: b"}(" + b"".join(key + item for item in inner) + b"u",
            lambda: f"c{MODULES[0]}\n{NAMES[0]}\n".encode() + b"(" + b"".join(inner) + b"tR",
            lambda: f"c{MODULES[1]}\n{NAMES[1]}\n".encode() + b"(" + b"".join(inner) + b"t\x81",
            lambda: thing + (inner[0] if inner else b"N") + b"b",
            lambda: b"(" + f"c{MODULES[2]}\n{NAMES[2]}\n".encode() + b"".join(inner) + b"o",
            lambda: value(depth - 1),
        ][kind]()

    return draw(st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"\x80\x05"])) + value(draw(st.integers(0, 3))) + b"."


@settings(max_examples=400, deadline=None)
@given(programs())
def test_valid_programs_agree(data: bytes) -> None:
    agree(data)


token = st.sampled_from([GLOBAL, TEXTS, *(
    bytes((code,)) for code in b"(012NRabdeo]stu})\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94.Q"),
    b"K\x01", b"q\x01", b"h\x01", b"I1\n", b"p2\n", b"g2\n", b"\x80\x02", b"\x80\x04", b"Vtwo\n", b"ialpha\ntwo\n",
    b"\x8c\x05delta", b"C\x02ab"])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(token, max_size=25))
def test_any_program_shows_at_least_what_unpicklers_ask_for(tokens: list[bytes]) -> None:
    agree(b"".join(tokens))


@settings(max_examples=200, deadline=None)
@given(programs(), st.integers(0, 200))
def test_cut_programs_show_at_least_what_unpicklers_ask_for(data: bytes, length: int) -> None:
    agree(data[:length])


def test_a_memo_with_gaps_is_counted_as_unpicklers_count() -> None:
    agree(TEXTS + b"q\x02\x940h\x03\x8c\x03two\x93h\x00\x85.")
    agree(TEXTS + b"q\x01q\x00q\x050\x940h\x03\x8c\x03two\x93.")
    agree(TEXTS + b"q\x000q\x02q\x010\x8c\x03two\x94h\x03\x93.")
    agree(TEXTS + b"q\x00q\x020\x94q\x03h\x01\x93.")
