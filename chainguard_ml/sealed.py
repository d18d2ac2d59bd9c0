"""Copies of files that nobody can change any more, for whoever examines first and reads afterwards.

A copy lies in memory that is sealed against every write (``memfd_create(2)``, Linux), or in a temporary file without a
name: where the system has no such memory, or where the file is larger than the caller wants to hold in memory.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from chainguard_ml.errors import InputError
from chainguard_ml.files import stable
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20
_DESCRIPTORS = Path("/proc/self/fd") if Path("/proc/self/fd").is_dir() else Path("/dev/fd")


def copy(source: BinaryIO, name: str, *, in_memory: int | None = None, spool: Path | None = None) -> BinaryIO:
    """Return a copy of an open file, from its position on, that no other process can change.

    Args:
        source: A regular file, open and unbuffered.
        name: What messages call it.
        in_memory: Bytes from which on the copy lies on disk instead of in memory; ``None`` means never.
        spool: Directory for copies on disk; by default the system's for temporary files.

    Raises:
        InputError: It cannot be read, or there is no room for the copy.
        ChangedError: It changed while it was copied.
    """
    with contextlib.ExitStack() as stack:
        try:
            size = os.fstat(source.fileno()).st_size
            memory = hasattr(os, "memfd_create") and (in_memory is None or size < in_memory)
            made = stack.enter_context(_memory() if memory else _nameless(spool))
            with stable(source, name):
                made.writelines(_chunks(source, size))
            made.flush()
            if memory:
                _seal(made.fileno())
            made.seek(0)
        except OSError as error:
            raise InputError(f"cannot copy '{printable(name)}': {error.strerror or error}") from None
        stack.pop_all()
    return made


def link(path: Path, stream: BinaryIO) -> None:
    """Make ``path`` a link to an open file, good in this process for as long as the file is open."""
    path.symlink_to(_DESCRIPTORS / str(stream.fileno()))


def _chunks(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield at most ``size`` bytes, so that a file that grows does not fill the memory."""
    while size > 0 and (chunk := source.read(min(_CHUNK, size))):
        size -= len(chunk)
        yield chunk


def _memory() -> BinaryIO:
    descriptor = os.memfd_create("chainguard-ml", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    return os.fdopen(descriptor, "w+b")


def _nameless(directory: Path | None) -> BinaryIO:
    return cast("BinaryIO", tempfile.TemporaryFile(dir=directory))


def _seal(descriptor: int) -> None:
    """Forbid every later change of an anonymous file, through whatever descriptor."""
    import fcntl

    if hasattr(fcntl, "F_ADD_SEALS"):
        fcntl.fcntl(
            descriptor,
            fcntl.F_ADD_SEALS,
            fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
        )
