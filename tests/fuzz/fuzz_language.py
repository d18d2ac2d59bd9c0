"""Word vectors, tokenizers and older frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_language, malicious_language

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.bin"


def seeds() -> Iterator[bytes]:
    """The corpus's files of this area."""
    for module in (benign_language, malicious_language):
        yield from (data for sample in module.samples() for data in sample.files.values())
