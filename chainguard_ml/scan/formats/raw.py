"""Numbers that no loader parses: is there nevertheless a file in them?"""

from __future__ import annotations

import contextlib
import mmap
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding, Gap, GapReason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

HEAD = 64
"""Bytes that are looked at."""

MOST_TENSORS = 512
"""Tensors of one file whose first bytes are looked at: each costs a page, which may have to come from a disk."""

# Signatures long enough that numbers do not have them by chance: archives, compressions, native code, models, and a
# pickle of protocol 2 or later whose first opcodes are sound.
_FILE = re.compile(
    rb"PK\x03\x04|PK\x05\x06|\x1f\x8b\x08[\x00-\x1f]|BZh[1-9]1AY&SY|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|\x28\xb5\x2f\xfd"
    rb"|\x04\x22\x4d\x18|\x89HDF\r\n\x1a\n|\x93NUMPY|GGUF|\x7fELF|MZ.{58}|#!/"
    rb"|\x80[\x02\x03][cX\x8c(\]})K\x8aMUBC]|\x80[\x04\x05]\x95.{6}\0\0|\x80[\x04\x05][cX\x8c(\]})K\x8aMUBC]"
    rb"|c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n",
    re.DOTALL,
)


def looks_like_a_file(head: bytes) -> bool:
    """Return whether the first bytes carry a signature."""
    return _FILE.match(head) is not None


def payloads(observations: Observations) -> Observations:
    """Yield the findings among observations about bytes that may be something else: doubts do not count.

    Nor do gaps, but for a budget that was hit: what is no file does not get that far.
    """
    for item in observations:
        match item:
            case Finding() if item.severity >= Severity.HIGH:
                yield item
            case Gap(reason=GapReason.BUDGET):
                yield item


def examine_raw(blob: Blob, examination: Examination) -> Observations:
    """Examine numbers that look like a file; what is no file after all is no gap, only findings count."""
    if looks_like_a_file(blob.read(0, HEAD)):
        yield from payloads(examination.nested(blob))


def examine_tensor(blob: Blob, start: int, stop: int, name: str, examination: Examination) -> Observations:
    """Look at what a tensor from ``start`` to ``stop`` begins with, as ``examine_raw`` does."""
    stop = min(stop, blob.size)
    if start < stop and looks_like_a_file(blob.read(start, min(stop, start + HEAD))):
        yield from examine_raw(blob.window(f"(tensor {name[:100]})", start, stop), examination)


@contextlib.contextmanager
def scattered(blob: Blob) -> Iterator[None]:
    """While this is open, few bytes here and there are read: the system need not read ahead at each of them."""
    data = blob.data
    advised = isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_RANDOM")
    if isinstance(data, mmap.mmap) and advised:
        data.madvise(mmap.MADV_RANDOM)
    try:
        yield
    finally:
        if isinstance(data, mmap.mmap) and advised:
            data.madvise(mmap.MADV_NORMAL)
