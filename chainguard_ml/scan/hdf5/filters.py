"""Filter pipelines of chunks (HDF5 file format specification 3.0, IV.A.2.l): deflate, shuffle and Fletcher's checksum.

Other filters are libraries that HDF5 loads when a chunk is read. Those that are registered with The HDF Group are
known; any other number asks for a plug-in that nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.expand import expand, inflate
from chainguard_ml.scan.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.scan.hdf5.source import Fields
    from chainguard_ml.scan.interface import Examination

DEFLATE, SHUFFLE, FLETCHER = 1, 2, 3
_BUILT_IN = frozenset(range(7))
# https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md
_REGISTERED = frozenset({257, 258, 259, 305, 307, 405, *range(32_000, 32_031), 33_000})
_LONG_NAMES = 256  # ids below have no name in version 2
_MOST = 32


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its number, the name that the file gives it, and its parameters."""

    number: int
    name: str
    parameters: tuple[int, ...]

    @property
    def is_known(self) -> bool:
        """Whether it is part of HDF5 or registered."""
        return self.number in _BUILT_IN or self.number in _REGISTERED


def parse(fields: Fields) -> list[Filter]:
    """Return the filters of a pipeline in the order in which they were applied."""
    version, count = fields.number(1), fields.number(1)
    if version not in {1, 2} or count > _MOST:
        raise Hdf5Error("a filter pipeline is of no known version", fields.place, GapReason.UNSUPPORTED)
    if version == 1:
        fields.take(6)
    return [_filter(fields, version) for _ in range(count)]


def _filter(fields: Fields, version: int) -> Filter:
    number = fields.number(2)
    length = fields.number(2) if version == 1 or number >= _LONG_NAMES else 0
    fields.take(2)
    count = fields.number(2)
    name = fields.take(-(-length // 8) * 8 if version == 1 else length).partition(b"\0")[0]
    parameters = tuple(fields.number(4) for _ in range(count))
    if version == 1 and count % 2:
        fields.take(4)
    return Filter(number, name.decode("utf-8", "backslashreplace"), parameters)


def decode(raw: bytes, filters: Sequence[Filter], mask: int, size: int, examination: Examination) -> bytes:
    """Return the content of a chunk that is ``size`` bytes long uncompressed.

    Raises:
        Hdf5Error: It needs a filter that is not read, is broken, or needs more than the budgets allow.
    """
    for number, item in reversed(list(enumerate(filters))):
        if mask >> number & 1:
            continue
        if item.number == DEFLATE:
            raw = _inflated(raw, size, examination)
        elif item.number == SHUFFLE:
            raw = _in_order(raw, item.parameters[0] if item.parameters else 1)
        elif item.number == FLETCHER:
            raw = raw[:-4]
        else:
            raise Hdf5Error(f"filter {item.number} is not read", None, GapReason.UNSUPPORTED)
    return raw


def _inflated(raw: bytes, size: int, examination: Examination) -> bytes:
    limit = min(size + 8, examination.allowance(len(raw)))  # a checksum may be inside
    found = expand(inflate(15), memoryview(raw), limit)
    examination.spend(len(found.data))
    if found.limited and limit < size:
        raise Hdf5Error(f"a chunk decompresses to more than {limit:,} bytes", None, GapReason.BUDGET)
    if not (found.finished or found.data):
        raise Hdf5Error("the compressed data of a chunk are broken")
    return bytes(found.data)


def _in_order(raw: bytes, width: int) -> bytes:
    """Undo the shuffle filter: first bytes of all elements, then their second bytes, and so on; a rest is as it is."""
    count = len(raw) // width if width else 0
    if width < 2 or count < 2:
        return raw
    result = bytearray(raw)
    for place in range(width):
        result[place : count * width : width] = raw[place * count : (place + 1) * count]
    return bytes(result)
