"""Where claims are kept: one envelope a line, in a file beside the model that only ever grows."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError, OutputError, UsageError
from chainguard_ml.model import GapReason, Location
from chainguard_ml.signing.attestations import envelope
from chainguard_ml.signing.attestations.interface import BUDGETS, CLAIMS_NAME, Line
from chainguard_ml.signing.interface import UnverifiableError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LINES = ".jsonl"


def default_claims(model: Path) -> Path:
    """Return where claims are kept: ``claims.jsonl`` in a model's directory, ``<file>.claims.jsonl`` beside a file."""
    return model / CLAIMS_NAME if model.is_dir() else model.with_name(f"{model.name}.{CLAIMS_NAME}")


def read(path: Path) -> bytes | None:
    """Return the bytes of a file of claims, or ``None`` if there is none.

    Raises:
        UnverifiableError: It is larger than the budget.
        InputError: It is a link or no regular file, or cannot be read.
    """
    try:
        size = path.lstat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot open the claims: {reason}") from None
    if size > BUDGETS.file_bytes:
        raise UnverifiableError(f"more than {BUDGETS.file_bytes:,} bytes of claims", GapReason.BUDGET)
    return files.read_beneath(path.parent, path.name, BUDGETS.file_bytes)


def lines(data: bytes, name: str) -> Iterator[Line]:
    """Yield the claims of a file called ``name``: each line of ``.jsonl`` that is not blank, else the whole as one.

    Raises:
        UnverifiableError: There are more than the budget allows; those before were yielded.
    """
    if not name.endswith(_LINES):
        yield Line(data, Location(name))
        return
    count = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        if count == BUDGETS.claims:
            raise UnverifiableError(f"more than {BUDGETS.claims:,} claims; the rest is not read", GapReason.BUDGET)
        count += 1
        yield Line(line, Location(name, line=number))


def holds_claims(path: Path) -> bool:
    """Return whether a file holds claims, or is not there: something else of that name belongs to the model.

    The first line decides.
    """
    try:
        data = read(path)
    except InputError:
        return False
    return data is None or not data.strip() or envelope.is_claim(data.lstrip().partition(b"\n")[0])


def append(path: Path, bundles: Sequence[bytes]) -> None:
    """Append claims, one a line, so that a reader sees all of them or none; whoever appends holds the lock.

    Raises:
        UsageError: The file is there and holds something else, or would be larger than what is read.
        InputError: It cannot be read.
        OutputError: It cannot be written.
    """
    shown = printable(str(path))
    elsewhere = "write the claims elsewhere with --claims FILE"
    if not holds_claims(path):
        raise UsageError(f"'{shown}' exists and does not hold claims", hint=elsewhere)
    before = read(path) or b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    after = before + b"".join(each.strip() + b"\n" for each in bundles)
    if len(after) > BUDGETS.file_bytes:
        raise UsageError(f"'{shown}' would have more than {BUDGETS.file_bytes:,} bytes", hint=elsewhere)
    files.write_atomic(path, after)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the directory that a file is in: no two add to it at once, or see each other's half-done work.

    Raises:
        OutputError: There is no such directory.
    """
    try:
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"cannot write '{printable(str(path))}': {reason}", hint="check the path") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
