"""A zip reader that believes neither of the two directories (APPNOTE.TXT 6.3.10).

A zip archive describes each member before its data (local header, 4.3.7) and in the central directory at the end
(4.3.12). This reader takes both, compares them, and accounts for every byte between: what neither covers may be a
hidden member or another file.
"""

from __future__ import annotations

import bisect
import itertools
import re
import struct
from typing import TYPE_CHECKING

from chainguard_ml.records import changing_record, field, record, replace
from chainguard_ml.scan.formats.ending import behind_zeros
from chainguard_ml.scan.formats.zip_ends import CENTRAL, END, LOCAL, Directory, directories, large, unicode_path
from chainguard_ml.scan.interface import Budgets
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

_DESCRIPTOR = b"PK\7\x08"
_MEMBERS = Budgets().members
_SPLIT_MARKERS = frozenset({b"PK00" + LOCAL, _DESCRIPTOR + LOCAL})  # 8.5.3 and 8.5.4
_RECORD = 22  # bytes of the end record without its comment
_ALL16 = 0xFFFF
_LOCAL_AT = re.compile(re.escape(LOCAL))
_LINK = 0o120000

ENCRYPTED, DESCRIBED_AFTER, UTF8 = 1 << 0, 1 << 3, 1 << 11


@record
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


@record
class Problem:
    """Something two readers would see differently, and where; ``grave`` if no ordinary tool does it."""

    text: str
    offset: int
    member: str = ""
    grave: bool = False


@changing_record
class Archive:
    """A zip archive as read.

    Attributes:
        members: Listed members in the directory's order, then those that only have a local header.
        problems: Disagreements.
        strays: Byte ranges before the end record that belong to nothing.
        comment: Byte range of the archive's comment.
        end: Offset behind the end record and its comment.
        cut: Whether there is no usable central directory.
        limited: Whether there are more members than were read.
    """

    members: list[Member] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)
    comment: tuple[int, int] = (0, 0)
    end: int = 0
    cut: bool = False
    limited: bool = False


def is_zip(blob: Blob) -> bool:
    """Return whether a zip archive starts at the first byte."""
    head = blob.read(0, 8)
    return head[:4] in {LOCAL, END} or head in _SPLIT_MARKERS


def archive(blob: Blob) -> Archive:
    """Return the archive that starts at the first byte, reading it once for each blob."""
    known = blob.memo.get("zip")
    if not isinstance(known, Archive):
        known = blob.memo["zip"] = _Reader(blob).read()
    return known


def names(blob: Blob) -> list[str]:
    """Return the names of all members of a blob, none if it is no zip archive."""
    return [member.name for member in archive(blob).members] if is_zip(blob) else []


@changing_record
class _Reader:
    blob: Blob
    archive: Archive = field(default_factory=Archive)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> Archive:
        found = self.archive
        places = directories(self.blob)
        main = next(places, None)
        if main is None:
            found.cut, found.end = True, self.blob.size
            found.members.extend(self._walk(0, self.blob.size))
            if not found.members:
                found.strays += [(_RECORD, self.blob.size)] * (self.blob.size > _RECORD)
            return found
        found.end, found.comment = main.end, (min(main.record + 22, main.end), main.end)
        if main.split:
            self._problem("the archive says that it is one of several parts", main.record)
        self._list(main)
        self._others(main, places)
        self._account(main)
        return found

    def _problem(self, text: str, offset: int, member: str = "", *, grave: bool = False) -> None:
        self.archive.problems.append(Problem(text, offset, member, grave))

    def _others(self, main: Directory, places: Iterator[Directory]) -> None:
        """Take also the members of other directories, unless they belong to an archive that is itself a member."""
        starts, reach = [], [0]
        for start, stop in sorted(self.spans):
            starts.append(start)
            reach.append(max(reach[-1], stop))
        for other in places:
            inside = reach[bisect.bisect_right(starts, other.record)] > other.record
            in_comment = self.archive.comment[0] <= other.record < self.archive.comment[1]
            if other.record == main.record or in_comment or not inside:
                self._problem("the archive has two central directories", other.record, grave=True)
                self._list(other)

    def _list(self, directory: Directory) -> None:
        """Read one central directory and the local header of each of its members."""
        position, count = directory.start, 0
        limit = directory.record if directory.start < directory.record else self.blob.size
        while self.blob.read(position, position + 4) == CENTRAL and position + 46 <= limit:
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
        size, compressed, header = large(extra, size, compressed, header)
        mode = attributes >> 16 if made >> 8 == 3 else 0
        stated = Member(_decoded(raw, flags), header + shift, 0, 0, method, flags, crc, size, mode)
        self._locate(stated, raw, compressed)
        self._alias(stated, raw, unicode_path(extra))
        end: int = position + 46 + n + m + k
        return end

    def _alias(self, stated: Member, raw: bytes, other: str | None) -> None:
        """Take the last member also under the name that readers find in an extra field."""
        if other is None or other == stated.name or not self.archive.members:
            return
        last = self.archive.members[-1]
        if last.header == stated.header:
            self.archive.members.append(replace(last, name=other))
        if raw.isascii():
            text = f"an extra field calls it '{printable(other)}', the directory '{printable(stated.name)}'"
            self._problem(text, stated.header, stated.name, grave=True)

    def _locate(self, stated: Member, raw: bytes, compressed: int) -> None:
        """Find the data of a listed member behind its local header, and compare the two."""
        head = self.blob.read(stated.header, stated.header + 30) if stated.header >= 0 else b""
        if len(head) < 30 or head[:4] != LOCAL:
            self._problem("the directory points at no member", max(stated.header, 0), stated.name, grave=True)
            return
        local = struct.unpack("<4s5H3I2H", head)
        start = stated.header + 30 + local[9] + local[10]
        name = self.blob.read(stated.header + 30, stated.header + 30 + local[9])
        extra = self.blob.read(stated.header + 30 + local[9], start)
        size, packed, _ = large(extra, local[8], local[7], 0)
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
        if local[3] != stated.method:
            self.archive.members.append(replace(member, method=local[3]))
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

    def _account(self, main: Directory) -> None:
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
        if start == 0 and self.blob.read(0, 8) in _SPLIT_MARKERS and stop == 4:
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
            size, packed, _ = large(extra, local[8], local[7], 0)
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
