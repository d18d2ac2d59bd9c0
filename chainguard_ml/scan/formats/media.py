"""Files that stand beside models and are none: sound, video, documents, tables, fonts, databases, other images.

Recognised so that nothing else tries them; their content is not read. Signatures: RIFF, BMP, TIFF 6.0, PDF 7.5.2,
ISO 14496-12 4.3, Ogg RFC 3533, FLAC RFC 9639, ID3v2, Matroska, Avro and ORC, SQLite 1.3,
OpenType, WOFF, ICO, glTF.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "media"
EXAMINES = "recognised as no model: sound, video, PDF, tables, fonts, databases"

_SIGNATURE = re.compile(
    rb"RIFF.{4}(?:WEBP|WAVE|AVI )|II\*\0|MM\0\*|%PDF-\d|OggS\0|OTTO\0"
    rb"|fLaC|ID3[\x02-\x04]|\x1aE\xdf\xa3|PARE|SQLite format 3\0|Obj\x01|ORC|wOF[F2]|\0\x01\0\0\0"
    rb"|ttcf\0|\0\0\x01\0[\x01-\x40]\0|glTF[\x01\x02]\0\0\0|\0\0\0.ftyp|BM.{4}\0\0\0\0.{4}[\x0c\x28\x38\x40\x6c\x7c]\0\0\0",
    re.DOTALL,
)


def recognise(blob: Blob) -> bool:
    """Return whether one of the signatures starts the bytes."""
    return _SIGNATURE.match(blob.read(0, 32)) is not None


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Say nothing: the content is no model."""
    yield from ()
