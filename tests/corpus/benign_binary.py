"""What converters write: TensorFlow Lite models with builtin, known custom and Flex operators, and appended labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.build_flatbuffer import tflite
from tests.corpus.frame import benign
from tests.corpus.malicious_binary import flex, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Everything of this area."""
    yield from _tflite()


def _tflite() -> Iterator[Benign]:
    yield benign("tflite-plain", "model.tflite", tflite())
    for name in ("TFLite_Detection_PostProcess", "edgetpu-custom-op", "LceBconv2d", "Convolution2DTransposeBias"):
        yield benign(f"tflite-{name}", "model.tflite", tflite([{0: ("b", 32), 1: name}]))
    yield benign("tflite-flex", "model.tflite", flex("FlexErf", "Erf", "Erf"))
    metadata = tflite(buffers=[{}, {0: b"\x10\0\0\0M001" + bytes(24)}], f6=[{0: "TFLITE_METADATA", 1: ("I", 1)}])
    yield benign("tflite-metadata", "model.tflite", metadata + zipped("labels.txt", b"cat\ndog\n"))
    weights = bytes(range(1, 65)) * 4
    yield benign("tflite-weights", "model.tflite", tflite(buffers=[{}, {0: weights}]))
    branch = tflite(
        [{0: ("b", 118)}, {0: ("b", 19)}],
        graphs=[
            {0: [{}, {}], 3: [{0: ("I", 0), 1: [0, -1], 2: [1], 3: ("B", 92), 4: {0: ("i", 1), 1: ("i", 1)}}]},
            {0: [{}, {}], 3: [{0: ("I", 1), 1: [0], 2: [1]}]},
        ],
        f7=[{4: ("I", 0)}],
    )
    yield benign("tflite-if", "model.tflite", branch)
