"""Zstandard (RFC 8878) and LZ4 (frame format 1.6) with the interface of ``expand.Engine``.

The libraries are imported when the first such stream is met. Their errors become ``ValueError``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.scan.expand import Engine

ZSTD_WINDOW = 27
"""Binary logarithm of the bytes that a Zstandard window may take; ``zstd`` itself asks before it goes beyond."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LZ4_MAGIC = b"\x04\x22\x4d\x18"
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)  # frames of both formats that decompress to nothing
_MOST_SKIPPED = 1 << 20


class _Translated:
    """A decompressor whose own error class becomes ``ValueError``."""

    def __init__(self, engine: Engine, error: type[Exception]) -> None:
        self._engine = engine
        self._error = error

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        return self._engine.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data or b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        try:
            return self._engine.decompress(data, max_length)
        except self._error as error:
            raise ValueError(str(error)) from None


def unzstd() -> Engine:
    """Return a decompressor for one Zstandard frame with a bounded window."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW}
    return _Translated(zstd.ZstdDecompressor(options=limit), zstd.ZstdError)


def unlz4() -> Engine:
    """Return a decompressor for one LZ4 frame; its blocks have at most 4 MiB."""
    from lz4 import frame

    return _Translated(frame.LZ4FrameDecompressor(), RuntimeError)


def skippable(head: bytes) -> int:
    """Return the length of the skippable frame (RFC 8878, 3.1.2) that starts here, 0 if none does."""
    if len(head) < 8 or int.from_bytes(head[:4], "little") not in _SKIPPABLE:
        return 0
    return 8 + int.from_bytes(head[4:8], "little")


def first_frame(data: memoryview) -> tuple[int, bytes]:
    """Return where the first frame with content starts, behind skippable ones, and its magic number."""
    position = 0
    for _ in range(_MOST_SKIPPED):  # each has eight bytes, and there is something behind them
        length = skippable(bytes(data[position : position + 8]))
        if not length:
            break
        position += length
    return position, bytes(data[position : position + 4])
