"""Formats that are recognised and not read: each is a gap with its name, or native code.

Signatures: ELF gABI; Microsoft PE format; Mach-O ``loader.h``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_MACH_MAGICS = frozenset(
    {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"},
)
_FAT_ARCHITECTURES = range(1, 31)  # above stands Java's class file version, which shares the magic number


class Opaque:
    """A format known by its signature only.

    Attributes:
        NAME: Short name.
        FIRST: First bytes; empty if any is possible.
        EXAMINES: What is looked at.
    """

    def __init__(self, name: str, first: bytes, matches: Callable[[Blob], bool], title: str = "") -> None:
        self.NAME = name
        self.EXAMINES = "recognised; not read, so it is a gap" if title else "native code where a model should be"
        self.FIRST = first
        self._matches = matches
        self._title = title

    def recognise(self, blob: Blob) -> bool:
        """Return whether the signature is there."""
        return self._matches(blob)

    def examine(self, blob: Blob, examination: Examination) -> Observations:  # noqa: ARG002 (the seam's shape)
        """Say that the content was not examined; native code is judged by where it stands."""
        if self._title:
            yield blob.gap(GapReason.UNSUPPORTED, f"{self._title} is recognised but its content is not examined")


def _starts(signature: bytes, at: int = 0) -> Callable[[Blob], bool]:
    return lambda blob: blob.read(at, at + len(signature)) == signature


def _is_pe(blob: Blob) -> bool:
    if blob.read(0, 2) != b"MZ" or blob.size < 0x40:
        return False
    (header,) = struct.unpack("<I", blob.read(0x3C, 0x40))
    return blob.read(header, header + 4) == b"PE\0\0"


def _is_mach_o(blob: Blob) -> bool:
    head = blob.read(0, 8)
    if head[:4] == b"\xca\xfe\xba\xbe" and len(head) == 8:
        return int.from_bytes(head[4:], "big") in _FAT_ARCHITECTURES
    return head[:4] in _MACH_MAGICS


LZ4_LEGACY = Opaque("lz4-legacy", b"\x02", _starts(b"\x02\x21\x4c\x18"), "the LZ4 format of before 2012")
ELF = Opaque("elf", b"\x7f", _starts(b"\x7fELF"))
PE = Opaque("pe", b"M", _is_pe)
MACH_O = Opaque("mach-o", b"\xfe\xce\xcf\xca", _is_mach_o)
