"""Links of groups (HDF5 file format specification 3.0, III.B, III.C, IV.A.2.g and IV.A.2.r): old, compact and dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5 import trees
from chainguard_ml.scan.hdf5.heaps import LocalHeap
from chainguard_ml.scan.hdf5.objects import LINK, LINK_INFO, SYMBOLS
from chainguard_ml.scan.hdf5.source import Hdf5Error, OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.objects import Header, Objects
    from chainguard_ml.scan.hdf5.source import Fields

_HARD, _SOFT, EXTERNAL = 0, 1, 64
_SOFT_SYMBOL = 2  # cache type of a symbol table entry
_HASH = 4
_ID = 7


@dataclass(frozen=True, slots=True)
class Link:
    """One link: ``target`` is the address of an object here; ``kind`` and ``text`` tell of one that is elsewhere."""

    name: str
    target: int | None
    offset: int
    kind: int = _HARD
    text: tuple[str, ...] = ()


def links(objects: Objects, header: Header) -> Iterator[Link | Hdf5Error]:
    """Yield every link of a group, and an error for each part that cannot be read."""
    for kind, read in ((SYMBOLS, _old), (LINK, _compact), (LINK_INFO, _dense)):
        for message in header.messages.get(kind, ()):
            try:
                yield from read(objects, objects.body(message))
            except OverBudgetError:
                raise
            except Hdf5Error as error:
                yield error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _old(objects: Objects, fields: Fields) -> Iterator[Link | Hdf5Error]:
    tree, heap = fields.address(), fields.address()
    names = LocalHeap(objects.source, heap)
    for _, address in trees.leaves(objects.source, tree, trees.GROUP, objects.source.widths[1]):
        yield from _symbols(objects, address, names)


def _symbols(objects: Objects, address: int, names: LocalHeap) -> Iterator[Link | Hdf5Error]:
    source = objects.source
    head = source.fields(address, 8)
    head.expect(b"SNOD")
    head.take(2)
    count, size = head.number(2), source.widths[1] + source.widths[0] + 24
    fields = source.fields(address + 8, count * size)
    for _ in range(count):
        source.step()
        place = fields.place
        name, target, cached = fields.length(), fields.address(), fields.number(4)
        fields.take(4)
        scratch = fields.take(16)
        try:
            text = _text(names.text(name))
        except OverBudgetError:
            raise
        except Hdf5Error as error:
            yield error
            text = ""
        yield Link(text, None if cached == _SOFT_SYMBOL else target, place, _SOFT if cached == _SOFT_SYMBOL else _HARD)
        del scratch  # a soft link's path; it stays inside of the file


def _compact(objects: Objects, fields: Fields) -> Iterator[Link | Hdf5Error]:
    del objects
    place = fields.place
    version, flags = fields.number(1), fields.number(1)
    if version != 1:
        raise Hdf5Error("a link is of no known version", place, GapReason.UNSUPPORTED)
    kind = fields.number(1) if flags & 8 else _HARD
    fields.take((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = _text(fields.take(fields.number(1 << (flags & 3))))
    if kind == _HARD:
        yield Link(name, fields.address(), place)
        return
    value = fields.take(fields.number(2))
    parts = value[1:].split(b"\0")[:2] if kind == EXTERNAL else [value]
    yield Link(name, None, place, kind, tuple(_text(part) for part in parts))


def _dense(objects: Objects, fields: Fields) -> Iterator[Link | Hdf5Error]:
    fields.take(1)
    if fields.number(1) & 1:
        fields.take(8)
    heap, names = fields.address(), fields.address()
    if heap is None:
        return
    for record in trees.records(objects.source, names):
        record.take(_HASH)
        data, place = objects.heap(heap).read(record.take(_ID))
        yield from _compact(objects, objects.source.over(data, place))
