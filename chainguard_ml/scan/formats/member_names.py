"""Names of archive members: where would they be unpacked to?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob

_DRIVE = re.compile(r"[A-Za-z]:")


def escape(name: str, target: str | None = None) -> str:
    """Return how a member leaves the directory it is unpacked into, or an empty string.

    ``target`` is what a link points at, relative to the member's own directory.
    """
    if "\0" in name:
        return "its name contains a NUL byte"
    if how := _leaves(name):
        return f"its name {how}"
    if target is not None:
        folder = name.replace("\\", "/").rpartition("/")[0]
        absolute = target.startswith(("/", "\\")) or _DRIVE.match(target)
        if how := _leaves(target if absolute else f"{folder}/{target}".lstrip("/")):
            return f"it is a link whose target {how}"
    return ""


def _leaves(path: str) -> str:
    path = path.replace("\\", "/")
    if path.startswith("/"):
        return "is absolute"
    if _DRIVE.match(path):
        return "names a drive"
    depth = 0
    for part in path.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return "climbs out with '..'"
    return ""


def traversal(blob: Blob, name: str, offset: int, target: str | None = None) -> Finding | None:
    """Return the finding that a member of the archive ``blob`` leaves the directory it is unpacked into."""
    how = escape(name, target)
    if not how:
        return None
    facts = {"member": name} if target is None else {"member": name, "target": target}
    return rules.PATH_TRAVERSAL.finding(
        blob.subject,
        blob.location.inside(name).at(offset),
        f"unpacking '{printable(name)}' writes outside of the directory: {how}",
        key=("traversal",),
        facts=facts,
    )
