"""Core ML, PaddlePaddle, texts, tables: each sample under its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_protobuf, malicious_protobuf
from tests.fuzz.frame import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("m.mlmodel", "m.pdmodel", "m.pdiparams", "weight.bin", "graph.pbtxt", "variables.index", "m.json")


def seeds() -> Iterator[bytes]:
    """Every sample of the corpus."""
    for module in (benign_protobuf, malicious_protobuf):
        for sample in module.samples():
            yield from sample.files.values()


def target(data: bytes) -> None:
    """Scan under one of the names, which the bytes choose."""
    scan(NAMES[sum(data[:64]) % len(NAMES)], data)
