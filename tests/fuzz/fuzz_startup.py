"""Fuzz target: Triton's configurations, without a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.benign_startup import TRITON
from tests.corpus.malicious_startup import TRITON as START
from tests.corpus.malicious_startup import TRITONS

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "config.pbtxt"


def seeds() -> Iterator[bytes]:
    """Whole configurations."""
    yield TRITON.encode()
    yield from ((START + text).encode() for text in TRITONS.values())
