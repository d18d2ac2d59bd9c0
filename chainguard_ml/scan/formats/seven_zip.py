"""7z archives (7-Zip's ``7zFormat.txt``): both kinds of header, solid folders, every file as one of its own.

Models have been published in 7z archives to slip past scanners, so the archive is unpacked in memory, within budgets.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import GapReason
from chainguard_ml.rules import containers
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats import seven_zip_reader as reader
from chainguard_ml.scan.formats.ending import behind_zeros, trailing
from chainguard_ml.scan.formats.member_names import traversal
from chainguard_ml.scan.formats.seven_zip_coders import MethodError, Unpacked, unpack
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.seven_zip_reader import Archive, Entry, Folder
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "7z"
EXAMINES = "plain and packed headers, solid folders; every member, its path, links, checksums; AES and PPMd are gaps"

_HEADERS = 4  # headers packed in headers
_LINK_TARGET = 4096


def recognise(blob: Blob) -> bool:
    """Return whether the signature is there."""
    return blob.read(0, 6) == reader.SIGNATURE


def examine(blob: Blob, examination: Examination) -> Observations:
    """Unpack every folder and examine the files in it."""
    try:
        begin = reader.start(blob)
    except reader.HeaderError as error:
        yield blob.gap(GapReason.MALFORMED, str(error))
        return
    if not begin.sound:
        yield blob.gap(GapReason.MALFORMED, "the signature header has a wrong checksum")
    if not begin.size:
        yield from trailing(blob, reader.START, examination)
        return
    end = begin.offset + begin.size
    if end > blob.size or begin.size > examination.budgets.header:
        reason = GapReason.MALFORMED if end > blob.size else GapReason.BUDGET
        yield blob.gap(reason, f"the header of {begin.size:,} bytes is cut or larger than what is read")
        return
    covered = [(0, reader.START), (begin.offset, end)]
    data = blob.read(begin.offset, end)
    if zlib.crc32(data) != begin.crc:
        yield blob.gap(GapReason.MALFORMED, "the header has a wrong checksum", begin.offset)
    try:
        archive = _archive(blob, data, covered, examination)
    except (reader.HeaderError, MethodError) as error:
        yield blob.gap(_reason(error), f"the header is not read: {error}", begin.offset)
        return
    yield from _contents(blob, archive, examination)
    yield from _strays(blob, covered, end, examination)
    yield from trailing(blob, end, examination)


def _reason(error: reader.HeaderError | MethodError) -> GapReason:
    if isinstance(error, MethodError):
        return GapReason.ENCRYPTED if error.encrypted else GapReason.UNSUPPORTED
    return GapReason.BUDGET if error.budget else GapReason.MALFORMED


def _archive(blob: Blob, data: bytes, covered: list[tuple[int, int]], examination: Examination) -> Archive:
    """Parse a header, and the header that is packed in it."""
    for _ in range(_HEADERS):
        archive = reader.parse(data)
        covered += archive.streams.packed
        if not archive.encoded:
            return archive
        if len(archive.streams.folders) != 1:
            raise reader.HeaderError("a packed header has not exactly one folder")
        unpacked = _unpack(blob, archive.streams.folders[0], examination)
        if unpacked.broken or unpacked.limited:
            raise reader.HeaderError(f"it cannot be unpacked: {unpacked.broken or 'it is too large'}")
        data = bytes(unpacked.data)
    raise reader.HeaderError("headers are packed in each other", budget=True)


def _unpack(blob: Blob, folder: Folder, examination: Examination) -> Unpacked:
    start, stop = folder.streams[0]
    packed = memoryview(blob.data)[start:stop]
    result = unpack(folder, packed, examination.allowance(len(packed)))
    if not isinstance(result.data, memoryview):  # a window costs nothing
        examination.spend(len(result.data))
    return result


class _Part(NamedTuple):
    """Where a file is in what its folder unpacks to, its checksum if stated, and its entry if there is one."""

    start: int
    stop: int
    crc: int | None
    entry: Entry | None


def _contents(blob: Blob, archive: Archive, examination: Examination) -> Observations:
    for entry in archive.entries:
        yield from _named(blob, entry)
    supply = (entry for entry in archive.entries if entry.has_stream)
    for index, (folder, sizes) in enumerate(zip(archive.streams.folders, archive.streams.parts, strict=True)):
        parts = list(_parts(sizes, supply))
        try:
            unpacked = _unpack(blob, folder, examination)
        except MethodError as error:
            names = ", ".join(f"'{printable(part.entry.name, 60)}'" for part in parts[:5] if part.entry)
            yield blob.gap(_reason(error), f"{names or f'folder {index}'} cannot be unpacked: {error}")
            continue
        if unpacked.broken or unpacked.limited:
            reason = GapReason.BUDGET if unpacked.limited else GapReason.MALFORMED
            what = "it is larger than what is read" if unpacked.limited else printable(unpacked.broken)
            yield blob.gap(reason, f"folder {index} is not whole: {what}", folder.streams[0][0])
        yield from _files(blob, memoryview(unpacked.data), parts, examination)


def _parts(sizes: list[tuple[int, int | None]], supply: Iterator[Entry]) -> Iterator[_Part]:
    position = 0
    for size, crc in sizes:
        yield _Part(position, position + size, crc, next(supply, None))
        position += size


def _named(blob: Blob, entry: Entry) -> Observations:
    """Report where a file would be unpacked to, and that it deletes one."""
    if finding := traversal(blob, entry.name, 0):
        yield finding
    if entry.anti:
        yield containers.ANTI_ITEM.finding(
            blob.subject,
            blob.location.inside(entry.name),
            f"unpacking deletes '{printable(entry.name)}'",
            key=("anti",),
        )


def _files(blob: Blob, data: memoryview, parts: list[_Part], examination: Examination) -> Observations:
    for number, part in enumerate(parts):
        content = data[part.start : part.stop].toreadonly()
        name = part.entry.name if part.entry and part.entry.name else f"(file {number})"
        inside = blob.inside(name, content)
        if part.entry and part.entry.is_link:
            target = bytes(content[:_LINK_TARGET]).decode(errors="surrogateescape")
            if finding := traversal(blob, name, 0, target):
                yield finding
        whole = len(content) == part.stop - part.start
        if whole and part.crc is not None and zlib.crc32(content) != part.crc:
            yield inside.gap(GapReason.MALFORMED, "the content does not have the stated checksum")
        yield from examination.nested(inside)
    last = parts[-1].stop if parts else 0
    if last < len(data):
        yield from examination.nested(blob.inside("(behind the files)", data[last:].toreadonly()))


def _strays(blob: Blob, covered: list[tuple[int, int]], end: int, examination: Examination) -> Observations:
    """Report and examine bytes that neither a packed stream nor a header owns."""
    position = 0
    for start, stop in sorted(covered):
        begin = behind_zeros(blob, position, min(start, end))
        if begin < min(start, end):
            text = f"{plural(start - begin, 'byte')} between the packed streams belong to none"
            yield rules.TRAILING_DATA.finding(blob.subject, blob.location.at(begin), text, key=("stray",))
            yield from examination.nested(blob.window("(between streams)", begin, start))
        position = max(position, stop)
