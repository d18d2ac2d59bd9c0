"""What an examiner of a kind of file is given and gives.

An examiner is a module with ``examine(argument)``: it takes ``{"root", "path", "limit"}``, runs in a worker, and yields
findings, gaps and evidence about that one file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.files import read_beneath
from chainguard_ml.model import Confidence, Evidence, Finding, Gap, GapReason, Location, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainguard_ml.model import Facts, Json, Rule, Severity

Record: TypeAlias = Finding | Gap | Evidence
"""What an examiner yields."""


def read(argument: Mapping[str, Json]) -> bytes | Gap:
    """Return the bytes of the file that an argument names, or the gap that says why not."""
    path, limit = str(argument["path"]), argument["limit"]
    try:
        return read_beneath(Path(str(argument["root"])), path, limit if isinstance(limit, int) else 0)
    except InputError as error:
        reason = GapReason.CHANGED if isinstance(error, ChangedError) else GapReason.UNREADABLE
        return Gap(Subject(path), reason, error.message)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a line of the file, from 1, or a value in a notebook (JSON pointer), and inside what."""

    line: int | None = None
    pointer: str | None = None
    scope: str = ""


@dataclass(slots=True)
class Reporter:
    """Makes findings about one file. Those that look alike are numbered, so that every fingerprint is unique."""

    path: str
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def subject(self) -> Subject:
        """The file."""
        return Subject(self.path)

    def finding(
        self,
        rule: Rule,
        place: Place,
        message: str,
        *,
        key: Sequence[str],
        facts: Facts | None = None,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
    ) -> Finding:
        """Return a finding; ``key`` holds what names it within its scope, and never a line."""
        identity = (rule.id, place.scope, *key)
        self._seen[identity] += 1
        count = self._seen[identity]
        return rule.finding(
            self.subject,
            Location(self.path, line=place.line, pointer=place.pointer),
            message,
            key=(place.scope, *key, *([str(count)] if count > 1 else [])),
            facts=facts,
            severity=severity,
            confidence=confidence,
        )

    def gap(self, reason: GapReason, detail: str, place: Place | None = None) -> Gap:
        """Return a gap at a place of the file."""
        location = Location(self.path, line=place.line, pointer=place.pointer) if place else None
        return Gap(self.subject, reason, detail, location)
