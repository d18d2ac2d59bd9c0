"""Universal Binary JSON, draft 12, with the optimised containers (``$`` type, ``#`` count), read within bounds.

Typed arrays of numbers become ``array.array``, so memory stays near the size of the data.
"""

from __future__ import annotations

import array
import struct
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.scan.formats.cursor import BoundsError, Cursor, OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

Value: TypeAlias = "dict[str, Value] | list[Value] | array.array[int] | array.array[float] | str | int | float | None"
"""A value; typed arrays of numbers are arrays."""

DEPTH = 64
"""Containers in containers that are read."""

_MOST_VALUES = 3_000_000
_FREE_VALUES = 200_000  # of them, however small the document is; beyond, one for every four of its bytes
_INTEGERS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q"}
_NUMBERS = {**_INTEGERS, "d": "f", "D": "d"}
_CONSTANTS: dict[str, Value] = {"Z": None, "T": True, "F": False}


@dataclass(slots=True)
class Document:
    """What was read: the value, where it ends, and the pointers of names that stand twice in one object."""

    value: Value
    end: int
    twice: list[str] = field(default_factory=list)


def read(blob: Blob) -> Document:
    """Return the value that the blob starts with.

    Raises:
        BoundsError: It is not UBJSON, or beyond the limits on depth and number of values.
    """
    reader = _Reader(Cursor(blob, 0, ">"))
    value = reader.value(reader.marker(), 0, "")
    return Document(value, reader.cursor.position, reader.twice)


class _Reader:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.twice: list[str] = []
        self._values = 0
        self._most = min(_MOST_VALUES, _FREE_VALUES + cursor.blob.size // 4)

    def marker(self) -> str:
        """Return the next marker; no-ops are passed over."""
        while (octet := self.cursor.read(1)) == b"N":
            pass
        return octet.decode("latin-1")

    def value(self, marker: str, depth: int, pointer: str) -> Value:
        self._values += 1
        if self._values > self._most:
            raise OverBudgetError(f"more than {self._most:,} values", self.cursor.position)
        if depth > DEPTH:
            raise BoundsError(f"more than {DEPTH} levels", self.cursor.position)
        if marker in _NUMBERS:
            return self._number(marker)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker in "SH":
            return self._text(self._length())
        if marker == "C":
            return self._text(1)
        if marker == "{":
            return self._object(depth, pointer)
        if marker == "[":
            return self._array(depth, pointer)
        raise BoundsError(f"the marker {marker!r} is not known", self.cursor.position - 1)

    def _number(self, marker: str) -> int | float:
        code = _NUMBERS[marker]
        value: int | float = struct.unpack(f">{code}", self.cursor.read(struct.calcsize(f">{code}")))[0]
        return value

    def _length(self) -> int:
        start, marker = self.cursor.position, self.marker()
        if marker not in _INTEGERS:
            raise BoundsError(f"a length has the type {marker!r}", start)
        return int(self._number(marker))

    def _text(self, length: int) -> str:
        return self.cursor.read(length).decode("utf-8", "surrogateescape")

    def _header(self) -> tuple[str, int | None]:
        """Return the type and the count of an optimised container, where they are stated."""
        kind, start = "", self.cursor.position
        marker = self._peek()
        if marker == "$":
            self.cursor.skip(1)
            kind = self.cursor.read(1).decode("latin-1")
            marker = self._peek()
        if marker != "#":
            if kind:
                raise BoundsError("a typed container has no count", start)
            return "", None
        self.cursor.skip(1)
        count = self._length()
        smallest = struct.calcsize(_NUMBERS[kind]) if kind in _NUMBERS else 1
        self.cursor.room(count, smallest, start)  # so types without content are bounded too
        return kind, count

    def _peek(self) -> str:
        position = self.cursor.position
        return self.cursor.blob.read(position, position + 1).decode("latin-1")

    def _markers(self, kind: str, count: int | None, close: str) -> Iterator[str]:
        """Yield the marker of each value of an array, or an empty one for each member of an object."""
        if count is not None:
            for _ in range(count):
                yield kind
            return
        while True:
            while self._peek() == "N":
                self.cursor.skip(1)
            if self._peek() == close:
                self.cursor.skip(1)
                return
            yield kind

    def _array(self, depth: int, pointer: str) -> Value:
        kind, count = self._header()
        if kind in _NUMBERS and count is not None:
            return self._numbers(kind, count)
        return [
            self.value(marker or self.marker(), depth + 1, f"{pointer}/{index}")
            for index, marker in enumerate(self._markers(kind, count, "]"))
        ]

    def _numbers(self, kind: str, count: int) -> array.array[int] | array.array[float]:
        numbers: array.array[int] | array.array[float] = array.array(_NUMBERS[kind])
        numbers.frombytes(self.cursor.read(count * numbers.itemsize))
        if sys.byteorder == "little":
            numbers.byteswap()
        return numbers

    def _object(self, depth: int, pointer: str) -> Value:
        kind, count = self._header()
        members: dict[str, Value] = {}
        for marker in self._markers(kind, count, "}"):
            name = self._text(self._length())
            inner = f"{pointer}/{name}"
            if name in members:
                self.twice.append(inner)
            members[name] = self.value(marker or self.marker(), depth + 1, inner)
        return members
