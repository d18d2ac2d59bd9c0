"""GGUF: header, key-value pairs, tensor descriptions, aligned tensor data (ggml ``docs/gguf.md``, versions 1 to 3).

Every count and length is compared with the bytes that are left before it is used. Texts among the values are examined,
chat templates as Jinja. Of the tensors' bytes only the first are looked at.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats import chat_template, ggml_tensors
from chainguard_ml.scan.formats.cursor import BoundsError, Cursor
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import MOST_TENSORS, examine_tensor, scattered
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.ggml_tensors import Tensor
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "gguf"
EXAMINES = "header, bounds, offsets and overlaps; metadata values; chat templates"

_MAGIC = b"GGUF"
_VERSIONS = (1, 2, 3)
_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a value by type
_UINT32, _STRING, _ARRAY = 4, 8, 9
_ARRAY_DEPTH = 4
_DIMENSIONS = 4  # GGML_MAX_DIMS
_TEMPLATE = "tokenizer.chat_template"
_ALIGNMENT = "general.alignment"
_MOST_TEXT = 16_000_000  # bytes of texts kept; templates and descriptions are far below
_SHORT_ARRAY = 256  # strings of an array that is no vocabulary
_VOCABULARY = "tokenizer."
_SHOWN = 20


@dataclass(slots=True)
class _Facts:
    """What the header says that matters here."""

    alignment: int = 32
    texts: list[tuple[str, str]] = field(default_factory=list)
    kept: int = 0
    unread: int = 0
    keys: set[str] = field(default_factory=set)
    twice: list[str] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    data: int = 0  # offset of the tensors' data


def recognise(blob: Blob) -> bool:
    """Return whether the file starts with the magic and a small version number in either byte order."""
    head = blob.read(0, 8)
    return head[:4] == _MAGIC and (head[5:8] == b"\0\0\0" or head[4:7] == b"\0\0\0" or len(head) < 8)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Read the whole header within the bounds of the file, check tensors and alignment, look into the texts."""
    facts = _Facts()
    try:
        cursor, tensors = _start(blob)
        _pairs_and_tensors(cursor, tensors, facts)
    except BoundsError as error:
        yield from _texts(blob, facts, examination)
        yield _bad(blob, error)
        yield blob.gap(GapReason.MALFORMED, "the header cannot be read to its end", error.offset)
        return
    yield from _texts(blob, facts, examination)
    for name in facts.twice[:_SHOWN]:
        yield _bad(blob, BoundsError(f"the name '{printable(name, 80)}' stands twice", 0), name)
    yield from _layout(blob, facts, examination)


def _start(blob: Blob) -> tuple[Cursor, int]:
    """Return a cursor behind the fixed header (it knows byte order and width), and the number of tensors."""
    raw = blob.read(4, 8)
    order = "<" if int.from_bytes(raw, "little") in _VERSIONS else ">"
    version = int.from_bytes(raw, "little" if order == "<" else "big")
    if len(raw) < 4 or version not in _VERSIONS:
        raise BoundsError("the version is not known", 4)
    cursor = Cursor(blob, 8, order, "Q" if version > 1 else "I")
    return cursor, cursor.items(13)


