"""Digests of open files: one pass, one reused buffer, and an error if the file changes meanwhile."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
from typing import TYPE_CHECKING, Protocol

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.model import GapReason
from chainguard_ml.records import record
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


_AT_ONCE: dict[str, Callable[[memoryview], _Sum]] = {"sha256": hashlib.sha256, "blake2b": hashlib.blake2b}


@record
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

    def of(self, data: memoryview) -> str:
        """Return the digest of bytes, in hexadecimal."""
        if self.algorithm in _AT_ONCE:
            return _AT_ONCE[self.algorithm](data).hexdigest()
        total = self.start()
        total.update(data)
        return total.hexdigest()


def digest(
    descriptor: int,
    name: str,
    recipe: Recipe,
    buffer: memoryview,
    moved: Callable[[int], object] = bool,
    before: os.stat_result | None = None,
) -> str:
    """Return the digest of an open file's bytes in hexadecimal; of shards, their digests joined with commas.

    An empty file has no shards, and then no digest: an empty string (section 6.3.2). ``moved`` is told the number of
    bytes after each read; ``before`` is the file's status where the caller has asked for it already.

    Raises:
        InputError: It is not a regular file, or reading fails.
        ChangedError: Size, times or inode differ afterwards, or other bytes than its size were read.
    """
    try:
        before = before or os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise InputError(f"'{printable(name)}' is not a regular file")
        found, grown = _small(descriptor, recipe, before.st_size, buffer), b""
        if found is None:
            found = ",".join(_digests(descriptor, recipe, before.st_size, buffer, moved))
            grown = os.pread(descriptor, 1, before.st_size)
        else:
            moved(before.st_size)
        after = os.fstat(descriptor)
    except OSError as error:
        raise InputError(f"cannot read '{printable(name)}': {error.strerror}") from None
    if grown or _state(before) != _state(after):
        raise ChangedError(f"'{printable(name)}' changed while it was read")
    return found


def _small(descriptor: int, recipe: Recipe, size: int, buffer: memoryview) -> str | None:
    """Return the digest of a file that one read brings whole; ``None`` if it is larger, or has not ``size`` bytes.

    The buffer has room for more than the file should have, so a read of just ``size`` bytes has met the file's end.
    """
    if recipe.shard_size or size >= len(buffer) or os.preadv(descriptor, [buffer], 0) != size:
        return None
    return recipe.of(buffer[:size])


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
