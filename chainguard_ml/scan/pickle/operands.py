r"""Operands of opcodes, decoded as CPython decodes them (``Modules/_pickle.c``, ``Lib/pickle.py``).

The two implementations do not accept the same texts: ``I0x10\n`` and ``I010\n`` and ``I1\0junk\n`` are numbers for one
or both of them. What either accepts is accepted here.
"""

from __future__ import annotations

import re

from chainguard_ml.scan.pickle.values import DATA, Plain

_LONGEST = 4000  # digits that are converted; longer ones are only checked, because conversion is quadratic
_STRTOL = re.compile(rb"[ \t-\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|(0[0-7]*)|([1-9]\d*))(?=[\0\n]|\Z)")
_DIGITS = re.compile(rb"\s*[+-]?(?:0[xXoObB])?[0-9a-fA-F_]+\s*")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|([^x0-7]))", re.DOTALL)
_PLAIN = {
    **{ord(char): ord(char) for char in "\\'\""},
    **dict(zip(b"bftnrva", b"\b\f\t\n\r\v\a", strict=True)),
}


class BrokenError(ValueError):
    """Every unpickler stops here: an operand is wrong or cut, the stack is empty, a memo is missing."""


def integer(line: bytes, base: int = 0) -> int | Plain:
    """Return the number that INT, LONG (base 0), PUT or GET (base 10) read; ``DATA`` for one of very many digits.

    Raises:
        BrokenError: No implementation takes it for a number.
    """
    text = line.partition(b"\0")[0]  # C code stops at a zero byte
    if len(text) > _LONGEST:
        if _DIGITS.fullmatch(text):
            return DATA
        raise BrokenError("a number is not one")
    try:
        return int(text, base)
    except ValueError:
        return _strtol(line) if base == 0 else _broken_number()


def _strtol(line: bytes) -> int:
    """Read as C's ``strtol`` with base 0: a leading zero means octal, and an empty text before a zero byte is 0."""
    match = _STRTOL.match(line)
    if match:
        sign, hexadecimal, binary, octal, decimal = match.groups()
        digits, base = next((text, base) for text, base in
                            ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)) if text)  # fmt: skip
        return int(sign + digits, base)
    if line.startswith(b"\0"):
        return 0
    return _broken_number()


def _broken_number() -> int:
    raise BrokenError("a number is not one")


def check_float(line: bytes) -> None:
    """Check the operand of FLOAT.

    Raises:
        BrokenError: No implementation takes it for a number.
    """
    try:
        float(line.partition(b"\0")[0])
    except ValueError:
        raise BrokenError("a floating-point number is not one") from None


def quoted(line: bytes) -> bytes:
    """Return the bytes that STRING reads: a Python 2 ``repr`` in quotes, unescaped.

    Raises:
        BrokenError: It is not quoted, or an escape is cut.
    """
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in {b"'", b'"'}:
        raise BrokenError("a string is not quoted")
    inner = line[1:-1]
    if b"\\" not in inner:
        return inner
    pieces: list[bytes] = []
    position = 0
    while (start := inner.find(b"\\", position)) >= 0:
        match = _ESCAPE.match(inner, start)
        if match is None:
            raise BrokenError("an escape in a string is cut")
        pieces += (inner[position:start], _unescape(match))
        position = match.end()
    return b"".join((*pieces, inner[position:]))


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, char = match.groups()
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    if hexadecimal:
        return bytes((int(hexadecimal, 16),))
    return bytes((_PLAIN[char[0]],)) if char[0] in _PLAIN else match.group()


def raw_unicode(line: bytes) -> str:
    """Return the text that UNICODE reads.

    Raises:
        BrokenError: An escape is wrong.
    """
    try:
        return line.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        raise BrokenError("an escape in a text is wrong") from None


def utf8(content: bytes | memoryview) -> str:
    """Return UTF-8 text in which lone surrogates may stand.

    Raises:
        BrokenError: It is not UTF-8.
    """
    try:
        return str(content, "utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise BrokenError("a text is not UTF-8") from None


def name(line: bytes, encoding: str) -> str:
    """Return a module's or attribute's name: UTF-8 for GLOBAL, ASCII for INST and PERSID.

    Raises:
        BrokenError: It cannot be decoded.
    """
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        raise BrokenError(f"a name is not {encoding.upper()}") from None
