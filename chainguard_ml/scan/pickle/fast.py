"""Runs of opcodes that only push and collect data, consumed by one regular expression at C speed.

A stream of nothing else cannot name, call or change anything, whatever its stack does, so no machine needs to run it.
Possessive quantifiers never go back, so the expression's memory does not grow with the run.
"""

from __future__ import annotations

import functools
import re

from chainguard_ml.scan.pickle.literals import SHORTEST, may_be_pickle

SMALLEST = 256
"""Bytes from which looking for such a stream pays."""

_STOP = ord(".")
_NO_FRAME = 1 << 64
_FRAME = 0x95
_SHORT = 64  # bytes of a literal from which it is consumed by itself
_GROUP = 8
_LITERALS = {ord("X"): 4, ord("B"): 4, ord("T"): 4, ord("\x8c"): 1, ord("C"): 1, ord("U"): 1,
         0x8D: 8, 0x8E: 8, 0x96: 8}  # fmt: skip

# A literal that could begin a stream of its own, or one in another wrapping, is looked at one by one.
_HARMLESS = (
    rb"(?![ci]\w+[.\n]|[(\])}N\x80\x82-\x96KCU\xc2]|[ILFSVGMJTXB]|gA|[YK][A-P\dw-z+/]|e[JNAF]|H4s"
    rb"|800|63|28|PK\x03|\x1f\x8b|BZh|\xfd7z|x[\x01\x5e\x9c\xda\xc2\xc3]|\s)"
)


def _counted(opcodes: bytes, zeros: int) -> bytes:
    """Return the expression for short literals, whose length stands before them in ``1 + zeros`` bytes.

    The lengths are tried in groups, so that a literal costs few comparisons.
    """
    gap = rb"\0" * zeros
    guard = b"(?:(?=[" + _between(0, SHORTEST - 1) + b"])|(?=." + gap + _HARMLESS + b"))"
    groups = []
    for low in range(0, _SHORT, _GROUP):
        choices = b"|".join(b"%b%b.{%d}" % (re.escape(bytes((n,))), gap, n) for n in range(low, low + _GROUP))
        groups.append(b"(?=[" + _between(low, low + _GROUP - 1) + b"])(?:" + choices + b")")
    return opcodes + guard + b"(?:" + b"|".join(groups) + b")"


def _between(low: int, high: int) -> bytes:
    return re.escape(bytes((low,))) + b"-" + re.escape(bytes((high,)))


@functools.cache
def _inert() -> re.Pattern[bytes]:
    alternatives = (
        rb"[(N)\]}\x88\x89\x8f\x94\x85-\x87aestu012ld\x90\x91\x97\x98]++",
        rb"[Khq].",
        rb"M..",
        rb"[Jjr]....",
        rb"G.{8}",
        _counted(rb"[\x8cCU]", 0),
        _counted(rb"[XBT]", 3),
        rb"\x8a(?:\x00|\x01.|\x02..|\x03.{3}|\x04.{4}|\x05.{5}|\x06.{6}|\x07.{7}|\x08.{8}|\x09.{9})",
        rb"[IL]-?\d{1,18}L?\n",
        rb"F[-+]?\d++\.?\d*+(?:e[-+]?\d++)?\n",
        rb"[pg]\d{1,9}\n",
        rb"S'[^'\\\n]{0,10}'\n",
        rb"V[^\\\n]{0,10}\n",
        rb"\x80[\0-\x05]",
    )
    return re.compile(b"(?:" + b"|".join(alternatives) + b")*+", re.DOTALL)


def inert_end(data: bytes | memoryview, start: int) -> int | None:
    """Return the offset behind the STOP of a stream that only pushes data; ``None`` if the machine must look.

    Frames must end between opcodes, because unpicklers read on at different places where they do not.
    """
    expression = _inert()
    size = len(data)
    position, frame_end = start, _NO_FRAME
    while position < size:
        match = expression.match(data, position, min(frame_end, size))
        position = match.end() if match else position
        if position == frame_end:
            frame_end = _NO_FRAME
        elif position < size:
            code = data[position]
            if code == _STOP:
                return position + 1 if frame_end in {_NO_FRAME, position + 1} else None
            if code == _FRAME and frame_end == _NO_FRAME:
                position += 9
                frame_end = position + int.from_bytes(data[position - 8 : position], "little")
            else:
                position = _behind_literal(data, position)
            if position > min(frame_end, size) or size < frame_end < _NO_FRAME:
                return None
    return None


def _behind_literal(data: bytes | memoryview, position: int) -> int:
    """Return the offset behind a literal of mere data; past the end if the opcode is another one, or it is not that."""
    nowhere = len(data) + 1
    width = _LITERALS.get(data[position])
    if width is None:
        return nowhere
    begin = position + 1 + width
    end = begin + int.from_bytes(data[position + 1 : begin], "little")
    return nowhere if end >= nowhere or (end > begin and may_be_pickle(data, begin, end)) else end
