"""Which literal bytes and texts may be pickles themselves: a cheap look that lets ordinary data pass.

It walks opcodes by the length of their operands only. What passes is walked again by the machine, which decides.
"""

from __future__ import annotations

import re

SHORTEST = 11
r"""Bytes of the shortest stream that calls something: ``cA\nB\n(tR.`` with a module's name of two letters."""

# Bytes that can begin a stream: opcodes that push, name, or say the protocol.
_FIRST = frozenset(b"(N)]}KMJGIFLSVUTXBCci\x80\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96")

# The same through UTF-8, base64 (also of zlib and gzip) or hexadecimal, and the signatures of containers.
_WRAPPED = re.compile(
    rb"\xc2\x80[\0-\x05]"
    rb"|\s*(?:gA[A-X]|Y[w-z\d+/_-]|K[A-P]|eJ|eN|eA|eF|H4sI)[\w+/-]{12}"
    rb"|\s*(?:800[0-5][\dA-Fa-f]{16}|(?:63|28)[\dA-Fa-f]{18})"
    rb"|PK\x03\x04|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ|x(?:\x01|\x5e|\xc2?\x9c|(?:\xc3\x9a|\xda))",
    re.DOTALL,
)
_NAMES = re.compile(rb"[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*(?:\n|\Z)")
_LINE = re.compile(rb"[^\n]*+\n?")

# Operands: bytes of a fixed one; ``-n`` for one preceded by its length in n bytes; a line.
_LINED = 9
_OPERANDS: dict[int, int] = {
    **dict.fromkeys(b"(012NQR]abdelostu})\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x94\x97\x98", 0),
    **dict.fromkeys(b"Khq\x80", 1),
    **dict.fromkeys(b"M", 2),
    **dict.fromkeys(b"Jjr", 4),
    **dict.fromkeys(b"G\x95", 8),
    **dict.fromkeys(b"UC\x8c\x8a", -1),
    **dict.fromkeys(b"TXB\x8b", -4),
    **dict.fromkeys(b"\x8d\x8e\x96", -8),
    **dict.fromkeys(b"FILSVPgp", _LINED),
}
_DEEPEST = 8  # as deep as containers are followed
_NAMING = frozenset(b"\x93\x82\x83\x84")  # names from the stack and from the registry of extensions


def may_be_pickle(data: bytes | memoryview, start: int, stop: int, depth: int = 0) -> bool:
    """Return whether the literal from ``start`` to ``stop`` deserves a walk of its own."""
    if data[start] in _FIRST and reaches_name(data, start, stop, depth):
        return True
    return _WRAPPED.match(data, start, stop) is not None


def reaches_name(data: bytes | memoryview, start: int, stop: int, depth: int = 0) -> bool:
    """Return whether a walk by lengths comes to an opcode that names something, or to a literal that may be a pickle.

    Literals inside literals are followed to a depth of their own, so that the cost stays linear.
    """
    position = start
    while position < stop:
        code = data[position]
        if code in b"ci":
            return _NAMES.match(data, position + 1, stop) is not None
        if code in _NAMING:
            return True
        operand = _OPERANDS.get(code)
        if operand is None:
            return False
        position += 1
        if operand == _LINED:
            line = _LINE.match(data, position, stop)
            position = line.end() if line else stop
        elif operand < 0:
            begin = position - operand
            position = begin + int.from_bytes(data[position:begin], "little")
            fits = depth < _DEEPEST and SHORTEST <= position - begin <= stop - begin
            if fits and may_be_pickle(data, begin, position, depth + 1):
                return True
        else:
            position += operand
    return False
