"""GGUF: header, key-value pairs, tensor descriptions, aligned tensor data (ggml ``docs/gguf.md``, versions 1 to 3).

Every count and length is compared with the bytes that are left before it is used. Chat templates among the values are
examined as Jinja. The tensors' bytes are not read.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats import chat_template
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "gguf"
EXAMINES = "header, bounds and offsets; metadata values; chat templates"
FIRST = b"G"

_MAGIC = b"GGUF"
_VERSIONS = (1, 2, 3)
_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a value by type
_UNSIGNED = {0: "B", 2: "H", 4: "I", 10: "Q"}
_STRING, _ARRAY = 8, 9
_ARRAY_DEPTH = 4
_DIMENSIONS = 8
_TEMPLATE = "tokenizer.chat_template"
# Items in a block, and bytes of a block, by tensor type (ggml.h, ggml-common.h).
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54),
    35: (256, 66), 39: (32, 17),
}  # fmt: skip


class _HeaderError(ValueError):
    """The header breaks the format's rules; ``grave`` if a reader that does not check writes outside its buffers."""

    def __init__(self, text: str, offset: int, *, grave: bool = False) -> None:
        super().__init__(text)
        self.offset = offset
        self.grave = grave


@dataclass(slots=True)
class _Cursor:
    """Reads numbers and strings from front to back; what does not fit the data is an error, never a short read."""

    blob: Blob
    position: int
    order: str
    wide: bool  # counts and lengths have 64 bits (from version 2)

    def skip(self, count: int) -> int:
        """Move on and return where it stood before."""
        start = self.position
        if count > self.blob.size - start:
            grave = count >= 1 << 62
            raise _HeaderError(
                f"{count:,} bytes are claimed where {self.blob.size - start:,} are left", start, grave=grave
            )
        self.position += count
        return start

    def number(self, code: str) -> int:
        size = struct.calcsize(code)
        start = self.skip(size)
        value: int = struct.unpack(self.order + code, self.blob.read(start, start + size))[0]
        return value

    def count(self) -> int:
        return self.number("Q" if self.wide else "I")

    def items(self, smallest: int) -> int:
        """Read the count of items that take at least ``smallest`` bytes each."""
        start, count = self.position, self.count()
        if count * smallest > self.blob.size - self.position:
            text = f"{count:,} items are claimed where {self.blob.size - self.position:,} bytes are left"
            raise _HeaderError(text, start, grave=count * max(smallest, 8) >= 1 << 62)
        return count

    def string(self) -> str:
        length = self.count()
        start = self.skip(length)
        return self.blob.read(start, start + length).decode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Facts:
    """What the key-value pairs say that matters here."""

    alignment: int = 32
    templates: list[tuple[str, str]] = field(default_factory=list)


def recognise(blob: Blob) -> bool:
    """Return whether the file starts with the magic and a small version number in either byte order."""
    head = blob.read(0, 8)
    return head[:4] == _MAGIC and (head[5:8] == b"\0\0\0" or head[4:7] == b"\0\0\0" or len(head) < 8)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Read the whole header within the bounds of the file, check tensors and alignment, look into chat templates."""
    facts = _Facts()
    try:
        cursor, tensors = _start(blob)
        end = _pairs_and_tensors(cursor, tensors, facts)
    except _HeaderError as error:
        yield from _templates(blob, facts)
        yield _bad(blob, error)
        yield blob.gap(GapReason.MALFORMED, "the header cannot be read to its end", error.offset)
        return
    yield from _templates(blob, facts)
    if end is None:
        yield blob.gap(GapReason.UNSUPPORTED, "a tensor has a type whose size is not known; the end is not checked")
    elif end > blob.size:
        yield blob.gap(GapReason.MALFORMED, f"the tensors need {plural(end - blob.size, 'byte')} more than are there")
    else:
        yield from trailing(blob, end, examination)


def _start(blob: Blob) -> tuple[_Cursor, int]:
    """Return a cursor behind the fixed header (it knows byte order and width), and the number of tensors."""
    raw = blob.read(4, 8)
    order = "<" if int.from_bytes(raw, "little") in _VERSIONS else ">"
    version = int.from_bytes(raw, "little" if order == "<" else "big")
    if len(raw) < 4 or version not in _VERSIONS:
        raise _HeaderError("the version is not known", 4)
    cursor = _Cursor(blob, 8, order, wide=version > 1)
    return cursor, cursor.items(13)


def _pairs_and_tensors(cursor: _Cursor, tensors: int, facts: _Facts) -> int | None:
    """Read what follows the fixed header; return where the tensors' data end, ``None`` if a type is not known."""
    for _ in range(cursor.items(5)):
        _pair(cursor, facts)
    ends = [_tensor(cursor, facts.alignment) for _ in range(tensors)]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    aligned = -(-cursor.position // facts.alignment) * facts.alignment
    return aligned + max(known) if known else cursor.position


def _pair(cursor: _Cursor, facts: _Facts) -> None:
    key = cursor.string()
    start = cursor.position
    kind = cursor.number("I")
    if kind == _STRING and (key == _TEMPLATE or key.startswith(f"{_TEMPLATE}.")):
        facts.templates.append((key, cursor.string()))
    elif key == "general.alignment" and kind in _UNSIGNED:
        facts.alignment = cursor.number(_UNSIGNED[kind])
        if facts.alignment == 0 or facts.alignment % 8:
            raise _HeaderError(f"the alignment is {facts.alignment}, no multiple of eight", start, grave=True)
    else:
        _value(cursor, kind, 0)


def _value(cursor: _Cursor, kind: int, depth: int) -> None:
    if kind in _SCALARS:
        cursor.skip(_SCALARS[kind])
    elif kind == _STRING:
        cursor.skip(cursor.count())
    elif kind == _ARRAY and depth < _ARRAY_DEPTH:
        inner = cursor.number("I")
        if inner in _SCALARS:
            cursor.skip(cursor.items(_SCALARS[inner]) * _SCALARS[inner])
            return
        for _ in range(cursor.items(4)):
            _value(cursor, inner, depth + 1)
    else:
        what = "arrays are nested too deeply" if kind == _ARRAY else f"value type {kind} is not known"
        raise _HeaderError(what, cursor.position)


def _tensor(cursor: _Cursor, alignment: int) -> int | None:
    """Read one tensor description; return where its data end behind the start of all data, if the type is known."""
    name = printable(cursor.string(), 80)
    start, dimensions = cursor.position, cursor.number("I")
    if dimensions > _DIMENSIONS:
        raise _HeaderError(f"tensor '{name}' has {dimensions} dimensions", start, grave=True)
    shape = [cursor.count() for _ in range(dimensions)]
    kind, offset = cursor.number("I"), cursor.number("Q")
    if offset % alignment:
        raise _HeaderError(f"tensor '{name}' is not aligned to {alignment} bytes", start)
    if kind not in _BLOCKS:
        return None
    items, octets = _BLOCKS[kind]
    size = -(-math.prod(shape) // items) * octets
    if offset + size >= 1 << 63:
        raise _HeaderError(f"tensor '{name}' is larger than any file", start, grave=True)
    return offset + size


def _bad(blob: Blob, error: _HeaderError) -> Finding:
    return rules.GGUF_BAD_HEADER.finding(
        blob.subject,
        blob.location.at(error.offset),
        f"the header is wrong: {error}",
        key=("header",),
        severity=Severity.HIGH if error.grave else None,
    )


def _templates(blob: Blob, facts: _Facts) -> Observations:
    for key, source in facts.templates:
        yield from chat_template.examine_source(blob, source, key)
