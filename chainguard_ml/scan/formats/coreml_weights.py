"""Weights beside a Core ML program (``weight.bin``): a header, then for each weight a description and its bytes.

Layout: coremltools ``mlmodel/src/MILBlob/Blob/StorageFormat.hpp``, version 2: everything is aligned to 64 bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.protobuf import content

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "coreml-weights"
EXAMINES = "bounds of every weight, files in weights, what follows"

_ALIGNMENT = 64
_SENTINEL = b"\xef\xbe\xad\xde"
_MOST = 1_000_000  # weights


def recognise(blob: Blob) -> bool:
    """Return whether a header with a count and a version is followed by the sentinel of a first description."""
    head = blob.read(0, 68)
    return head[8:64] == bytes(56) and head[64:] == _SENTINEL and head[4:8] in {b"\1\0\0\0", b"\2\0\0\0"}


def examine(blob: Blob, examination: Examination) -> Observations:
    """Follow the descriptions to the end."""
    count = int.from_bytes(blob.read(0, 4), "little")
    position = _ALIGNMENT
    for number in range(min(count, _MOST)):
        head = blob.read(position, position + _ALIGNMENT)
        size, start = struct.unpack("<QQ", head[8:24]) if len(head) == _ALIGNMENT else (0, 0)
        if head[:4] != _SENTINEL or start < position or start + size > blob.size:
            yield blob.gap(GapReason.MALFORMED, f"weight {number:,} of {count:,} is not inside of the file", position)
            return
        yield from content.examine_bytes(blob, f"(weight {number})", (start, start + size), examination)
        position = -(-(start + size) // _ALIGNMENT) * _ALIGNMENT
    if count > _MOST:
        yield blob.gap(GapReason.BUDGET, f"more than {_MOST:,} weights", position)
        return
    yield from trailing(blob, min(position, blob.size), examination)
