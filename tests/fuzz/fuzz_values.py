"""Fuzz target: values in base64, tables, configurations of training code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import benign_values, malicious_values

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "config.yaml"


def seeds() -> Iterator[bytes]:
    """Whole files, but for the large one."""
    for module in (benign_values, malicious_values):
        for sample in module.samples():
            yield from (data for data in sample.files.values() if len(data) < 100_000)
