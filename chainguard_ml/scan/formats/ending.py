"""What stands behind the end of a content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import formats as rules
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_ZEROS = re.compile(rb"\0*+")


def is_padding(blob: Blob, start: int, stop: int) -> bool:
    """Return whether there are only zero bytes from ``start`` to ``stop``."""
    match = _ZEROS.match(blob.data, start, stop)
    return match is not None and match.end() >= min(stop, blob.size)


def trailing(blob: Blob, start: int, examination: Examination) -> Observations:
    """Report and examine what stands behind the end of the content at ``start``; zero bytes are padding."""
    if start >= blob.size or is_padding(blob, start, blob.size):
        return
    count = blob.size - start
    yield rules.TRAILING_DATA.finding(
        blob.subject,
        blob.location.at(start),
        f"{plural(count, 'byte')} follow the end of the content",
        key=("trailing",),
        facts={"bytes": count},
    )
    yield from examination.nested(blob.window("(trailing bytes)", start, blob.size))
