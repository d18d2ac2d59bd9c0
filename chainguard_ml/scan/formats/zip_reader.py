"""A zip reader that believes neither of the two directories (APPNOTE.TXT 6.3.10).

A zip archive describes each member before its data (local header, 4.3.7) and in the central directory at the end
(4.3.12). This reader takes both, compares them, and accounts for every byte between: what neither covers may be a
hidden member or another file.
"""

from __future__ import annotations

import itertools
import re
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.ending import behind_zeros
from chainguard_ml.scan.interface import Budgets
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

_LOCAL, _CENTRAL, _END, _END64, _LOCATOR = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
_DESCRIPTOR = b"PK\7\x08"
_MEMBERS = Budgets().members
_TAIL = 65_535 + 22  # the end record with the longest comment
_CANDIDATES = 16  # end records looked at; an ordinary archive has one
_SPLIT_MARKER = b"PK00PK\3\4"
_ALL32, _ALL16 = 0xFFFFFFFF, 0xFFFF
_LOCAL_AT = re.compile(re.escape(_LOCAL))
_LINK = 0o120000

ENCRYPTED, DESCRIBED_AFTER, UTF8 = 1 << 0, 1 << 3, 1 << 11


@dataclass(frozen=True, slots=True)
class Member:
    """One member.

    Attributes:
        name: As the directory has it, undecodable bytes as PEP 383 surrogates.
        header: Offset of the local header.
        start: Offset of the data.
        stop: Offset behind the data.
        method: Compression method.
        flags: General purpose bits.
        crc: CRC-32 of the content as stated.
        size: Bytes of the content as stated.
        mode: POSIX mode as stated, 0 where there is none.
        listed: Whether the central directory has it.
    """

    name: str
    header: int
    start: int
    stop: int
    method: int
    flags: int
    crc: int
    size: int
    mode: int = 0
    listed: bool = True

    @property
    def is_link(self) -> bool:
        """Whether it unpacks to a symbolic link."""
        return self.mode & 0o170000 == _LINK


@dataclass(frozen=True, slots=True)
class Problem:
    """Something two readers would see differently, and where; ``grave`` if no ordinary tool does it."""

    text: str
    offset: int
    member: str = ""
    grave: bool = False


@dataclass(slots=True)
class Archive:
    """A zip archive as read.

    Attributes:
        members: Listed members in the directory's order, then those that only have a local header.
        problems: Disagreements.
        strays: Byte ranges before the end record that belong to nothing.
        end: Offset behind the end record and its comment.
        cut: Whether there is no usable central directory.
        limited: Whether there are more members than were read.
    """

    members: list[Member] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0
    cut: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class _Directory:
    """A central directory: where it is, what to add to its offsets, how many members, its end records from and to."""

    start: int
    shift: int
    count: int
    records: int
    record: int
    end: int


def is_zip(blob: Blob) -> bool:
    """Return whether a zip archive starts at the first byte."""
    head = blob.read(0, 8)
    return head[:4] in {_LOCAL, _END} or head == _SPLIT_MARKER


def archive(blob: Blob) -> Archive:
    """Return the archive that starts at the first byte, reading it once for each blob."""
    known = blob.memo.get("zip")
    if not isinstance(known, Archive):
        known = blob.memo["zip"] = _Reader(blob).read()
    return known


def names(blob: Blob) -> list[str]:
    """Return the names of all members of a blob, none if it is no zip archive."""
    return [member.name for member in archive(blob).members] if is_zip(blob) else []


def appended(blob: Blob) -> tuple[int, int] | None:
    """Return start and stop of a zip archive that ends near the blob's end but does not start at its first byte."""
    if _END not in blob.read(max(0, blob.size - _TAIL), blob.size) or is_zip(blob):
        return None
    directory = next(_directories(blob), None)
    if directory is None:
        return None
    position, first = directory.start, directory.start
    for _ in range(_MEMBERS):
        if blob.read(position, position + 4) != _CENTRAL or position + 46 > directory.record:
            break
        n, m, k = struct.unpack("<3H", blob.read(position + 28, position + 34))
        (header,) = struct.unpack("<I", blob.read(position + 42, position + 46))
        if 0 < header + directory.shift < first and header != _ALL32:
            first = header + directory.shift
        position += 46 + n + m + k
    return (first, directory.end) if blob.read(first, first + 4) == _LOCAL else None


def _directories(blob: Blob) -> Iterator[_Directory]:
    """Yield the central directories that an end record near the blob's end points at, the last one first."""
    base = max(0, blob.size - _TAIL)
    tail = blob.read(base, blob.size)
    position = len(tail)
    for _ in range(_CANDIDATES):
        position = tail.rfind(_END, 0, position + 3)
        if position < 0:
            return
        if len(tail) - position >= 22:
            yield from _pointed_at(blob, base + position)


