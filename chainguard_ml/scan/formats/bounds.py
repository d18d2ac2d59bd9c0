"""The finding that sizes, counts or indices in a file do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import classical as rules

if TYPE_CHECKING:
    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob


def broken(blob: Blob, text: str, offset: int, *, grave: bool = False) -> Finding:
    """Return the finding at an offset; ``grave`` if a reader that does not check leaves its buffers."""
    severity = Severity.HIGH if grave else None
    return rules.BROKEN_BOUNDS.finding(blob.subject, blob.location.at(offset), text, key=(text,), severity=severity)
