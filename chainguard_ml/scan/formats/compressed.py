"""Compressed single files: gzip (RFC 1952), bzip2, xz, LZMA alone, zlib (RFC 1950), Zstandard, LZ4, joblib's "ZF".

What comes out is examined as a file of its own. Several members one after the other are one content, as their tools
and joblib read them. Zstandard is RFC 8878, LZ4 the frame format 1.6, "ZF" joblib's container up to 0.9.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import modern, naming
from chainguard_ml.scan.expand import Expansion, bunzip2, expand, inflate, unlzma
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import looks_like_a_file, payloads
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.expand import Engine
    from chainguard_ml.scan.interface import Blob, Examination

_TRIAL = 4096  # bytes decompressed to tell a stream without a signature from chance
_CONVINCING = 512  # bytes of output that chance does not give
_USUAL_PROPERTIES = 0x5D  # lc=3, lp=0, pb=2, which every encoder writes unless it is told otherwise
_STREAMS = 20_000  # of one file; in blocks of 64 kB, as bgzip has them, that is more than is decompressed anyway
_SUFFIXES = frozenset({"gz", "gzip", "bz2", "xz", "lzma", "z", "zlib", "zst", "zstd", "lz4"})
_ZFILE_HEADER = 21
_LZMA_HEADER = 14
_LZMA_EMPTY = 18  # bytes of a stream without content


class Compressed:
    """One compression.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Engine],
        matches: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.NAME = name
        self.EXAMINES = "what comes out, within budgets of size and ratio; every stream of several"
        self._make = make
        self._matches = matches

    def recognise(self, blob: Blob) -> bool:
        """Return whether a stream of this compression starts here."""
        return self._starts(memoryview(blob.data))

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Decompress within the budgets and examine what comes out."""
        found = self._expand(memoryview(blob.data), examination.allowance(blob.size))
        expansion = found.expansion
        examination.spend(len(expansion.data))
        if expansion.limited:
            detail = f"decompresses to more than {plural(len(expansion.data), 'byte')}; the rest is unread"
            yield blob.gap(GapReason.BUDGET, detail)
        elif found.exceeded:
            yield blob.gap(GapReason.BUDGET, f"more than {_STREAMS:,} streams; the rest is unread", found.end)
        elif not expansion.finished:
            why = printable(expansion.broken) or "it is cut"
            yield blob.gap(GapReason.MALFORMED, f"the {self.NAME} stream is broken: {why}", found.end)
        name = blob.name if naming.extension(blob.name) not in _SUFFIXES else naming.stem(blob.name)
        yield from examination.nested(blob.inside(name, memoryview(expansion.data).toreadonly()))
        for start, stop in found.skipped:
            yield from payloads(examination.nested(blob.window("(skipped frame)", start, stop)))
        if expansion.finished and not found.exceeded:
            yield from trailing(blob, found.end, examination)

    def _starts(self, view: memoryview) -> bool:
        return self._matches is not None and self._matches(bytes(view[:_TRIAL]))

    def _follows(self, view: memoryview) -> bool:
        """Return whether another stream of the same content starts here."""
        return self._starts(view)

    def _begin(self, view: memoryview) -> int:  # noqa: ARG002 (hook)
        """Return where the first stream starts."""
        return 0

    def _skip(self, view: memoryview, position: int, skipped: list[tuple[int, int]]) -> int:  # noqa: ARG002 (hook)
        """Return where the next stream starts, and add to ``skipped`` what stands before it by design."""
        return position

    def _stream(self, view: memoryview, limit: int) -> Expansion:
        """Return the output of the stream at the start."""
        return expand(self._make, view, limit)

    def _expand(self, view: memoryview, limit: int) -> _Streams:
        """Return the output of all streams, and where the last one ends."""
        whole = Expansion(bytearray(), finished=True)
        found = _Streams(whole, self._begin(view))
        for count in range(_STREAMS + 1):
            start = self._skip(view, found.end, found.skipped)
            if count and not self._follows(view[start:]):
                found.end = start
                return found
            found.end = start
            if count == _STREAMS:
                break
            more = self._stream(view[start:], limit - len(whole.data))
            whole.data += more.data
            whole.finished, whole.broken, whole.limited = more.finished, more.broken, more.limited
            found.end += more.consumed
            if not whole.finished:
                return found
        found.exceeded = True
        return found


@dataclass(slots=True)
class _Streams:
    """What all streams came to, where the last one ends, what was skipped, and whether there are more than are read."""

    expansion: Expansion
    end: int
    skipped: list[tuple[int, int]] = field(default_factory=list)
    exceeded: bool = False


class Gzip(Compressed):
    """gzip as Python's own module reads it: flags that are reserved and checksums of headers are not looked at.

    zlib refuses both, so the header is read here. Zero bytes between members are padding.
    """

    def _skip(self, view: memoryview, position: int, skipped: list[tuple[int, int]]) -> int:
        start = behind_zeros(view, position)
        return start if self._starts(view[start:]) else super()._skip(view, position, skipped)

    def _stream(self, view: memoryview, limit: int) -> Expansion:
        start = _gzip_data(view)
        if start is None:
            return Expansion(bytearray(), len(view))
        result = expand(self._make, view[start:], limit)
        result.consumed += start
        if result.finished:
            stated = bytes(view[result.consumed : result.consumed + 8])
            actual = struct.pack("<2I", zlib.crc32(result.data), len(result.data) & 0xFFFFFFFF)
            result.consumed += len(stated)
            if stated != actual:
                result.finished = False
                result.broken = "it has a wrong checksum or size" if len(stated) == 8 else ""
        return result


def behind_zeros(view: memoryview, position: int) -> int:
    """Return the offset of the first byte from ``position`` that is not zero, or the length."""
    while position < len(view):
        piece = bytes(view[position : position + _TRIAL])
        left = piece.lstrip(b"\0")
        position += len(piece) - len(left)
        if left:
            return position
    return len(view)


def _gzip_data(view: memoryview) -> int | None:
    """Return where the deflated data start (RFC 1952, 2.3); ``None`` if the header is cut."""
    flags, position = view[3] if len(view) > 3 else 0, 10
    if flags & 4:
        position += 2 + int.from_bytes(view[position : position + 2], "little")
    for flag in (8, 16):  # name and comment, each ended by a zero byte
        if flags & flag:
            position = _behind_zero(view, position)
    position += 2 if flags & 2 else 0
    return position if position <= len(view) else None


def _behind_zero(view: memoryview, position: int) -> int:
    for start in range(position, len(view), _TRIAL):
        found = bytes(view[start : start + _TRIAL]).find(b"\0")
        if found >= 0:
            return start + found + 1
    return len(view) + 1


class Framed(Compressed):
    """A compression in frames, between which others stand that decompress to nothing (RFC 8878, 3.1.2)."""

    def __init__(self, name: str, magic: bytes, make: Callable[[], Engine]) -> None:
        super().__init__(name, make, lambda head: head[:4] == magic)
        self._magic = magic

    def _starts(self, view: memoryview) -> bool:
        return modern.first_frame(view)[1] == self._magic

    def _skip(self, view: memoryview, position: int, skipped: list[tuple[int, int]]) -> int:
        while (length := modern.skippable(bytes(view[position : position + 8]))) and position + length <= len(view):
            if len(skipped) < _STREAMS:
                skipped.append((position + 8, position + length))
            position += length
        return position


def _is_gzip(head: bytes) -> bool:
    return head[:3] == b"\x1f\x8b\x08"


def _is_bzip2(head: bytes) -> bool:
    block_or_end = head[4:10] in {b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"}
    return head[:3] == b"BZh" and b"1" <= head[3:4] <= b"9" and block_or_end


def _is_xz(head: bytes) -> bool:
    return head[:6] == b"\xfd7zXZ\0"


class Zlib(Compressed):
    """zlib has two header bytes, which match one random text in a thousand, so the stream must also decompress."""

    def _starts(self, view: memoryview) -> bool:
        if not could_be_zlib(bytes(view[:3])):
            return False
        engine, output = zlib.decompressobj(), b""
        for start in range(0, len(view), _TRIAL):  # blocks can be empty
            try:
                output += engine.decompress(bytes(view[start : start + _TRIAL]), _TRIAL)
            except zlib.error:
                return _starts_something(_before_break(view))
            if engine.eof or len(output) >= _CONVINCING:
                return True
        return _starts_something(output)


class ZFile(Zlib):
    """joblib up to 0.9: "ZF", a length in hexadecimal padded to 19 characters, sometimes a space, and zlib."""

    def _starts(self, view: memoryview) -> bool:
        return bytes(view[:2]) == b"ZF" and super()._starts(view[self._begin(view) :])

    def _begin(self, view: memoryview) -> int:
        return _ZFILE_HEADER + (bytes(view[_ZFILE_HEADER : _ZFILE_HEADER + 1]) == b" ")


class Lzma(Compressed):
    """xz and LZMA alone, one of which can follow the other: Python's module looks at each stream anew."""

    def _skip(self, view: memoryview, position: int, skipped: list[tuple[int, int]]) -> int:  # noqa: ARG002 (hook)
        """Zeros are streams of LZMA alone without content, or what pads a stream of xz."""
        end = behind_zeros(view, position)
        padding = (end - position) % 4 == 0 and _is_xz(bytes(view[end : end + 6]))
        return end if padding else position + (end - position) // _LZMA_EMPTY * _LZMA_EMPTY

    def _follows(self, view: memoryview) -> bool:
        return _is_xz(bytes(view[:6])) or could_be_lzma(bytes(view[:_LZMA_HEADER]))

    def _stream(self, view: memoryview, limit: int) -> Expansion:
        form = lzma.FORMAT_XZ if _is_xz(bytes(view[:6])) else lzma.FORMAT_ALONE
        return expand(unlzma(form), view, limit)


