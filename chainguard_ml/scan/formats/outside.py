"""Values of parameters that lead outside of a model's directory: devices, system directories, addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import classical as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob

# A person's own absolute paths and names beside the model are what training writes; these are not.
_OUTSIDE = re.compile(
    r"(?:^|[,;=\s\"'])(?:(?!https?://)[a-z][a-z0-9+.-]{1,10}://|\\\\\w|\||/(?:etc|dev|proc|sys|root|boot)/|~/\.)"
    r"|(?:\.\.[/\\]){2,}|\.\.[/\\](?:\.|etc|dev|proc)"
)
_LONGEST = 4096


def outside(blob: Blob, name: str, value: str, offset: int | None = None) -> Finding | None:
    """Return the finding that the parameter ``name`` leads outside, if it does."""
    if not _OUTSIDE.search(value, 0, _LONGEST):
        return None
    return finding(blob, name, value, offset)


def finding(blob: Blob, name: str, value: str, offset: int | None = None) -> Finding:
    """Return the finding that the parameter ``name`` names something outside of the model."""
    value = printable(value, 80)
    return rules.OUTSIDE_RESOURCE.finding(
        blob.subject,
        blob.location if offset is None else blob.location.at(offset),
        f"the parameter '{printable(name, 60)}' names {value}",
        key=(name, value),
        facts={"parameter": name, "value": value},
    )
