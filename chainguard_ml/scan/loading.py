"""Scan, then load: the loader gets the bytes that were scanned, whatever happens on disk in between.

The file is copied once into memory that nobody can write any more (``memfd_create(2)`` with seals, Linux) or, where
the system has none, into a temporary file without a name. Scan and loader both read that copy.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from chainguard_ml.errors import InputError, RefusedError
from chainguard_ml.files import open_beneath, stable
from chainguard_ml.model import Finding, Gap, Severity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.model import Observation

T = TypeVar("T")

_DESCRIPTORS = Path("/proc/self/fd") if Path("/proc/self/fd").is_dir() else Path("/dev/fd")


def safe_load(
    path: Path | str, loader: Callable[[BinaryIO], T], *, allow: Sequence[AllowedGlobal] = (),
    fail_on: Severity = Severity.HIGH,
) -> T:  # fmt: skip
    """Return ``loader(stream)`` of a file that a scan finds acceptable; the stream holds exactly the scanned bytes.

    Args:
        path: The model, one file.
        loader: Reads a binary stream that can seek and has a descriptor: ``pickle.load``, ``torch.load``,
            ``joblib.load``, ``numpy.load``. It must not keep the stream. Where a path is wanted: ``safe_path``.
        allow: Globals accepted beside the shipped allow-list.
        fail_on: Findings at least this severe refuse; a gap always does.

    Raises:
        RefusedError: The scan found something, or could not examine something; nothing was loaded.
        InputError: The file cannot be read, or changed while it was copied.
    """
    with _scanned(Path(path), allow, fail_on) as stream:
        return loader(stream)


@contextlib.contextmanager
def safe_path(
    path: Path | str, *, allow: Sequence[AllowedGlobal] = (), fail_on: Severity = Severity.HIGH
) -> Iterator[Path]:
    """Give a path of the same name at which exactly the scanned bytes stand, for loaders that open files themselves.

    It is gone after the block. Arguments and errors as for ``safe_load``.
    """
    name = Path(path).name
    with (
        _scanned(Path(path), allow, fail_on) as stream,
        tempfile.TemporaryDirectory(prefix="chainguard-ml-") as private,
    ):
        link = Path(private) / name
        link.symlink_to(_DESCRIPTORS / str(stream.fileno()))
        yield link


@contextlib.contextmanager
def _scanned(path: Path, allow: Sequence[AllowedGlobal], fail_on: Severity) -> Iterator[BinaryIO]:
    from chainguard_ml.scan import allowlist, worker
    from chainguard_ml.scan.examination import Session

    judge = allowlist.make_judge([dataclasses.asdict(item) for item in allow])
    with _copy(path) as stream:
        _refuse(path.name, worker.examine_stream(stream, path.name, Session(judge)), fail_on)
        stream.seek(0)
        yield stream


def _refuse(name: str, seen: Sequence[Observation], fail_on: Severity) -> None:
    findings = [item for item in seen if isinstance(item, Finding) and item.severity >= fail_on]
    gaps = [item for item in seen if isinstance(item, Gap)]
    if findings or gaps:
        findings.sort(key=lambda item: item.order)
        hint = "see 'chainguard-ml scan' for the whole report; take the model from its publisher as safetensors"
        raise RefusedError(f"'{printable(name)}' is not loaded", [*findings, *gaps], hint=hint)


@contextlib.contextmanager
def _copy(path: Path) -> Iterator[BinaryIO]:
    """Give a read-only copy of a file that no other process can change."""
    with _anonymous() as copy:
        try:
            real = path.resolve(strict=True)
            with open_beneath(real.parent, real.name) as source, stable(source, path.name):
                shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            _seal(copy.fileno())
        except OSError as error:
            raise InputError(f"cannot copy '{printable(path.name)}': {error.strerror or error}") from None
        yield copy


def _anonymous() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("chainguard-ml", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        return os.fdopen(descriptor, "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())


def _seal(descriptor: int) -> None:
    """Forbid every later change of an anonymous file, through whatever descriptor."""
    import fcntl

    if hasattr(fcntl, "F_ADD_SEALS") and hasattr(os, "memfd_create"):
        fcntl.fcntl(
            descriptor,
            fcntl.F_ADD_SEALS,
            fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
        )
