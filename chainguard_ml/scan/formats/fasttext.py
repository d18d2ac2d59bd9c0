"""fastText models (``.bin``, ``.ftz``), versions 11 and 12: arguments, dictionary, input and output matrices.

Layout as ``FastText::loadModel``, ``Dictionary::load``, ``DenseMatrix::load`` and ``QuantMatrix::load`` read it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.bounds import broken
from chainguard_ml.scan.formats.cursor import BoundsError, Cursor
from chainguard_ml.scan.formats.ending import trailing

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "fasttext"
EXAMINES = "counts and sizes of the dictionary and of both matrices, what follows"

_MAGIC = (793712314).to_bytes(4, "little")
_ARGUMENTS = "12i"
_WORD = re.compile(rb"[^\0]{0,100000}\0")
_ENTRY = 9  # bytes behind a word: count and kind
_CENTROIDS = 256  # KSUB of the product quantizer


def recognise(blob: Blob) -> bool:
    """Return whether magic number and a small version stand at the start."""
    return blob.read(0, 4) == _MAGIC and blob.read(5, 8) == b"\0\0\0"


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through the model; what is claimed must be there."""
    cursor = Cursor(blob, 8)
    try:
        dimension, *_ = cursor.numbers(_ARGUMENTS)
        cursor.skip(8)  # the sampling threshold
        _dictionary(cursor)
        quantized = cursor.number("B") == 1
        _matrix(cursor, dimension, quantized=quantized)
        output = cursor.number("B") == 1
        _matrix(cursor, dimension, quantized=quantized and output)
    except BoundsError as error:
        yield broken(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the model cannot be read to its end: {error}", error.offset)
        return
    yield from trailing(blob, cursor.position, examination)


def _dictionary(cursor: Cursor) -> None:
    start = cursor.position
    size, words, labels = cursor.numbers("3i")
    cursor.skip(8)  # tokens
    pruned = cursor.number("q")
    cursor.room(size, _ENTRY + 1, start)
    if min(words, labels) < 0 or words + labels != size:
        raise BoundsError(f"{words:,} words and {labels:,} labels are no {size:,} entries", start, grave=True)
    for _ in range(size):
        match = _WORD.match(cursor.blob.data, cursor.position)
        if not match:
            raise BoundsError("a word does not end", cursor.position)
        cursor.position = match.end()
        cursor.skip(_ENTRY)
    if pruned > 0:
        cursor.room(pruned, 8, start)
        cursor.skip(8 * pruned)


def _matrix(cursor: Cursor, dimension: int, *, quantized: bool) -> None:
    start = cursor.position
    if not quantized:
        rows, columns = cursor.numbers("2q")
        if columns != dimension or rows < 0:
            raise BoundsError(f"a matrix has {columns:,} columns, vectors have {dimension:,}", start, grave=True)
        cursor.skip(rows * columns * 4)
        return
    normed = cursor.number("B")
    rows, columns = cursor.numbers("2q")
    codes = cursor.number("i")
    if rows < 0 or columns != dimension or codes < 0:
        raise BoundsError("a quantized matrix has wrong sizes", start, grave=True)
    cursor.skip(codes)
    _quantizer(cursor, dimension)
    if normed:
        cursor.skip(rows)
        _quantizer(cursor, 1)


def _quantizer(cursor: Cursor, dimension: int) -> None:
    start = cursor.position
    size, parts, part, last = cursor.numbers("4i")
    if size != dimension or min(parts, part, last) < 0 or (parts - 1) * part + last != size:
        raise BoundsError("the parts of a quantizer do not make up its vectors", start, grave=True)
    cursor.skip(size * _CENTROIDS * 4)
