"""Distributed checkpoints (``.distcp``): one torch archive after the other in one file.

``torch.distributed.checkpoint.FileSystemWriter`` writes each tensor as ``torch.save`` does and keeps offset and length
in ``.metadata``. Each archive is complete, so each is examined as one; other zip archives that follow each other in one
file are what the zip format reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import zip_ends, zip_reader
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.scan.formats.torch_zip import TORCH_ZIP

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch-distributed"
EXAMINES = "each torch archive of a shard"

_MEMBERS = frozenset({"archive/data.pkl", "archive/version"})


def recognise(blob: Blob) -> bool:
    """Return whether the file is torch archives, one after the other, and nothing else."""
    return zip_reader.is_zip(blob) and len(_archives(blob)) > 1


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine each archive."""
    spans = _archives(blob)
    for index, (start, stop) in enumerate(spans[: examination.budgets.members]):
        yield from examination.nested(blob.window(f"(archive {index})", start, stop))
    if len(spans) > examination.budgets.members:
        yield blob.gap(GapReason.BUDGET, f"more than {examination.budgets.members:,} archives; the rest is unread")
    if _points_elsewhere(blob, spans):
        yield from payloads(TORCH_ZIP.examine(blob.window("(one archive)", 0, blob.size), examination))


def _points_elsewhere(blob: Blob, spans: list[tuple[int, int]]) -> bool:
    """Return whether the last end record, read as that of one archive, points at what is no archive's directory."""
    known = {
        start + directory.start
        for start, stop in spans
        for directory in zip_ends.directories(blob.window("(archive)", start, stop))
    }
    return any(directory.start not in known for directory in zip_ends.directories(blob))


def _archives(blob: Blob) -> list[tuple[int, int]]:
    """Return where the archives start and stop, read once; none if anything stands between or is no torch archive."""
    known = blob.memo.get(NAME)
    if not isinstance(known, list):
        known = blob.memo[NAME] = _found(blob)
    return known


def _found(blob: Blob) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    stop = blob.size
    while stop > 0:
        start = zip_ends.exact_start(blob, stop)
        if start is None or (not spans and start == 0):
            return []
        names = zip_reader.names(blob.window("(archive)", start, stop))
        if not set(names) >= _MEMBERS:
            return []
        spans.append((start, stop))
        stop = start
    return spans[::-1]
