"""SentencePiece models: the protobuf ``ModelProto`` (``sentencepiece_model.proto``): pieces, then specifications.

A model is data. Its texts are examined; bytes that are no field of it are, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import examine_tensor
from chainguard_ml.scan.protobuf.wire import BYTES, Wire, WireError

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "sentencepiece"
EXAMINES = "fields, texts of pieces and specifications, unknown fields, what follows"

_PIECE = re.compile(rb"\x0a[\x07-\x7f]\x0a([\x01-\x40])", re.DOTALL)
_PIECES, _TRAINER, _NORMALIZER, _SELF_TEST, _DENORMALIZER = range(1, 6)
_KNOWN = frozenset({_PIECES, _TRAINER, _NORMALIZER, _SELF_TEST, _DENORMALIZER})
_EXTENSIONS = 200
_SPECIFICATION = 4096  # bytes of a text in a specification that are looked at; rules are tables


def recognise(blob: Blob) -> bool:
    """Return whether the first field is a piece: a text, then its score as a 32-bit number."""
    head = blob.read(0, 128)
    match = _PIECE.match(head)
    return match is not None and head[4 + match[1][0] : 5 + match[1][0]] == b"\x15" and head[1] >= match[1][0] + 7


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through the fields; examine texts of specifications, and whatever is no field of a model."""
    wire = Wire(blob.data)
    end = 0
    try:
        for number, kind, start, stop in wire.fields(0, blob.size):
            known = kind == BYTES and number in _KNOWN
            if known and number != _PIECES:
                yield from _specification(blob, wire, (start, stop), examination)
            elif not known and kind == BYTES:
                yield from examine_tensor(blob, start, stop, f"field {number}", examination)
            if known or number >= _EXTENSIONS:
                end = stop if kind == BYTES else end
    except WireError as error:
        if end < blob.size and not error.cut:
            yield from trailing(blob, end, examination)
            return
        yield blob.gap(GapReason.MALFORMED, f"the model cannot be read to its end: {error}", error.offset)


def _specification(blob: Blob, wire: Wire, span: tuple[int, int], examination: Examination) -> Observations:
    for number, kind, start, stop in wire.sound(*span):
        if kind == BYTES:
            yield from examine_tensor(blob, start, stop, f"field {number}", examination)
            yield from examine_text(blob, f"field {number}", wire.text(start, stop, _SPECIFICATION), examination)
