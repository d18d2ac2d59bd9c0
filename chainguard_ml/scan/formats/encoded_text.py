"""Whole text files that stand for a binary one: base64 (RFC 4648), hexadecimal, ``data:`` URIs (RFC 2397), uuencode.

A text is only taken for one if what it decodes to begins with a file's signature.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.encoded import forms
from chainguard_ml.scan.formats.raw import HEAD, looks_like_a_file

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "encoded"
EXAMINES = "what the text stands for, if that is a file"

_TRIAL = 256  # characters decoded to see whether a file begins
_SHAPE = re.compile(rb"\s*(?:data:[\w/+.;=-]{0,100},)?[\w+/=\s-]{16,}", re.ASCII)
_SEPARATORS = re.compile(rb"\s+")
_UU = re.compile(rb"begin [0-7]{3,4} [^\n]{1,200}\n")
_UU_LINES = 5_000_000


def recognise(blob: Blob) -> bool:
    """Return whether the beginning decodes to the beginning of a file, and the rest is of the same alphabet."""
    head = blob.read(0, _TRIAL)
    if _UU.match(head):
        return any(looks_like_a_file(data[:HEAD]) for data in [_uudecoded(blob.read(0, 1024), 16)])
    if not _SHAPE.fullmatch(head):
        return False
    text = head.lstrip()
    text = text[: len(text) // 4 * 4] if not text.startswith(b"data:") else text
    return any(looks_like_a_file(data[:HEAD]) for data in _decoded(text)) and _is_whole(blob)


def _decoded(text: bytes) -> list[bytes]:
    """Return what the beginning of a text can stand for; a cut end is made to fit."""
    found = []
    for length in range(len(text), max(0, len(text) - 8), -1):
        found += [data for name, data in forms(text[:length]) if name]
    return found


def _is_whole(blob: Blob) -> bool:
    match = _SHAPE.match(blob.data)
    return match is not None and match.end() == blob.size


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine what the text stands for."""
    if blob.size > examination.budgets.header:
        yield blob.gap(GapReason.BUDGET, f"an encoded text of {blob.size:,} characters is not decoded")
        return
    text = blob.read(0, blob.size)
    if _UU.match(text):
        decoded = [("(uuencoded)", _uudecoded(text, _UU_LINES))]
    else:
        decoded = [(name, data) for name, data in forms(_SEPARATORS.sub(b"", text)) if name]
    for name, data in decoded:
        if looks_like_a_file(data[:HEAD]):
            examination.spend(len(data))
            yield from examination.nested(blob.inside(name, data))


def _uudecoded(text: bytes, most: int) -> bytes:
    """Return what the lines behind ``begin`` stand for, up to one that is wrong."""
    result = bytearray()
    for line in text.split(b"\n", most)[1:most]:
        try:
            result += binascii.a2b_uu(line)
        except binascii.Error:
            break
    return bytes(result)