def _pointed_at(blob: Blob, record: int) -> Iterator[_Directory]:
    """Yield the directories that an end record points at: readers that go by its size may see another one."""
    fields = struct.unpack("<4s4H2IH", blob.read(record, record + 22))
    count, length, offset, comment = fields[4], fields[5], fields[6], fields[7]
    end, before = min(record + 22 + comment, blob.size), record
    locator = blob.read(record - 20, record) if record >= 20 else b""
    if locator[:4] == _LOCATOR:
        (place,) = struct.unpack("<Q", locator[8:16])
        before, large = _end64(blob, place, record - 20)
        if large:
            count, length, offset = large
    # As readers that follow the size do; the difference to the stated offset is what stands before the archive.
    for start in sorted({before - length, offset}, key=lambda start: start != before - length):
        if 0 <= start < before and blob.read(start, start + 4) == _CENTRAL:
            yield _Directory(start, start - offset, count, before, record, end)
    if count == length == 0 and record == 0:
        yield _Directory(record, 0, 0, record, record, end)


def _end64(blob: Blob, place: int, locator: int) -> tuple[int, tuple[int, int, int] | None]:
    """Return where the zip64 end record starts, and count, length and offset of the directory as it has them."""
    for start in (locator - 56, place):  # shifted with the archive, or as stated
        head = blob.read(start, start + 56) if 0 <= start < locator else b""
        if len(head) == 56 and head[:4] == _END64:
            count, length, offset = struct.unpack("<3Q", head[32:56])
            return start, (count, length, offset)
    return locator, None


