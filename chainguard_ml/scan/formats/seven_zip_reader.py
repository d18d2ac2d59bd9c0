"""A bounded reader of the headers of 7z archives (7-Zip's ``7zFormat.txt``, versions 0.2 to 0.4).

Every count is compared with the bytes that are left, or with the budget of members, before anything is made of it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.scan.interface import Budgets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.scan.interface import Blob

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
START = 32
"""Bytes of the signature header; all packed streams are placed relative to its end."""

_END, _HEADER, _ARCHIVE, _ADDITIONAL, _MAIN, _FILES, _PACK, _UNPACK, _SUB, _SIZE, _CRC, _FOLDER = range(12)
_UNPACK_SIZES, _NUMBER_OF_STREAMS, _EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES = range(12, 18)
_ATTRIBUTES, ENCODED_HEADER, _DUMMY = 0x15, 0x17, 0x19
_MOST = Budgets().members
_CODERS = 32  # of one folder: 7-Zip's own limit
_STREAMS = 32


class HeaderError(ValueError):
    """The header is wrong; ``budget`` if it is only larger than what is read."""

    def __init__(self, text: str, *, budget: bool = False) -> None:
        super().__init__(text)
        self.budget = budget


@dataclass(frozen=True, slots=True)
class Coder:
    """One method of a folder: its id, its properties, how many streams go in and out."""

    method: bytes
    properties: bytes = b""
    inputs: int = 1
    outputs: int = 1


@dataclass(slots=True)
class Folder:
    """Methods applied one after the other, and what comes out.

    Attributes:
        coders: In the order of the header.
        binds: Pairs of input and output that are connected.
        packed: Inputs that are fed from packed streams.
        sizes: Bytes of each output.
        crc: CRC-32 of what comes out at the end, if stated.
        streams: Spans ``(offset, stop)`` of its packed streams in the file.
    """

    coders: list[Coder]
    binds: list[tuple[int, int]]
    packed: list[int]
    sizes: list[int] = field(default_factory=list)
    crc: int | None = None
    streams: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the output that nothing else takes in."""
        bound = {output for _, output in self.binds}
        free = [index for index in range(len(self.sizes)) if index not in bound]
        return self.sizes[free[-1]] if free else 0


@dataclass(slots=True)
class Streams:
    """Folders, and for each the sizes and checksums of the files in it."""

    folders: list[Folder] = field(default_factory=list)
    parts: list[list[tuple[int, int | None]]] = field(default_factory=list)
    packed: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A file: its name, its attributes, whether it has content, and whether it asks for deletion when unpacked."""

    name: str
    attributes: int = 0
    has_stream: bool = True
    anti: bool = False

    @property
    def is_link(self) -> bool:
        """Whether it unpacks to a symbolic link: POSIX mode in the upper half, or a reparse point."""
        posix = bool(self.attributes & 0x8000) and (self.attributes >> 16) & 0o170000 == 0o120000
        return posix or bool(self.attributes & 0x400)


@dataclass(slots=True)
class Archive:
    """What a header says: packed data, and files in order; ``encoded`` if there is another header to unpack first."""

    streams: Streams
    entries: list[Entry] = field(default_factory=list)
    encoded: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Where the header is, and whether the checksum of this statement holds."""

    offset: int
    size: int
    crc: int
    sound: bool


def start(blob: Blob) -> Start:
    """Return what the signature header says; there are at least its 32 bytes, else ``HeaderError``."""
    head = blob.read(0, START)
    if len(head) < START:
        raise HeaderError("the signature header is cut")
    checksum, offset, size, crc = struct.unpack("<IQQI", head[8:])
    return Start(START + offset, size, crc, zlib.crc32(head[12:]) == checksum)


def parse(data: bytes) -> Archive:
    """Return what a header says; raise ``HeaderError`` for what is none."""
    reader = _Reader(data)
    kind = reader.octet()
    if kind == ENCODED_HEADER:
        return Archive(reader.streams(), encoded=True)
    if kind != _HEADER:
        raise HeaderError(f"it starts with {kind}, which is no header")
    return reader.header()


