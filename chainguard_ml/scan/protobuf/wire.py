"""The protobuf wire format (protobuf.dev, "Encoding"): fields one after the other, without a copy.

What a reader does with a field that comes twice depends on its kind: the last number or string counts, messages are
merged. Every occurrence is handed out here, so nothing hides behind another. Limits are those of protobuf itself where
it has some: five bytes for a tag, ten for a number, a hundred levels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from chainguard_ml.model import GapReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Data

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
"""Wire types."""

LEVELS = 100
"""Messages in messages that protobuf's own readers accept."""

FIELDS = 6_000_000
"""Fields of one file that are read; numbers one after the other, as forests have millions of, count as one."""

FREE_FIELDS = 300_000
"""Fields that are read however small the file is; beyond, one for each of its bytes."""

_MESSAGE = 3  # fields that a message inside another counts for beyond its own: it costs as much
_LARGEST = (1 << 29) - 1  # field number
_SHORT = 16_384  # bytes of a message whose fields are read at once
_NUMBERS = re.compile(  # numbers one after the other whose tags have one byte: of varints, of eight bytes, of four
    rb"(?:[\x08\x10\x18 (08@HPX`hpx][\x80-\xff]{0,9}[\0-\x7f]|[\x09\x11\x19!)19AIQYaiqy].{8}"
    rb"|[\x0d\x15\x1d%-5=EMU\]emu}].{4})*+",
    re.DOTALL,
)

Field: TypeAlias = tuple[int, int, int, int]
"""Number, wire type, and for a number its value and offset, for all else where its content starts and ends."""


class WireError(ValueError):
    """The bytes from ``offset`` are no field; ``reason`` says what kind of gap it is.

    ``cut`` if the end came before the end of the last field: what there is of it has been handed out.
    """

    def __init__(self, text: str, offset: int, reason: GapReason = GapReason.MALFORMED, *, cut: bool = False) -> None:
        super().__init__(text)
        self.offset = offset
        self.reason = reason
        self.cut = cut


def _cut(field: Field, offset: int, missing: int) -> WireError:
    return WireError(f"field {field[0]} claims {missing:,} bytes more than are there", offset, cut=True)


class Problem(NamedTuple):
    """Something that could not be read: where, what, and what kind of gap it is."""

    offset: int
    text: str
    reason: GapReason


