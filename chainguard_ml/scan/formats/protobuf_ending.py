"""What in a protobuf file its message does not know: unknown fields, and bytes that are no fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.protobuf import content
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT, Wire, WireError

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Kind


def unread(blob: Blob, wire: Wire, root: Kind, examination: Examination) -> Observations:
    """Yield the gaps that ``wire`` noted, look into unknown fields, and at what follows the last known one.

    Readers skip fields that they do not know, so a second file can be in one or behind them. It is looked for with a
    budget of its own: what spent that of ``wire`` hides nothing here.
    """
    end, cut = 0, False
    inside: list[tuple[int, int]] = []
    try:
        for number, how, first, last in Wire(blob.data).fields(0, blob.size):
            if root.fits(number, how):
                end, inside = (last if how != VARINT else _behind(wire, last)), []
            elif how == BYTES:
                inside.append((first, last))
                yield from content.examine_bytes(blob, f"(field {number})", (first, last), examination)
    except WireError as error:
        cut = error.cut and end == blob.size
        if error.reason is GapReason.BUDGET:
            wire.note(error)
            cut = True
    if not cut:
        yield from trailing(blob, end, examination)
    yield from wire.gaps(blob)


def _behind(wire: Wire, offset: int) -> int:
    """Return the position behind a number whose tag is at ``offset``."""
    for _ in range(2):  # the tag, then the value
        while wire.data[offset] >= 0x80:
            offset += 1
        offset += 1
    return offset
