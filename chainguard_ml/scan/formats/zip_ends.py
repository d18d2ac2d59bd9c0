"""Where the central directories of a zip archive are (APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16).

Readers look for the end record from the end of the file and differ in which one they take, whether they believe its
offset or its length, and whether they look at the zip64 record. So all of them are followed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chainguard_ml.records import record
from chainguard_ml.scan.interface import Budgets
from chainguard_ml.scan.registry import ZIP_END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", ZIP_END
_END64, _LOCATOR = b"PK\6\6", b"PK\6\7"
_MEMBERS = Budgets().members
_TAIL = 65_535 + 22  # the end record with the longest comment
_ALL32 = 0xFFFFFFFF
_UNICODE_PATH = 0x7075
_ZIP64 = 1


@record
class Directory:
    """A central directory.

    Attributes:
        start: Where it is.
        shift: What to add to its offsets.
        count: How many members it should have.
        records: Where its end records begin.
        record: Where the last of them begins.
        end: Offset behind it and its comment.
        split: Whether the record says that the archive is one of several parts.
    """

    start: int
    shift: int
    count: int
    records: int
    record: int
    end: int
    split: bool = False


def appended(blob: Blob) -> tuple[int, int] | None:
    """Return start and stop of a zip archive that ends near the blob's end, behind something else."""
    if END not in blob.read(max(0, blob.size - _TAIL), blob.size):
        return None
    places = {(directory.start, directory.shift): directory for directory in directories(blob)}
    first = min((header for directory in places.values() for header in _headers(blob, directory)), default=0)
    return (first, blob.size) if first else None


def _headers(blob: Blob, directory: Directory) -> Iterator[int]:
    """Yield the offsets of the local headers that a directory points at and that are there."""
    position = directory.start
    for _ in range(_MEMBERS):
        if blob.read(position, position + 4) != CENTRAL or position + 46 > directory.record:
            return
        n, m, k = struct.unpack("<3H", blob.read(position + 28, position + 34))
        (header,) = struct.unpack("<I", blob.read(position + 42, position + 46))
        extra = blob.read(position + 46 + n, position + 46 + n + m)
        *_, header = large(extra, 0, 0, header)
        place = header + directory.shift
        if place > 0 and blob.read(place, place + 4) == LOCAL:
            yield place
        position += 46 + n + m + k


def directories(blob: Blob) -> Iterator[Directory]:
    """Yield the central directories that end records near the blob's end point at, the last record first."""
    base = max(0, blob.size - _TAIL)
    tail = blob.read(base, blob.size)
    position = len(tail)
    while (position := tail.rfind(END, 0, position + 3)) >= 0:
        if len(tail) - position >= 22:
            yield from _pointed_at(blob, base + position)


def exact_start(blob: Blob, stop: int) -> int | None:
    """Return where the archive starts whose end record, without a comment, ends exactly at ``stop``.

    That is where its first offset counts from, if a local header stands there.
    """
    record = stop - 22
    if record < 0 or blob.read(record, record + 4) != END or blob.read(stop - 2, stop) != b"\0\0":
        return None
    directory = next(_pointed_at(blob, record), None)
    if directory is None or blob.read(directory.shift, directory.shift + 4) != LOCAL:
        return None
    return directory.shift


def _pointed_at(blob: Blob, record: int) -> Iterator[Directory]:
    """Yield the directories that an end record points at: readers that go by its size may see another one."""
    fields = struct.unpack("<4s4H2IH", blob.read(record, record + 22))
    end = min(record + 22 + fields[7], blob.size)
    stated = [(record, fields[4], fields[5], fields[6])]
    locator = blob.read(record - 20, record) if record >= 20 else b""
    if locator[:4] == _LOCATOR:
        (place,) = struct.unpack("<Q", locator[8:16])
        stated = list(_stated64(blob, place, record - 20, fields[4:7]))
        stated = stated or [(before, *fields[4:7]) for before in (record - 20, record)]
    seen: set[tuple[int, int]] = set()
    split = any(number not in {0, 0xFFFF} for number in fields[1:3])
    for before, count, length, offset in stated:
        # As readers that follow the size do; the difference to the stated offset is what stands before the archive.
        for start in dict.fromkeys((before - length, offset)):
            if (start, offset) in seen:
                continue
            seen.add((start, offset))
            if start >= 0 and blob.read(start, start + 4) == CENTRAL:  # some take what stands behind the record too
                yield Directory(start, start - offset, count, before, record, end, split)
    if fields[4] == fields[5] == 0 and record == 0:
        yield Directory(record, 0, 0, record, record, end)


def _stated64(
    blob: Blob, place: int, locator: int, classic: tuple[int, int, int]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield where a zip64 end record starts, and count, length and offset of the directory.

    Some readers take the record before the locator, others the one it points at; some take all values of it, others
    only those that the ``classic`` record has no room for, where that is all ones.
    """
    for start in dict.fromkeys((locator - 56, place)):  # shifted with the archive, or as stated
        head = blob.read(start, start + 56) if 0 <= start < locator else b""
        if len(head) == 56 and head[:4] == _END64:
            count, length, offset = struct.unpack("<3Q", head[32:56])
            yield start, count, length, offset
            mixed = zip(classic, (0xFFFF, _ALL32, _ALL32), (count, length, offset), strict=True)
            count, length, offset = (wide if value == full else value for value, full, wide in mixed)
            yield start, count, length, offset


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the extra fields (4.5.1): tag and data."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack("<2H", extra[position : position + 4])
        yield tag, extra[position + 4 : position + 4 + length]
        position += 4 + length


def large(extra: bytes, size: int, compressed: int, header: int) -> tuple[int, int, int]:
    """Return the three values with those of the zip64 extra field (4.5.3) in place of all-ones."""
    for tag, data in _fields(extra):
        if tag == _ZIP64:
            wide = iter(struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8]))
            values = [next(wide, value) if value == _ALL32 else value for value in (size, compressed, header)]
            return values[0], values[1], values[2]
    return size, compressed, header


def unicode_path(extra: bytes) -> str | None:
    """Return the name in the Unicode path extra field (4.6.9), which some readers take instead of the other."""
    for tag, data in _fields(extra):
        if tag == _UNICODE_PATH and data[:1] == b"\1" and len(data) > 5:
            return data[5:].decode(errors="surrogateescape")
    return None
