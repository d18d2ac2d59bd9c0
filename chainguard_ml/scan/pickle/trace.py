"""What a walk through a stream learnt, before anybody judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.records import changing_record, field, record
from chainguard_ml.scan.pickle.names import is_identifier
from chainguard_ml.scan.pickle.values import Global

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.values import Span

MOST_GLOBALS = 20_000
"""Distinct globals kept of one file; the largest models have some hundreds."""

MOST_NOTES = 2_000
"""Unusual uses kept of one file."""

MOST_NESTED = 50_000
"""Literals of one file that are looked into; the more than a thousand tensors of a pickled model are some of them."""

_DOING = frozenset({"overwritten", "misused", "code"})  # kinds of notes on what is done with a global


@changing_record
class Seen:
    """A global, where it was first imported, and each way it was used with its first offset."""

    target: Global
    offset: int
    uses: dict[str, int]


@record
class Note:
    """Something unusual that the stream does, with a global or without one.

    ``kind`` is ``unresolved``, ``overwritten``, ``misused``, ``code`` (a text is evaluated), ``persistent`` (the loader
    is asked for an unknown object) or ``supplied`` (such an object is called or changed); ``detail`` says what happens.
    """

    kind: str
    offset: int
    detail: str
    target: Global | None = None


@record
class Nested:
    """Literal bytes or text that may be a pickle; ``certain`` where a callable is known to load them."""

    span: Span
    offset: int
    certain: bool = False


@record
class Problem:
    """Where a stream breaks off and why; ``differs`` where not every unpickler breaks there, or reads on elsewhere."""

    offset: int
    reason: str
    differs: bool = False


@changing_record
class Trace:
    """Everything learnt from the streams of one blob.

    Attributes:
        seen: Globals by module and name, in the order of their first import.
        notes: What is reported beside them, each once.
        nested: Literals to look into.
        problems: Breaks.
        exceeded: Limits that were hit, in words.
        hidden: Offsets of pickles behind the end of the content.
        extensions: Codes that the streams themselves register (``copyreg.add_extension``).
        protocol: The highest protocol declared.
        streams: Number of streams that were walked.
        copied: Values copied to walk other readings; bounded.
        doubtful: What a second reading of the same bytes comes to.
        executed: Whether a call, a construction or a change was reached with a name that can exist.
    """

    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    notes: dict[tuple[str, str, Global | None], Note] = field(default_factory=dict)
    nested: list[Nested] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    exceeded: dict[str, None] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    extensions: dict[int, tuple[str, str]] = field(default_factory=dict)
    protocol: int = 0
    streams: int = 0
    copied: int = 0
    doubtful: Trace | None = None
    executed: bool = False

    @property
    def silent(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.seen or self.notes or self.hidden or self.problems or self.exceeded or self.doubtful)

    def imported(self, module: str, name: str, offset: int) -> Global:
        """Record an import and return its value."""
        key = (module, name)
        known = self.seen.get(key)
        if known is None:
            known = Seen(Global(module, name), offset, {"referenced": offset})
            if len(self.seen) >= MOST_GLOBALS:
                self.exceeded[f"more than {MOST_GLOBALS:,} distinct globals"] = None
                self.note("unresolved", offset, "names that no model has so many of are not all kept")
                return known.target
            self.seen[key] = known
        return known.target

    def use(self, target: Global, how: str, offset: int) -> None:
        """Record how a global is used.

        ``how`` is ``called``, ``newobj``, ``built``, ``slots``, ``fed``, ``kept`` or ``wrapped`` as a judge is asked
        (``Use``); ``instantiated`` (INST, OBJ without arguments); for ``getattr`` also ``resolved`` (to a path that is
        judged) or ``computed``.
        """
        known = self.seen.get((target.module, target.name))
        if known is not None and how not in known.uses:
            known.uses[how] = offset
            self.executed = self.executed or is_identifier(target.module, target.name)

    def note(self, kind: str, offset: int, detail: str, target: Global | None = None) -> None:
        """Record something once for each kind, detail and global."""
        if kind in _DOING and target is not None:
            self.executed = self.executed or is_identifier(target.module, target.name)
        if len(self.notes) < MOST_NOTES:
            self.notes.setdefault((kind, detail, target), Note(kind, offset, detail, target))
        else:
            self.exceeded[f"more than {MOST_NOTES:,} unusual uses"] = None

    def look_into(self, span: Span, offset: int, *, certain: bool = False) -> None:
        """Record a literal to look into."""
        if len(self.nested) < MOST_NESTED:
            self.nested.append(Nested(span, offset, certain))
        else:
            self.exceeded[f"more than {MOST_NESTED:,} texts that could be pickles"] = None

    def breaks(self, offset: int, reason: str, *, differs: bool = False) -> None:
        """Record a break; of very many the first ones say enough."""
        if len(self.problems) < MOST_NOTES:
            self.problems.append(Problem(offset, reason, differs))

    def second_reading(self) -> Trace:
        """Return where to record what another reader of the same bytes would come to, if its names make sense."""
        self.doubtful = self.doubtful or Trace()
        return self.doubtful

    def merge(self, other: Trace) -> None:
        """Take over what another walk saw, but not its breaks."""
        targets: dict[Global | None, Global | None] = {None: None}
        for seen in other.seen.values():
            target = self.imported(seen.target.module, seen.target.name, seen.offset)
            targets[seen.target] = target
            for how, offset in seen.uses.items():
                self.use(target, how, offset)
        for note in other.notes.values():
            self.note(note.kind, note.offset, note.detail, targets.get(note.target, note.target))
        self.nested += other.nested[: MOST_NESTED - len(self.nested)]
        self.exceeded.update(other.exceeded)

    @property
    def imports(self) -> bool:
        """Whether a name that can exist was imported."""
        return any(is_identifier(*key) for key in self.seen)

    @property
    def names_globals(self) -> bool:
        """Whether a name that can exist was imported, or one that cannot be known."""
        return self.imports or any(note.kind == "unresolved" for note in self.notes.values())
