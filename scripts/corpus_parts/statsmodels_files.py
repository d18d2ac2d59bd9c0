"""Fitted statistical models."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import allowlist_objects as real

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


def samples() -> Iterator[Sample]:
    """Yield each result by pickle and by its own save method."""
    for number, item in enumerate(real.statsmodels_objects()):
        name = f"statsmodels/{number:03}_{type(item).__name__}"
        yield Sample(f"{name}.pkl", lambda path, item=item: path.write_bytes(pickle.dumps(item)))
        yield Sample(f"{name}_2.pkl", lambda path, item=item: path.write_bytes(pickle.dumps(item, 2)))
        if number < 4:
            yield Sample(f"{name}.pickle", lambda path, item=item: item.save(str(path)))
            yield Sample(f"{name}_light.pickle", lambda path, item=item: item.save(str(path), remove_data=True))
