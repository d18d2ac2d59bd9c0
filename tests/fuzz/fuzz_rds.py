"""Objects and workspaces of R."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_binary, malicious_binary

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.rds"


def seeds() -> Iterator[bytes]:
    """The files of the corpus that are not compressed."""
    for sample in (*benign_binary.samples(), *malicious_binary.samples()):
        yield from (data for name, data in sample.files.items() if data[:2] in {b"X\n", b"A\n", b"B\n", b"RD"})
