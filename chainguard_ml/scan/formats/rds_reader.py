"""The items of an R serialization, versions 2 and 3 (R Internals, 1.8; ``ReadItem`` in ``serialize.c``).

A serialization is a tree in prefix order. Pending parts wait on a stack of our own, so that depth costs no recursion;
numbers are passed over. What is reported are the places where code stands, and what reading it makes R do.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats import r_functions
from chainguard_ml.scan.formats.rds_streams import RdsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.formats.rds_streams import Stream

_DEPTH = 200_000  # pending parts; R's own stack ends long before
_PACKAGES = 64  # strings that name a package or a namespace
_ACTIVE = 1 << 15  # level bit of a binding that is a function
_ATTRIBUTES, _TAG = 0x200, 0x400  # bits of an item's flags
_LONG = -1  # length of a vector that has more than 2^31 items

# Types (``Rinternals.h``) and pseudo-types (``serialize.c``).
_SYMBOL, _LIST, _CLOSURE, _ENVIRONMENT, _PROMISE, _LANGUAGE, _SPECIAL, _BUILTIN, _CHARS = range(1, 10)
_STRINGS, _DOTS, _VECTOR, _EXPRESSION, _BYTECODE, _POINTER, _WEAK, _RAW, _S4 = 16, 17, 19, 20, 21, 22, 23, 24, 25
_ALTREP, _ATTRIBUTE_LIST, _ATTRIBUTE_LANGUAGE, _REPEATED, _REPEAT = 238, 239, 240, 243, 244
_PERSISTENT, _PACKAGE, _NAMESPACE, _UNBOUND, _REFERENCE = 247, 248, 249, 252, 255
_ALONE = frozenset({241, 242, 250, 251, _UNBOUND, 253, 254})  # environments and constants that are only named
_NUMBERS = {10: 4, 13: 4, 14: 8, 15: 16, _RAW: 1, 26: 8}  # bytes of an item of a vector
_PAIRS = frozenset({_LIST, _CLOSURE, _PROMISE, _LANGUAGE, _DOTS})
_CODE_LISTS = frozenset({_LIST, _LANGUAGE, _ATTRIBUTE_LIST, _ATTRIBUTE_LANGUAGE, _REPEATED, _REPEAT})
_INERT_CODE = frozenset({_SYMBOL, _REFERENCE, _CHARS, *_NUMBERS, _STRINGS, *_ALONE})


class RdsDepthError(RdsError):
    """More parts are pending than a reader of R could hold."""


class Place(enum.Enum):
    """Where an item stands."""

    TOP = enum.auto()  # what readRDS returns
    WORKSPACE = enum.auto()  # the pairs of a saved workspace
    BINDING = enum.auto()  # the value of one of them
    CELLS = enum.auto()  # the pairs of an environment
    TABLE = enum.auto()  # its hash table, a vector of such pairs
    FRAME = enum.auto()  # the value of a variable in an environment, or of "..."
    ELEMENT = enum.auto()  # anywhere else
    HEAD = enum.auto()  # the function of a call
    ARGUMENTS = enum.auto()  # the pairs behind it
    NAMED = enum.auto()  # a name that is as good as the function: of pkg::name, or a constant of bytecode
    LABEL = enum.auto()  # the name of a pair
    VALUE = enum.auto()  # of a promise
    EXPRESSION = enum.auto()  # of a promise


_INSIDE = {Place.WORKSPACE: Place.BINDING, Place.CELLS: Place.FRAME, Place.NAMED: Place.NAMED}
"""Where the value of a pair stands, by where the pair stands; else ``ELEMENT``."""


@dataclass(slots=True)
class Code:
    """A piece of code.

    Attributes:
        kind: ``closure``, ``promise``, ``call``, ``bytecode`` or ``active binding``.
        offset: Where it starts.
        place: Where it stands.
        calls: Functions of note (``r_functions``) that it calls.
        forced: Of a promise: whether it has its value already.
        inert: Of a promise: whether its expression is a name or a constant.
        name: Of a value in a saved workspace: its name.
    """

    kind: str
    offset: int
    place: Place = Place.ELEMENT
    calls: set[str] = field(default_factory=set)
    forced: bool = False
    inert: bool = False
    name: str = ""


@dataclass(slots=True)
class Alternative:
    """An object whose class restores it by native code (ALTREP): class and package, and where."""

    offset: int
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outside:
    """A reference to something that the loading program supplies."""

    offset: int


class _Do(enum.Enum):
    ITEM = enum.auto()
    REPEAT = enum.auto()
    TELL = enum.auto()
    BYTECODE = enum.auto()
    CONSTANTS = enum.auto()
    CONSTANT = enum.auto()
    LANGUAGE = enum.auto()


@dataclass(frozen=True, slots=True)
class _Task:
    do: _Do
    place: Place = Place.ELEMENT
    within: Code | Alternative | None = None
    count: int = 0


class Reader:
    """Reads one serialization; ``events`` yields what is of note.

    Attributes:
        stream: The encoding; afterwards it stands behind the end.
    """

    def __init__(self, stream: Stream, first: Place) -> None:
        self.stream = stream
        self._names: list[str] = []  # what references stand for: names of symbols, else empty
        self._label = ""
        self._pending = [_Task(_Do.ITEM, first)]

    def events(self) -> Iterator[Code | Alternative | Outside]:
        """Yield pieces of code and objects restored by native code, each behind its end.

        Raises:
            RdsError: The stream breaks off, has an unknown type, or is nested too deeply.
        """
        while self._pending:
            if len(self._pending) > _DEPTH:
                raise RdsDepthError(f"nested deeper than {_DEPTH:,} items", self.stream.position)
            task = self._pending.pop()
            if task.do is _Do.ITEM:
                yield from self._item(task.place, task.within)
            elif task.do is _Do.TELL:
                if task.within:
                    yield task.within
            else:
                self._step(task)

    def _step(self, task: _Task) -> None:
        """Go on with what has several parts."""
        if task.count > 1:
            self._push(task.do, task.place, task.within, task.count - 1)
        if task.do is _Do.REPEAT:
            self._push(_Do.ITEM, task.place, task.within)
        elif task.do is _Do.BYTECODE:  # the instructions, then the constants
            self._push(_Do.CONSTANTS, task.place, task.within)
            self._push(_Do.ITEM, Place.ELEMENT, task.within)
        elif task.do is _Do.CONSTANTS:
            self._repeat(_Do.CONSTANT, self.stream.integer(), Place.NAMED, task.within)
        else:
            kind = self.stream.integer()
            if kind == _BYTECODE and task.do is _Do.CONSTANT:
                self._push(_Do.BYTECODE, Place.ELEMENT, task.within)
            elif kind in _CODE_LISTS:
                self._code_list(kind, task)
            else:
                self._push(_Do.ITEM, task.place, task.within)

    def _code_list(self, kind: int, task: _Task) -> None:
        """Pairs among the constants of bytecode have a form of their own (``ReadBCLang``)."""
        if kind == _REPEATED:
            self.stream.integer()
            return
        if kind == _REPEAT:
            self.stream.integer()
            kind = self.stream.integer()
        is_call = kind in {_LANGUAGE, _ATTRIBUTE_LANGUAGE}
        self._push(_Do.LANGUAGE, Place.ELEMENT, task.within)
        self._push(_Do.LANGUAGE, Place.HEAD if is_call else Place.ELEMENT, task.within)
        self._push(_Do.ITEM, Place.LABEL, task.within)
        if kind in {_ATTRIBUTE_LIST, _ATTRIBUTE_LANGUAGE}:
            self._push(_Do.ITEM, Place.ELEMENT, task.within)

    def _push(self, do: _Do, place: Place, within: Code | Alternative | None, count: int = 0) -> None:
        self._pending.append(_Task(do, place, within, count))

    def _repeat(self, do: _Do, count: int, place: Place, within: Code | Alternative | None) -> None:
        if count < 0:
            raise RdsError(f"a length of {count}", self.stream.position)
        if count:
            self._push(do, place, within, count)

    def _item(self, place: Place, within: Code | Alternative | None) -> Iterator[Outside]:
        start = self.stream.position
        flags = self.stream.integer()
        kind = flags & 0xFF
        if isinstance(within, Code) and within.kind == "promise":
            _settle(within, place, kind)
        if kind in _ALONE:
            return
        if kind in _PAIRS:
            self._pair(kind, flags, start, place, within)
        elif kind in {_SYMBOL, _REFERENCE}:
            self._named(self._symbol(kind, flags), place, within)
        elif kind == _ALTREP:  # its class, its state, its attributes
            restored = Alternative(start)
            self._push(_Do.ITEM, Place.ELEMENT, within)
            self._push(_Do.ITEM, Place.ELEMENT, within)
            self._push(_Do.TELL, place, restored)
            self._push(_Do.ITEM, Place.ELEMENT, restored)
        elif kind in {_PERSISTENT, _PACKAGE, _NAMESPACE}:
            self._strings_of_name()
            if kind == _PERSISTENT:
                yield Outside(start)
        elif kind == _ENVIRONMENT:
            self._environment()
        else:
            if flags & _ATTRIBUTES:  # they stand behind it
                self._push(_Do.ITEM, Place.ELEMENT, within)
            self._value(kind, start, place, within)

    def _symbol(self, kind: int, flags: int) -> str:
        """Return the name of a symbol that stands here or is referred to; other references have none."""
        if kind == _SYMBOL:
            self._names.append(self._chars())
            return self._names[-1]
        index = flags >> 8 or self.stream.integer()
        if not 0 < index <= len(self._names):
            raise RdsError("a reference to nothing", self.stream.position)
        return self._names[index - 1]

    def _named(self, name: str, place: Place, within: Code | Alternative | None) -> None:
        """Take note of a symbol."""
        if isinstance(within, Alternative):
            within.names.append(name)
        elif place is Place.LABEL:
            self._label = name
        elif within and place in {Place.HEAD, Place.NAMED} and r_functions.of_note(name):
            within.calls.add(name)

    def _chars(self) -> str:
        """Return the name of a symbol: a string that stands here."""
        flags = self.stream.integer()
        if flags & 0xFF != _CHARS:
            raise RdsError("a name is no string", self.stream.position)
        return self._text()

    def _strings_of_name(self) -> None:
        """Read the name and version of a package or namespace, or the key of an outside object."""
        if self.stream.integer() != 0:
            raise RdsError("names where none can be", self.stream.position)
        count = self.stream.integer()
        if not 0 <= count <= _PACKAGES:
            raise RdsError(f"a name of {count} parts", self.stream.position)
        for _ in range(count):
            self._chars()
        self._names.append("")

    def _environment(self) -> None:
        self.stream.integer()  # whether it is locked
        self._names.append("")
        for place in (Place.ELEMENT, Place.TABLE, Place.CELLS, Place.ELEMENT):  # attributes … enclosure, in reverse
            self._push(_Do.ITEM, place, None)

    def _pair(self, kind: int, flags: int, start: int, place: Place, within: Code | Alternative | None) -> None:
        """A pair has attributes, a label, a value and the rest; other kinds use these parts in their own way."""
        code = self._opened(kind, flags, start, place, within)
        value, rest = _parts(kind, place)
        self._push(_Do.ITEM, rest, code)
        self._push(_Do.ITEM, value, code)
        if flags & _TAG:
            if kind in {_CLOSURE, _PROMISE}:  # it is their environment, which is data
                self._push(_Do.ITEM, Place.ELEMENT, None)
            else:
                self._push(_Do.ITEM, Place.LABEL, code)
        if flags & _ATTRIBUTES:
            self._push(_Do.ITEM, Place.ELEMENT, code)

    def _opened(
        self, kind: int, flags: int, start: int, place: Place, within: Code | Alternative | None
    ) -> Code | Alternative | None:
        """Return the code that the parts of a pair belong to, a new one where it starts."""
        if kind in {_CLOSURE, _PROMISE} or (kind == _LANGUAGE and within is None):
            name = self._label if place is Place.BINDING else ""
            within = Code(_KINDS[kind], start, place, name=name)
            self._push(_Do.TELL, place, within)
        elif flags >> 12 & _ACTIVE and place is Place.CELLS:
            self._push(_Do.TELL, place, Code("active binding", start, place))
        return within

    def _value(self, kind: int, start: int, place: Place, within: Code | Alternative | None) -> None:
        """Read an item that is no pair."""
        if kind in _NUMBERS:
            self.stream.skip(self._length(), _NUMBERS[kind])
        elif kind == _CHARS:
            self._text()
        elif kind == _STRINGS:
            self._strings(self._length(), within)
        elif kind in {_VECTOR, _EXPRESSION}:
            inner = Place.CELLS if place is Place.TABLE else Place.ELEMENT
            self._repeat(_Do.REPEAT, self._length(), inner, within)
        elif kind in {_SPECIAL, _BUILTIN}:
            self._named(self._text(), place, within)
        elif kind == _BYTECODE:
            self._bytecode(start, place, within)
        elif kind in {_POINTER, _WEAK}:
            self._names.append("")
            for _ in range(2 if kind == _POINTER else 0):  # what it protects, and its tag
                self._push(_Do.ITEM, Place.ELEMENT, within)
        elif kind != _S4:
            raise RdsError(f"type {kind} is not known", start)

    def _bytecode(self, start: int, place: Place, within: Code | Alternative | None) -> None:
        if not isinstance(within, Code):
            within = Code("bytecode", start, place)
            self._push(_Do.TELL, place, within)
        self.stream.integer()  # how many pairs are repeated
        self._push(_Do.BYTECODE, place, within)

    def _text(self) -> str:
        """Return a string behind its length; -1 is the missing one."""
        length = self.stream.integer()
        return self.stream.text(length).decode("utf-8", "surrogateescape") if length != -1 else ""

    def _length(self) -> int:
        length = self.stream.integer()
        if length == _LONG:
            high, low = self.stream.integer(), self.stream.integer()
            length = ((high & 0xFFFFFFFF) << 32) + (low & 0xFFFFFFFF)
        if length < 0:
            raise RdsError(f"a length of {length}", self.stream.position)
        return length

    def _strings(self, count: int, within: Code | Alternative | None) -> None:
        """Pass over strings one by one; one that has attributes, as old releases wrote, is an item like others."""
        stream = self.stream
        while count:
            start = stream.position
            flags = stream.integer()
            if flags & 0xFF != _CHARS or flags & _ATTRIBUTES:
                stream.position = start
                self._repeat(_Do.REPEAT, count, Place.ELEMENT, within)
                return
            length = stream.integer()
            if length != -1:
                stream.text(length)
            count -= 1


def _parts(kind: int, place: Place) -> tuple[Place, Place]:
    """Return where the value of a pair and the rest behind it stand."""
    if kind == _LANGUAGE:
        return Place.HEAD, Place.NAMED if place is Place.HEAD else Place.ARGUMENTS
    if kind == _PROMISE:
        return Place.VALUE, Place.EXPRESSION
    if kind == _DOTS:
        return Place.FRAME, Place.CELLS
    if kind == _CLOSURE or place not in _INSIDE:
        return Place.ELEMENT, Place.ELEMENT
    return _INSIDE[place], place


_KINDS = {_CLOSURE: "closure", _PROMISE: "promise", _LANGUAGE: "call"}


def _settle(promise: Code, place: Place, kind: int) -> None:
    """Learn from a part of a promise whether it has its value, and whether its expression is only a name."""
    if place is Place.VALUE:
        promise.forced = kind != _UNBOUND
    elif place is Place.EXPRESSION:
        promise.inert = kind in _INERT_CODE
