"""Tensors of ggml: sizes by type, as ``ggml.h`` and ``ggml-common.h`` define the blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.scan.formats.cursor import BoundsError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Items in a block, and bytes of a block, by tensor type. 31 to 33 and 36 to 38 were layouts of Q4_0 and IQ4_NL.
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 31: (32, 18), 32: (32, 18),
    33: (32, 18), 34: (256, 54), 35: (256, 66), 36: (32, 18), 37: (32, 18), 38: (32, 18), 39: (32, 17), 40: (64, 36),
    41: (128, 18),
}  # fmt: skip
"""Items in a block, and bytes of a block, by the number of the type."""


class Tensor(NamedTuple):
    """A tensor's place: offset in the data, bytes (``None`` if its type is not known), and name."""

    offset: int
    size: int | None
    name: str


def size(kind: int, shape: Sequence[int], name: str, offset: int) -> int | None:
    """Return the bytes of a tensor, ``None`` if the type is not known.

    Raises:
        BoundsError: The number of items is no size, or the rows are not whole blocks.
    """
    if any(extent < 0 or extent >= 1 << 63 for extent in shape) or math.prod(shape) >= 1 << 63:
        raise BoundsError(f"tensor '{name}' has more items than can be counted", offset, grave=True)
    if kind not in BLOCKS:
        return None
    items, octets = BLOCKS[kind]
    if shape and shape[0] % items:
        raise BoundsError(f"tensor '{name}' has rows of {shape[0]:,} items, no whole blocks of {items}", offset)
    return math.prod(shape) // items * octets
