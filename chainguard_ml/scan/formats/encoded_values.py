"""Files in base64 or hexadecimal among the values of a configuration, as Stable-Baselines3 keeps pickles (base64).

Every run of digits is decoded as far as its first bytes; what starts like a file is decoded whole and examined. What
is no file after all is data, so only findings count.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import config_walk
from chainguard_ml.scan.formats.raw import HEAD, looks_like_a_file, payloads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_EVERY = 8_000_000  # bytes up to which every run is looked at; behind, those that begin like a pickle's protocol
_RUN = re.compile(rb"(?:[A-Za-z0-9+/_-]|\\/){24,}+=*(?:\r?\n[ \t]+[A-Za-z0-9+/_-]{4,}+=*)*")
_PICKLE = re.compile(rb"(?<![A-Za-z0-9+/])gA[I-X][A-Za-z0-9+/_-]{16,}+=*")  # protocols 2 to 5
_WORD = re.compile(rb"[0-9a-f]+|[a-z_]+|[A-Z_]+|[0-9]+")  # digests and names
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_DROPPED = b" \t\r\n\\="
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_LEAST = 24
_MOST = 2_000  # files of one document
_FIRST = 4 * ((HEAD + 2) // 3)  # digits of the first bytes


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine files in base64 in a text as it stands."""
    yield from _examined(blob, _runs(blob), examination)


def examine_escaped(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Examine those among the values of a document that are not found in its text: escapes, wide characters."""
    head = blob.read(0, 4)
    if b"\0" in head or head[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\\" in blob.read(0, blob.size):
        texts = (text for _, text in config_walk.strings(document))
        yield from _examined(
            blob, (text.encode() for text in texts if len(text) >= _LEAST and text.isascii()), examination
        )


def _examined(blob: Blob, runs: Iterable[bytes], examination: Examination) -> Observations:
    count = 0
    for digits in runs:
        for decoded in (_base64, _hexadecimal):
            head = decoded(digits[:_FIRST])
            if not (looks_like_a_file(head) or _ZLIB.match(head)):
                continue
            count += 1
            if count > _MOST:
                yield blob.gap(GapReason.BUDGET, f"more than {_MOST:,} values are encoded files; the rest is unread")
                return
            data = decoded(digits)
            examination.spend(len(data))
            name = f"({decoded.__name__.strip('_')} {count})"
            yield from payloads(examination.nested(blob.inside(name, data)))


def _runs(blob: Blob) -> Iterator[bytes]:
    pattern = _RUN if blob.size <= _EVERY else _PICKLE
    for match in pattern.finditer(blob.data):
        digits = match[0]
        if not _WORD.fullmatch(digits) or _HEX.fullmatch(digits):  # a digest can be the digits of a file
            yield digits


def _base64(digits: bytes) -> bytes:
    plain = digits.translate(_URL_SAFE, _DROPPED)
    try:
        return binascii.a2b_base64(plain[: len(plain) - (len(plain) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""


def _hexadecimal(digits: bytes) -> bytes:
    if not _HEX.fullmatch(digits):
        return b""
    return binascii.a2b_hex(digits)
