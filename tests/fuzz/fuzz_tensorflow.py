"""TensorFlow graphs, as frozen graphs and as saved models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_tensorflow, malicious_tensorflow
from tests.fuzz.frame import scan

if TYPE_CHECKING:
    from collections.abc import Iterator


def seeds() -> Iterator[bytes]:
    """Every sample of the corpus."""
    for module in (benign_tensorflow, malicious_tensorflow):
        for sample in module.samples():
            yield from sample.files.values()


def target(data: bytes) -> None:
    """Scan under the names that say what it is."""
    for name in ("saved_model.pb", "model.meta", "frozen.pb", "keras_metadata.pb"):
        scan(name, data)
