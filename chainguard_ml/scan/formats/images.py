"""Images: data, but another file may stand behind their end.

PNG (ISO/IEC 15948, 5) ends with the chunk IEND, JPEG (ITU-T T.81, B.1.1) with the marker EOI, GIF89a with a block 0x3B.
Cameras write more behind it, so only what runs something is reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.ending import behind_zeros
from chainguard_ml.scan.formats.raw import payloads
from chainguard_ml.scan.interface import CONTENT_END

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = 1_000_000
_EOI = re.compile(rb"\xff\xd9")


class Image:
    """A kind of image.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    EXAMINES = "what stands behind the image"

    def __init__(self, name: str, signature: bytes, end: Callable[[Blob], int | None]) -> None:
        self.NAME = name
        self._signature = signature
        self._end = end

    def recognise(self, blob: Blob) -> bool:
        """Return whether the signature is there."""
        return blob.read(0, len(self._signature)) == self._signature

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine what stands behind the end, if anything runs there."""
        if naming.extension(blob.name) in naming.MODEL_EXTENSIONS:
            yield blob.gap(GapReason.UNSUPPORTED, f"this is an image ({self.NAME}), no model")
        end = self._end(blob)
        end = end if end is None else behind_zeros(blob, end, blob.size)
        if end is not None and end < blob.size:
            blob.memo[CONTENT_END] = end
            yield from payloads(examination.nested(blob.window("(behind the image)", end, blob.size)))


def _png_end(blob: Blob) -> int | None:
    position = len(_PNG)
    for _ in range(_CHUNKS):
        head = blob.read(position, position + 8)
        if len(head) < 8:
            return None
        position += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return position
    return None


def _jpeg_end(blob: Blob) -> int | None:
    """Segments have a length; behind the start of a scan, 0xFF 0xD9 can only be the end of the image."""
    position = 2
    while (head := blob.read(position, position + 4))[:1] == b"\xff" and len(head) == 4:
        if head[1] == 0xDA:
            match = _EOI.search(blob.data, position)
            return match.end() if match else None
        position += 2 + max(2, int.from_bytes(head[2:], "big"))
    return None


def _gif_end(blob: Blob) -> int | None:
    """Skip the colour tables and the blocks of the images."""
    flags = blob.data[10] if blob.size > 12 else 0
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while (kind := blob.read(position, position + 1)) in {b"!", b","}:
        position += 2
        if kind == b",":
            local = blob.read(position + 7, position + 8)
            table = 3 << (local[0] & 7) + 1 if local and local[0] & 0x80 else 0
            position += 9 + table
        while length := blob.read(position, position + 1):
            position += 1 + length[0]
            if length == b"\0":
                break
    return position + 1 if kind == b";" else None


PNG = Image("png", _PNG, _png_end)
JPEG = Image("jpeg", b"\xff\xd8\xff", _jpeg_end)
GIF = Image("gif", b"GIF8", _gif_end)
