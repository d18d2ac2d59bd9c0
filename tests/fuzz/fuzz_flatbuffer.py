"""Flatbuffers: TensorFlow Lite models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_binary, malicious_binary

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.tflite"


def seeds() -> Iterator[bytes]:
    """The models of the corpus."""
    for sample in (*benign_binary.samples(), *malicious_binary.samples()):
        yield from (data for name, data in sample.files.items() if name.endswith((".tflite", ".ort")))