class Wire:
    """Reads the fields of messages in ``data`` and counts them against the budget.

    Attributes:
        data: The bytes.
        left: Fields that may still be read.
        problems: What could not be read; the first ones.
    """

    def __init__(self, data: Data, limit: int = FIELDS) -> None:
        self.data = data
        self.left = self._most = min(limit, FREE_FIELDS + len(data))
        self.problems: list[Problem] = []

    def note(self, error: WireError) -> None:
        """Keep a problem for later."""
        if len(self.problems) < 10:
            self.problems.append(Problem(error.offset, str(error), error.reason))

    def gaps(self, blob: Blob) -> Observations:
        """Yield a gap for each problem that was noted."""
        for problem in sorted(set(self.problems)):
            yield blob.gap(problem.reason, problem.text, problem.offset)

    def fields(self, start: int, stop: int, *, numbers: bool = True) -> Iterator[Field]:
        """Yield the fields between two offsets; the last may be cut short by the end.

        Without ``numbers`` a run of them is stepped over at once.

        Raises:
            WireError: After the last sound field, if bytes follow that are none, or the budget is used up.
        """
        position, data = start, self.data
        while position < stop:
            self._count(1, position)
            tag = data[position]
            if 7 < tag < 0x80 and tag & 7 == BYTES and position + 1 < stop:  # most: a tag and a length of one byte
                first = position + 2
                behind = first + data[position + 1]
                if behind <= stop and behind < first + 0x80:
                    yield tag >> 3, BYTES, first, behind
                    position = behind
                    continue
            elif not numbers and (run := _NUMBERS.match(data, position, stop)) and run.end() > position:
                position = run.end()
                continue
            field, behind = self._field(position, stop)
            yield field
            if behind > stop:
                raise _cut(field, position, behind - stop)
            position = behind

    def messages(self, start: int, stop: int) -> Iterator[Field]:
        """Return the fields between two offsets for one who wants no numbers: some or all of these are left out."""
        if stop - start <= _SHORT:
            return iter(self._few(start, stop))
        return self._noting(self.fields(start, stop, numbers=False))

    def inside(self) -> None:
        """Count a message inside another."""
        self.left -= _MESSAGE

    def _count(self, fields: int, position: int) -> None:
        self.left -= fields
        if self.left < 0:
            raise WireError(f"more than {self._most:,} fields; the rest is unread", position, GapReason.BUDGET)

    def _field(self, position: int, stop: int) -> tuple[Field, int]:
        """Return the field at ``position``, clipped at ``stop``, and the position behind it, which may be beyond."""
        offset = position
        tag, position = self.varint(offset, min(stop, offset + 5))
        number, wire = tag >> 3, tag & 7
        if not 0 < number <= _LARGEST:
            raise WireError("a field has no valid number", offset)
        if wire == BYTES:
            size, first = self.varint(position, min(stop, position + 10))
            return (number, wire, first, min(first + size, stop)), first + size
        if wire == VARINT:
            value, behind = self.varint(position, min(stop, position + 10))
            return (number, wire, value, offset), behind
        first, last, behind = self._other(wire, position, stop, number)
        return (number, wire, first, last), behind

    def _few(self, start: int, stop: int) -> list[Field]:
        """Return the fields of a short message as ``sound`` yields them: most have a tag and a length of one byte."""
        found: list[Field] = []
        if start >= stop:
            return found
        try:
            self._count(0, start)
            self._read(bytes(self.data[start:stop]), start, found)
            self._count(len(found), start)
        except WireError as error:
            self.note(error)
        return found

    def _read(self, chunk: bytes, start: int, found: list[Field]) -> None:
        position, size = 0, len(chunk)
        while position < size:
            tag = chunk[position]
            value = chunk[position + 1] if position + 1 < size else 0x80
            if 7 < tag < 0x80 and value < 0x80:
                first = position + 2
                if tag & 7 == BYTES and first + value <= size:
                    position = first + value
                    found.append((tag >> 3, BYTES, start + first, start + position))
                    continue
                if tag & 7 == VARINT:
                    found.append((tag >> 3, VARINT, value, start + position))
                    position = first
                    continue
            field, behind = self._field(start + position, start + size)
            found.append(field)
            if behind > start + size:
                raise _cut(field, start + position, behind - start - size)
            position = behind - start

    def _other(self, wire: int, position: int, stop: int, number: int) -> tuple[int, int, int]:
        """Return where the content of a group or a fixed number is, and the position behind it."""
        if wire == GROUP:
            last, behind = self._group(position, stop, number)
            return position, last, behind
        behind = self._behind(position, stop, wire)
        return position, min(behind, stop), behind

    def varint(self, position: int, stop: int) -> tuple[int, int]:
        """Return a base-128 number below 2^64 and the position behind it; it must end before ``stop``."""
        data, start = self.data, position
        value = shift = 0
        while position < stop:
            octet = data[position]
            value |= (octet & 0x7F) << shift
            position += 1
            if octet < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, position
            shift += 7
        raise WireError("a number does not end", start)

    def _group(self, position: int, stop: int, number: int) -> tuple[int, int]:
        """Return where a group's content ends and the position behind its end tag."""
        open_groups = [number]
        while position < stop:
            self._count(1, position)
            offset = position
            tag, position = self.varint(position, min(stop, position + 5))
            inner, wire = tag >> 3, tag & 7
            if wire == END_GROUP:
                if inner != open_groups.pop():
                    break
                if not open_groups:
                    return offset, position
            elif wire == GROUP:
                open_groups.append(inner)
                if len(open_groups) > LEVELS:
                    raise WireError("groups are nested too deeply", offset)
            else:
                position = self._behind(position, stop, wire)
        raise WireError(f"group {number} does not end", min(position, stop))

    def _behind(self, position: int, stop: int, wire: int) -> int:
        """Return the position behind the content of a field that is no group."""
        if wire == VARINT:
            return self.varint(position, min(stop, position + 10))[1]
        if wire == BYTES:
            size, position = self.varint(position, min(stop, position + 10))
            return position + size
        if wire in {FIXED32, FIXED64}:
            return position + (4 if wire == FIXED32 else 8)
        raise WireError(f"wire type {wire} stands where a field starts", position - 1)

    def sound(self, start: int, stop: int) -> Iterator[Field]:
        """Return the fields between two offsets; what cannot be read is noted, not raised."""
        return iter(self._few(start, stop)) if stop - start <= _SHORT else self._noting(self.fields(start, stop))

    def _noting(self, fields: Iterator[Field]) -> Iterator[Field]:
        try:
            yield from fields
        except WireError as error:
            self.note(error)

    def text(self, start: int, stop: int, limit: int = 4096) -> str:
        """Return a string field; bytes that are not UTF-8 stay visible (PEP 383), what is beyond ``limit`` is cut."""
        return bytes(self.data[start : min(stop, start + limit)]).decode("utf-8", "surrogateescape")

    def numbers(self, field: Field) -> Iterator[int]:
        """Yield the values of a repeated number, which stands alone or packed."""
        _, wire, first, last = field
        if wire == VARINT:
            yield first
        elif wire == BYTES:
            position = first
            try:
                while position < last:
                    value, position = self.varint(position, min(last, position + 10))
                    yield value
            except WireError as error:
                self.note(error)
