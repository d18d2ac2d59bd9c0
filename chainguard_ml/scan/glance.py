"""A glance at small files: most are one pickle of mere data, which a single expression can tell.

What it cannot tell is examined as a whole, and what it tells is what that examination says; a test holds both.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from chainguard_ml.files import read_small
from chainguard_ml.model import Evidence, Location, Subject
from chainguard_ml.scan import naming, registry
from chainguard_ml.scan.pickle.fast import SMALLEST, inert_end

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.model import Observation
    from chainguard_ml.scan.interface import Blob

LARGEST = 1 << 16
"""Bytes up to which a glance pays."""

_PROTO = 0x80  # with it, pickles of protocol 2 and later begin
_PATH = operator.attrgetter("path")
_OTHERS = frozenset({"formats.torch_legacy", "pickle"})  # who is asked; torch's number is never inert


def at_a_glance(root: Path | int, path: str) -> list[Observation] | None:
    """Return what is to be said about a small file that is one pickle of mere data; ``None`` for any other file."""
    data = read_small(root, path, LARGEST)
    if data is None or not _is_mere_data(data, path):
        return None
    subject = Subject(path, size=len(data))
    return [
        _evidence(data, subject, Location(path)),
        Evidence("scan", subject, "scan", {"format": "pickle", "engine": "builtin"}),
    ]


def glance(blob: Blob) -> Evidence | None:
    """Return the evidence of a blob that is one small pickle of mere data and nothing else; ``None`` for any other."""
    if blob.size > LARGEST or blob.data[0] != _PROTO:
        return None
    data = blob.read(0, LARGEST)
    return _evidence(data, blob.subject, blob.location) if _is_mere_data(data, blob.name) else None


def _evidence(data: bytes, subject: Subject, location: Location) -> Evidence:
    return Evidence("pickle", subject, "scan", {"protocol": data[1], "streams": 1, "globals": []}, location)


def _is_mere_data(data: bytes, name: str) -> bool:
    """Return whether the bytes are one pickle of mere data, no other format's, and of a fitting name."""
    if not data or data[0] != _PROTO or registry.ZIP_END in data:
        return False
    if not naming.fits(naming.extension(name), "pickle"):
        return False
    asked = registry.possible(data[: registry.HEAD], data[-registry.TAIL :], name)
    if not _OTHERS.issuperset(map(_PATH, asked)):
        return False
    return len(data) >= SMALLEST and inert_end(data, 0) == len(data)
