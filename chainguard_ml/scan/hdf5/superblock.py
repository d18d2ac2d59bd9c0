"""Superblocks (HDF5 file format specification 3.0, II.A): versions 0 to 3, at offset 0, 512, 1024 and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5.source import Fields, Hdf5Error, Source

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Blob

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LARGEST = 128  # bytes of a superblock of any version with the widest addresses
_WIDTHS = frozenset({2, 4, 8, 16, 32})


@dataclass(frozen=True, slots=True)
class Superblock:
    """Where a file's content begins and ends.

    Attributes:
        source: Access to it.
        root: Address of the root group's object header.
        extension: Address of the superblock extension's object header.
        end: Offset in the file behind the content.
    """

    source: Source
    root: int | None
    extension: int | None
    end: int


def find(blob: Blob, *, everywhere: bool) -> int | None:
    """Return the offset of the superblock; ``everywhere`` also looks behind a user block, as the library does."""
    if blob.read(0, 8) == SIGNATURE:
        return 0
    offset = 512
    while everywhere and offset < blob.size:
        if blob.read(offset, offset + 8) == SIGNATURE:
            return offset
        offset *= 2
    return None


def parse(blob: Blob, offset: int) -> Superblock:
    """Return the superblock at ``offset``.

    Raises:
        Hdf5Error: It is cut, or of a version that is not known.
    """
    fields = Fields(blob.read(offset, offset + _LARGEST), offset, (8, 8))
    fields.take(8)
    version = fields.number(1)
    if version > 3:
        raise Hdf5Error(f"superblock version {version} is not known", offset + 8, GapReason.UNSUPPORTED)
    if version < 2:
        fields.take(4)
    widths = (fields.number(1), fields.number(1))
    if not _WIDTHS.issuperset(widths):
        raise Hdf5Error(f"addresses of {widths[0]} and lengths of {widths[1]} bytes are not known", offset + 9)
    fields = Fields(fields.data, offset, widths)
    return _old(blob, fields, offset, version) if version < 2 else _new(blob, fields, offset)


def _old(blob: Blob, fields: Fields, offset: int, version: int) -> Superblock:
    fields.take(24 if version == 0 else 28)
    base = fields.address()
    fields.address()  # free space
    end = fields.address()
    fields.address()  # driver information
    fields.length()  # name of the root group in a heap that does not exist
    root = fields.address()
    return Superblock(Source(blob, offset, fields.widths), root, None, _end(blob, offset, base, end))


def _new(blob: Blob, fields: Fields, offset: int) -> Superblock:
    fields.take(12)
    base = fields.address()
    extension = fields.address()
    end = fields.address()
    root = fields.address()
    return Superblock(Source(blob, offset, fields.widths), root, extension, _end(blob, offset, base, end))


def _end(blob: Blob, offset: int, base: int | None, end: int | None) -> int:
    """Return where the content ends: the stored end counts like the stored base, which a moved file has wrong."""
    return blob.size if end is None else end - (base or 0) + offset
