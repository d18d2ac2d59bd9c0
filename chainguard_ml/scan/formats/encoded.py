"""Files inside of text and bytes that are no file themselves: as they are, in base64, or in hexadecimal.

What only looks like a file is data, so only findings count here, never gaps.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding
from chainguard_ml.scan.formats.raw import HEAD, looks_like_a_file, payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_BASE64 = re.compile(rb"[\w+/-]{11,}={0,2}", re.ASCII)
_HEX = re.compile(rb"(?:[\dA-Fa-f]{2}){11,}")
_SPACE = re.compile(rb"[ \t\r\n]+|\\n")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_PROTOCOL = b"\x80"
_PREFIX = re.compile(rb"data:[\w/+.;=-]{0,100},", re.ASCII)


def forms(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what text can stand for, with a name for it: itself, and what its base64 or hexadecimal digits encode."""
    yield "", data
    if not data[:1].isascii():
        return
    text = _SPACE.sub(b"", _PREFIX.sub(b"", data, count=1))
    if _HEX.fullmatch(text):
        yield "(hexadecimal)", bytes.fromhex(text.decode("ascii"))
    if _BASE64.fullmatch(text):
        try:
            yield "(base64)", binascii.a2b_base64(text.translate(_URL_SAFE).rstrip(b"=") + b"==")
        except binascii.Error:
            return


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine text or bytes for pickles, archives, compressed and native files."""
    for name, data in forms(blob.read(0, blob.size)):
        yield from _examine(blob.inside(name, data) if name else blob, examination)


def _is_pickle(blob: Blob) -> bool:
    """Return whether it is a pickle that names a global: numbers and words have extension codes by chance."""
    from chainguard_ml.scan.pickle.recognition import is_pickle_inside, walked

    if not is_pickle_inside(blob):
        return False
    trace = walked(blob).trace
    return blob.read(0, 1) == _PROTOCOL or bool(trace.nested) or any(module.isascii() for module, _ in trace.seen)


def _examine(blob: Blob, examination: Examination) -> Observations:
    if _is_pickle(blob):
        yield from (item for item in examination.nested(blob) if isinstance(item, Finding))
    elif looks_like_a_file(blob.read(0, HEAD)) or _ZLIB.match(blob.data):
        yield from payloads(examination.nested(blob))
