"""What stands behind the end of a content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.interface import CONTENT_END
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

_ZEROS = re.compile(rb"\0*+")


def behind_zeros(blob: Blob, start: int, stop: int) -> int:
    """Return the offset of the first byte from ``start`` that is not zero, or ``stop`` if all are."""
    match = _ZEROS.match(blob.data, min(start, stop), stop)
    return match.end() if match else stop


def trailing(blob: Blob, start: int, examination: Examination) -> Observations:
    """Report and examine what stands behind the end of the content at ``start``; zero bytes are padding."""
    blob.memo[CONTENT_END] = start
    start = behind_zeros(blob, start, blob.size)
    if start >= blob.size:
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
