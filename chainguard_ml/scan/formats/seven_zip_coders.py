"""Unpacking the folders of 7z archives: chains of methods with one input and one output each.

Method ids are those of 7-Zip's ``Methods.txt``. Filters (delta, branch conversion) are liblzma's: they stand in a chain
before LZMA2, and LZMA2 can store, so that a filter is run by storing what it should take in.
"""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.scan.expand import LZMA_MEMORY, bunzip2, expand, inflate, raw_lzma
from chainguard_ml.scan.modern import unlz4, unzstd

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.expand import Engine
    from chainguard_ml.scan.formats.seven_zip_reader import Coder, Folder

_COPY, _DELTA, _LZMA, _LZMA2 = b"\0", b"\3", b"\3\1\1", b"\x21"
AES = b"\6\xf1\7\1"
_FILTERS = {
    b"\4": lzma.FILTER_X86, b"\3\3\1\3": lzma.FILTER_X86,
    b"\5": lzma.FILTER_POWERPC, b"\3\3\2\5": lzma.FILTER_POWERPC,
    b"\6": lzma.FILTER_IA64, b"\3\3\4\1": lzma.FILTER_IA64,
    b"\7": lzma.FILTER_ARM, b"\3\3\5\1": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB, b"\3\3\7\1": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC, b"\3\3\x08\5": lzma.FILTER_SPARC,
}  # fmt: skip
_ENGINES: dict[bytes, Callable[[], Engine]] = {
    b"\4\1\x08": inflate(-15),
    b"\4\2\2": bunzip2,
    b"\4\xf7\x11\1": unzstd,
    b"\4\xf7\x11\4": unlz4,
}
_NAMES = {
    b"\3\4\1": "PPMd", b"\4\1\x09": "Deflate64", b"\3\3\1\x1b": "BCJ2", b"\x0a": "the ARM64 filter",
    b"\x0b": "the RISC-V filter", b"\4\xf7\x11\2": "Brotli", AES: "AES",
}  # fmt: skip
_CHUNK = 1 << 16


class MethodError(ValueError):
    """A method is not read; ``encrypted`` if a password would be needed."""

    def __init__(self, text: str, *, encrypted: bool = False) -> None:
        super().__init__(text)
        self.encrypted = encrypted


class Unpacked(NamedTuple):
    """What unpacking came to: the bytes, what was wrong, and whether a limit cut them."""

    data: bytes | bytearray | memoryview
    broken: str = ""
    limited: bool = False


def unpack(folder: Folder, packed: memoryview, limit: int) -> Unpacked:
    """Return what a folder unpacks to, at most ``limit`` bytes; raise ``MethodError`` for methods that are not read."""
    order = _chain(folder)
    steps = [(_step(folder.coders[index]), folder.sizes[index]) for index in order]
    result = Unpacked(packed)
    for step, size in steps:
        result = step(memoryview(result.data), min(size, limit))
        if len(result.data) < size:
            limited = size > limit and len(result.data) >= limit
            return result._replace(limited=limited) if limited or result.broken else result._replace(broken="it is cut")
    return result


def _chain(folder: Folder) -> list[int]:
    """Return the coders in the order in which they unpack."""
    for coder in folder.coders:
        if coder.method == AES:
            raise MethodError("it is encrypted", encrypted=True)
    if any(coder.inputs != 1 or coder.outputs != 1 for coder in folder.coders) or len(folder.packed) != 1:
        names = ", ".join(_name(coder) for coder in folder.coders)
        raise MethodError(f"methods with several streams ({names}) are not read")
    takes = {output: taker for taker, output in folder.binds}  # which coder takes in what another puts out
    nothing = len(folder.coders)
    order: list[int] = []
    current = folder.packed[0]
    while current not in order and current < nothing:
        order.append(current)
        current = takes.get(current, nothing)
    if len(order) != len(folder.coders):
        raise MethodError("its methods are not connected")
    return order


def _name(coder: Coder) -> str:
    return _NAMES.get(coder.method, f"method {coder.method.hex()}")


def _step(coder: Coder) -> Callable[[memoryview, int], Unpacked]:
    if coder.method == _COPY:
        return lambda data, size: Unpacked(data[:size])
    if coder.method == _DELTA:
        distance = coder.properties[0] + 1 if coder.properties else 1
        return _filter({"id": lzma.FILTER_DELTA, "dist": distance})
    if coder.method in _FILTERS:
        return _filter({"id": _FILTERS[coder.method]})
    make = _engine(coder)
    if make is None:
        raise MethodError(f"{_name(coder)} is not read")
    return lambda data, size: _expanded(make, data, size)


def _engine(coder: Coder) -> Callable[[], Engine] | None:
    if coder.method == _LZMA:
        return raw_lzma(coder.properties)
    if coder.method == _LZMA2:
        return _lzma2(coder.properties)
    return _ENGINES.get(coder.method)


def _lzma2(properties: bytes) -> Callable[[], Engine] | None:
    """Return the maker for raw LZMA2; its one byte of properties is the dictionary's size in half powers of two."""
    if len(properties) != 1 or properties[0] > 40:
        return None
    size = 0xFFFFFFFF if properties[0] == 40 else (2 | properties[0] & 1) << (properties[0] // 2 + 11)
    if size > LZMA_MEMORY:
        return None
    chain = [{"id": lzma.FILTER_LZMA2, "dict_size": size}]
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)


def _expanded(make: Callable[[], Engine], data: memoryview, size: int) -> Unpacked:
    """Decompress to the stated size; raw LZMA does not say itself where it ends."""
    expansion = expand(make, data, size)
    return Unpacked(expansion.data, "" if len(expansion.data) == size else expansion.broken)


def _filter(description: dict[str, int]) -> Callable[[memoryview, int], Unpacked]:
    def run(data: memoryview, size: int) -> Unpacked:
        chain = [description, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
        engine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        result = bytearray()
        for place in range(0, min(size, len(data)), _CHUNK):
            chunk = data[place : min(place + _CHUNK, size)]
            result += engine.decompress(_stored(chunk, first=place == 0))
        result += engine.decompress(b"\0")  # the end of LZMA2, which makes the filter give what it holds back
        return Unpacked(result)

    return run


def _stored(chunk: memoryview, *, first: bool) -> bytes:
    """Return a chunk of LZMA2 that is not compressed: control byte, length less one, the bytes."""
    return bytes([1 if first else 2]) + (len(chunk) - 1).to_bytes(2, "big") + bytes(chunk)
