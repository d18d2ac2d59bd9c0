"""Scan: unsafe payloads in serialized models, recognised by content.

Adding a format is one file (see ``interface.Format``) and one line in ``registry.FORMATS``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from chainguard_ml.model import ArtifactKind, Component, Evidence, Subject
from chainguard_ml.records import fields
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Json, Observation, Observations
    from chainguard_ml.workers import TaskResult

_BATCH_FILES = 64
_BATCH_BYTES = 64_000_000
_BATCHES_PER_WORKER = 4  # so that both cores have work until the end
_WORKER = "chainguard_ml.scan.worker:examine_files"


def examine(context: Context) -> Observations:
    """Examine every file of the inventory, whatever its name; ask the second engine about what it can read."""
    files = _files(context.artifacts)
    context.observer.stage("scan", len(files))
    allow = _as_json(context.config.scan.allow)
    argument: JsonObject = {"root": str(context.root), "allow": allow, "listing": context.config.scan.globals}
    recognised: dict[str, str] = {}
    for item in _run(context, _WORKER, argument, files):
        if isinstance(item, Evidence) and item.kind == "scan":
            recognised[item.subject.name] = str(item.statement["format"])
        yield item
    if len(context.artifacts) != 1 or context.artifacts[0].kind is not ArtifactKind.MODEL:  # else it is no directory
        from chainguard_ml.scan import repository

        yield from repository.examine(context)
    if "modelscan" in context.config.scan.engines:
        yield from _second_opinion(context, files, recognised)


def _second_opinion(context: Context, files: Sequence[Subject], recognised: Mapping[str, str]) -> Observations:
    from chainguard_ml.scan.engines import modelscan

    suited = [file for file in files if recognised.get(file.name) in modelscan.FORMATS]
    formats = {file.name: recognised[file.name] for file in suited}
    argument: JsonObject = {"root": str(context.root), "formats": formats}
    yield from modelscan.absent() or _run(context, modelscan.WORKER, argument, suited)


def scan_file(path: Path, allow: Sequence[AllowedGlobal] = ()) -> list[Observation]:
    """Examine one file in this process, without the isolation of worker processes, and return what was learnt.

    ``allow`` are globals accepted beside the shipped allow-list. Links are not followed below the file's directory;
    an unreadable file is a ``Gap``, not an error.
    """
    from chainguard_ml.scan import allowlist, worker

    judge = allowlist.make_judge(_as_json(allow))
    return list(worker.examine_file(path.parent, path.name, judge))


def _as_json(allow: Iterable[AllowedGlobal]) -> list[dict[str, Json]]:
    return [{name: getattr(item, name) for name in fields(type(item))} for item in allow]


def _files(artifacts: Iterable[Artifact]) -> list[Subject]:
    """Return every file among the artifacts once, sorted: files, and members of directories."""
    files: dict[str, Subject] = {}
    for artifact in artifacts:
        if artifact.kind is ArtifactKind.ENVIRONMENT:
            continue  # installed packages are audited, not scanned
        if artifact.subject.kind == "file":
            files[artifact.path] = Subject(artifact.path, size=artifact.size)
        for member in artifact.members:
            files.setdefault(member, Subject(member))
    return [files[path] for path in sorted(files)]


def _run(context: Context, function: str, argument: JsonObject, files: Sequence[Subject]) -> Observations:
    """Examine files in batches; what a failed batch held is examined again, each file for itself."""
    subjects = {file.name: file for file in files}
    failed: list[str] = []
    for result in context.pool.run(_task(function, argument, batch) for batch in _batches(files, context.pool.size)):
        names = cast("list[str]", result.task.argument["files"])
        if result.failure and len(names) > 1:
            failed += names
        else:
            yield from _told(context, result)
    for result in context.pool.run(_task(function, argument, [subjects[name]]) for name in sorted(failed)):
        yield from _told(context, result)


def _told(context: Context, result: TaskResult) -> Observations:
    for name in cast("list[str]", result.task.argument["files"]):
        context.observer.advance(name)
    yield from (record for record in result.records if not isinstance(record, Component))


def _task(function: str, argument: JsonObject, batch: Sequence[Subject]) -> Task:
    return Task(function, {**argument, "files": [file.name for file in batch]}, batch[0])


def _batches(files: Sequence[Subject], workers: int) -> Iterator[list[Subject]]:
    """Yield runs of files, small enough that a failure costs little and every worker has some."""
    most = min(_BATCH_FILES, max(1, math.ceil(len(files) / (workers * _BATCHES_PER_WORKER))))
    batch: list[Subject] = []
    octets = 0
    for file in files:
        size = file.size or 0
        if batch and (len(batch) >= most or octets + size > _BATCH_BYTES):
            yield batch
            batch, octets = [], 0
        batch.append(file)
        octets += size
    if batch:
        yield batch
