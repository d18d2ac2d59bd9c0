"""The same pickle in other words: operations taken apart and put together again, wrapped, padded and joined."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickletools
import struct
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import lz4.frame
from backports import zstd

from tests.corpus.containers import File7z, seven_zip
from tests.corpus.scientific_files import snappy_stream

if TYPE_CHECKING:
    from collections.abc import Callable

BENIGN = b"\x80\x02}X\x01\0\0\0aK\x01s."
"""A dictionary."""

_NOISE = b"K\x0120N(NN100"  # pushes, doubles and drops
_MEMO = b"K\x01r\xf0\xff\0\x000"  # the same with a memo


def operations(stream: bytes) -> list[tuple[str, object, bytes]] | None:
    """Return name, operand and bytes of each operation up to STOP; ``None`` if the standard library cannot tell."""
    try:
        found = [(item, operand, position or 0) for item, operand, position in pickletools.genops(stream)]
    except Exception:  # noqa: BLE001 (it raises whatever comes)
        return None
    ends = [position for _, _, position in found[1:]] + [len(stream)]
    ends[-1] = found[-1][2] + 1
    return [(item.name, operand, stream[start:end]) for (item, operand, start), end in zip(found, ends, strict=True)]


def _text(value: object) -> bytes:
    raw = str(value).encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _short(value: object) -> bytes:
    raw = str(value).encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes((len(raw),)) + raw if len(raw) < 256 else _text(value)


def _line(value: object) -> bytes:
    return b"V" + str(value).encode("raw-unicode-escape").replace(b"\n", b"\\u000a") + b"\n"


def _rewritten(stream: bytes, write: Callable[[str, object, bytes], bytes]) -> bytes:
    known = operations(stream)
    if known is None:
        return stream
    # Frames are left out, because lengths change.
    return (
        b"".join(write(*item) for item in known if item[0] != "FRAME") + stream[sum(len(raw) for _, _, raw in known) :]
    )


def _texts(how: Callable[[object], bytes]) -> Callable[[bytes], bytes]:
    def write(name: str, operand: object, raw: bytes) -> bytes:
        return how(operand) if name in {"BINUNICODE", "SHORT_BINUNICODE", "UNICODE"} else raw

    return lambda stream: _rewritten(stream, write)


def _names_from_stack(stream: bytes) -> bytes:
    def write(name: str, operand: object, raw: bytes) -> bytes:
        if name != "GLOBAL" or str(operand).count(" ") != 1:
            return raw
        module, attribute = str(operand).split(" ")
        return _short(module) + _short(attribute) + b"\x93"

    return _rewritten(stream, write)


def _noisy(stream: bytes) -> bytes:
    known = operations(stream) or []
    noise = _NOISE if any(name == "MEMOIZE" for name, _, _ in known) else _NOISE + _MEMO

    def write(name: str, _: object, raw: bytes) -> bytes:
        return raw if name in {"PROTO", "STOP"} else noise + raw

    return _rewritten(stream, write)


def _framed(size: int) -> Callable[[bytes], bytes]:
    def frame(stream: bytes) -> bytes:
        whole = operations(stream)
        if whole is None:
            return stream
        known = [item for item in whole if item[0] not in {"FRAME", "PROTO"}]
        tail = stream[sum(len(raw) for _, _, raw in whole) :]
        frames = [b"".join(raw for _, _, raw in known[at : at + size]) for at in range(0, len(known), size)]
        head = stream[:2] if stream[:1] == b"\x80" else b""
        return head + b"".join(b"\x95" + struct.pack("<Q", len(part)) + part for part in frames) + tail

    return frame


def _other_protocol(stream: bytes) -> bytes:
    """Change the protocol on the side of 3 where it is: below, names of Python 2 are meant."""
    number = stream[1] if stream[:1] == b"\x80" else 0
    body = stream[2:] if stream[:1] == b"\x80" else stream
    return b"\x80" + bytes(((2, 2, 0, 4, 5, 3)[number],)) + body


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "another protocol": _other_protocol,
    "without protocol": lambda stream: stream[2:] if stream[:2] in {b"\x80\0", b"\x80\1", b"\x80\2"} else stream,
    "long texts": _texts(_text),
    "short texts": _texts(_short),
    "texts in lines": _texts(_line),
    "names from the stack": _names_from_stack,
    "noise": _noisy,
    "one frame": _framed(1 << 30),
    "a frame for each operation": _framed(1),
    "a frame for some operations": _framed(3),
    "zeros behind": lambda stream: stream + bytes(100),
    "junk behind": lambda stream: stream + b"\xff\xfe\0junk",
    "behind a harmless one": lambda stream: BENIGN + stream,
    "before a harmless one": lambda stream: stream + BENIGN,
    "behind a harmless one and zeros": lambda stream: BENIGN + bytes(5000) + stream,
    "twice": lambda stream: stream + stream,
}
"""Other forms of a stream, which load as it does."""


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return stream.getvalue()


def _tar(data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("model.pkl")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def array_of_objects(body: bytes, descr: str = "'|O'") -> bytes:
    """Return a ``.npy`` file whose items are a pickle."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + body


