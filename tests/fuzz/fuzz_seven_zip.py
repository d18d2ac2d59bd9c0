"""7z archives."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING

from tests.corpus.containers import PAYLOAD, File7z, seven_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.7z"


def seeds() -> Iterator[bytes]:
    """Stored and packed, with a file without content."""
    files = [File7z("model.pkl", PAYLOAD), File7z("empty", attributes=0x20), File7z("b.txt", b"text")]
    yield seven_zip(files)
    chain = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    packed = lzma.compress(PAYLOAD + b"text", lzma.FORMAT_RAW, filters=chain)
    yield seven_zip(files, [(b"\3\3\1\3", b""), (b"\x21", b"\x18")], packed)
