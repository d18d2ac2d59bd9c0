"""Settings in texts of other syntaxes (.env, TOML, INI, properties, shell profiles): only for secrets in them.

Such texts have no signature; the name says that they are settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import secrets

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "settings"
EXAMINES = "keys and tokens"

_EXTENSIONS = frozenset({"toml", "ini", "cfg", "conf", "env", "properties", "netrc", "pypirc", "npmrc", "pbtxt", "gin"})
_NAMES = re.compile(r"\.?env(?:\.[\w.-]+)?\Z|\.netrc\Z|\.pypirc\Z|\.npmrc\Z|credentials\Z|\.git-credentials\Z")


def recognise(blob: Blob) -> bool:
    """Return whether a text is called like settings."""
    name = blob.name.rpartition("/")[2].lower()
    if naming.extension(name) not in _EXTENSIONS and _NAMES.match(name) is None:
        return False
    return b"\0" not in blob.read(0, 512) or blob.read(0, 2) in {b"\xff\xfe", b"\xfe\xff"}


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Look for keys and tokens."""
    yield from secrets.examine_text(blob)
