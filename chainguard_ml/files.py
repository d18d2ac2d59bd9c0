"""Files, with a hostile neighbour in mind.

They are opened beneath a root without following links, checked for change while they are read, and written whole
or not at all.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from chainguard_ml.errors import ChangedError, InputError, OutputError
from chainguard_ml.model import Digest
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 18
# O_NONBLOCK: opening a pipe or a device must not hang; regular files ignore it.
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_NAMES = frozenset({"", ".", ".."})
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@contextlib.contextmanager
def opened_root(root: Path) -> Iterator[Path | int]:
    """Give ``root`` open, for many calls of ``open_beneath``; where it cannot be opened, as it is: they say why."""
    try:
        descriptor = os.open(root, _DIRECTORY)
    except OSError:
        yield root
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_beneath(root: Path | int, relative: str) -> BinaryIO:
    """Open a regular file under ``root`` for reading, unbuffered; no component may be a link or ``..``.

    Args:
        root: A directory, or the descriptor of one (``opened_root``), which stays open.
        relative: Path below it, with ``/``.

    Raises:
        InputError: It is missing, no regular file, a link on the way, or the system refuses.
    """
    descriptor = _descriptor(root, relative)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"'{printable(relative)}' is not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def read_small(root: Path | int, relative: str, limit: int) -> bytes | None:
    """Return the bytes of a regular file under ``root`` of at most ``limit`` bytes, in four calls of the system.

    ``None`` for any other, one that cannot be opened, and one that changes meanwhile: ``open_beneath`` says why.
    """
    try:
        descriptor = _descriptor(root, relative)
    except InputError:
        return None
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or before.st_size > limit:
            return None
        data = os.pread(descriptor, limit + 1, 0)
        after = os.fstat(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    same = len(data) == after.st_size == before.st_size and after.st_mtime_ns == before.st_mtime_ns
    return data if same else None


def _descriptor(root: Path | int, relative: str) -> int:
    """Open what is beneath ``root`` without following a link."""
    parts = relative.split("/")
    if not _NO_NAMES.isdisjoint(parts):
        raise InputError(f"'{printable(relative)}' is not a path beneath the root")
    try:
        descriptor = root if isinstance(root, int) else os.open(root, _DIRECTORY)
        for part in parts:
            parent = descriptor
            try:
                descriptor = os.open(part, _FLAGS, dir_fd=parent)
            finally:
                if parent != root:
                    os.close(parent)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot open '{printable(relative)}': {reason}") from None
    return descriptor


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, unbuffered; links are followed, those to open files too.

    Raises:
        InputError: It is missing, no regular file, or the system refuses.
    """
    try:
        descriptor = os.open(path, _FLAGS & ~os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot open '{printable(path.name)}': {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"'{printable(path.name)}' is not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def stable(stream: BinaryIO, name: str) -> contextlib.AbstractContextManager[None]:
    """Hold that an open file does not change inside the block.

    Raises:
        ChangedError: Size, modification time or inode differ afterwards.
    """
    return _Stable(stream, name)


class _Stable:
    """A class of its own: generators as context managers cost as much as opening a small file."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._descriptor, self._name = stream.fileno(), name

    def __enter__(self) -> None:
        self._before = os.fstat(self._descriptor)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        before, after = self._before, os.fstat(self._descriptor)
        same = (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)
        if kind is None and not same:
            raise ChangedError(f"'{printable(self._name)}' changed while it was read")


def read_beneath(root: Path, relative: str, limit: int) -> bytes:
    """Return the bytes of a file under ``root``.

    Raises:
        InputError: As ``open_beneath``, or it is larger than ``limit`` bytes.
        ChangedError: It changed while it was read.
    """
    with open_beneath(root, relative) as stream, stable(stream, relative):
        data = bytearray()
        while chunk := stream.read(min(_CHUNK, limit + 1 - len(data))):
            data += chunk
            if len(data) > limit:
                raise InputError(f"'{printable(relative)}' is larger than {limit:,} bytes")
    return bytes(data)


def sha256_beneath(root: Path, relative: str) -> Digest:
    """Return the SHA-256 of a file under ``root``, reading it once with one small buffer.

    Raises:
        InputError: As ``open_beneath``.
        ChangedError: It changed while it was read.
    """
    with open_beneath(root, relative) as stream, stable(stream, relative):
        return sha256_of(stream)


def sha256_of(stream: BinaryIO) -> Digest:
    """Return the SHA-256 of an open unbuffered file, from its start."""
    import hashlib  # loads OpenSSL, which a scan without findings does not need

    digest, buffer = hashlib.sha256(), bytearray(_CHUNK)
    view, descriptor, position = memoryview(buffer), stream.fileno(), 0
    while count := os.preadv(descriptor, [buffer], position):
        digest.update(view[:count])
        position += count
    return Digest("sha256", digest.hexdigest())


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    The new file gets the old one's permissions, or those of the umask.

    Raises:
        OutputError: The directory is missing, not writable, or the disk is full; nothing is left behind.
    """
    import tempfile

    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), _mode(path))
            os.fsync(stream.fileno())
        os.replace(name, path)  # noqa: PTH105 (the name is a string already)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 (the name is a string already)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _refused(path: Path, error: Exception) -> OutputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OutputError(f"cannot write '{printable(str(path))}': {reason}", hint="choose another place with --output")
