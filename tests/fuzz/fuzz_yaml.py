"""YAML documents, whole and broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_configs, malicious_configs

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model_config.yaml"


def seeds() -> Iterator[bytes]:
    """Yield tags, targets, and ordinary documents."""
    for texts in (malicious_configs.YAML_TAGS, malicious_configs.TARGETS, benign_configs.YAML):
        yield from (text.encode() for text in texts.values())
