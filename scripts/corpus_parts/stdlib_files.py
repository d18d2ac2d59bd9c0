"""Values of the standard library, by every protocol."""

# ruff: noqa: SLF001 (tables: one row is one object or one file; some things only a private function makes)

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import allowlist_objects as real

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _shared() -> object:
    inner: list[object] = [1, "a"]
    inner.append(inner)
    return {
        "a": inner,
        "b": inner,
        "long": list(range(5000)),
        "text": "é" * 300,
        "bytes": bytes(300),
        "deep": [[[[{}]]]],
        "tuple": (1, (2, (3,))),
    }


def _several(path: Path) -> None:
    with path.open("wb") as stream:
        for value in ({"a": 1}, [1, 2], "text"):
            pickle.dump(value, stream)


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for number, item in enumerate(
        [*real.standard(), _shared(), {}, [], None, 1, "x", b"y", 1.5, True, (), set(range(10))]
    ):
        for protocol in range(6):
            yield Sample(
                f"stdlib/{number:02}_{protocol}.pkl",
                lambda path, item=item, protocol=protocol: path.write_bytes(pickle.dumps(item, protocol)),
            )
    yield Sample("stdlib/several.pkl", _several)
    yield Sample("stdlib/pure_python.pkl", lambda path: path.write_bytes(pickle._dumps(_shared())))
    yield Sample(
        "stdlib/big.pkl",
        lambda path: path.write_bytes(
            pickle.dumps({f"key_{index}": [index, str(index), float(index)] for index in range(30000)})
        ),
    )
