"""What runs in a worker process: one file after the other, opened beneath the root, mapped, examined."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.files import open_beneath, opened_root, sha256_of, stable
from chainguard_ml.model import Evidence, Finding, Gap, GapReason, Location, Subject
from chainguard_ml.records import replace
from chainguard_ml.scan import companions, naming
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.glance import at_a_glance
from chainguard_ml.scan.interface import Blob, Budgets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json, Observation, Observations
    from chainguard_ml.scan.interface import Data, Judge

_READ = 1 << 16  # bytes up to which a file is read
_NO_MODELS = frozenset(
    {"", "json", "media", "arrow", "xml", "jinja", "yaml", "settings", "python", *naming.IMAGES, *naming.PROGRAMS}
)


def examine_files(argument: JsonObject) -> Observations:
    """Examine several files.

    ``{"root": directory, "files": [relative path, …], "allow": [accepted global, …], "listing": every global?}``
    """
    from chainguard_ml.scan import allowlist

    judge = allowlist.make_judge(cast("Sequence[Mapping[str, Json]]", argument["allow"]))
    listing = argument.get("listing") is True
    with opened_root(Path(cast("str", argument["root"]))) as root:
        for path in cast("Sequence[str]", argument["files"]):
            yield from examine_file(root, path, judge, listing=listing)


def examine_file(
    root: Path | int, path: str, judge: Judge, budgets: Budgets | None = None, *, listing: bool = False
) -> list[Observation]:
    """Examine the file ``path`` beneath ``root``, or its descriptor; ``listing``: the evidence holds every global."""
    if not (listing or judge.needs_digest) and (told := at_a_glance(root, path)):
        return told
    seen: list[Observation] = []
    try:
        with open_beneath(root, path) as stream, stable(stream, path):
            seen += examine_stream(stream, path, Session(judge, budgets, listing=listing))
        seen = companions.settled(root, path, seen)
    except ChangedError as error:
        seen.append(Gap(Subject(path), GapReason.CHANGED, str(error)))
    except InputError as error:
        seen.append(Gap(Subject(path), GapReason.UNREADABLE, str(error)))
    return seen


def examine_stream(stream: BinaryIO, name: str, session: Session) -> list[Observation]:
    """Examine an open file that can be mapped, as the file ``name``.

    Its SHA-256 is computed only if there are findings, because their fingerprints need it, or if the judge needs it.
    """
    digest = sha256_of(stream) if session.judge.needs_digest else None
    subject = Subject(name, digest=digest, size=os.fstat(stream.fileno()).st_size)
    return _with_digest(_guarded(stream, subject, session), stream)


def _guarded(stream: BinaryIO, subject: Subject, session: Session) -> list[Observation]:
    """Return what an examination says, also if it ran out of memory on the way."""
    seen: list[Observation] = []
    try:
        seen.extend(_capped(_examined(stream, subject, session), subject, session.budgets.findings))
    except MemoryError:
        seen.append(Gap(subject, GapReason.MEMORY, "needed more memory than a worker has"))
    except OSError as error:
        seen.append(Gap(subject, GapReason.UNREADABLE, error.strerror or "the system refused"))
    return seen


def _examined(stream: BinaryIO, subject: Subject, session: Session) -> Observations:
    if not subject.size:
        if naming.is_model((subject.name,)):
            yield Evidence("scan", subject, "scan", {"format": "empty", "engine": "builtin"})
        return
    data = _content(stream, subject.size)
    yield from session.nested(Blob(data, subject, Location(subject.name), subject.name))
    if session.format not in _NO_MODELS:
        yield Evidence("scan", subject, "scan", {"format": session.format, "engine": "builtin"})


def _content(stream: BinaryIO, size: int) -> Data:
    """Return what is in a file: read where it is small, because a mapping costs more than a copy, else mapped."""
    if size <= _READ:
        data = os.pread(stream.fileno(), size, 0)
        if len(data) == size:
            return data
    return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def _capped(observations: Iterable[Observation], subject: Subject, limit: int) -> Observations:
    """Pass on at most ``limit`` observations of one kind; how many findings or gaps of it are not is one gap."""
    counts: dict[str, int] = {}
    for item in observations:
        kind = _kind(item)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= limit:
            yield item
        elif isinstance(item, Evidence):
            counts[kind] = limit
    for kind, count in sorted(counts.items()):
        if count > limit:
            yield Gap(subject, GapReason.BUDGET, f"'{kind}' {count:,} times; {count - limit:,} of them are not listed")


def _kind(item: Observation) -> str:
    if isinstance(item, Finding):
        return item.rule
    return item.reason.value if isinstance(item, Gap) else item.kind


def _with_digest(seen: list[Observation], stream: BinaryIO) -> list[Observation]:
    findings = [item for item in seen if isinstance(item, Finding)]
    if not findings or findings[0].subject.digest:
        return seen
    digest = sha256_of(stream)
    return [
        replace(item, subject=replace(item.subject, digest=digest)) if isinstance(item, Finding) else item
        for item in seen
    ]
