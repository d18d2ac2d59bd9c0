"""Files with holes in tar archives: where the parts that are stored belong (GNU tar manual, "Storing Sparse Files").

Old GNU headers list the parts in the header and in blocks behind it; pax formats 0.0 and 0.1 in extended headers, 1.0
at the beginning of the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Blob

Parts = tuple[tuple[int, int], ...]
"""Offset in the file and length of each part."""

BLOCK = 512
_MOST = 100_000  # parts of one file
_MAP = 1 << 22  # bytes of a map


def old_parts(block: bytes, extensions: bytes) -> Parts:
    """Return the parts that an old GNU header and its extension blocks list."""
    found = list(_pairs(block[386:482]))
    for start in range(0, len(extensions), BLOCK):
        found += _pairs(extensions[start : start + 504])
    return tuple(found[:_MOST])


def _pairs(data: bytes) -> Iterator[tuple[int, int]]:
    from chainguard_ml.scan.formats.tar_reader import number

    for start in range(0, len(data) - 23, 24):
        offset, length = number(data[start : start + 12]), number(data[start + 12 : start + 24])
        if offset is None or length is None:
            return
        if offset or length:  # else it is one that is not used, behind which others can stand
            yield offset, length


def pax_parts(records: list[tuple[bytes, bytes]]) -> Parts:
    """Return the parts that extended headers of the formats 0.0 and 0.1 list."""
    values: list[bytes] = []
    for key, value in records:
        if key == b"GNU.sparse.map":
            values = value.split(b",")
        elif key in {b"GNU.sparse.offset", b"GNU.sparse.numbytes"}:
            values.append(value)
    return _paired(values)


def is_described(listed: list[tuple[bytes, bytes]], records: dict[bytes, bytes]) -> bool:
    """Return whether extended headers tell of no holes, or of holes in one of the three forms and in plain numbers."""
    if not any(key.startswith(b"GNU.sparse") for key in records):
        return True
    newest = (records.get(b"GNU.sparse.major"), records.get(b"GNU.sparse.minor")) == (b"1", b"0")
    older = b"GNU.sparse.size" in records
    if newest or not older:  # format 1.0 has its map in the data
        return newest and not older and b"GNU.sparse.map" not in records
    keys = {key for key, _ in listed}
    values = {b"GNU.sparse.offset", b"GNU.sparse.numbytes"} & keys
    return bool(pax_parts(listed)) != (not values and not records.get(b"GNU.sparse.map")) and not (
        values and b"GNU.sparse.map" in keys
    )


def _paired(values: list[bytes]) -> Parts:
    """Return pairs of numbers; none at all where one is no plain number, as readers differ in what that is."""
    if len(values) % 2 or len(values) > 2 * _MOST or not all(value.isdigit() and len(value) < 20 for value in values):
        return ()
    numbers = [int(value) for value in values]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def map_in_data(data: bytes) -> tuple[Parts, int]:
    """Return the parts that format 1.0 lists before the data, and where the data begin."""
    head, _, _ = data[:_MAP].partition(b"\n")
    if not head.isdigit() or len(head) > 6:
        return (), 0
    lines = data[:_MAP].split(b"\n", 2 * int(head) + 1)
    taken = lines[1 : 2 * int(head) + 1]
    length = len(head) + 1 + sum(len(line) + 1 for line in taken)
    return _paired(taken), -(-length // BLOCK) * BLOCK


def assembled(blob: Blob, parts: Parts, start: int, limit: int) -> bytes | None:
    """Return the file whose parts stand one after the other from ``start`` in ``blob``; ``None`` if it is too large."""
    result = bytearray()
    for offset, length in parts:
        if offset + length > limit or offset < len(result):
            return None
        result += bytes(offset - len(result))
        result += blob.read(start, start + length)
        start += length
    return bytes(result)
