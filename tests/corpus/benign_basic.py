"""Plain values."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """A dictionary in every protocol."""
    for protocol in range(6):
        yield benign(f"values-{protocol}", "values.pkl", pickle.dumps({"a": [1, 2.5, None, "b"]}, protocol=protocol))
