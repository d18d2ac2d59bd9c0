"""MessagePack (``spec.md`` of msgpack, 2013 and later) as a stream of events, within bounds and without a copy."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.scan.formats.cursor import BoundsError, Cursor, OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

DEPTH = 64
"""Containers in containers that are read."""

MOST_ITEMS = 3_000_000
"""Values of one document that are read."""

_FREE_ITEMS = 200_000  # of them, however small the document is; beyond, one for every four of its bytes
_EXTENSION = 8  # values that an extension counts for beyond itself: arrays are documents of their own

# First byte: kind, and how the length or the number is written.
_SIZED = {
    0xC4: ("bytes", "B"), 0xC5: ("bytes", "H"), 0xC6: ("bytes", "I"),
    0xC7: ("extension", "B"), 0xC8: ("extension", "H"), 0xC9: ("extension", "I"),
    0xD9: ("text", "B"), 0xDA: ("text", "H"), 0xDB: ("text", "I"),
    0xDC: ("array", "H"), 0xDD: ("array", "I"), 0xDE: ("map", "H"), 0xDF: ("map", "I"),
}  # fmt: skip
_NUMBERS = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i",
            0xD3: "q"}  # fmt: skip
_CONSTANTS: dict[int, bool | None] = {0xC0: None, 0xC2: False, 0xC3: True}


def _most(size: int) -> int:
    """Return how many values are read of a document of ``size`` bytes."""
    return min(MOST_ITEMS, _FREE_ITEMS + size // 4)


class Item(NamedTuple):
    """One value: a scalar in ``value``, or a span of bytes.

    Attributes:
        kind: ``scalar``, ``text``, ``bytes`` or ``extension``.
        path: Names and indices that lead to it.
        start: Offset of the content.
        stop: Offset behind it.
        code: Type of an extension.
        value: The scalar.
    """

    kind: str
    path: tuple[str, ...]
    start: int
    stop: int
    code: int = 0
    value: int | float | None = None


@dataclass(slots=True)
class Reader:
    """Walks through one value.

    Attributes:
        cursor: Where it stands.
        twice: Paths of keys that stand twice in one map; the first ones.
        names: Length in bytes up to which a name is kept in a path.
        left: Values that may still be read.
    """

    cursor: Cursor
    twice: list[str] = field(default_factory=list)
    names: int = 64
    left: int = MOST_ITEMS

    @classmethod
    def of(cls, blob: Blob) -> Reader:
        """Return a reader at the beginning of a blob."""
        return cls(Cursor(blob, 0, ">"), left=_most(blob.size))

    def items(self, path: tuple[str, ...] = ()) -> Iterator[Item]:
        """Yield every value that is no container; texts that are keys of maps too.

        Raises:
            BoundsError: The bytes are no MessagePack, or beyond the limits.
        """
        self.left -= 1
        if self.left < 0:
            raise OverBudgetError(f"more than {_most(self.cursor.blob.size):,} values", self.cursor.position)
        if len(path) > DEPTH:
            raise BoundsError(f"more than {DEPTH} levels", self.cursor.position)
        kind, size = self._head()
        if kind == "map":
            yield from self._map(size, path)
        elif kind == "array":
            for index in range(size):
                yield from self.items((*path, str(index)))
        elif kind == "extension":
            self.left -= _EXTENSION
            code = self.cursor.number("b")
            start = self.cursor.skip(size)
            yield Item(kind, path, start, start + size, code)
        elif kind == "scalar":
            yield Item(kind, path, self.cursor.position, self.cursor.position, value=size)
        elif kind == "number":
            yield self._number(size, path)
        else:
            start = self.cursor.skip(size)
            yield Item(kind, path, start, start + size)

    def _map(self, size: int, path: tuple[str, ...]) -> Iterator[Item]:
        seen: set[bytes] = set()
        for _ in range(size):
            first = self.cursor.position
            keys = list(self.items((*path, "(key)")))
            raw = self.cursor.blob.read(first, min(self.cursor.position, first + 4096))
            name = raw.decode("utf-8", "replace")[:8]
            if len(keys) == 1 and keys[0].kind in {"text", "bytes"}:
                name = self.cursor.blob.read(keys[0].start, min(keys[0].stop, keys[0].start + self.names)).decode(
                    "utf-8", "replace"
                )
                if keys[0].stop - keys[0].start > self.names:
                    yield keys[0]
            if raw in seen and len(self.twice) < 20:
                self.twice.append("/".join((*path, name)))
            seen.add(raw)
            yield from self.items((*path, name))

    def _head(self) -> tuple[str, int]:
        """Return what follows, and its length, count, value or first byte."""
        start = self.cursor.position
        first = self.cursor.read(1)[0]
        if first < 0x80 or first >= 0xE0:
            return "scalar", first if first < 0x80 else first - 256
        if first < 0xC0:
            kind, size = ("map", first & 15) if first < 0x90 else ("array", first & 15)
            return ("text", first & 31) if first >= 0xA0 else self._counted(kind, size, start)
        if first in _CONSTANTS:
            return "scalar", int(bool(_CONSTANTS[first]))
        if first in _NUMBERS:
            return "number", first
        if 0xD4 <= first <= 0xD8:
            return "extension", 1 << (first - 0xD4)
        if first not in _SIZED:
            raise BoundsError("0xc1 begins no value", start)
        kind, code = _SIZED[first]
        return self._counted(kind, self.cursor.number(code), start)

    def _counted(self, kind: str, size: int, start: int) -> tuple[str, int]:
        if kind in {"map", "array"}:
            self.cursor.room(size, 2 if kind == "map" else 1, start)
        return kind, size

    def _number(self, first: int, path: tuple[str, ...]) -> Item:
        code = ">" + _NUMBERS[first]
        start = self.cursor.skip(struct.calcsize(code))
        value = struct.unpack(code, self.cursor.blob.read(start, self.cursor.position))[0]
        return Item("scalar", path, start, self.cursor.position, value=value)
