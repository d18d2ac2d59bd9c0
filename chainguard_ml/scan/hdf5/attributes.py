"""Attributes (HDF5 file format specification 3.0, IV.A.2.m and IV.A.2.v): in the header, shared, or in a heap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5 import datatypes, trees
from chainguard_ml.scan.hdf5.objects import ATTRIBUTE, ATTRIBUTE_INFO, DATASPACE, DATATYPE
from chainguard_ml.scan.hdf5.source import Hdf5Error, OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.objects import Header, Objects
    from chainguard_ml.scan.hdf5.source import Fields

_ID = 8
_COST = 3  # steps that reading an attribute takes beyond its message


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its name, its type, and the bytes of its elements with their offset in the file."""

    name: str
    kind: datatypes.Datatype
    raw: bytes
    offset: int


def attributes(objects: Objects, header: Header) -> Iterator[Attribute | Hdf5Error]:
    """Yield every attribute of an object, and an error for each that cannot be read."""
    for message in header.messages.get(ATTRIBUTE, ()):
        try:
            yield _attribute(objects, objects.body(message))
        except OverBudgetError:
            raise
        except Hdf5Error as error:
            yield error
    for message in header.messages.get(ATTRIBUTE_INFO, ()):
        try:
            yield from _dense(objects, objects.body(message))
        except OverBudgetError:
            raise
        except Hdf5Error as error:
            yield error


def _dense(objects: Objects, fields: Fields) -> Iterator[Attribute | Hdf5Error]:
    fields.take(1)
    if fields.number(1) & 1:
        fields.take(2)
    heap, names = fields.address(), fields.address()
    if heap is None:
        return
    for record in trees.records(objects.source, names):
        identity, flags = record.take(_ID), record.number(1)
        try:
            if flags & 2:
                shared = objects.source.over(b"\3\1" + identity, record.place)
                yield _attribute(objects, objects.shared(shared, ATTRIBUTE))
            else:
                data, place = objects.heap(heap).read(identity)
                yield _attribute(objects, objects.source.over(data, place))
        except OverBudgetError:
            raise
        except Hdf5Error as error:
            yield error


def _attribute(objects: Objects, fields: Fields) -> Attribute:
    objects.source.step(_COST)
    version, flags = fields.number(1), fields.number(1)
    if version not in {1, 2, 3}:
        raise Hdf5Error("an attribute is of no known version", fields.place, GapReason.UNSUPPORTED)
    sizes = [fields.number(2) for _ in range(3)]
    if version == 3:
        fields.take(1)
    parts: list[Fields] = []
    for size in sizes:
        start, place = fields.position, fields.place
        parts.append(objects.source.over(fields.take(size), place))
        if version == 1:
            fields.align(start)
    name, kind, space = parts
    if flags & 1 and version > 1:
        kind = objects.shared(kind, DATATYPE)
    if flags & 2 and version > 1:
        space = objects.shared(space, DATASPACE)
    found = datatypes.parse(kind)
    place = fields.place
    size = min(fields.left, found.size * datatypes.elements(space))
    text = name.data.partition(b"\0")[0].decode("utf-8", "backslashreplace")
    return Attribute(text, found, fields.take(size), place)
