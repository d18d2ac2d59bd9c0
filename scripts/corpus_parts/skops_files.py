"""skops: estimators without pickle."""

# ruff: noqa: SLF001 (tables: one row is one object or one file; some things only a private function makes)

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import allowlist_objects as real

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


def samples() -> Iterator[Sample]:
    """Yield every second composed estimator and some plain ones, in both compressions."""
    import skops.io

    data = real._data()
    for number, item in enumerate(real._composed(data)):
        if isinstance(item, list) or number % 2:
            continue
        yield Sample(
            f"skops/{number:03}_{type(item).__name__}.skops", lambda path, item=item: skops.io.dump(item, path)
        )
        if number % 8 == 0:
            yield Sample(
                f"skops/{number:03}_{type(item).__name__}_deflated.skops",
                lambda path, item=item: skops.io.dump(item, path, compression=zipfile.ZIP_DEFLATED, compresslevel=9),
            )
