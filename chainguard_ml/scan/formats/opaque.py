"""Formats that are recognised and not read: each is a gap with its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_AR = "an ar archive"
_ARCHIVES = {
    b"\x02\x21\x4c\x18": "the LZ4 format of before 2012",
    b"Rar!\x1a\x07": "a RAR archive",
    b"MSCF\0\0\0\0": "a cabinet file",
    b"!<arch>\n": _AR,
    b"\xed\xab\xee\xdb": "an RPM package",
    b"xar!\0": "a xar archive",
    b"hsqs": "a SquashFS image",
    b"7kSt": "a ZPAQ archive",
    b"LZIP\1": "lzip compression",
    b"\x89LZO\0\r\n\x1a\n": "lzop compression",
    b"LRZI\0": "lrzip compression",
}
"""Signatures, and what they stand for."""

_SHAPES = (
    (re.compile(rb"07070[12][\dA-Fa-f]{104}|070707[0-7]{70}"), "a cpio archive"),
    (re.compile(rb"\x1f\x9d[\x09-\x10\x89-\x90]"), "the compression of compress(1)"),
)
"""The same where a signature alone is what numbers or a text can begin with as well."""


class Archive:
    """Archives and compressions that are told by their signature and not read."""

    NAME = "archive"
    EXAMINES = (
        "recognised (RAR, CAB, ar, cpio, ISO 9660, rpm, lzip, lzop, compress and others); not read, so it is a gap"
    )

    def recognise(self, blob: Blob) -> bool:
        """Return whether the signature of one is there."""
        return bool(_title(blob))

    def examine(self, blob: Blob, examination: Examination) -> Observations:  # noqa: ARG002 (the seam's shape)
        """Say that the content was not examined; a library of object files is only of interest in a model."""
        title = _title(blob)
        if title != _AR or naming.is_model((blob.location.path, *blob.location.member)):
            yield blob.gap(GapReason.UNSUPPORTED, f"{title} is recognised but its content is not examined")


def _title(blob: Blob) -> str:
    head = blob.read(0, 110)
    for signature, title in _ARCHIVES.items():
        if head.startswith(signature):
            return title
    for shape, title in _SHAPES:
        if shape.match(head):
            return title
    return "an ISO 9660 image" if head[:1] == b"\0" and blob.read(0x8000, 0x8006) == b"\1CD001" else ""


ARCHIVE = Archive()
