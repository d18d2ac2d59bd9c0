"""Virtual environments (PEP 405): what is installed is audited, not walked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.inventory.interface import Directory

MARKER = "pyvenv.cfg"
"""The file that makes a directory an environment."""

PARTS = frozenset(
    {MARKER, "bin", "include", "lib", "lib64", "share", "etc", "man", "Scripts", "Include", "Lib", ".gitignore",
     ".lock", "CACHEDIR.TAG"}
)  # fmt: skip
"""What an environment is made of. Anything else that lies in its directory does not belong to it, and is walked."""

_HOME = re.compile(rb"^home[ \t]*=", re.MULTILINE)


def is_environment(directory: Directory) -> bool:
    """Return whether a directory is an environment: its marker names a home, and there is a place for programs."""
    if MARKER not in directory.names or not {"bin", "Scripts"} & directory.names:
        return False
    try:
        return _HOME.search(directory.head(MARKER)) is not None
    except OSError:
        return False
