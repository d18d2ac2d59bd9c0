"""Digests of open files: one pass, one reused buffer, and an error if the file changes meanwhile."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.model import GapReason
from chainguard_ml.signing.interface import UnverifiableError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUFFER = 1 << 18
"""Bytes read at once; larger buffers are not faster (measured from 64 KiB to 8 MiB)."""

LENGTHS = {"sha256": 64, "blake2b": 128, "blake3": 64}
"""The algorithms of the specification's registry and the length of their digests in hexadecimal."""


class _Sum(Protocol):
    def update(self, data: memoryview, /) -> object: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """How digests are taken.

    Attributes:
        algorithm: ``sha256``, ``blake2b`` (512 bits) or ``blake3``.
        shard_size: Bytes in each separately hashed part of a file; 0 means that files are hashed whole.
    """

    algorithm: str = "sha256"
    shard_size: int = 0

    def check(self) -> None:
        """Hold that the algorithm is available here.

        Raises:
            UnverifiableError: BLAKE3 was asked for, and its library is not installed.
        """
        if self.algorithm == "blake3" and importlib.util.find_spec("blake3") is None:
            raise UnverifiableError("BLAKE3 needs the package 'blake3', which is not installed", GapReason.ENGINE)

    def start(self) -> _Sum:
        """Return a new sum."""
        if self.algorithm == "blake3":
            from blake3 import blake3

            return blake3()
        return hashlib.new(self.algorithm)


def digest(
    descriptor: int, name: str, recipe: Recipe, buffer: memoryview, moved: Callable[[int], object] = bool
) -> str:
    """Return the digest of an open file's bytes in hexadecimal; of shards, their digests joined with commas.

    An empty file has no shards, and then no digest: an empty string (section 6.3.2). ``moved`` is told the number of
    bytes after each read.

    Raises:
        InputError: It is not a regular file, or reading fails.
        ChangedError: Size, times or inode differ afterwards, or other bytes than its size were read.
    """
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise InputError(f"'{printable(name)}' is not a regular file")
        digests = list(_digests(descriptor, recipe, before.st_size, buffer, moved))
        grown = os.pread(descriptor, 1, before.st_size)
        after = os.fstat(descriptor)
    except OSError as error:
        raise InputError(f"cannot read '{printable(name)}': {error.strerror}") from None
    if grown or _state(before) != _state(after):
        raise ChangedError(f"'{printable(name)}' changed while it was read")
    return ",".join(digests)


def _digests(
    descriptor: int, recipe: Recipe, size: int, buffer: memoryview, moved: Callable[[int], object]
) -> Iterator[str]:
    """Yield the digest of each part of the first ``size`` bytes."""
    step = recipe.shard_size or sys.maxsize
    if size == 0 and not recipe.shard_size:
        yield recipe.start().hexdigest()
    for start in range(0, size, step):
        total, position, end = recipe.start(), start, min(start + step, size)
        while position < end and (count := os.preadv(descriptor, [buffer[: end - position]], position)):
            total.update(buffer[:count])
            position += count
            moved(count)
        yield total.hexdigest()


def _state(status: os.stat_result) -> tuple[int, ...]:
    # Whoever may write can set the time of modification back; the time of the last change is the system's.
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
