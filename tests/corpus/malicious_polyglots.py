"""Files that are two things at once: one technique each."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tests.corpus.containers import HARMLESS, PAYLOAD, raw_zip, tarred, zipped
from tests.corpus.frame import malicious
from tests.corpus.malicious_archives import MODEL, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

CALL = "dangerous-global"
EVIL = zipped({"archive/data.pkl": PAYLOAD, "archive/version": b"3\n"})


def png() -> bytes:
    """Return an image of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda\0\x08\1\1\0\0\x3f\0\x12\xff\0\x34\xff\xd9"
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def safetensors(body: bytes, header: dict[str, object] | None = None) -> bytes:
    """Return a safetensors file of one tensor of bytes."""
    entry = {"a": {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}}
    text = json.dumps(entry if header is None else header).encode()
    return struct.pack("<Q", len(text)) + text + body


def npy(array: object) -> bytes:
    """Return an array file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(array))
    return stream.getvalue()


def samples() -> Iterator[Malicious]:
    """What stands before, behind and inside."""
    yield from _behind()
    yield from _inside()
    yield from _before()


def _behind() -> Iterator[Malicious]:
    hosts = {
        "png": (png(), "image.png"), "jpeg": (JPEG, "image.jpg"), "gif": (GIF, "image.gif"), "pdf": (PDF, "x.pdf"),
        "text": (b"some words\n", "notes.txt"), "json": (b'{"a": 1}\n', "config.json"), "npy": (npy([1.0]), "a.npy"),
        "safetensors": (safetensors(b"1234"), "m.safetensors"), "gzip": (gzip.compress(b"text"), "m.gz"),
        "pickle": (HARMLESS, "m.pkl"), "tar": (tarred({"a": b"text"}), "m.tar"), "zip": (zipped({"a": b"x"}), "m.zip"),
    }  # fmt: skip
    for label, (host, name) in hosts.items():
        yield malicious(f"{label}-then-zip", name, host + EVIL, CALL)
        yield malicious(f"{label}-then-zip-named-pt", "model.pt", host + EVIL, CALL)
    for label in ("png", "jpeg", "gif", "npy", "safetensors", "gzip", "tar", "zip", "pickle"):
        host, name = hosts[label]
        yield malicious(f"{label}-then-pickle", name, host + PAYLOAD, CALL)
        yield malicious(f"{label}-then-padding-then-pickle", name, host + bytes(64) + PAYLOAD, CALL)
    yield malicious("broken-gzip-then-zip", "m.zip", gzip.compress(b"text" * 99)[:-12] + EVIL, CALL)
    yield malicious("cut-tar-then-zip", "m.zip", tarred({"a": b"text"})[:700] + EVIL, CALL)
    host = tarred({"a": b"text"})
    for end, label in ((512, "zip-in-slack"), (8000, "zip-in-end-blocks")):
        yield malicious(f"tar-{label}", "m.tar", host[: end + 100] + EVIL + host[end + 100 + len(EVIL) :], CALL)


def _inside() -> Iterator[Malicious]:
    yield malicious("zip-in-last-tensor", "m.safetensors", safetensors(EVIL), CALL)
    counted = raw_zip([MODEL, VERSION], prefix=b"x" * 40)
    yield malicious("zip-in-last-tensor-counted", "m.safetensors", safetensors(counted), CALL)
    yield malicious("zip-in-array", "a.npy", npy(np.frombuffer(EVIL, np.uint8)), CALL)
    literal = b"\x80\4B" + struct.pack("<I", len(EVIL) + 1) + EVIL + b"\0."
    yield malicious("zip-in-pickle-literal", "m.pkl", literal, CALL)
    yield malicious("zip-in-stored-gzip", "m.gz", gzip.compress(EVIL, 0), CALL)
    header = {"__metadata__": {"x": "y"}}
    yield malicious("pickle-as-safetensors", "m.safetensors", safetensors(PAYLOAD, header), CALL)


def _before() -> Iterator[Malicious]:
    for label, host in {"zip": zipped({"a": b"x"}), "tar": tarred({"a": b"x"}), "npy": npy([1])}.items():
        yield malicious(f"payload-then-{label}", "m.pkl", PAYLOAD + host, CALL)
    head = b"".join((b"cos\nsystem\n", b"X\x09\0\0\0echo seen", b"\x85R."))
    yield malicious("payload-then-safetensors", "m.safetensors", head + safetensors(b"1"), CALL)
    data = zlib.compressobj(1, zlib.DEFLATED, 13)
    packed = data.compress(b"a" * 600) + data.flush()
    yield malicious("zlib-then-pickle", "m", packed + PAYLOAD, CALL)
