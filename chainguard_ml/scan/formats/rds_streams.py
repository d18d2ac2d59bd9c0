"""The three encodings of R's serialization: XDR, native binary and ASCII (R Internals, 1.8; ``serialize.c``)."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Data

_SPACE = re.compile(rb"[ \t\n\r\v\f]*+")
_WORD = re.compile(rb"[ \t\n\r\v\f]*+([^ \t\n\r\v\f]{1,128})")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"t": b"\t", b"v": b"\v", b"b": b"\b", b"r": b"\r", b"f": b"\f", b"a": b"\a"}
_RUN = 1 << 24  # words or characters that one expression matches
NA = -(1 << 31)
"""R's missing integer."""


class RdsError(ValueError):
    """The stream breaks off or is no serialization, at ``offset``."""

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(text)
        self.offset = offset


class Stream(Protocol):
    """Reads a serialization from front to back.

    Attributes:
        position: Where the next byte is read.
    """

    position: int

    def integer(self) -> int:
        """Return a signed number of 32 bits."""

    def text(self, length: int) -> bytes:
        """Return a string of ``length`` bytes."""

    def end(self) -> int:
        """Return where the encoding ends, if everything has been read."""

    def skip(self, count: int, width: int) -> None:
        """Pass over ``count`` numbers of ``width`` bytes: 1 raw, 4 integer, 8 double, 16 complex."""


class Binary:
    """XDR (big-endian) or native (little-endian) numbers."""

    def __init__(self, data: Data, position: int, order: str) -> None:
        self.position = position
        self._data = memoryview(data)
        self._integer = struct.Struct(order + "i")

    def integer(self) -> int:
        """Return a signed number of 32 bits."""
        start = self.position
        self._advance(4)
        value: int = self._integer.unpack_from(self._data, start)[0]
        return value

    def text(self, length: int) -> bytes:
        """Return a string of ``length`` bytes."""
        start = self.position
        self._advance(length)
        return bytes(self._data[start : self.position])

    def skip(self, count: int, width: int) -> None:
        """Pass over numbers."""
        self._advance(count * width)

    def end(self) -> int:
        """Return where it stands."""
        return self.position

    def _advance(self, count: int) -> None:
        left = len(self._data) - self.position
        if not 0 <= count <= left:
            raise RdsError(f"{count:,} bytes are claimed where {left:,} are left", self.position)
        self.position += count


class Ascii:
    """Words between white space; strings with C's escapes."""

    def __init__(self, data: Data, position: int) -> None:
        self.position = position
        self._data = memoryview(data)

    def integer(self) -> int:
        """Return a signed number of 32 bits, ``NA`` for the word NA."""
        match = _WORD.match(self._data, self.position)
        word = match[1] if match else b""
        if word == b"NA":
            value = NA
        elif re.fullmatch(rb"-?\d{1,10}", word):
            value = int(word)
        else:
            raise RdsError("a number is expected", self.position)
        self.position = match.end() if match else self.position
        return value

    def text(self, length: int) -> bytes:
        """Return a string of ``length`` bytes."""
        start = self._space()
        self._match(rb"(?:\\[0-7]{1,3}|\\[^0-7]|[^\\]){%d}+", length)
        return _ESCAPE.sub(_unescape, bytes(self._data[start : self.position]))

    def skip(self, count: int, width: int) -> None:
        """Pass over words: one for a number, two for a complex one."""
        self._match(rb"(?:[ \t\n\r\v\f]*+[^ \t\n\r\v\f]++){%d}+", count * (2 if width == 16 else 1))

    def end(self) -> int:
        """Return the place behind the last line's end."""
        return self._space()

    def _space(self) -> int:
        match = _SPACE.match(self._data, self.position)
        self.position = match.end() if match else self.position
        return self.position

    def _match(self, pattern: bytes, count: int) -> None:
        if not 0 <= count <= len(self._data) - self.position:
            raise RdsError(f"{count:,} items are claimed", self.position)
        while count:
            run = min(count, _RUN)
            match = re.compile(pattern % run, re.DOTALL).match(self._data, self.position)
            if not match:
                raise RdsError("the text breaks off", self.position)
            self.position = match.end()
            count -= run


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() and code < b"8" else _NAMED.get(code, code)
