"""safetensors: eight bytes of header length, a JSON header, and the tensors' bytes without holes.

Rules as the format's README and its reader have them: little-endian length up to 100 MB, the header starts with ``{``
and may end with spaces, names are unique, ``data_offsets`` fit type and shape, cover the buffer and do not overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import configuration
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import MOST_TENSORS, examine_tensor, scattered
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "safetensors"
EXAMINES = "header, duplicate names, bounds, overlaps, holes, trailing bytes; texts in the metadata"

_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E5M2FNUZ", "F8_E4M3FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
    "C128": 128,
}
_LONGEST_HEADER = 100_000_000
_METADATA = "__metadata__"
_MEMBERS = {"dtype", "shape", "data_offsets"}
_SHOWN = 20  # problems listed one by one


class _Span(NamedTuple):
    start: int
    stop: int
    name: str


def recognise(blob: Blob) -> bool:
    """Return whether a length below 2^40 and the beginning of a JSON object stand at the start.

    Under the format's own name any length will do, so that an absurd one is reported.
    """
    head = blob.read(0, 9)
    if len(head) < 9 or head[8:] != b"{":
        return False
    return (head[5:8] == b"\0\0\0" and head[:8] != bytes(8)) or naming.extension(blob.name) == NAME


def examine(blob: Blob, examination: Examination) -> Observations:
    """Check the header against the format's rules and against the file; the tensors' bytes are not read."""
    length = int.from_bytes(blob.read(0, 8), "little")
    if length > _LONGEST_HEADER:
        yield _bad(
            blob, f"the header claims {length:,} bytes, readers take {_LONGEST_HEADER:,}", grave=length >= 1 << 62
        )
    if length > examination.budgets.header:
        yield blob.gap(GapReason.BUDGET, f"the header claims {length:,} bytes; {examination.budgets.header:,} are read")
        return
    if 8 + length > blob.size:
        yield _bad(blob, f"the header claims {plural(length, 'byte')}, the file has {blob.size - 8:,} more")
        yield blob.gap(GapReason.MALFORMED, "the header is cut")
        return
    try:
        header = _read(blob, length)
    except InputError as error:
        yield _bad(blob, f"the header is wrong: {error}")
        yield blob.gap(GapReason.MALFORMED, "the header cannot be read, so nothing is known about the tensors")
        return
    yield from _tensors(blob, header, 8 + length, examination)


def _read(blob: Blob, length: int) -> dict[str, Json]:
    header = jsonsafe.loads(blob.read(8, 8 + length))
    if not isinstance(header, dict):
        raise InputError("it is no JSON object")
    return header


def _bad(blob: Blob, text: str, *, grave: bool = False) -> Finding:
    severity = Severity.HIGH if grave else None
    return rules.SAFETENSORS_BAD_HEADER.finding(blob.subject, blob.location, text, key=(text,), severity=severity)


def _tensors(blob: Blob, header: dict[str, Json], start: int, examination: Examination) -> Observations:
    entries = _Entries()
    for name, entry in header.items():
        if name == _METADATA:
            entries.problems.extend(_metadata(entry))
            yield from _texts(blob, entry, examination)
            yield from configuration.examine_document(blob.inside(_METADATA, b""), entry, examination)
        else:
            entries.add(name, entry)
    for text in entries.problems[:_SHOWN]:
        yield _bad(blob, text)
    if len(entries.problems) > _SHOWN:
        yield _bad(blob, f"{len(entries.problems) - _SHOWN:,} more entries are wrong")
    for dtype in sorted(entries.unknown)[:_SHOWN]:
        yield blob.gap(GapReason.UNSUPPORTED, f"the size of the type '{printable(dtype, 40)}' is not known")
    end = start + max((span.stop for span in entries.spans), default=0)
    yield from _layout(blob, sorted(entries.spans), start)
    if end > blob.size:
        yield _bad(blob, f"tensors need {plural(end - start, 'byte')}, {blob.size - start:,} are there")
        yield blob.gap(GapReason.MALFORMED, "the file is cut")
    elif not entries.problems:
        yield from trailing_strict(blob, end, examination)
    with scattered(blob):
        for span in entries.spans[:MOST_TENSORS]:
            yield from examine_tensor(blob, start + span.start, start + span.stop, span.name, examination)


@dataclass(slots=True)
class _Entries:
    """What the header's entries come to: the tensors' bytes, what is wrong, and types whose size is not known."""

    spans: list[_Span] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def add(self, name: str, entry: Json) -> None:
        """Take in one entry."""
        span, dtype = _span(name, entry, self.problems)
        if span:
            self.spans.append(span)
        if dtype:
            self.unknown.add(dtype)


def trailing_strict(blob: Blob, end: int, examination: Examination) -> Observations:
    """Report what follows the last tensor; unlike elsewhere, zero bytes are not allowed either."""
    if end >= blob.size:
        return
    told = False
    for item in trailing(blob, end, examination):
        told = True
        yield item
    if not told:
        yield _bad(blob, f"{plural(blob.size - end, 'zero byte')} follow the last tensor")


def _metadata(entry: Json) -> Iterator[str]:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        yield "__metadata__ is no object of strings"


def _texts(blob: Blob, entry: Json, examination: Examination) -> Observations:
    """Examine the texts of the metadata, those of a broken one included."""
    for pointer, item in jsonsafe.objects(entry):
        for key, text in item.items():
            if isinstance(text, str):
                yield from examine_text(blob, f"{_METADATA}{pointer}/{key}", text, examination)


def _span(name: str, entry: Json, problems: list[str]) -> tuple[_Span | None, str]:
    """Return the bytes of a tensor, and its type if its size is not known; add what is wrong to ``problems``."""
    who = f"tensor '{printable(name, 80)}'"
    if not isinstance(entry, dict) or set(entry) != _MEMBERS:
        problems.append(f"{who} does not have exactly dtype, shape and data_offsets")
        return None, ""
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(dtype, str) and _are_counts(shape) and _are_counts(offsets) and len(offsets) == 2):
        problems.append(f"{who} has a wrong dtype, shape or data_offsets")
        return None, ""
    begin, end = offsets
    if begin > end:
        problems.append(f"{who} ends before it begins")
        return None, ""
    span = _Span(begin, end, name)
    if dtype not in _BITS:
        return span, dtype
    if math.prod(shape) * _BITS[dtype] != (end - begin) * 8:
        problems.append(f"{who} has {end - begin:,} bytes, which do not fit its dtype and shape")
    return span, ""


def _are_counts(value: Json) -> bool:
    items = value if isinstance(value, list) and len(value) <= 64 else [None]
    return all(isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 1 << 64 for item in items)


def _layout(blob: Blob, spans: list[_Span], start: int) -> Observations:
    """Report overlaps and holes: every byte belongs to exactly one tensor."""
    covered = 0
    for span in spans:
        if span.start != covered:
            what = "overlaps the one before it" if span.start < covered else "leaves a hole before it"
            yield rules.SAFETENSORS_OVERLAP.finding(
                blob.subject,
                blob.location.at(start + min(span.start, covered)),
                f"tensor '{printable(span.name, 80)}' {what}",
                key=(span.name,),
            )
        covered = max(covered, span.stop)
