"""MessagePack checkpoints: Flax's and Orbax's arrays, those of msgpack-numpy, and any other document.

Flax writes arrays as extensions (``flax.serialization``: 1 array, 2 complex number, 3 scalar), each a MessagePack of
shape, type and bytes. msgpack-numpy writes maps with ``nd``, and unpickles where ``kind`` is ``O``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.cursor import BoundsError, OverBudgetError
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.msgpack_reader import Reader
from chainguard_ml.scan.formats.raw import examine_tensor
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.msgpack_reader import Item
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "msgpack"
EXAMINES = "bounds, keys that stand twice, arrays (type, shape, size), extensions, every text and every bytes"

_HEAD = re.compile(  # a map whose first key is a short name
    rb"(?:[\x81-\x8f]|\xde\0[\x01-\xff]|\xde[\x01-\xff].|\xdf\0{2}..)"
    rb"(?:[\xa1-\xbf]|\xd9.|\xc4.)(?:[A-Za-z_][\w./ -]{0,40}|[0-9]{1,9}(?=[\x80-\xdf]))",
    re.DOTALL,
)
_ARRAY, _COMPLEX, _SCALAR, _TIME = 1, 2, 3, -1
_DTYPE = re.compile(
    r"bool|u?int(?:2|4|8|16|32|64)|float(?:16|32|64|128)|bfloat16|complex(?:64|128|256)|float[468]_e\w{3,12}|(?:str|bytes|void)\d{1,9}"
    r"|(?:datetime|timedelta)64(?:\[\w{1,12}\])?|V\d{1,9}|key<\w+>"
)
_BITS = {"bool": 8, "bfloat16": 16}
_EMPTY = 0x80


def recognise(blob: Blob) -> bool:
    """Return whether a map starts the data whose first key is a name; any map will do under the format's own name."""
    head = blob.read(0, 64)
    if _HEAD.match(head):
        return True
    if blob.size == 1 and head[0] == _EMPTY:  # spaCy's lookups; with more it would be a pickle
        return naming.extension(blob.name) in {NAME, "bin", ""}
    return naming.extension(blob.name) == NAME and head[0] != _EMPTY


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through the whole document; examine arrays, extensions, texts and bytes."""
    reader = Reader.of(blob)
    state = _Objects()
    try:
        for item in reader.items():
            state.see(blob, item)
            yield from _item(blob, item, examination, state)
    except OverBudgetError as error:
        yield blob.gap(GapReason.BUDGET, f"{error}; the rest is unread", error.offset)
        return
    except BoundsError as error:
        yield _bad(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the document cannot be read: {error}", error.offset)
        return
    for path in reader.twice:
        text = f"the key '{printable(path, 80)}' stands twice"
        yield rules.AMBIGUOUS_NAMES.finding(blob.subject, blob.location, text, key=(path,))
    yield from trailing(blob, reader.cursor.position, examination)


class _Objects:
    """Remembers the maps of msgpack-numpy whose data are a pickle.

    Attributes:
        pickled: Paths of such maps.
    """

    def __init__(self) -> None:
        self.pickled: set[tuple[str, ...]] = set()

    def see(self, blob: Blob, item: Item) -> None:
        """Take in one value."""
        if item.path and item.path[-1] in {"kind", "type"} and item.kind in {"text", "bytes"}:
            value = blob.read(item.start, min(item.stop, item.start + 8)).lstrip(b"<>|=")
            if value in {b"O", b"object"}:
                self.pickled.add(item.path[:-1])


def _bad(blob: Blob, text: str, offset: int, *, grave: bool = False) -> Finding:
    severity = Severity.HIGH if grave else None
    return rules.BROKEN_BOUNDS.finding(blob.subject, blob.location.at(offset), text, key=(text,), severity=severity)


def _item(blob: Blob, item: Item, examination: Examination, state: _Objects) -> Observations:
    where = "/".join(item.path)
    if item.kind == "text":
        text = blob.read(item.start, item.stop).decode("utf-8", "surrogateescape")
        yield from examine_text(blob, where, text, examination)
    elif item.kind == "bytes":
        if item.path and item.path[-1] == "data" and item.path[:-1] in state.pickled:
            yield from examination.nested(blob.window(f"({where})"[:200], item.start, item.stop))
        else:
            yield from examine_tensor(blob, item.start, item.stop, where, examination)
    elif item.kind == "extension":
        yield from _extension(blob, item, where, examination)


def _extension(blob: Blob, item: Item, where: str, examination: Examination) -> Observations:
    if item.code in {_ARRAY, _SCALAR}:
        yield from _array(blob, item, where, examination)
    elif item.code not in {_COMPLEX, _TIME}:
        yield from examine_tensor(blob, item.start, item.stop, where, examination)
        shown = printable(where, 80)
        yield blob.gap(
            GapReason.UNSUPPORTED, f"'{shown}' is an extension of type {item.code}, which is not known", item.start
        )


def _array(blob: Blob, item: Item, where: str, examination: Examination) -> Observations:
    """Check an array's type, shape and size; look at its first bytes."""
    inner = blob.window(f"(array {where})"[:200], item.start, item.stop)
    reader = Reader.of(inner)
    shape: list[int] = []
    rest: list[Item] = []
    try:
        for value in reader.items():
            if value.kind == "scalar" and len(value.path) == 2 and value.path[0] == "0":
                shape.append(int(value.value or 0))
            else:
                rest.append(value)
    except BoundsError as error:
        yield _bad(inner, f"an array cannot be read: {error}", error.offset, grave=error.grave)
        return
    if [value.kind for value in rest] not in (["text", "bytes"], ["bytes", "bytes"]):
        yield _bad(inner, "an array is not a shape, a type and bytes", 0)
        return
    name = inner.read(rest[0].start, rest[0].stop).decode("utf-8", "replace")
    length = rest[1].stop - rest[1].start
    yield from _fits(inner, name, shape, length)
    yield from examine_tensor(inner, rest[1].start, rest[1].stop, "data", examination)


def _fits(blob: Blob, name: str, shape: list[int], length: int) -> Observations:
    if not _DTYPE.fullmatch(name):
        yield _bad(blob, f"an array has the type '{printable(name, 40)}'", 0, grave=name in {"object", "O", "|O"})
        return
    bits = _BITS.get(name) or _width(name)
    if any(extent < 0 for extent in shape) or (bits and math.prod(shape) * bits // 8 != length):
        yield _bad(blob, f"an array of {name} and shape {shape[:8]} has {length:,} bytes", 0)


def _width(name: str) -> int:
    """Return the bits of one item, zero where they depend on the library (a key, sub-byte types, unicode)."""
    match = re.fullmatch(r"(?:u?int|float|complex)(\d+)", name)
    bits = int(match[1]) if match else 0
    return bits if bits >= 8 else 0
