"""One file's examination: recognises every blob by content, hands it to its format, and keeps the budgets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.glance import glance
from chainguard_ml.scan.interface import Budgets
from chainguard_ml.scan.other_readings import other_readings
from chainguard_ml.scan.recognition import recognise

if TYPE_CHECKING:
    from chainguard_ml.model import Evidence, Gap, Observations
    from chainguard_ml.scan.interface import Blob, Format, Judge

# What archives hold is examined as a matter of course; what is in a text or a literal of anything else is a rarity.
_ARCHIVES = (naming.TORCH - {"torch-legacy"}) | frozenset(
    {"", "zip", "tar", "7z", "keras", "skops", "npz", "mar", "mlflow", "bento"}
)

_PLAIN = re.compile(rb"(?:[0-9]{1,40}|little|big)\n?\Z")
_PLAIN_SIZE = 41

_SMALL = 1 << 16  # bytes that a file counts for at least
_FREE = 8_000  # members that are examined however small the file is,
_PER_MEMBER = 80  # bytes of the file, as it is and decompressed, for each one beyond: no archive has smaller ones
_LITERAL = 4  # members that a part counts for that is no member: a file in a literal, a text, an attribute


def _is_plain(blob: Blob) -> bool:
    """Return whether it is one number or the name of a byte order, as beside the tensors of a torch archive.

    Forty digits are no format and no opcodes, so that nothing is asked or imported for them.
    """
    return blob.size <= _PLAIN_SIZE and _PLAIN.match(blob.read(0, _PLAIN_SIZE)) is not None


class Session:
    """The ``Examination`` of one file.

    Attributes:
        judge: Judges globals.
        budgets: The limits of this file.
        listing: Whether the evidence holds every global with its judgement.
        format: Name of the outermost format once it is recognised, else an empty string.
    """

    def __init__(self, judge: Judge, budgets: Budgets | None = None, *, listing: bool = False) -> None:
        self.judge = judge
        self.budgets = budgets or Budgets()
        self.listing = listing
        self.format = ""
        self._expanded = 0
        self._whole = 0
        self._seen = 0
        self._parts = 0
        self._over: dict[str, Gap] = {}
        self._begun = False
        self._containers: list[str] = []

    def allowance(self, compressed: int) -> int:
        """Return how many bytes ``compressed`` bytes may still become under the budgets of ratio and total."""
        budgets = self.budgets
        return max(0, min(budgets.expanded - self._expanded, max(budgets.free, compressed * budgets.expansion)))

    def spend(self, expanded: int) -> None:
        """Count ``expanded`` bytes against the file's total."""
        self._expanded += expanded

    def nested(self, blob: Blob) -> Observations:
        """Examine a blob: the file itself, or what was found inside it.

        Budgets of the file that were hit are told once and at its end: who asks about a literal may drop gaps.
        """
        if self._begun:
            yield from self._nested(blob)
            return
        self._begun = True
        most = blob.meter.left = self.budgets.opcodes + blob.size
        yield from self._nested(blob)
        if blob.meter.left <= 0:
            yield blob.gap(GapReason.BUDGET, f"more than {most:,} opcodes of pickles; the rest is unread")
        yield from self._over.values()
        self._begun = False

    def _nested(self, blob: Blob) -> Observations:
        if blob.depth > self.budgets.depth:
            yield blob.gap(GapReason.BUDGET, f"nested deeper than {self.budgets.depth} levels")
            return
        if not blob.size:
            return
        if over := self._exhausted(blob.size):
            self._over.setdefault(over, blob.gap(GapReason.BUDGET, over))
            return
        if evidence := self._glance(blob):
            self.format = self.format or ("" if self._containers else "pickle")
            yield evidence
            return
        plain = _is_plain(blob)
        found = None if plain else recognise(blob)
        name = found.NAME if found else ""
        if not self._containers:
            self.format = self.format or name
        if finding := naming.mismatch(blob, name):
            yield finding
        yield from self._examine(blob, found)
        if not plain:
            yield from other_readings(blob, name, self)

    def _glance(self, blob: Blob) -> Evidence | None:
        """Return the evidence of a small pickle of mere data, where nobody asked for more."""
        return None if self.listing else glance(blob)

    def _exhausted(self, size: int) -> str:
        """Count a part of ``size`` bytes; return which budget it is over: of bytes, of parts, or of none.

        Archives whose members overlap show the same bytes again and again; many tiny parts cost more than their bytes.
        """
        self._whole = self._whole or max(size, _SMALL)
        self._seen += size
        self._parts += 1 if not self._containers or self._containers[-1] in _ARCHIVES else _LITERAL
        octets = self._whole + self._expanded
        if self._seen > octets * self.budgets.repeats:
            return f"its parts overlap: they are more than {self.budgets.repeats} times the file; the rest is unread"
        most = _FREE + octets // _PER_MEMBER
        return f"more files in files than {most:,} members count for; the rest is unread" if self._parts > most else ""

    def _examine(self, blob: Blob, found: Format | None) -> Observations:
        if found is None:
            if gap := naming.unrecognised(blob):
                yield gap
            return
        if found.NAME in naming.PROGRAMS and self._is_in_model(blob):
            yield naming.program(blob, found.NAME)
        self._containers.append(found.NAME)
        try:
            yield from found.examine(blob, self)
        finally:
            self._containers.pop()

    def _is_in_model(self, blob: Blob) -> bool:
        inside = not naming.MODEL_FORMATS.isdisjoint(self._containers)
        return inside or naming.is_model((blob.location.path, *blob.location.member))
