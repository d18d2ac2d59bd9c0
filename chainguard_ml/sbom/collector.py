"""Python's cyclic garbage collector, paused."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Pause the collector while a great many objects are made that all live on and form no cycles.

    It would walk over all of them again and again and free nothing: a third of the time of a large bill.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
