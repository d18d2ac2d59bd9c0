"""Tables, their columns and labels, as pandas pickles them."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import allowlist_objects as real

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


def samples() -> Iterator[Sample]:
    """Yield each object in several protocols, and one table in every other format."""
    import pandas as pd

    for number, item in enumerate(real.pandas_objects()):
        for protocol in (2, 4, 5):
            yield Sample(
                f"pandas/{number:03}_{type(item).__name__}_{protocol}.pkl",
                lambda path, item=item, protocol=protocol: path.write_bytes(pickle.dumps(item, protocol)),
            )
    frame = pd.DataFrame({"a": range(100), "b": ["x", "y"] * 50, "c": pd.date_range("2024", periods=100)})
    for suffix in ("pkl", "pkl.gz", "pkl.bz2", "pkl.xz", "pkl.zip", "pkl.zst", "pkl.tar", "pkl.tar.gz"):
        yield Sample(f"pandas/frame.{suffix}", frame.to_pickle)
    yield Sample("pandas/frame.csv", frame.to_csv)
    yield Sample("pandas/frame.json", frame.to_json)
    yield Sample("pandas/frame.jsonl", lambda path: frame.to_json(path, orient="records", lines=True))
    yield Sample("pandas/frame.html", lambda path: frame.head().to_html(path))
    yield Sample("pandas/frame.dta", frame.to_stata)
