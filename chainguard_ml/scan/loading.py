"""Scan, then load: the loader gets the bytes that were scanned, whatever happens on disk in between.

The file is copied once to where nobody can write any more (``sealed``). Scan and loader both read that copy.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from chainguard_ml import sealed
from chainguard_ml.errors import RefusedError
from chainguard_ml.files import open_regular
from chainguard_ml.model import Finding, Gap, Severity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.model import Observation

T = TypeVar("T")


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
        sealed.link(link, stream)
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


def _copy(path: Path) -> BinaryIO:
    """Return a copy of a file that no other process can change."""
    with open_regular(path) as source:
        return sealed.copy(source, path.name)
