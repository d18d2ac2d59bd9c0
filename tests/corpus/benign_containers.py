"""Containers as ordinary tools write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backports import zstd
from lz4 import frame

from tests.corpus.containers import HARMLESS, File7z, seven_zip
from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Every container around plain values."""
    yield benign("7z-ordinary", "m.7z", seven_zip([File7z("m.pkl", HARMLESS), File7z("d", attributes=16)]))
    yield benign("zstd-ordinary", "m.pkl.zst", zstd.compress(HARMLESS))
    yield benign("lz4-ordinary", "m.joblib", frame.compress(HARMLESS))
