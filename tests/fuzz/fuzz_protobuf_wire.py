"""The wire walker: whatever the bytes, it ends, stays inside, and reads what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.protobuf import schema
from chainguard_ml.scan.protobuf.wire import VARINT, Wire
from tests.corpus import benign_onnx

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model"


def seeds() -> Iterator[bytes]:
    """Messages, groups in groups, numbers of every length."""
    for sample in benign_onnx.samples():
        yield from sample.files.values()
    yield b"\x0b\x13\x08\x01\x14\x0c" * 3 + b"\x80\x80\x80\x80\x08" + b"\x08" + b"\xff" * 9 + b"\x01"


def target(data: bytes) -> None:
    """Read flat and deep."""
    wire = Wire(data, 100_000)
    for _, how, first, last in wire.sound(0, len(data)):
        assert how == VARINT or 0 <= first <= last <= len(data)
    for record in schema.walk(wire, schema.load("onnx")["ModelProto"], len(data)):
        assert 0 <= record.start <= record.stop <= len(data)
