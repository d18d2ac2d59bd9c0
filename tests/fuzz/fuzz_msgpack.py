"""MessagePack: Flax and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_classical, malicious_classical

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.msgpack"


def seeds() -> Iterator[bytes]:
    """The corpus's files of this format."""
    for module in (benign_classical, malicious_classical):
        yield from (
            data for sample in module.samples() for name, data in sample.files.items() if name.endswith(".msgpack")
        )