def _before_break(view: memoryview) -> bytes:
    """Return the output that precedes the break of a stream."""
    return bytes(expand(inflate(15), view, _TRIAL).data)


def _starts_something(output: bytes) -> bool:
    """Return whether cut output starts like a pickle of protocol 2 or later: loaders run it before they see the cut."""
    return len(output) > 2 and output[0] == 0x80 and 2 <= output[1] <= 5


def could_be_zlib(head: bytes) -> bool:
    """Return whether the two header bytes are those of zlib, and something follows (RFC 1950, 2.2)."""
    if len(head) < 3 or head[0] & 0x0F != 8 or head[0] > 0x78:
        return False
    return (head[0] << 8 | head[1]) % 31 == 0 and not head[1] & 0x20


def could_be_lzma(head: bytes) -> bool:
    """Return whether a decoder of LZMA alone goes on behind these bytes: properties, a length, the coder's zero."""
    length = int.from_bytes(head[5:13], "little")
    return (
        len(head) >= _LZMA_HEADER and head[0] < 225 and head[13] == 0 and (length < 1 << 40 or length == (1 << 64) - 1)
    )


def _is_lzma(head: bytes) -> bool:
    """LZMA alone has no signature: properties, a dictionary size that encoders write, a plausible length, a zero."""
    dictionary = int.from_bytes(head[1:5], "little")
    usual = dictionary == 0xFFFFFFFF or (dictionary >= 1 << 12 and (dictionary & (dictionary - 1)) in _HALVES)
    if not (could_be_lzma(head) and usual):
        return False
    output = expand(unlzma(lzma.FORMAT_ALONE), memoryview(head), _TRIAL)
    data = bytes(output.data)
    if head[0] != _USUAL_PROPERTIES or not data:  # small whole numbers look like a header, and nearly all decode
        return _starts_something(data) or looks_like_a_file(data)
    return not output.broken or len(data) >= _CONVINCING or _starts_something(data)


# Encoders write 2^n, or 2^n + 2^(n-1): what is left without the lowest bit is nothing or one higher bit.
_HALVES = frozenset({0, *(1 << exponent for exponent in range(12, 32))})

GZIP = Gzip("gzip", inflate(-15), _is_gzip)
BZIP2 = Compressed("bzip2", bunzip2, _is_bzip2)
XZ = Lzma("xz", unlzma(lzma.FORMAT_XZ), _is_xz)
ZFILE = ZFile("zfile", inflate(15))
ZLIB = Zlib("zlib", inflate(15))
LZMA = Lzma("lzma", unlzma(lzma.FORMAT_ALONE), _is_lzma)
UNSIGNED = (
    Lzma("lzma", unlzma(lzma.FORMAT_ALONE), could_be_lzma),
    Compressed("zlib", inflate(15), could_be_zlib),
)
"""Streams that have no signature, by their headers alone, as their decoders take them."""

ZSTD = Framed("zstd", modern.ZSTD_MAGIC, modern.unzstd)
LZ4 = Framed("lz4", modern.LZ4_MAGIC, modern.unlz4)
