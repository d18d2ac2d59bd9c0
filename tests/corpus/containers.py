"""Builders of containers that the standard library does not write, and the payloads that stand in them."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
HARMLESS = b"\x80\x02}X\x01\0\0\0aK\x01s."
BROKEN = PAYLOAD[:-1] + b"\xff\xff"  # runs, then breaks off


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return stream.getvalue()


def tarred(
    members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, extra: Sequence[tarfile.TarInfo] = ()
) -> bytes:
    """Return a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return stream.getvalue()


def number(value: int) -> bytes:
    """Return a number as 7z writes it."""
    for length in range(8):
        if value < 1 << (7 * (length + 1)):
            first = (0xFF00 >> length & 0xFF) | value >> 8 * length
            return bytes([first]) + (value & (1 << 8 * length) - 1).to_bytes(length, "little")
    return b"\xff" + value.to_bytes(8, "little")


@dataclass(frozen=True)
class File7z:
    """A file of a 7z archive."""

    name: str
    data: bytes = b""
    attributes: int | None = None
    anti: bool = False


def seven_zip(
    files: Sequence[File7z],
    coders: Sequence[tuple[bytes, bytes]] = ((b"\0", b""),),
    packed: bytes | None = None,
    *,
    crc: bool = True,
) -> bytes:
    """Return a 7z archive with one folder: ``coders`` by id and properties, ``packed`` what they read."""
    full = [file for file in files if file.data]
    plain = b"".join(file.data for file in full)
    packed = plain if packed is None else packed
    streams = b"\x06" + number(0) + number(1) + b"\x09" + number(len(packed)) + b"\0"
    streams += _folder(coders, len(plain), [len(file.data) for file in full], full, crc=crc) + b"\0"
    return assemble(packed, b"\1" + (b"\4" + streams if full else b"") + _files(files) + b"\0")


def _folder(
    coders: Sequence[tuple[bytes, bytes]], size: int, sizes: Sequence[int], full: Sequence[File7z], *, crc: bool
) -> bytes:
    text = b"\x07\x0b" + number(1) + b"\0" + number(len(coders))
    for method, properties in coders:
        flags = len(method) | (0x20 if properties else 0)
        text += bytes([flags]) + method + (number(len(properties)) + properties if properties else b"")
    # The first coder of the header unpacks last: each takes in what the one behind it puts out.
    text += b"".join(number(index) + number(index + 1) for index in range(len(coders) - 1))
    text += b"\x0c" + number(size) * len(coders) + b"\0"
    text += b"\x08\x0d" + number(len(full)) + b"\x09" + b"".join(number(item) for item in sizes[:-1])
    if crc:
        text += b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(file.data)) for file in full)
    return text + b"\0"


def _files(files: Sequence[File7z]) -> bytes:
    text = b"\x05" + number(len(files))
    if not all(file.data for file in files):
        text += _property(0x0E, _bits([not file.data for file in files]))
        text += _property(0x0F, _bits([True for file in files if not file.data]))
    if any(file.anti for file in files):
        text += _property(0x10, _bits([file.anti for file in files if not file.data]))
    text += _property(0x11, b"\0" + b"".join(file.name.encode("utf-16-le") + b"\0\0" for file in files))
    if any(file.attributes is not None for file in files):
        known = _bits([file.attributes is not None for file in files])
        values = b"".join(struct.pack("<I", file.attributes) for file in files if file.attributes is not None)
        text += _property(0x15, b"\0" + known + b"\0" + values)
    return text + b"\0"


def _property(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + number(len(data)) + data


def _bits(values: Sequence[bool]) -> bytes:
    octets = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        octets[index >> 3] |= 0x80 >> (index & 7) if value else 0
    return bytes(octets)


def assemble(packed: bytes, header: bytes) -> bytes:
    """Return a 7z archive of packed streams and a header."""
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + header
