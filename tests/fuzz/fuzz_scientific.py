"""Fuzz target: MAT files, ExecuTorch programs, programs of Core ML, Snappy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_scientific, malicious_scientific

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "a.mat"


def seeds() -> Iterator[bytes]:
    """Whole files."""
    for module in (benign_scientific, malicious_scientific):
        for sample in module.samples():
            yield from sample.files.values()
