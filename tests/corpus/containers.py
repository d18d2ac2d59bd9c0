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


@dataclass(frozen=True)
class Entry:
    """A member of a hand-built zip archive; fields with ``local_`` replace what the local header says."""

    name: bytes
    data: bytes
    method: int = 0
    flags: int = 0
    size: int | None = None
    crc: int | None = None
    extra: bytes = b""
    local_name: bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None
    local_size: int | None = None
    local_crc: int | None = None
    local_extra: bytes = b""
    made: int = 20
    attributes: int = 0
    listed: bool = True
    comment: bytes = b""

    def local(self) -> bytes:
        """Return the local header and the data."""
        name = self.name if self.local_name is None else self.local_name
        size = len(self.data) if self.size is None else self.size
        head = struct.pack(
            "<4s5H3I2H",
            b"PK\3\4",
            20,
            self.flags if self.local_flags is None else self.local_flags,
            self.method if self.local_method is None else self.local_method,
            0,
            0,
            self.checksum if self.local_crc is None else self.local_crc,
            len(self.data) if self.local_size is None else self.local_size,
            size if self.local_size is None else self.local_size,
            len(name),
            len(self.local_extra),
        )
        return head + name + self.local_extra + self.data

    @property
    def checksum(self) -> int:
        """The CRC-32 that the directory states."""
        return zlib.crc32(self.data) if self.crc is None else self.crc

    def central(self, offset: int) -> bytes:
        """Return the entry of the central directory."""
        size = len(self.data) if self.size is None else self.size
        head = struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", self.made, 20, self.flags, self.method, 0, 0, self.checksum, len(self.data), size,
            len(self.name), len(self.extra), len(self.comment), 0, 0, self.attributes, offset,
        )  # fmt: skip
        return head + self.name + self.extra + self.comment


def raw_zip(
    entries: Sequence[Entry], *, prefix: bytes = b"", comment: bytes = b"", shift: int = 0, end: bytes | None = None
) -> bytes:
    """Return a zip archive of entries as they are; ``shift`` is added to the offsets that the directory states."""
    body, directory, count = bytearray(prefix), b"", 0
    for entry in entries:
        if entry.listed:
            directory += entry.central(len(body) + shift)
            count += 1
        body += entry.local()
    if end is None:
        end = end_record(count, len(directory), len(body) + shift, comment)
    return bytes(body) + directory + end


def end_record(count: int, length: int, offset: int, comment: bytes = b"", disk: int = 0) -> bytes:
    """Return the end record of a central directory."""
    return struct.pack("<4s4H2IH", b"PK\5\6", disk, disk, count, count, length, offset, len(comment)) + comment
