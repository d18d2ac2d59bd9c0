"""XML models: OpenVINO, PMML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_binary, malicious_binary

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.xml"


def seeds() -> Iterator[bytes]:
    """The documents of the corpus that are short."""
    for sample in (*benign_binary.samples(), *malicious_binary.samples()):
        yield from (data for name, data in sample.files.items() if data[:1] == b"<" and len(data) < 10_000)
