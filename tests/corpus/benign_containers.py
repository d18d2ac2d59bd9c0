"""Containers as ordinary tools write them."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import zlib
from typing import TYPE_CHECKING

from backports import zstd
from lz4 import frame

from tests.corpus.containers import HARMLESS, Entry, File7z, raw_zip, seven_zip, tarred, zipped
from tests.corpus.frame import benign
from tests.corpus.malicious_polyglots import GIF, JPEG, png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Every container around plain values."""
    yield benign("7z-ordinary", "m.7z", seven_zip([File7z("m.pkl", HARMLESS), File7z("d", attributes=16)]))
    yield benign("zstd-ordinary", "m.pkl.zst", zstd.compress(HARMLESS))
    yield benign("lz4-ordinary", "m.joblib", frame.compress(HARMLESS))
    yield from archives()


def _links() -> bytes:
    """A virtual environment's links, and directories beneath each other."""
    links = []
    for name, target in (("lib64", "lib"), ("bin/python3", "python"), ("lib/a/b", "../c"), ("x/y/z", "../../lib")):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        links.append(info)
    return tarred({"bin/python": b"text", "lib/c": b"text", "ä/ö": b"text"}, extra=links)


def _wide() -> bytes:
    """What tools write for more than 4 GiB: the end record says nothing, and the one before it all."""
    whole = zipped({"a.txt": b"text"})
    end = whole.index(b"PK\5\6")
    length, offset = struct.unpack("<2I", whole[end + 12 : end + 20])
    wide = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return whole[:end] + wide + locator + whole[end : end + 8] + b"\xff" * 12 + bytes(2)


def _commented() -> bytes:
    """A comment for all members in front, as version control systems write it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", pax_headers={"comment": "0" * 40}) as archive:
        info = tarfile.TarInfo("long/" * 60 + "m.pkl")
        info.size = len(HARMLESS)
        archive.addfile(info, io.BytesIO(HARMLESS))
    return stream.getvalue()


def archives() -> Iterator[Benign]:
    """Zip and tar as tools write them."""
    yield benign("tar-links", "venv.tar", _links())
    for label, form in {"ustar": 0, "gnu": 1, "pax": 2}.items():
        yield benign(f"tar-{label}-ordinary", "m.tar", tarred({"d/" * 55 + "m.pkl": HARMLESS, "a": b"x" * 5000}, form))
    other = b"\1" + struct.pack("<I", zlib.crc32(b"\x81.txt")) + "ü.txt".encode()
    unicode = Entry(b"\x81.txt", b"text", extra=struct.pack("<2H", 0x7075, len(other)) + other)
    yield benign("zip-unicode-path-ordinary", "m.zip", raw_zip([unicode]))
    yield benign("zip-comment", "m.zip", raw_zip([Entry(b"a.txt", b"text", comment=b"x")], comment=b"made by hand"))
    yield benign("zip-nested", "m.zip", zipped({f"{n}.zip": zipped({"a": b"text"}) for n in range(30)}))
    yield benign("gzip-padded", "m.pkl.gz", gzip.compress(HARMLESS[:5]) + bytes(512) + gzip.compress(HARMLESS[5:]))
    yield benign("zip-wide-ordinary", "m.zip", _wide())
    yield benign("tar-ends-in-a-zip", "m.tar", tarred({"a": b"text", "m.zip": zipped({"m.pkl": HARMLESS})}))
    yield benign("tar-comment-for-all", "m.tar", _commented())
    yield benign("xz-padded", "m.pkl.xz", lzma.compress(HARMLESS[:5]) + bytes(64) + lzma.compress(HARMLESS[5:]))
    yield benign("zeros", "m.tar", tarred({"zeros": bytes(100_000), "m.pkl": HARMLESS}))
    yield benign("png", "image.png", png())
    yield benign("png-with-text-behind", "image.png", png() + b"made by a camera")
    yield benign("jpeg", "image.jpg", JPEG)
    yield benign("gif", "image.gif", GIF)
