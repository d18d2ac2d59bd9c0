"""PaddlePaddle parameters (``.pdiparams``): tensors one after the other, each behind its description.

Layout: ``paddle/phi/core/framework/dense_tensor_serialize.cc`` and ``dense_tensor_tostream.cc``: version, levels of
detail, version, the length of a ``VarType.TensorDesc``, the description, the numbers.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.protobuf import content
from chainguard_ml.scan.protobuf.wire import VARINT, Wire

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "paddle-params"
EXAMINES = "every tensor's description and bounds, files in tensors, what follows"

_LONGEST = 4096  # bytes of a description
_ITEM = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16, 32: 1, 33: 1}
_MOST = 1_000_000  # tensors


def recognise(blob: Blob) -> bool:
    """Return whether a sound tensor stands at the start."""
    return _tensor(blob, 0) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Go from tensor to tensor."""
    position = 0
    for number in range(_MOST):
        span = _tensor(blob, position)
        if span is None:
            break
        yield from content.examine_bytes(blob, f"(tensor {number})", span, examination)
        position = span[1]
    yield from trailing(blob, position, examination)


def _tensor(blob: Blob, position: int) -> tuple[int, int] | None:
    """Return where the numbers of the tensor at ``position`` are, ``None`` if there is none."""
    head = blob.read(position, position + 12)
    if len(head) < 12 or head[:4] != bytes(4):
        return None
    position += 12
    for _ in range(min(int.from_bytes(head[4:], "little"), 16)):  # levels of detail
        position += 8 + int.from_bytes(blob.read(position, position + 8), "little")
    head = blob.read(position, position + 8)
    if len(head) < 8 or head[:4] != bytes(4):
        return None
    (length,) = struct.unpack("<i", head[4:])
    start = position + 8 + length
    if not 0 < length <= _LONGEST or start > blob.size:
        return None
    size = _size(blob, position + 8, start)
    return None if size is None or start + size > blob.size else (start, start + size)


def _size(blob: Blob, start: int, stop: int) -> int | None:
    """Return the bytes that a description asks for."""
    wire = Wire(blob.data, _LONGEST)
    item = 0
    dims: list[int] = []
    for field in wire.sound(start, stop):
        number, how, value, _ = field
        if number == 1 and how == VARINT:
            item = _ITEM.get(value, 0)
        elif number == 2:
            dims += wire.numbers(field)
        else:
            return None
    return None if wire.problems or not item else item * math.prod(dims)