class _Reader:
    """Reads a header from front to back; what does not fit is an error, never a short read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._position:
            raise HeaderError("it is cut")
        self._position += count
        return self._data[self._position - count : self._position]

    def octet(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Read a number: the leading ones of the first byte count the bytes that follow."""
        first = self.octet()
        length = 8 - (first ^ 0xFF).bit_length()
        rest = int.from_bytes(self.take(length), "little")
        return rest | (first & (0x7F >> length)) << 8 * length if length < 8 else rest

    def count(self, most: int = _MOST) -> int:
        value = self.number()
        if value > most:
            raise HeaderError(f"it counts {value:,} items; {most:,} are read", budget=True)
        return value

    def bits(self, count: int) -> list[bool]:
        octets = self.take((count + 7) // 8)
        return [bool(octets[index >> 3] & 0x80 >> (index & 7)) for index in range(count)]

    def optional_bits(self, count: int) -> list[bool]:
        return [True] * count if self.octet() else self.bits(count)

    def checksums(self, count: int) -> list[int | None]:
        return [int.from_bytes(self.take(4), "little") if known else None for known in self.optional_bits(count)]

    def expect(self, wanted: int) -> None:
        if (found := self.octet()) != wanted:
            raise HeaderError(f"property {found} stands where {wanted} is expected")

    def properties(self, repeats: int = _END) -> Iterator[int]:
        """Yield the types of properties up to the end; each but ``repeats`` may stand once, so that cost is linear."""
        seen: set[int] = set()
        while (kind := self.octet()) != _END:
            if kind in seen and kind != repeats:
                raise HeaderError(f"property {kind} stands twice")
            seen.add(kind)
            yield kind

    def header(self) -> Archive:
        archive = Archive(Streams())
        for kind in self.properties():
            if kind == _ARCHIVE:
                while self.octet():
                    self.take(self.number())
            elif kind == _ADDITIONAL:
                self.streams()
            elif kind == _MAIN:
                archive.streams = self.streams()
            elif kind == _FILES:
                archive.entries = self.files()
            else:
                raise HeaderError(f"property {kind} is not known")
        return archive

    def streams(self) -> Streams:
        found = Streams()
        for kind in self.properties():
            if kind == _PACK:
                self._packs(found)
            elif kind == _UNPACK:
                self._folders(found)
            elif kind == _SUB:
                self._parts(found)
            else:
                raise HeaderError(f"property {kind} is not known")
        if not found.parts:
            found.parts = [[(folder.size, folder.crc)] for folder in found.folders]
        self._place(found)
        return found

    def _packs(self, found: Streams) -> None:
        position = START + self.number()
        count = self.count()
        sizes = [0] * count
        while (kind := self.octet()) != _END:
            if kind == _SIZE:
                sizes = [self.number() for _ in range(count)]
            elif kind == _CRC:
                self.checksums(count)
            else:
                raise HeaderError(f"property {kind} is not known")
        for size in sizes:
            found.packed.append((position, position + size))
            position += size

    def _folders(self, found: Streams) -> None:
        self.expect(_FOLDER)
        count = self.count()
        if self.octet():
            raise HeaderError("folders in another stream are not read", budget=True)
        found.folders = [self._folder() for _ in range(count)]
        while (kind := self.octet()) != _END:
            if kind == _UNPACK_SIZES:
                for folder in found.folders:
                    folder.sizes = [self.number() for _ in range(sum(coder.outputs for coder in folder.coders))]
            elif kind == _CRC:
                for folder, crc in zip(found.folders, self.checksums(count), strict=True):
                    folder.crc = crc
            else:
                raise HeaderError(f"property {kind} is not known")

    def _folder(self) -> Folder:
        coders = [self._coder() for _ in range(self._few(_CODERS))]
        inputs, outputs = sum(coder.inputs for coder in coders), sum(coder.outputs for coder in coders)
        binds = [(self.number(), self.number()) for _ in range(max(0, outputs - 1))]
        fed = inputs - len(binds)
        if fed < 1 or not coders:
            raise HeaderError("a folder has no input")
        bound = {index for index, _ in binds}
        packed = [index for index in range(inputs) if index not in bound]
        return Folder(coders, binds, packed if fed == 1 else [self.number() for _ in range(fed)])

    def _few(self, most: int) -> int:
        value = self.number()
        if value > most:
            raise HeaderError(f"a folder has {value:,} methods or streams")
        return value

    def _coder(self) -> Coder:
        flags = self.octet()
        method = self.take(flags & 0x0F)
        inputs, outputs = (self._few(_STREAMS), self._few(_STREAMS)) if flags & 0x10 else (1, 1)
        properties = self.take(self.number()) if flags & 0x20 else b""
        if flags & 0xC0:
            raise HeaderError("alternative methods are not defined", budget=True)
        return Coder(method, properties, inputs, outputs)

    def _parts(self, found: Streams) -> None:
        counts = [1] * len(found.folders)
        kind = self.octet()
        if kind == _NUMBER_OF_STREAMS:
            counts = [self.count() for _ in found.folders]
            if sum(counts) > _MOST:
                raise HeaderError(f"it counts {sum(counts):,} streams; {_MOST:,} are read", budget=True)
            kind = self.octet()
        sizes = self._sizes(found.folders, counts, given=kind == _SIZE)
        if kind == _SIZE:
            kind = self.octet()
        known = [count == 1 and folder.crc is not None for folder, count in zip(found.folders, counts, strict=True)]
        checksums: list[int | None] = []
        if kind == _CRC:
            missing = sum(count for count, has in zip(counts, known, strict=True) if not has)
            checksums = self.checksums(missing)
            kind = self.octet()
        if kind != _END:
            raise HeaderError(f"property {kind} is not known")
        supply = iter(checksums)
        for folder, own, has in zip(found.folders, sizes, known, strict=True):
            found.parts.append([(size, folder.crc if has else next(supply, None)) for size in own])

    def _sizes(self, folders: Sequence[Folder], counts: Sequence[int], *, given: bool) -> list[list[int]]:
        """Return the sizes of the files of each folder: all but the last are stated."""
        found = []
        for folder, count in zip(folders, counts, strict=True):
            own = [self.number() for _ in range(count - 1)] if given else [0] * (count - 1)
            found.append([*own, max(0, folder.size - sum(own))] if count else [])
        return found

    def _place(self, found: Streams) -> None:
        """Give each folder its packed streams, in order."""
        supply = iter(found.packed)
        for folder in found.folders:
            folder.streams = [span for _, span in zip(folder.packed, supply, strict=False)]
            if not folder.sizes or len(folder.streams) < len(folder.packed):
                raise HeaderError("a folder has no sizes or no packed stream")

    def files(self) -> list[Entry]:
        count = self.count()
        entries = [Entry("") for _ in range(count)]
        empty: list[Entry] = []
        for kind in self.properties(repeats=_DUMMY):
            inner = _Reader(self.take(self.number()))
            if kind == _EMPTY_STREAM:
                for entry, without in zip(entries, inner.bits(count), strict=True):
                    entry.has_stream = not without
                empty = [entry for entry in entries if not entry.has_stream]
            elif kind == _ANTI:
                for entry, anti in zip(empty, inner.bits(len(empty)), strict=True):
                    entry.anti = anti
            elif kind == _NAMES:
                inner.names(entries)
            elif kind == _ATTRIBUTES:
                inner.attributes(entries)
        return entries

    def names(self, entries: list[Entry]) -> None:
        """Read names in UTF-16, each ended by a zero."""
        if self.octet():
            raise HeaderError("names in another stream are not read", budget=True)
        names = self._data[self._position :].decode("utf-16-le", "replace").split("\0")
        for entry, name in zip(entries, names, strict=False):
            entry.name = name

    def attributes(self, entries: list[Entry]) -> None:
        known = self.optional_bits(len(entries))
        if self.octet():
            return
        for entry, has in zip(entries, known, strict=True):
            if has:
                entry.attributes = int.from_bytes(self.take(4), "little")
