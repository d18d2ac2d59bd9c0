"""Where the database lies: files beside it that are not whole yet, its replacement, and who may write it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.errors import OutputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def writing(database: Path) -> Iterator[None]:
    """Keep other writers of a database away; readers need no permission, they see the old file or the new one.

    The lock is the operating system's, on the directory: it leaves no file behind and ends with the process, however
    that ends. Where a file system has no such locks, the last writer wins, with a whole database.

    Raises:
        OutputError: Another process is writing, or the directory cannot be made.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        directory = os.open(database.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise refused(database, error) from None
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another process is writing the advisory database '{printable(str(database))}'"
                raise OutputError(message, hint="wait until it has ended, then try again") from None
        yield
    finally:
        os.close(directory)


@contextlib.contextmanager
def temporary(database: Path) -> Iterator[Path]:
    """Give an empty file beside the database; it is gone afterwards.

    Raises:
        OutputError: There can be none.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{database.name[:100]}.", suffix=".part", dir=database.parent)
    except (OSError, ValueError) as error:
        raise refused(database, error) from None
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def replace(built: Path, database: Path) -> None:
    """Put a whole file in place and keep the old one as ``<name>.previous``; at no moment is there none.

    Raises:
        OSError: It cannot be done; the old one is still there.
    """
    built.chmod(0o644)
    with built.open("rb") as stream:
        os.fsync(stream.fileno())
    if database.exists():
        with temporary(database) as copy:
            shutil.copy2(database, copy)
            copy.replace(database.with_name(f"{database.name}.previous"))
    built.replace(database)


def refused(database: Path, error: Exception) -> OutputError:
    """Return the error that says why a database cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    message = f"cannot write the advisory database '{printable(str(database))}': {printable(str(reason), 200)}"
    return OutputError(message, hint="choose another place for it, or make room")
