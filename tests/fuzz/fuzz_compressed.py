"""Compressed files, and what is in them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import TYPE_CHECKING

from backports import zstd
from lz4 import frame

from tests.corpus.containers import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.joblib"


def seeds() -> Iterator[bytes]:
    """One stream of each compression."""
    for pack in (bz2.compress, gzip.compress, lzma.compress, zlib.compress, zstd.compress, frame.compress):
        yield pack(PAYLOAD + b"text" * 20)
