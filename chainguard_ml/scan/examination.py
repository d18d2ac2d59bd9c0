"""One file's examination: recognises every blob by content, hands it to its format, and keeps the budgets."""

from __future__ import annotations

import functools
import importlib
import re
from typing import TYPE_CHECKING, cast

from chainguard_ml.model import Finding, GapReason
from chainguard_ml.scan import naming, registry
from chainguard_ml.scan.glance import glance
from chainguard_ml.scan.interface import CONTENT_END, Budgets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.model import Evidence, Gap, Observations
    from chainguard_ml.scan.interface import Blob, Format, Judge

# What these hold may end in a zip archive that is examined anyway; where they account for all bytes, that is enough.
_CONTAINERS = frozenset(
    {"tar", "torch-tar", "mlflow", "bento", "sagemaker", "7z"}
    | {"gzip", "bzip2", "xz", "zstd", "lz4", "zfile", "zlib", "lzma"}
)

# What archives hold is examined as a matter of course; what is in a text or a literal of anything else is a rarity.
_ARCHIVES = (naming.TORCH - {"torch-legacy"}) | frozenset(
    {"", "zip", "tar", "7z", "keras", "skops", "npz", "mar", "mlflow", "bento"}
)

# Their own reading is that of a pickle, so it is not asked for twice.
_PICKLES = frozenset({"", "pickle", "torch-legacy"})

_PLAIN = re.compile(rb"(?:[0-9]{1,40}|little|big)\n?\Z")
_PLAIN_SIZE = 41

_TORCH_PICKLES = 5
_ZIP_TAIL = 65_535 + 22  # bytes: the end record with the longest comment

_SMALL = 1 << 16  # bytes that a file counts for at least
_FREE = 8_000  # members that are examined however small the file is,
_PER_MEMBER = 80  # bytes of the file, as it is and decompressed, for each one beyond: no archive has smaller ones
_LITERAL = 4  # members that a part counts for that is no member: a file in a literal, a text, an attribute


@functools.cache
def formats() -> tuple[Format, ...]:
    """Return the registered formats, imported, in the order they are asked."""
    return tuple(load(form.path) for form in registry.FORMATS)


@functools.cache
def load(path: str) -> Format:
    """Return a registered format by its path, imported."""
    module, _, attribute = path.partition(":")
    loaded = importlib.import_module(f"chainguard_ml.scan.{module}")
    return cast("Format", getattr(loaded, attribute) if attribute else loaded)


def recognise(blob: Blob) -> Format | None:
    """Return the first registered format that recognises the bytes, or ``None``; there is at least one byte."""
    return next(_recognising(blob, _possible(blob)), None)


def _possible(blob: Blob) -> Sequence[registry.Form]:
    tail = blob.read(max(0, blob.size - registry.TAIL), blob.size)
    return registry.possible(blob.read(0, registry.HEAD), tail, blob.name)


def _recognising(blob: Blob, forms: Iterable[registry.Form]) -> Iterator[Format]:
    """Yield those that recognise the bytes, in order, importing no other."""
    asked = cast("dict[str, bool]", blob.memo.setdefault("asked", {}))
    for form in forms:
        candidate = load(form.path)
        if form.path not in asked:
            asked[form.path] = candidate.recognise(blob)
        if asked[form.path]:
            yield candidate


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
        if plain:
            return
        if name not in _PICKLES:
            yield from self._pickles_too(blob)
            yield from self._messages_too(blob, name)
        if name not in registry.TAR_KINDS:
            yield from self._tar_too(blob)
        yield from self._appended_zip(blob, expected=name in _CONTAINERS and CONTENT_END in blob.memo)

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

    def _pickles_too(self, blob: Blob) -> Observations:
        """Examine the opcodes that a file of another format starts with; what is no pickle after all is no gap.

        What formats start with (a member's name, a length, a number, a letter) can be opcodes as well: one file, two
        contents. Behind the first pickle torch's loader reads four more.
        """
        from chainguard_ml.scan import pickle
        from chainguard_ml.scan.formats.raw import payloads
        from chainguard_ml.scan.formats.torch_streams import opcodes_end

        if blob.data[0] in b"P":  # no loader has an object called "K\3\4..."
            return
        position = 0
        for _ in range(_TORCH_PICKLES):
            if position >= blob.size or blob.data[position] not in pickle.FIRST:
                return
            end = opcodes_end(blob, position) + 1
            start = blob.window("(as a pickle)", position, end)
            if start.size <= 1 or not pickle.recognise(start):
                return
            yield from payloads(pickle.examine(start, self))
            position = end

    def _tar_too(self, blob: Blob) -> Observations:
        """Examine the tar archive that the same bytes are: its first 124 bytes are a name, so they can be anything."""
        from chainguard_ml.scan.formats.raw import payloads

        whole = blob.window("(as a tar archive)", 0, blob.size)
        archives = [form for form in _possible(blob) if form.path in registry.TARS]
        for archive in _recognising(whole, archives):
            yield from payloads(archive.examine(whole, self))
            return

    def _messages_too(self, blob: Blob, name: str) -> Observations:
        """Examine the protobuf messages that the same bytes can be: nothing in them says which one a loader reads."""
        from chainguard_ml.scan.formats.raw import payloads

        messages = [form for form in _possible(blob) if form.path in registry.MESSAGES]
        for other in _recognising(blob, messages):
            if name != other.NAME:
                yield from payloads(other.examine(blob, self))

    def _appended_zip(self, blob: Blob, *, expected: bool) -> Observations:
        """Examine a zip archive at the end of something else: zip readers look from the end.

        It is ``expected`` in containers, whose last member can be one; only what runs something counts there.
        """
        if registry.ZIP_END not in blob.read(max(0, blob.size - _ZIP_TAIL), blob.size):
            return
        from chainguard_ml.rules.formats import TRAILING_DATA
        from chainguard_ml.scan.formats import zip_ends, zip_reader
        from chainguard_ml.scan.formats.raw import payloads

        span = None if zip_reader.is_zip(blob) else zip_ends.appended(blob)
        end = blob.memo.get(CONTENT_END)
        if span and expected:
            yield from payloads(self.nested(blob.window("(appended zip)", *span)))
        elif span and not (isinstance(end, int) and span[0] >= end):  # else it was examined as what follows the content
            for item in self.nested(blob.window("(appended zip)", *span)):
                # What follows it belongs to what it was found in, which may be what holds it.
                if not (isinstance(item, Finding) and item.rule == TRAILING_DATA.id):
                    yield item
