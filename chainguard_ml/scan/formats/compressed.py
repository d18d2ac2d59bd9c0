"""Compressed single files: gzip (RFC 1952), bzip2, xz, LZMA alone, zlib (RFC 1950), and joblib's old "ZF" container.

What comes out is examined as a file of its own. Several members one after the other are one content, as their tools
and joblib read them.
"""

from __future__ import annotations

import lzma
import zlib
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.expand import Expansion, bunzip2, expand, inflate, unlzma
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.expand import Engine
    from chainguard_ml.scan.interface import Blob, Examination

_TRIAL = 4096  # bytes decompressed to tell a stream without a signature from chance
_CONVINCING = 512  # bytes of output that chance does not give
_SUFFIXES = frozenset({"gz", "gzip", "bz2", "xz", "lzma", "z", "zlib"})
_ZFILE_HEADER = 21  # joblib up to 0.9: "ZF", then the length in hexadecimal, padded to 19 characters


class Compressed:
    """One compression.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
        FIRST: First bytes; empty if any is possible.
    """

    def __init__(
        self,
        name: str,
        first: bytes,
        make: Callable[[], Engine],
        matches: Callable[[bytes], bool],
        *,
        header: int = 0,
    ) -> None:
        self.NAME = name
        self.EXAMINES = "what comes out, within budgets of size and ratio; every stream of several"
        self.FIRST = first
        self._make = make
        self._matches = matches
        self._header = header

    def recognise(self, blob: Blob) -> bool:
        """Return whether a stream of this compression starts here."""
        return self._matches(blob.read(0, _TRIAL))

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Decompress within the budgets and examine what comes out."""
        expansion, end = self._expand(blob, examination.allowance(blob.size))
        examination.spend(len(expansion.data))
        if expansion.limited:
            yield blob.gap(
                GapReason.BUDGET, f"decompresses to more than {plural(len(expansion.data), 'byte')}; the rest is unread"
            )
        elif not expansion.finished:
            why = printable(expansion.broken) or "it is cut"
            yield blob.gap(GapReason.MALFORMED, f"the {self.NAME} stream is broken: {why}", end)
        name = blob.name if naming.extension(blob.name) not in _SUFFIXES else naming.stem(blob.name)
        yield from examination.nested(blob.inside(name, memoryview(expansion.data).toreadonly()))
        if expansion.finished:
            yield from trailing(blob, end, examination)

    def _expand(self, blob: Blob, limit: int) -> tuple[Expansion, int]:
        """Return the output of all members, and where the last one ends."""
        view = memoryview(blob.data)
        position = self._header
        whole = expand(self._make, view[position:], limit)
        position += whole.consumed
        while whole.finished and self._matches(bytes(view[position : position + _TRIAL])):
            more = expand(self._make, view[position:], limit - len(whole.data))
            whole.data += more.data
            whole.finished, whole.broken, whole.limited = more.finished, more.broken, more.limited
            position += more.consumed
        return whole, position


def _is_gzip(head: bytes) -> bool:
    return head[:3] == b"\x1f\x8b\x08"


def _is_bzip2(head: bytes) -> bool:
    block_or_end = head[4:10] in {b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"}
    return head[:3] == b"BZh" and b"1" <= head[3:4] <= b"9" and block_or_end


def _is_xz(head: bytes) -> bool:
    return head[:6] == b"\xfd7zXZ\0"


def _is_zfile(head: bytes) -> bool:
    if head[:2] != b"ZF" or head[2:4].lower() != b"0x":
        return False
    return _is_zlib(head[_ZFILE_HEADER:])


def _is_zlib(head: bytes) -> bool:
    """The two header bytes match one random text in a thousand, so the stream must also decompress."""
    if len(head) < 3 or head[0] & 0x0F != 8 or head[0] > 0x78 or (head[0] << 8 | head[1]) % 31 or head[1] & 0x20:
        return False
    engine = zlib.decompressobj()
    try:
        output = engine.decompress(head, _TRIAL)
    except zlib.error:
        return _starts_something(_before_break(head))
    return engine.eof or len(output) >= _CONVINCING or _starts_something(output)


def _before_break(head: bytes) -> bytes:
    """Return the output that precedes the break of a stream."""
    return bytes(expand(inflate(15), memoryview(head), _TRIAL).data)


def _starts_something(output: bytes) -> bool:
    """Return whether cut output starts like a pickle of protocol 2 or later: loaders run it before they see the cut."""
    return len(output) > 2 and output[0] == 0x80 and 2 <= output[1] <= 5


def _is_lzma(head: bytes) -> bool:
    """LZMA alone has no signature: properties, a dictionary size that encoders write, a plausible length, a zero."""
    if len(head) < 14 or head[0] >= 225 or head[13] != 0:
        return False
    dictionary = int.from_bytes(head[1:5], "little")
    length = int.from_bytes(head[5:13], "little")
    usual = dictionary == 0xFFFFFFFF or (dictionary >= 1 << 12 and (dictionary & (dictionary - 1)) in _HALVES)
    if not usual or (length != (1 << 64) - 1 and length >= 1 << 40):
        return False
    output = expand(unlzma(lzma.FORMAT_ALONE), memoryview(head), _TRIAL)
    return not output.broken or len(output.data) >= _CONVINCING or _starts_something(bytes(output.data))


# Encoders write 2^n, or 2^n + 2^(n-1): what is left without the lowest bit is nothing or one higher bit.
_HALVES = frozenset({0, *(1 << exponent for exponent in range(12, 32))})

GZIP = Compressed("gzip", b"\x1f", inflate(31), _is_gzip)
BZIP2 = Compressed("bzip2", b"B", bunzip2, _is_bzip2)
XZ = Compressed("xz", b"\xfd", unlzma(lzma.FORMAT_XZ), _is_xz)
ZFILE = Compressed("zfile", b"Z", inflate(15), _is_zfile, header=_ZFILE_HEADER)
ZLIB = Compressed("zlib", bytes(range(0x08, 0x79, 0x10)), inflate(15), _is_zlib)
LZMA = Compressed("lzma", b"", unlzma(lzma.FORMAT_ALONE), _is_lzma)
