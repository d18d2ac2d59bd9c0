"""Content that an HDF5 file takes from another file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import hdf5 as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob

_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|~|[A-Za-z][\w+.-]*://|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


def is_outside(path: str) -> bool:
    """Return whether a path is absolute, climbs up, or is an address: it leads out of the file's directory."""
    return _OUTSIDE.match(path) is not None


def leaves(blob: Blob, what: str, path: str, target: str, offset: int) -> Finding:
    """Return the finding that ``what`` at ``path`` takes its content from the file ``target``."""
    return rules.HDF5_EXTERNAL.finding(
        blob.subject,
        blob.location.at(offset),
        f"the {what} '{printable(path or '/', 200)}' takes its content from '{printable(target, 200)}'",
        key=(what, path, target),
        facts={"kind": what, "path": path, "target": target},
        severity=Severity.HIGH if is_outside(target) else None,
    )
