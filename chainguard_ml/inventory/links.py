"""Symbolic links are not followed. One that leads to what is recorded under its own name hides nothing; others do."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.inventory import environments

if TYPE_CHECKING:
    from collections.abc import Collection

    from chainguard_ml.inventory.excluding import Patterns


class Links:
    """Judges links beneath a root; ``inputs`` are the relative paths that are walked, the empty one all of it."""

    def __init__(self, root: Path, inputs: Collection[str], patterns: Patterns) -> None:
        self._root = root
        self._real = Path(os.path.realpath(root))
        self._inputs = inputs
        self._patterns = patterns

    def refusal(self, path: str) -> str | None:
        """Return why what a link leads to is not examined, or ``None`` where it is, under its own name."""
        try:
            target = Path(os.path.realpath(self._root / path, strict=True))
        except OSError as error:
            loops = error.errno == errno.ELOOP
            return "a link that leads to itself" if loops else "a link to something that is not there, or not readable"
        if not target.is_relative_to(self._real):
            return "a link that leads out of what is examined"
        if not self._is_walked(target.relative_to(self._real).parts):
            return "a link to something that is not examined"
        return None

    def _is_walked(self, target: tuple[str, ...]) -> bool:
        """Return whether the walk gets to a path: it lies in an input, and nothing on the way is left out."""
        for count in range(len(target), -1, -1):
            path, inner = "/".join(target[:count]), target[count:]
            if inner and inner[0] in environments.PARTS and (self._real / path / environments.MARKER).is_file():
                return False
            if path in self._inputs:
                return True
            directory = bool(inner) or (self._real / path).is_dir()
            if self._patterns.excluded(path, directory=directory) is not None:
                return False
        return False
