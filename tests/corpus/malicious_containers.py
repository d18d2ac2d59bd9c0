"""Containers and polyglots around a payload: one technique each."""

from __future__ import annotations

import gzip
import lzma
import struct
from typing import TYPE_CHECKING

from backports import zstd
from lz4 import frame

from tests.corpus.containers import BROKEN, PAYLOAD, File7z, seven_zip
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

CALL = "dangerous-global"
LZMA2 = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]


def samples() -> Iterator[Malicious]:
    """Every container."""
    yield from _seven_zip()
    yield from _compressed()


def _seven_zip() -> Iterator[Malicious]:
    model = File7z("data.pkl", PAYLOAD)
    packed = lzma.compress(PAYLOAD, lzma.FORMAT_RAW, filters=LZMA2)
    yield malicious("7z-stored", "model.bin", seven_zip([model]), CALL)
    yield malicious("7z-lzma2", "model.pt", seven_zip([model], [(b"\x21", b"\x18")], packed), CALL)
    yield malicious("7z-broken-pickle", "model.pt", seven_zip([File7z("data.pkl", BROKEN)]), CALL)
    yield malicious("7z-solid", "m.7z", seven_zip([File7z("a.txt", b"text"), model, File7z("b", b"x")]), CALL)
    yield malicious("7z-traversal", "m.7z", seven_zip([File7z("../x", b"text")]), "archive-path-traversal")
    link = File7z("x", b"/etc/passwd", attributes=0xA1ED8000)
    yield malicious("7z-link", "m.7z", seven_zip([link]), "archive-path-traversal")
    wrong = seven_zip([model], packed=PAYLOAD[:-4] + b"S" + PAYLOAD[-3:])
    yield malicious("7z-wrong-checksum", "m.7z", wrong, CALL)
    yield malicious("7z-trailing-pickle", "m.7z", seven_zip([File7z("a", b"text")]) + PAYLOAD, CALL)


def _compressed() -> Iterator[Malicious]:
    skipped = struct.pack("<II", 0x184D2A51, 4) + b"info"
    for name, pack in (("zstd", zstd.compress), ("lz4", frame.compress)):
        yield malicious(name, "model.joblib", pack(PAYLOAD), CALL)
        yield malicious(f"{name}-skippable-first", "model.pkl", skipped + pack(PAYLOAD), CALL)
        yield malicious(f"{name}-in-skippable", "model.pkl", skipped[:4] + struct.pack("<I", len(PAYLOAD)) + PAYLOAD
                        + pack(b"text"), CALL)  # fmt: skip
        yield malicious(f"{name}-split", "model.pkl", pack(PAYLOAD[:12]) + pack(PAYLOAD[12:]), CALL)
        yield malicious(f"{name}-cut", "model.pkl", pack(PAYLOAD + bytes(range(256)) * 3000)[:-3], CALL)
        yield malicious(f"{name}-in-gzip", "model.pkl", gzip.compress(pack(PAYLOAD)), CALL)
