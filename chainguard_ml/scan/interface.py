"""The seam of the room: what a format is, and what it is given.

A **format** is one file of this package, named in ``FORMATS`` of ``registry``. It recognises content, never names,
and yields observations about it. What it finds inside (a member, a nested pickle, a decompressed stream) it hands
to ``Examination.nested``, which recognises it anew.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Protocol, TypeAlias

from chainguard_ml.model import Gap
from chainguard_ml.records import field, record, replace

if TYPE_CHECKING:
    from chainguard_ml.model import GapReason, Location, Observations, Subject

Data: TypeAlias = bytes | mmap.mmap | memoryview
"""Bytes at hand, read-only: ``len``, indexing, ``re`` and ``memoryview`` take it.

A slice of a ``memoryview`` is a window (no copy) and has neither ``find`` nor ``startswith``: where bytes are meant,
write ``blob.read(start, stop)`` or ``bytes(data[start:stop])``; for a part of a container ``blob.window``.
"""


CONTENT_END = "content end"
"""Key of ``Blob.memo``: offset from which on bytes were examined as what follows the content."""


class Meter:
    """Counts the opcodes that the pickle machine runs in one file, whatever they stand in.

    Attributes:
        left: Opcodes that may still be run.
    """

    __slots__ = ("left",)

    def __init__(self, left: int = 1 << 62) -> None:
        self.left = left


@record
class Blob:
    """Bytes to examine and where they are.

    Attributes:
        data: The bytes; for a file a read-only memory map.
        subject: The file they belong to.
        location: File and member chain; offsets in observations count from the start of ``data``.
        name: Last name in the chain: only a hint, never what decides.
        depth: How many containers or nestings lead here.
        memo: What recognising learnt, by format, so that examining need not learn it again.
        meter: Counts opcodes; shared by all that is in one file.
    """

    data: Data
    subject: Subject
    location: Location
    name: str
    depth: int = 0
    memo: dict[str, object] = field(default_factory=dict, compare=False, repr=False)
    meter: Meter = field(default_factory=Meter, compare=False, repr=False)

    def inside(self, member: str, data: Data) -> Blob:
        """Return ``member`` of this blob."""
        location = self.location.inside(member)
        return replace(self, data=data, location=location, name=member, depth=self.depth + 1, memo={})

    def window(self, member: str, start: int, stop: int) -> Blob:
        """Return the bytes from ``start`` to ``stop`` as ``member`` of this blob, without a copy."""
        return self.inside(member, memoryview(self.data)[start:stop])

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` to ``stop``, fewer where the data ends before."""
        return bytes(self.data[start:stop])

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def gap(self, reason: GapReason, detail: str, offset: int | None = None) -> Gap:
        """Return a gap at this place."""
        return Gap(self.subject, reason, detail, self.location if offset is None else self.location.at(offset))


@record
class Budgets:
    """Limits of one file; one that is hit is a gap with its number, never "clean"."""

    depth: int = 8  # containers in containers, pickles in pickles
    members: int = 100_000  # of one archive
    expansion: int = 1_100  # decompressed bytes for each compressed byte, once past `free`; deflate reaches 1,032
    free: int = 100_000_000  # decompressed bytes that no ratio is asked about
    expanded: int = 1_000_000_000  # decompressed bytes in all
    repeats: int = 10  # times that each byte may be examined as a part of something: a little more than `depth`
    opcodes: int = 3_000_000  # of pickles, beyond one for each byte of the file: decompressed or shared bytes are more
    header: int = 100_000_000  # bytes of a header that is parsed as a whole (safetensors' own limit)
    findings: int = 1_000  # of one rule in one file


class Examination(Protocol):
    """One file's examination: what a format may ask for."""

    @property
    def budgets(self) -> Budgets:
        """The limits that hold for this file."""

    @property
    def judge(self) -> Judge:
        """Judges the globals that pickles resolve."""

    @property
    def listing(self) -> bool:
        """Whether the evidence is to hold every global with its judgement, also those that are allowed."""

    def allowance(self, compressed: int) -> int:
        """Return how many bytes ``compressed`` bytes may still become under the budgets of ratio and total."""

    def spend(self, expanded: int) -> None:
        """Count ``expanded`` bytes against the file's total."""

    def nested(self, blob: Blob) -> Observations:
        """Examine what is inside: recognise its format by content, and hand it over."""


class Format(Protocol):
    """What a format's module offers."""

    NAME: str
    """Short name as it appears in reports: ``torch-zip``, ``safetensors``."""

    EXAMINES: str
    """What is looked at, in one line for the table in ``docs/scan.md``."""

    def recognise(self, blob: Blob) -> bool:
        """Return whether the bytes are of this format, looking at as few as possible."""

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Yield what is wrong, what could not be examined, and what was learnt."""


@record
class Use:
    """How a pickle uses a global, and where.

    ``how`` is ``referenced``, ``called``, ``newobj``, ``built`` (its state or items are set), ``slots`` (its attributes
    are set one by one, which calls setters of properties), ``fed`` (items are added to an instance, which calls its
    method for that), ``kept`` (it is held as data, for a method of another object to call) or ``wrapped``
    (``functools.partial`` holds it).
    """

    module: str
    name: str
    how: str
    offset: int


@record
class Judgement:
    """What an allow-list says about a use of a global.

    ``verdict`` is ``allowed``, ``dangerous``, ``code`` (rebuilds code by design), ``unknown`` or ``misused`` (listed,
    but not for this use); ``technique`` names what a dangerous one does; ``source`` says which list or extension
    decided.
    """

    verdict: str
    technique: str = ""
    source: str = ""
    facts: dict[str, str] = field(default_factory=dict)


class Judge(Protocol):
    """Judges a global by exact module, qualified name and use; default deny."""

    @property
    def needs_digest(self) -> bool:
        """Whether a judgement can depend on the file's digest, so that the subject must have it beforehand."""

    def judge(self, use: Use, subject: Subject) -> Judgement:
        """Return the judgement on one use in one file."""
