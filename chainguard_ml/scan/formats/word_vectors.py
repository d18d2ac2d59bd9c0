"""word2vec's binary vectors: a line with two counts, then each word, a space, and its numbers (``word2vec.c``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.bounds import broken
from chainguard_ml.scan.formats.ending import trailing

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "word2vec"
EXAMINES = "counts against the file, every entry, what follows"

_HEAD = re.compile(rb"([1-9]\d{0,9}) ([1-9]\d{0,5})\n")
_WORD = re.compile(rb"\n?[^ \n\0]{1,1000} ")
_MOST = 10_000_000  # words that are gone through
_DIMENSIONS = range(1, 100_000)


def recognise(blob: Blob) -> bool:
    """Return whether two counts, a word and numbers that are no text stand at the start."""
    head = _HEAD.match(blob.read(0, 32))
    if not head or int(head[2]) not in _DIMENSIONS:
        return False
    word = _WORD.match(blob.data, head.end())
    if not word:
        return False
    numbers = blob.read(word.end(), word.end() + 4 * int(head[2]))
    return any(octet < 9 or octet > 126 for octet in numbers[:64])


def examine(blob: Blob, examination: Examination) -> Observations:
    """Go through every entry: the counts must fit what is there."""
    head = _HEAD.match(blob.read(0, 32))
    words, width = (int(head[1]), int(head[2]) * 4) if head else (0, 0)
    position = head.end() if head else 0
    if words * (width + 2) > blob.size - position:
        yield broken(blob, f"{words:,} words of {width:,} bytes are claimed, {blob.size - position:,} are left", 0)
        yield blob.gap(GapReason.MALFORMED, "the vectors are cut")
        return
    if words > _MOST:
        yield blob.gap(GapReason.BUDGET, f"more than {_MOST:,} words; what follows them is unread")
        return
    for _ in range(words):
        match = _WORD.match(blob.data, position)
        if not match or match.end() + width > blob.size:
            yield broken(blob, "an entry is no word with its numbers", position)
            yield blob.gap(GapReason.MALFORMED, "the vectors cannot be read to their end", position)
            return
        position = match.end() + width
    if blob.read(position, position + 1) == b"\n":
        position += 1
    yield from trailing(blob, position, examination)