def _pairs_and_tensors(cursor: Cursor, tensors: int, facts: _Facts) -> None:
    """Read what follows the fixed header into the facts."""
    for _ in range(cursor.items(5)):
        _pair(cursor, facts)
    names: set[str] = set()
    for _ in range(tensors):
        tensor = _tensor(cursor, facts.alignment)
        if tensor.name in names:
            facts.twice.append(tensor.name)
        names.add(tensor.name)
        facts.tensors.append(tensor)
    facts.data = -(-cursor.position // facts.alignment) * facts.alignment if tensors else cursor.position


def _pair(cursor: Cursor, facts: _Facts) -> None:
    key = cursor.string()
    if key in facts.keys:
        facts.twice.append(key)
    facts.keys.add(key)
    start = cursor.position
    kind = cursor.number("I")
    if kind == _STRING:
        _keep(cursor, facts, key)
    elif key == _ALIGNMENT:
        facts.alignment = _alignment(cursor, kind, start)
    else:
        _value(cursor, kind, 0, facts, key)


def _keep(cursor: Cursor, facts: _Facts, key: str) -> None:
    """Read a text that is examined later."""
    length = cursor.count()
    start = cursor.skip(length)
    if facts.kept + length > _MOST_TEXT:
        facts.unread += 1
        return
    facts.kept += length
    facts.texts.append((key, cursor.blob.read(start, start + length).decode("utf-8", "surrogateescape")))


def _alignment(cursor: Cursor, kind: int, start: int) -> int:
    if kind != _UINT32:
        raise BoundsError("the alignment is no 32-bit number", start)
    value = cursor.number("I")
    if value == 0 or value & (value - 1):
        raise BoundsError(f"the alignment is {value}, no power of two", start, grave=True)
    return value


def _value(cursor: Cursor, kind: int, depth: int, facts: _Facts, key: str) -> None:
    """Skip a value; the strings of short arrays and of templates are kept, a vocabulary is not."""
    if kind in _SCALARS:
        cursor.skip(_SCALARS[kind])
    elif kind == _STRING:
        _keep(cursor, facts, key)
    elif kind == _ARRAY and depth < _ARRAY_DEPTH:
        inner = cursor.number("I")
        if inner in _SCALARS:
            cursor.skip(cursor.items(_SCALARS[inner]) * _SCALARS[inner])
            return
        count = cursor.items(4)
        if inner == _STRING and "template" not in key and (count > _SHORT_ARRAY or key.startswith(_VOCABULARY)):
            _skip_strings(cursor, count)
            return
        for _ in range(count):
            _value(cursor, inner, depth + 1, facts, key)
    else:
        what = "arrays are nested too deeply" if kind == _ARRAY else f"value type {kind} is not known"
        raise BoundsError(what, cursor.position)


def _skip_strings(cursor: Cursor, count: int) -> None:
    """Move behind ``count`` strings: a vocabulary has hundreds of thousands."""
    read = struct.Struct(cursor.order + cursor.count_code)
    unpack, width, data, position, end = (
        read.unpack_from,
        read.size,
        cursor.blob.data,
        cursor.position,
        cursor.blob.size,
    )
    for _ in range(count):
        if position + width > end:
            break
        following = position + width + unpack(data, position)[0]
        if following > end:
            break
        position = following
    else:
        cursor.position = position
        return
    cursor.position = position
    cursor.skip(cursor.count())  # says what is wrong


def _tensor(cursor: Cursor, alignment: int) -> Tensor:
    """Read one tensor description."""
    name = cursor.string()
    shown = printable(name, 80)
    start, dimensions = cursor.position, cursor.number("I")
    if dimensions > _DIMENSIONS:
        raise BoundsError(f"tensor '{shown}' has {dimensions} dimensions", start, grave=True)
    shape = [cursor.count() for _ in range(dimensions)]
    kind, offset = cursor.number("I"), cursor.number("Q")
    if offset % alignment:
        raise BoundsError(f"tensor '{shown}' is not aligned to {alignment} bytes", start)
    size = ggml_tensors.size(kind, shape, shown, start)
    if offset + (size or 0) >= 1 << 63:
        raise BoundsError(f"tensor '{shown}' is larger than any file", start, grave=True)
    return ggml_tensors.Tensor(offset, size, name)


def _layout(blob: Blob, facts: _Facts, examination: Examination) -> Observations:
    """Report tensors that overlap, what lies between and behind them, and what they start with."""
    if any(tensor.size is None for tensor in facts.tensors):
        yield blob.gap(GapReason.UNSUPPORTED, "a tensor has a type whose size is not known; the end is not checked")
        return
    end = facts.data
    for tensor in sorted(facts.tensors, key=lambda tensor: (tensor.offset, tensor.size or 0)):
        start = facts.data + tensor.offset
        if start < end:
            text = f"tensor '{printable(tensor.name, 80)}' overlaps the one before it"
            yield _bad(blob, BoundsError(text, min(start, blob.size)), tensor.name)
        elif start - end >= facts.alignment:
            text = f"tensor '{printable(tensor.name, 80)}' leaves a hole of {plural(start - end, 'byte')} before it"
            yield _bad(blob, BoundsError(text, min(end, blob.size)), tensor.name)
            yield from examination.nested(blob.window("(between tensors)", min(end, blob.size), min(start, blob.size)))
        end = max(end, start + (tensor.size or 0))
    with scattered(blob):
        for tensor in facts.tensors[:MOST_TENSORS]:
            start = facts.data + tensor.offset
            yield from examine_tensor(blob, start, start + (tensor.size or 0), tensor.name, examination)
    if end > blob.size:
        if facts.tensors:
            yield blob.gap(
                GapReason.MALFORMED, f"the tensors need {plural(end - blob.size, 'byte')} more than are there"
            )
        return
    yield from trailing(blob, end, examination)


def _bad(blob: Blob, error: BoundsError, *key: str) -> Finding:
    return rules.GGUF_BAD_HEADER.finding(
        blob.subject,
        blob.location.at(error.offset),
        f"the header is wrong: {error}",
        key=("header", *key),
        severity=Severity.HIGH if error.grave else None,
    )


def _texts(blob: Blob, facts: _Facts, examination: Examination) -> Observations:
    for key, text in facts.texts:
        if key == _TEMPLATE or key.startswith(f"{_TEMPLATE}.") or "template" in key:
            yield from chat_template.examine_source(blob, text, key)
        else:
            yield from examine_text(blob, key, text, examination)
    if facts.unread:
        yield blob.gap(
            GapReason.BUDGET, f"more than {_MOST_TEXT:,} bytes of texts; {plural(facts.unread, 'text')} unread"
        )
