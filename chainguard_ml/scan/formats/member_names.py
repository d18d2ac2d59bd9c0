"""Names of archive members: where would they be unpacked to?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob

_LONGEST = 4096  # characters of a path
_DEEPEST = 256  # directories of one path that are looked at
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


class Links:
    """The symbolic links of an archive so far, through which later members would be unpacked.

    A path can stay inside as it is written and leave where a directory in it is a link to somewhere else. No tool
    writes a member below a link, so that is enough.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self.hidden = 0  # members so far that only their local header knows

    def crossed(self, blob: Blob, name: str, offset: int, target: str | None = None) -> Finding | None:
        """Note a link (``target`` is given), and return the finding that a member's path leads through another one."""
        if len(name) + len(target or "") > _LONGEST:  # no file system takes it
            return None
        parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
        through = self._through(parts[:-1]) if self._names else ""
        if target is not None:
            aim = [part for part in target.replace("\\", "/").split("/") if part not in {"", "."}]
            if not through and ".." in aim and self._names:
                through = self._through([*parts[:-1], *aim])
            self._names.add("/".join(parts))
        if not through:
            return None
        return rules.PATH_TRAVERSAL.finding(
            blob.subject,
            blob.location.inside(name).at(offset),
            f"unpacking '{printable(name)}' leads through the link '{printable(through)}' of the same archive",
            key=("link",),
            facts={"member": name, "link": through},
        )

    def _through(self, parts: list[str]) -> str:
        """Return the first link that a path leads through, ``..`` taken as written."""
        walked: list[str] = []
        for part in parts[:_DEEPEST]:
            if part == "..":
                walked = walked[:-1]
                continue
            walked.append(part)
            if (path := "/".join(walked)) in self._names:
                return path
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
