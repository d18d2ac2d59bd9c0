"""The pickle machine."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.pkl"


def seeds() -> Iterator[bytes]:
    """Values in every protocol, and a call."""
    value = {"a": [1, 2.5, None, b"bytes", "text", {3}, (4, 5), 1 << 70], "b": [complex(1, 2), bytearray(b"x")]}
    for protocol in range(6):
        yield pickle.dumps(value, protocol=protocol)
    yield b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
