"""Reading MAT files: elements with a tag, arrays in arrays ("MAT-File Format", chapter 1), matrices of version 4.

Nothing is unpacked: an array is where its parts are. Arrays in arrays are visited with a stack of ends, so that depth
costs nothing, and every array costs at least eight bytes of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

Order: TypeAlias = Literal["<", ">", ""]
"""Byte order as in ``struct``; empty if it is none."""

HEADER = 128
"""Bytes of the text, the version and the byte order."""

MATRIX, COMPRESSED = 14, 15
TOP = frozenset({MATRIX, COMPRESSED})
"""Kinds of elements that stand at the top."""

CELL, STRUCT, OBJECT, CHAR, SPARSE, INT8, UINT8, FUNCTION, OPAQUE = 1, 2, 3, 4, 5, 8, 9, 16, 17
"""Classes of arrays that are of interest."""

_HOLDING = frozenset({CELL, STRUCT, OBJECT, FUNCTION, OPAQUE})
_LAST = 18
_MOST = 1_000_000  # arrays of one element
_NAME = 4096
_WIDTHS = (8, 4, 4, 2, 2, 1)  # of a number in version 4, by P


class MatError(ValueError):
    """An array breaks the format's rules at ``offset``, or ``budget``: there are too many."""

    def __init__(self, text: str, offset: int, *, budget: bool = False) -> None:
        super().__init__(text)
        self.offset = offset
        self.budget = budget


class Element(NamedTuple):
    """An element: its type, where its data starts and ends, and where the next one starts."""

    kind: int
    start: int
    end: int
    next: int


@dataclass(slots=True)
class Matrix:
    """An array.

    Attributes:
        kind: Its class.
        offset: Where it starts.
        name: Its name; empty inside of others.
        class_name: The class of an object.
        system: ``MCOS`` or ``java`` for opaque objects.
        data: Where its bytes are, if it has numbers or characters.
    """

    kind: int
    offset: int
    name: str = ""
    class_name: str = ""
    system: str = ""
    data: tuple[int, int] | None = None


class Matrix4(NamedTuple):
    """A matrix of version 4: its name, and where its numbers are."""

    name: str
    start: int
    stop: int


def order(head: bytes) -> Order:
    """Return the byte order that version and mark say, as they stand in a file."""
    if head == b"\0\1IM":
        return "<"
    return ">" if head == b"\1\0MI" else ""


def kind(tag: bytes, how: Order) -> int:
    """Return the type of a tag of eight bytes, zero if there is none."""
    return int(struct.unpack_from(f"{how}I", tag)[0]) if len(tag) == 8 else 0


def element(blob: Blob, position: int, how: Order, stop: int | None = None) -> Element | None:
    """Return the element at a position, ``None`` if it is not inside of its container, which ends at ``stop``."""
    limit = blob.size if stop is None else stop
    tag = blob.read(position, min(position + 8, limit))
    if len(tag) < 8:
        return None
    first, size = struct.unpack(f"{how}II", tag)
    if first >> 16:  # a small one: type and size share four bytes, the data has the others
        small, length = first & 0xFFFF, first >> 16
        return Element(small, position + 4, position + 4 + length, position + 8) if length <= 4 else None
    end = position + 8 + size
    return Element(first, position + 8, end, min(end + -size % 8, limit)) if end <= limit else None


def top(blob: Blob, position: int, how: Order) -> Element | None:
    """Return the array at a position of a file, cut or not, ``None`` if there is none."""
    tag = blob.read(position, position + 8)
    found = kind(tag, how)
    if found not in TOP:
        return None
    size = int(struct.unpack(f"{how}II", tag)[1])
    end = position + 8 + size
    return Element(found, position + 8, end, end if found == COMPRESSED or end >= blob.size else end + -size % 8)


def matrices(blob: Blob, outer: Element, how: Order) -> Iterator[Matrix]:
    """Yield an array and every array in it, outermost first.

    Raises:
        MatError: One is broken, or there are too many.
    """
    waiting = [outer]
    count = 0
    while waiting:
        current = waiting.pop()
        count += 1
        if count > _MOST:
            raise MatError(f"more than {_MOST:,} arrays in one", current.start, budget=True)
        if current.end <= current.start:
            continue  # an empty array
        found, position = _described(blob, current, how)
        yield found
        if found.kind in _HOLDING:
            waiting += reversed(list(_inner(blob, position, current.end, how)))


def _described(blob: Blob, current: Element, how: Order) -> tuple[Matrix, int]:
    """Return an array, and the position behind what describes it."""
    flags = _need(blob, current.start, current.end, how)
    word = blob.read(flags.start, flags.start + 4)
    class_number = (word[0] if how == "<" else word[-1]) if len(word) == 4 else 0
    found = Matrix(class_number, current.start)
    if not 0 < class_number < _LAST:
        raise MatError(f"an array has the unknown class {class_number}", current.start)
    position = flags.next
    if found.kind != OPAQUE:
        position = _need(blob, position, current.end, how).next  # dimensions
    texts: list[str] = []
    for _ in range({OBJECT: 2, OPAQUE: 3}.get(found.kind, 1)):
        part = _need(blob, position, current.end, how)
        texts.append(blob.read(part.start, min(part.end, part.start + _NAME)).rstrip(b"\0").decode("utf-8", "replace"))
        position = part.next
    found.name = texts[0]
    found.system = texts[1] if found.kind == OPAQUE else ""
    found.class_name = texts[-1] if len(texts) > 1 else ""
    if found.kind not in _HOLDING and found.kind != SPARSE and position < current.end:
        part = _need(blob, position, current.end, how)
        found.data = part.start, part.end
    return found, position


def _need(blob: Blob, position: int, stop: int, how: Order) -> Element:
    part = element(blob, position, how, stop)
    if part is None:
        raise MatError("a part of an array is not inside of it", position)
    return part


def _inner(blob: Blob, position: int, stop: int, how: Order) -> Iterator[Element]:
    """Yield the arrays inside of an array; names of fields stand before them."""
    while position < stop:
        part = _need(blob, position, stop, how)
        if part.kind == MATRIX:
            yield part
        position = part.next


def matrix4(blob: Blob, position: int) -> Matrix4 | None:
    """Return the matrix of version 4 at a position, ``None`` if there is none.

    Its header has five numbers: a decimal code (byte order, zero, type of the numbers, type of the matrix), rows,
    columns, whether there is an imaginary part, and the length of the name with its final zero.
    """
    head = blob.read(position, position + 20)
    if len(head) < 20:
        return None
    for how, orders in (("<", {0}), (">", {1})):
        code, rows, columns, imaginary, length = struct.unpack(f"{how}5i", head)
        width, layout = code // 10 % 10, code % 10
        sound = 0 <= code < 5000 and code // 1000 in orders and not code // 100 % 10 and width < 6 and layout < 3
        if not (sound and rows >= 0 and columns >= 0 and imaginary in {0, 1} and 1 < length <= 256):
            continue
        name = blob.read(position + 20, position + 20 + length)
        if name[-1:] != b"\0" or not name[:-1].decode("latin-1").isidentifier():
            continue
        start = position + 20 + length
        return Matrix4(name[:-1].decode("latin-1"), start, start + rows * columns * _WIDTHS[width] * (1 + imaginary))
    return None
