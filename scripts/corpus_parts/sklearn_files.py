"""Every estimator of scikit-learn, fitted, by pickle and joblib."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import allowlist_objects as real
import joblib

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPRESSED = {"zlib": ".z", "gzip": ".gz", "bz2": ".bz2", "xz": ".xz", "lzma": ".lzma", "lz4": ".lz4"}


def samples() -> Iterator[Sample]:
    """Yield each estimator once unfitted and as often as it could be fitted, and composed ones."""
    seen: dict[str, int] = {}
    for number, item in enumerate(real.sklearn_objects(2)):
        name = type(item).__name__
        count = seen[name] = seen.get(name, 0) + 1
        if count > 12:
            continue
        yield Sample(f"sklearn/{name}_{count}.pkl", lambda path, item=item: path.write_bytes(pickle.dumps(item)))
        if count <= 2:
            yield Sample(f"sklearn/{name}_{count}.joblib", lambda path, item=item: joblib.dump(item, path))
        if count == 2 and number % 5 == 0:
            for method, suffix in COMPRESSED.items():
                yield Sample(
                    f"sklearn/compressed/{name}.joblib{suffix}",
                    lambda path, item=item, method=method: joblib.dump(item, path, compress=(method, 3)),
                )
        if count == 2:
            protocol = (0, 2, 3)[number % 3]
            yield Sample(
                f"sklearn/protocols/{name}_{protocol}.pkl",
                lambda path, item=item, protocol=protocol: path.write_bytes(pickle.dumps(item, protocol)),
            )
