"""Bare numbers beside the description that lists them are a part of that model; payloads in them still count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Finding, Gap
from chainguard_ml.scan import scan_file
from tests.corpus.malicious_binary import PAYLOAD, layer

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = bytes(range(0x11, 0x21)) * 64
NET = layer("Const", "opset1", f'<data element_type="u8" shape="1024" offset="0" size="{len(WEIGHTS)}"/>')
MANIFEST = json.dumps({"weightsManifest": [{"paths": ["model.bin"], "weights": []}]}).encode()
BESIDE = {"model.xml": NET, "model.json": MANIFEST, "model.param": b"7767517\n1 1\n"}


def told(directory: Path, data: bytes) -> list[Finding | Gap]:
    (directory / "model.bin").write_bytes(data)
    return [item for item in scan_file(directory / "model.bin") if isinstance(item, Finding | Gap)]


@pytest.mark.parametrize("name", BESIDE)
def test_numbers_beside_their_description_are_no_gap(tmp_path: Path, name: str) -> None:
    assert [type(item) for item in told(tmp_path, WEIGHTS)] == [Gap]
    (tmp_path / name).write_bytes(BESIDE[name])
    assert told(tmp_path, WEIGHTS) == []


@pytest.mark.parametrize("name", BESIDE)
def test_a_payload_beside_a_description_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BESIDE[name])
    assert {item.rule for item in told(tmp_path, PAYLOAD + b"\x81") if isinstance(item, Finding)}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.xml", NET.replace(b'size="1024"', b'size="512"')),
        ("model.xml", b"<config/>"),
        ("model.json", b'{"weightsManifest": [1, {"paths": 2}, {"paths": ["other.bin"]}]}'),
        ("model.json", b'["weightsManifest"]'),
        ("model.json", b'{"weightsManifest": 1}'),
        ("model.json", b'{"weightsManifest"'),
        ("model.param", b"text"),
    ],
)
def test_another_description_explains_nothing(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert [type(item) for item in told(tmp_path, WEIGHTS)] == [Gap]
