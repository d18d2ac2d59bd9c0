"""Scripts for shells and other interpreters: ordinary in a project, out of place inside of a model.

``#!`` is ``execve(2)``, "Interpreter scripts"; batch files and PowerShell have no signature, only their name and the
usual first line; Windows shortcuts are [MS-SHLLINK] 2.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import secrets

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "script"
EXAMINES = "its first line; a finding where it stands inside of a model or under a model's name; secrets"

_HEAD = 512
_FIRST_LINE = re.compile(
    rb"(?:\xef\xbb\xbf)?#![ \t]*/[\w/.+-]{2,200}[ \t\r\n]|[ \t\r\n]*@echo[ \t]+off\b"
    rb"|\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46",
    re.IGNORECASE,
)
_NAMES = frozenset({"sh", "bash", "zsh", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "wsf", "hta", "lnk", "command"})


def recognise(blob: Blob) -> bool:
    """Return whether the first line or, for text, the name is a script's."""
    head = blob.read(0, _HEAD)
    return _FIRST_LINE.match(head) is not None or (naming.extension(blob.name) in _NAMES and b"\0" not in head)


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Look for keys and tokens; whoever knows where it stands has said what that means."""
    if b"\0" not in blob.read(0, _HEAD):
        yield from secrets.examine_text(blob)
