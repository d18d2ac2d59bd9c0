"""Object headers and their messages (HDF5 file format specification 3.0, IV.A), shared messages included."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5.fractal import FractalHeap
from chainguard_ml.scan.hdf5.heaps import GlobalHeaps
from chainguard_ml.scan.hdf5.source import Fields, Hdf5Error

if TYPE_CHECKING:
    from chainguard_ml.scan.hdf5.source import Source

DATASPACE, LINK_INFO, DATATYPE, FILL, LINK, EXTERNAL, LAYOUT = 1, 2, 3, 5, 6, 7, 8
FILTERS, ATTRIBUTE, SHARED_TABLE, CONTINUATION, SYMBOLS, ATTRIBUTE_INFO = 11, 12, 15, 16, 17, 21
_SHARED = 2  # message flag
_IN_HEAP, _COMMITTED = 1, (0, 2)
_MOST_BLOCKS = 10_000
_SMALLEST = 12  # bytes of a part of a message that takes a step to parse


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an object header; ``shared`` if the data only say where it is."""

    kind: int
    data: bytes
    offset: int
    shared: bool = False


@dataclass(slots=True)
class Header:
    """The messages of one object by type, and what stopped reading before their end."""

    offset: int
    messages: defaultdict[int, list[Message]] = field(default_factory=lambda: defaultdict(list))
    problem: Hdf5Error | None = None

    def first(self, kind: int) -> Message | None:
        """Return the first message of a type."""
        found = self.messages.get(kind)
        return found[0] if found else None

    def needed(self, kind: int) -> Message:
        """Return the first message of a type that must be there."""
        found = self.first(kind)
        if found is None:
            raise Hdf5Error(f"message {kind} is missing", self.offset)
        return found


class Objects:
    """Reads object headers of one file.

    Attributes:
        source: The file.
        values: Its global heaps.
    """

    def __init__(self, source: Source, extension: int | None = None) -> None:
        self.source = source
        self.values = GlobalHeaps(source)
        self._heaps: dict[int, FractalHeap] = {}
        self._extension = extension

    def heap(self, address: int | None) -> FractalHeap:
        """Return the fractal heap at an address."""
        key = -1 if address is None else address
        if key not in self._heaps:
            self._heaps[key] = FractalHeap(self.source, address)
        return self._heaps[key]

    def header(self, address: int) -> Header:
        """Return the object header at an address; what precedes a break is kept."""
        header = Header(self.source.offset(address))
        try:
            self._fill(header, address)
        except Hdf5Error as error:
            header.problem = error
        return header

    def _fill(self, header: Header, address: int) -> None:
        old = self.source.read(address, 4) != b"OHDR"
        blocks = deque([_old_block(self.source, address) if old else _new_block(self.source, address)])
        seen = {blocks[0][0]}
        while blocks:
            start, size, order = blocks.popleft()
            fields = self.source.fields(start, size)
            for message in _old_messages(fields) if old else _new_messages(fields, ordered=order):
                self.source.step()
                header.messages[message.kind].append(message)
                if message.kind == CONTINUATION:
                    block = self._continued(message, old=old, ordered=order)
                    if block[0] in seen or len(seen) > _MOST_BLOCKS:
                        raise Hdf5Error("an object header continues in itself", message.offset)
                    seen.add(block[0])
                    blocks.append(block)

    def _continued(self, message: Message, *, old: bool, ordered: bool) -> tuple[int, int, bool]:
        fields = self.source.over(message.data, message.offset)
        start, size = fields.address(), fields.length()
        if start is None:
            raise Hdf5Error("an object header continues nowhere", message.offset)
        if old:
            return start, size, ordered
        self.source.fields(start, 4).expect(b"OCHK")
        return start + 4, max(0, size - 8), ordered

    def body(self, message: Message) -> Fields:
        """Return the data of a message, from where it is shared if it is.

        Raises:
            Hdf5Error: It is not there.
        """
        if not message.shared:
            return self.source.over(message.data, message.offset)
        return self.shared(self.source.over(message.data, message.offset), message.kind)

    def shared(self, fields: Fields, kind: int) -> Fields:
        """Return the message that a shared message (IV.A.1.b) refers to."""
        version, where = fields.number(1), fields.number(1)
        if version == 3 and where == _IN_HEAP:
            data, place = self._shared_heap(kind).read(fields.take(8))
            return self.source.over(data, place)
        if version == 1:
            fields.take(6)
        if version not in {1, 2, 3} or where not in _COMMITTED:
            raise Hdf5Error("a shared message is of no known version", fields.place, GapReason.UNSUPPORTED)
        address = fields.address()
        if address is None:
            raise Hdf5Error("a shared message is nowhere", fields.place)
        message = self.header(address).first(kind)
        if message is None or message.shared:
            raise Hdf5Error("a shared message is not where it should be", self.source.offset(address))
        self.source.step(len(message.data) // _SMALLEST)  # it is parsed again for each that shares it
        return self.source.over(message.data, message.offset)

    def _shared_heap(self, kind: int) -> FractalHeap:
        """Return the heap of shared messages of a type, from the table in the superblock extension (III.H)."""
        if self._extension is None:
            raise Hdf5Error("the file has no table of shared messages")
        message = self.header(self._extension).needed(SHARED_TABLE)
        fields = self.source.over(message.data, message.offset)
        fields.take(1)
        address, count = fields.address(), fields.number(1)
        size = 16 + 2 * self.source.widths[0]
        table = self.source.fields(address, 4 + count * size)
        table.expect(b"SMTB")
        for _ in range(count):
            table.take(2)
            kinds = table.number(2)
            table.take(12 - 2)
            table.address()
            heap = table.address()
            if kinds >> kind & 1:
                return self.heap(heap)
        raise Hdf5Error("the file has no heap of such shared messages", table.place)


def _old_block(source: Source, address: int) -> tuple[int, int, bool]:
    """Return address and size of the first block of a version 1 header."""
    fields = source.fields(address, 16)
    if fields.number(1) != 1:
        raise Hdf5Error("an object header is of no known version", source.offset(address))
    fields.take(7)
    return address + 16, fields.number(4), False


def _old_messages(fields: Fields) -> list[Message]:
    found: list[Message] = []
    while fields.left >= 8:
        kind, size, flags = fields.number(2), fields.number(2), fields.number(1)
        fields.take(3)
        place = fields.place
        found.append(Message(kind, fields.take(min(size, fields.left)), place, bool(flags & _SHARED)))
    return found


def _new_block(source: Source, address: int) -> tuple[int, int, bool]:
    """Return address and size of the messages in a version 2 header, and whether they have a creation order."""
    fields = source.fields(address, 6)
    fields.expect(b"OHDR")
    if fields.number(1) != 2:
        raise Hdf5Error("an object header is of no known version", source.offset(address))
    flags = fields.number(1)
    start = 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    width = 1 << (flags & 3)
    size = source.fields(address + start, width).number(width)
    return address + start + width, size, bool(flags & 4)


def _new_messages(fields: Fields, *, ordered: bool) -> list[Message]:
    found: list[Message] = []
    head = 6 if ordered else 4
    while fields.left >= head:
        kind, size, flags = fields.number(1), fields.number(2), fields.number(1)
        fields.take(head - 4)
        place = fields.place
        found.append(Message(kind, fields.take(min(size, fields.left)), place, bool(flags & _SHARED)))
    return found
