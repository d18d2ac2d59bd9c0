"""The pickle machine."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from tests.corpus import (
    malicious_pickle_arrays,
    malicious_pickle_detours,
    malicious_pickle_names,
    malicious_pickle_uses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.pkl"
_LARGEST = 2000  # bytes of a seed


def seeds() -> Iterator[bytes]:
    """Values in every protocol, and what the corpus does with names, calls, states and arrays."""
    value = {"a": [1, 2.5, None, b"bytes", "text", {3}, (4, 5), 1 << 70], "b": [complex(1, 2), bytearray(b"x")]}
    for protocol in range(6):
        yield pickle.dumps(value, protocol=protocol)
    tables = (
        malicious_pickle_arrays.ARRAYS,
        malicious_pickle_detours.DETOURS,
        malicious_pickle_names.STREAMS,
        malicious_pickle_uses.STREAMS,
    )
    for streams in tables:
        yield from (data for data, _ in streams.values() if len(data) <= _LARGEST)