_LZMA = b"\x5d\0\0\x10\0"  # properties: how it is packed below, and a dictionary of a mebibyte
_LZMA2 = {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}


def _raw_lzma(data: bytes) -> bytes:
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
    return lzma.compress(data, lzma.FORMAT_RAW, filters=chain)


CONTAINERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "zip": ("model.zip", lambda data: zipped({"a": data})),
    "zip bzip2": ("model.zip", lambda data: zipped({"a.txt": data}, zipfile.ZIP_BZIP2)),
    "zip lzma": ("model.zip", lambda data: zipped({"a.txt": data}, zipfile.ZIP_LZMA)),
    "zip stored": ("model", lambda data: zipped({"b.png": b"text", "a.png": data}, zipfile.ZIP_STORED)),
    "torch": (
        "model.pt",
        lambda data: zipped({"m/data.pkl": data, "m/version": b"3\n", "m/byteorder": b"little"}, zipfile.ZIP_STORED),
    ),
    "torch, another member": (
        "model.pt",
        lambda data: zipped({"m/data.pkl": BENIGN, "m/version": b"3\n", "m/extra": data}, zipfile.ZIP_STORED),
    ),
    "tar": ("model.tar", _tar),
    "gzip": ("model.pkl.gz", gzip.compress),
    "bzip2": ("model.pkl.bz2", bz2.compress),
    "xz": ("model.pkl.xz", lzma.compress),
    "lzma": ("model.pkl.lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE)),
    "zlib": ("model.joblib", zlib.compress),
    "old joblib": ("model.joblib", lambda data: b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)),
    "array of objects": ("model.npy", array_of_objects),
    "arrays of objects": ("model.npz", lambda data: zipped({"a.npy": array_of_objects(data)})),
    "7z": ("model.7z", lambda data: seven_zip([File7z("a", data)])),
    "7z lzma": ("model", lambda data: seven_zip([File7z("a.txt", data)], [(b"\3\1\1", _LZMA)], _raw_lzma(data))),
    "7z bcj lzma2": (
        "model.7z",
        lambda data: seven_zip(
            [File7z("b", b"text"), File7z("a.png", data)],
            [(b"\3\3\1\3", b""), (b"\x21", b"\x18")],
            lzma.compress(b"text" + data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_X86}, _LZMA2]),
        ),
    ),
    "zstd": ("model.pkl.zst", zstd.compress),
    "lz4": ("model.pkl.lz4", lz4.frame.compress),
    "snappy": ("model.pkl.sz", snappy_stream),
    "zip in tar in gzip": ("model.tar.gz", lambda data: gzip.compress(_tar(zipped({"a": data})))),
    "behind a zip": ("model.zip", lambda data: zipped({"a": b"text"}) + data),
    "before a zip": ("model.pkl", lambda data: data + zipped({"a": b"text"})),
}
"""Containers by what they are: the file's name, and what makes it."""

ORDINARY = frozenset(
    {"zip", "torch", "tar", "7z", "zstd", "lz4", "snappy", "gzip", "bzip2", "xz", "lzma", "zlib", "array of objects"}
    | {"arrays of objects", "zip in tar in gzip"}
)
"""Containers in which benign content stays clean."""
