"""The manifest of a Core ML package (``Manifest.json``): which files belong to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.scan.protobuf import content

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob


def examine_document(blob: Blob, document: dict[str, Json]) -> Observations:
    """Report items whose path leaves the package's directory ``Data``."""
    items = document.get("itemInfoEntries")
    if not isinstance(items, dict):
        return
    for key, item in items.items():
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(path, str) and (finding := content.escapes(blob, path, "an item of the package", 0, key)):
            pointer = f"/itemInfoEntries/{key}/path"
            yield replace(finding, location=replace(finding.location, offset=None, pointer=pointer))