@dataclass(slots=True)
class _Reader:
    blob: Blob
    archive: Archive = field(default_factory=Archive)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> Archive:
        found = self.archive
        directories = _directories(self.blob)
        main = next(directories, None)
        if main is None:
            found.cut, found.end = True, self.blob.size
            found.members.extend(self._walk(0, self.blob.size))
            return found
        found.end = main.end
        self._list(main)
        self._others(main, directories)
        self._account(main)
        return found

    def _problem(self, text: str, offset: int, member: str = "", *, grave: bool = False) -> None:
        self.archive.problems.append(Problem(text, offset, member, grave))

    def _others(self, main: _Directory, directories: Iterator[_Directory]) -> None:
        """Take also the members of other directories, unless they belong to an archive that is itself a member."""
        for other in directories:
            inside = any(start <= other.record < stop for start, stop in self.spans)
            if other.record == main.record or not inside:
                self._problem("the archive has two central directories", other.record, grave=True)
                self._list(other)

    def _list(self, directory: _Directory) -> None:
        """Read one central directory and the local header of each of its members."""
        position, count = directory.start, 0
        while self.blob.read(position, position + 4) == _CENTRAL and position + 46 <= directory.record:
            if len(self.archive.members) >= _MEMBERS:
                self.archive.limited = True
                return
            position = self._entry(position, directory.shift)
            count += 1
        self.spans += [(directory.start, position), (directory.records, directory.end)]
        if count & _ALL16 != directory.count & _ALL16:
            text = f"the end record counts {directory.count} members, the directory has {count}"
            self._problem(text, directory.record, grave=True)

    def _entry(self, position: int, shift: int) -> int:
        """Read one entry of the central directory; return where the next one starts."""
        values = struct.unpack("<4s6H3I5H2I", self.blob.read(position, position + 46))
        made, flags, method = values[1], values[3], values[4]
        crc, compressed, size = values[7:10]
        n, m, k, attributes, header = values[10], values[11], values[12], values[15], values[16]
        raw = self.blob.read(position + 46, position + 46 + n)
        extra = self.blob.read(position + 46 + n, position + 46 + n + m)
        size, compressed, header = _large(extra, size, compressed, header)
        mode = attributes >> 16 if made >> 8 == 3 else 0
        stated = Member(_decoded(raw, flags), header + shift, 0, 0, method, flags, crc, size, mode)
        self._locate(stated, raw, compressed)
        end: int = position + 46 + n + m + k
        return end

    def _locate(self, stated: Member, raw: bytes, compressed: int) -> None:
        """Find the data of a listed member behind its local header, and compare the two."""
        head = self.blob.read(stated.header, stated.header + 30) if stated.header >= 0 else b""
        if len(head) < 30 or head[:4] != _LOCAL:
            self._problem("the directory points at no member", max(stated.header, 0), stated.name, grave=True)
            return
        local = struct.unpack("<4s5H3I2H", head)
        start = stated.header + 30 + local[9] + local[10]
        name = self.blob.read(stated.header + 30, stated.header + 30 + local[9])
        extra = self.blob.read(stated.header + 30 + local[9], start)
        size, packed, _ = _large(extra, local[8], local[7], 0)
        self._compare(stated, raw, name, (local[2], local[3], local[6], packed, size), compressed)
        # A stored member that claims two sizes is read to the longer one.
        length = max(compressed, stated.size) if stated.method == 0 else compressed
        stop = start + length
        if stop > self.blob.size:
            self._problem("the data of a member ends behind the end of the file", stated.header, stated.name)
            stop = self.blob.size
        member = replace(stated, start=min(start, stop), stop=stop, flags=stated.flags | (local[2] & ENCRYPTED))
        self.archive.members.append(member)
        if name != raw:
            self.archive.members.append(replace(member, name=_decoded(name, local[2]), listed=False))
        self.spans.append((stated.header, start + compressed + self._descriptor(member, start + compressed)))

    def _compare(
        self, stated: Member, raw: bytes, name: bytes, local: tuple[int, int, int, int, int], compressed: int
    ) -> None:
        flags, method, crc, packed, size = local
        where, who = stated.header, stated.name
        if name != raw:
            other = printable(_decoded(name, flags))
            self._problem(
                f"the local header calls it '{other}', the directory '{printable(who)}'", where, who, grave=True
            )
        if method != stated.method:
            text = f"the local header says method {method}, the directory {stated.method}"
            self._problem(text, where, who, grave=True)
        if (flags ^ stated.flags) & ENCRYPTED:
            self._problem("only one of local header and directory marks it as encrypted", where, who, grave=True)
        values = (crc, packed, size)
        known = (stated.crc, compressed, stated.size)
        if values != known and not (flags & DESCRIBED_AFTER and not any(set(values) - set(known) - {0})):
            self._problem("local header and directory disagree on size or checksum", where, who)
        if stated.method == 0 and compressed != stated.size and not stated.flags & ENCRYPTED:
            self._problem("a stored member claims two sizes", where, who, grave=True)

    def _descriptor(self, member: Member, at: int) -> int:
        """Return the length of the data descriptor (4.3.9) at an offset: with or without signature, 32 or 64 bits."""
        if not member.flags & DESCRIBED_AFTER:
            return 0
        data = self.blob.read(at, at + 24)
        signed = 4 if data[:4] == _DESCRIPTOR else 0
        if data[signed : signed + 4] != struct.pack("<I", member.crc):
            return signed
        wide = data[signed + 12 : signed + 20] == struct.pack("<Q", member.size)
        return signed + (20 if wide else 12)

    def _account(self, main: _Directory) -> None:
        """Find what overlaps, and what lies between the members: hidden members, padding, or something else."""
        covered, previous = 0, (0, 0)
        for span in sorted({*self.spans, (main.end, main.end)}):
            start, stop = span
            if start < covered and span != previous:
                self._problem("members overlap", start, grave=True)
            elif start > covered:
                self._between(covered, start)
            covered, previous = max(covered, stop), span

    def _between(self, start: int, stop: int) -> None:
        start = behind_zeros(self.blob, start, stop)
        if start >= stop:
            return
        if start == 0 and self.blob.read(0, 8) == _SPLIT_MARKER and stop == 4:
            return
        hidden = list(self._walk(start, stop))
        self.archive.members.extend(hidden)
        if not hidden:
            self.archive.strays.append((start, stop))

    def _walk(self, start: int, stop: int) -> Iterator[Member]:
        """Yield the members whose local headers stand between two offsets."""
        matches = _LOCAL_AT.finditer(self.blob.data, start, stop)
        found = [match.start() for match in itertools.islice(matches, _MEMBERS + 1)]
        behind = start
        for index, header in enumerate(found):
            if header < behind or header + 30 > stop:
                continue
            if index >= _MEMBERS:
                self.archive.limited = True
                return
            local = struct.unpack("<4s5H3I2H", self.blob.read(header, header + 30))
            data = header + 30 + local[9] + local[10]
            raw = self.blob.read(header + 30, header + 30 + local[9])
            extra = self.blob.read(header + 30 + local[9], data)
            size, packed, _ = _large(extra, local[8], local[7], 0)
            end = data + packed
            if not packed or end > stop:  # unknown or wrong: up to the next header
                end = found[index + 1] if index + 1 < len(found) else stop
            if data <= end:
                behind = end
                yield Member(
                    _decoded(raw, local[2]), header, data, end, local[3], local[2], local[6], size, listed=False
                )


def _decoded(raw: bytes, flags: int) -> str:
    """Return a name: UTF-8 if marked so or if it is, else code page 437 (APPNOTE.TXT appendix D)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape") if flags & UTF8 else raw.decode("cp437")


def _large(extra: bytes, size: int, compressed: int, header: int) -> tuple[int, int, int]:
    """Return the three values with those of the zip64 extra field (4.5.3) in place of all-ones."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack("<2H", extra[position : position + 4])
        if tag == 1:
            field64 = extra[position + 4 : position + 4 + length]
            large = iter(struct.unpack(f"<{len(field64) // 8}Q", field64[: len(field64) // 8 * 8]))
            size, compressed, header = (
                next(large, value) if value == _ALL32 else value for value in (size, compressed, header)
            )
            break
        position += 4 + length
    return size, compressed, header
