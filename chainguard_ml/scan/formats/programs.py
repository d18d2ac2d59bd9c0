"""Programs: recognised by their headers, judged by where they stand; beside a model they are ordinary, in it not.

Headers: System V gABI, "ELF header"; Microsoft PE format; Mach-O ``loader.h`` and ``fat.h``; WebAssembly core
specification 5.5.16; Java virtual machine specification 4.1; Dalvik executable format; CPython ``importlib`` (PEP 552)
and ``marshal``; LLVM bitcode format.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_MACH_ORDERS = {b"\xfe\xed\xfa\xce": ">", b"\xfe\xed\xfa\xcf": ">", b"\xce\xfa\xed\xfe": "<", b"\xcf\xfa\xed\xfe": "<"}
_MACH_KINDS = range(16)  # object, executable, library, bundle …
_FAT_ARCHITECTURES = range(1, 31)  # above stands Java's class file version, which shares the magic number
_CLASS_VERSIONS = range(45, 200)
_PYC_HEADERS = (8, 12, 16)  # bytes before the code: until 3.2, until 3.6, since
_PYC_CODE = b"c\xe3"  # marshal's TYPE_CODE, with and without FLAG_REF
_PYC_MAGICS = (range(3000, 4000), range(20000, 65536))  # Python 3, Python 1 and 2


class Program:
    """One kind of program.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    EXAMINES = "its header; a finding where it stands inside of a model or under a model's name"

    def __init__(self, name: str, matches: Callable[[Blob], bool]) -> None:
        self.NAME = name
        self._matches = matches

    def recognise(self, blob: Blob) -> bool:
        """Return whether the header is there and plausible."""
        return self._matches(blob)

    def examine(self, blob: Blob, examination: Examination) -> Observations:  # noqa: ARG002 (the seam's shape)
        """Say nothing more: whoever knows where it stands has said it."""
        yield from ()


def _is_pe(blob: Blob) -> bool:
    """The header that linkers write, or any that leads to the PE signature; text can start with MZ too."""
    if blob.read(0, 4) == b"MZ\x90\0":
        return True
    if blob.read(0, 2) != b"MZ" or blob.size < 0x40:
        return False
    (header,) = struct.unpack("<I", blob.read(0x3C, 0x40))
    return blob.read(header, header + 4) == b"PE\0\0"


def _is_mach_o(blob: Blob) -> bool:
    head = blob.read(0, 16)
    if head[:4] in {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"} and len(head) >= 8:
        return int.from_bytes(head[4:8], "big") in _FAT_ARCHITECTURES
    order = _MACH_ORDERS.get(head[:4])
    return order is not None and len(head) == 16 and struct.unpack(order + "I", head[12:])[0] in _MACH_KINDS


def _is_wasm(blob: Blob) -> bool:
    """A module of version 1, or a component."""
    return blob.read(0, 8) in {b"\0asm\1\0\0\0", b"\0asm\x0d\0\1\0"}


def _is_class(blob: Blob) -> bool:
    head = blob.read(0, 8)
    return head[:4] == b"\xca\xfe\xba\xbe" and int.from_bytes(head[6:8], "big") in _CLASS_VERSIONS


def _is_dex(blob: Blob) -> bool:
    head = blob.read(0, 8)
    return head[:4] in {b"dex\n", b"cdex"} and head[4:7].isdigit()


def _is_pyc(blob: Blob) -> bool:
    """The magic number ends with a line's end; behind the header stands a code object."""
    head = blob.read(0, 17)
    if head[2:4] != b"\r\n" or not any(int.from_bytes(head[:2], "little") in magics for magics in _PYC_MAGICS):
        return False
    return any(len(head) > start and head[start] in _PYC_CODE for start in _PYC_HEADERS)


def _starts(*signatures: bytes) -> Callable[[Blob], bool]:
    return lambda blob: any(blob.read(0, len(signature)) == signature for signature in signatures)


ELF = Program("elf", _starts(b"\x7fELF"))
PE = Program("pe", _is_pe)
MACH_O = Program("mach-o", _is_mach_o)
WASM = Program("wasm", _is_wasm)
JAVA_CLASS = Program("java-class", _is_class)
DEX = Program("dex", _is_dex)
PYC = Program("pyc", _is_pyc)
LLVM = Program("llvm", _starts(b"BC\xc0\xde", b"\xde\xc0\x17\x0b"))

EVERY = (ELF, PE, MACH_O, WASM, JAVA_CLASS, DEX, PYC, LLVM)
"""Every kind, in the order in which they are recognised."""
