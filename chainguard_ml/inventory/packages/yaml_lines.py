"""YAML manifests: bounded, without object tags, and with the line of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml import yamlsafe
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.interface import MAX_BYTES
from chainguard_ml.model import Gap, GapReason

if TYPE_CHECKING:
    from chainguard_ml.inventory.packages.interface import Manifest
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.yamlsafe import Lines

_MOST_VALUES = 5_000_000  # of one manifest; a lock of 3,000 packages for four platforms has a tenth of it


def load(manifest: Manifest) -> tuple[Table, Lines] | Gap:
    """Return the document, a mapping, and where its values stand, or the gap that says why it cannot be had."""
    data = manifest.read()
    if isinstance(data, Gap):
        return data
    try:
        value, lines = yamlsafe.load_with_lines(data, name=manifest.path, max_bytes=MAX_BYTES, max_nodes=_MOST_VALUES)
    except InputError as error:
        return manifest.gap(GapReason.MALFORMED, error.message)
    if not isinstance(value, dict):
        return manifest.gap(GapReason.MALFORMED, "it is no mapping")
    return value, lines
