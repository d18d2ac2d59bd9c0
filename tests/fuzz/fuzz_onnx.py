"""ONNX models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_onnx, malicious_onnx

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.onnx"


def seeds() -> Iterator[bytes]:
    """Every sample of the corpus."""
    for module in (benign_onnx, malicious_onnx):
        for sample in module.samples():
            yield from sample.files.values()
