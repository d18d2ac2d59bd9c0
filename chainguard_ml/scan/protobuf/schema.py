"""Messages by their schema: which fields they have, whether bytes can be one, and a walk through all that are inside.

The schemas are data from the frameworks' own descriptors (``scripts/protobuf.py``).
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from chainguard_ml.model import GapReason
from chainguard_ml.scan.protobuf.wire import BYTES, FIXED32, FIXED64, LEVELS, VARINT, Wire, WireError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Data

_WIRES = {"varint": VARINT, "float": FIXED32, "fixed32": FIXED32, "double": FIXED64, "fixed64": FIXED64}
_SAMPLE = 4096  # fields that recognising looks at in all,
_FIRST = 1024  # of the outermost message,
_OTHERS = 64  # and of each message inside
_IDENTIFIER = re.compile(rb"[A-Za-z_][\w.:/>-]{0,255}")


@dataclass(slots=True)
class Kind:
    """One message type.

    Attributes:
        name: Its name without the package: ``GraphDef``.
        names: Its fields' numbers by name.
        fields: Its fields' names by number.
        kinds: Its fields' kinds by number: ``varint``, ``float``, ``string`` …, or ``message``.
        inner: The message types of those fields that are messages, by number.
        octets: The numbers of its fields of bytes.
    """

    name: str
    names: dict[str, int] = field(default_factory=dict)
    fields: dict[int, str] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    inner: dict[int, Kind] = field(default_factory=dict)
    octets: set[int] = field(default_factory=set)

    def fits(self, number: int, wire: int) -> bool:
        """Return whether a field can have this wire type; repeated numbers may be packed."""
        kind = self.kinds.get(number)
        return kind is not None and wire in {BYTES, _WIRES.get(kind, BYTES)}


Schema: TypeAlias = dict[str, Kind]
"""Message types by name without the package."""


@functools.cache
def load(name: str) -> Schema:
    """Return the schema of a framework: ``onnx``, ``tensorflow``, ``coreml``, ``paddle``."""
    source = resources.files(__package__).joinpath(f"schema_{name}.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, tuple[str, str]]] = json.loads(source)
    kinds = {full: Kind(_short(full)) for full in table}
    for full, fields in table.items():
        kind = kinds[full]
        for key, (field_name, what) in fields.items():
            number = int(key)
            kind.names[field_name] = number
            kind.fields[number] = field_name
            kind.kinds[number] = "message" if what in kinds else what
            if what in kinds:
                kind.inner[number] = kinds[what]
            elif what == "bytes":
                kind.octets.add(number)
    return {kind.name: kind for kind in kinds.values()}


def _short(full: str) -> str:
    """Return a message's name without its package, whose parts are in lower case."""
    return ".".join(part for part in full.split(".") if not part[0].islower())


class Record(NamedTuple):
    """A message inside another: its type, the field it is in, where it is, how deep, and what it is in."""

    kind: Kind
    number: int
    start: int
    stop: int
    level: int
    parent: Record | None

    def inside(self, name: str) -> Record | None:
        """Return the nearest message of a type around this one."""
        record = self.parent
        while record and record.kind.name != name:
            record = record.parent
        return record


def walk(wire: Wire, root: Kind, stop: int, skip: frozenset[str] = frozenset(), *, start: int = 0) -> Iterator[Record]:
    """Yield a message and every message inside it, outermost first; those of types in ``skip`` are left out.

    A message that repeats a field is walked through every time. What cannot be read is noted in ``wire``.
    """
    top = Record(root, 0, start, stop, 0, None)
    yield top
    stack = [(top, wire.messages(start, stop))]
    while stack:
        record, fields = stack[-1]
        inner = record.kind.inner
        for number, how, first, last in fields:
            kind = inner.get(number)
            if kind is None or how != BYTES or kind.name in skip:
                continue
            if record.level >= LEVELS:
                wire.note(WireError(f"more than {LEVELS} messages in messages", first, GapReason.BUDGET))
                continue
            child = Record(kind, number, first, last, record.level + 1, record)
            yield child
            wire.inside()
            if first < last:
                stack.append((child, wire.messages(first, last)))
                break
        else:
            stack.pop()


@dataclass(frozen=True, slots=True)
class Shape:
    """What must be there to take bytes for a message of type ``root``.

    Attributes:
        root: The message type.
        marks: Pairs of message type and field: one must be there; a string must read like an identifier.
        named: Fields of ``root`` of which one is enough where the file's name says the same.
    """

    root: Kind
    marks: frozenset[tuple[str, str]]
    named: frozenset[str]

    def matches(self, data: Data, *, named: bool) -> bool:
        """Return whether bytes can be this message, looking at a sample of what is inside.

        Fields that the schema does not know are no obstacle: readers skip them. Without a name that says so, the
        fields must be sound up to the end of the sample; only the end of the file may cut them.
        """
        wire = Wire(data, _SAMPLE)
        waiting = [(self.root, 0, len(data))]
        for kind, start, stop in waiting:
            few = _FIRST if kind is self.root else _OTHERS
            try:
                for number, how, first, last in itertools.islice(wire.fields(start, stop), few):
                    if not kind.fits(number, how):
                        continue
                    if self._is_mark(wire, kind, number, (first, last), named=named):
                        return named or _is_whole(data)
                    if number in kind.inner:
                        waiting.append((kind.inner[number], first, last))
            except WireError as error:
                if error.reason is GapReason.BUDGET:
                    return False
                if stop < len(data) and not named:
                    return False
        return False

    def _is_mark(self, wire: Wire, kind: Kind, number: int, span: tuple[int, int], *, named: bool) -> bool:
        name = kind.fields[number]
        if named and kind is self.root and name in self.named:
            return True
        if (kind.name, name) not in self.marks:
            return False
        return kind.kinds[number] != "string" or _IDENTIFIER.fullmatch(wire.data, *span) is not None


def _is_whole(data: Data) -> bool:
    """Return whether the outermost fields are sound to the end, which may cut the last one."""
    wire = Wire(data, _SAMPLE)
    try:
        for _ in wire.fields(0, len(data)):
            pass
    except WireError as error:
        return error.reason is GapReason.BUDGET or error.cut
    return True
