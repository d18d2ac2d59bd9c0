"""Source: what workflows and the pipeline's code do that they should not. Read as data, never executed.

Adding a kind of file is one module with a function ``examine`` (see ``interface``) and one line in ``EXAMINERS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import ArtifactKind, Component, Evidence, Gap, GapReason, Subject
from chainguard_ml.text import printable
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Observations

_WORKFLOWS = "chainguard_ml.source.workflows"
EXAMINERS = (
    ("github-workflow", _WORKFLOWS),
    ("github-action", _WORKFLOWS),
    ("python", "chainguard_ml.source.python"),
    ("notebook", "chainguard_ml.source.notebooks"),
    ("shell", "chainguard_ml.source.scripts"),
    ("dockerfile", "chainguard_ml.source.scripts"),
)
"""Formats of artifacts and the modules whose ``examine`` reads them."""

_KINDS = (ArtifactKind.WORKFLOW, ArtifactKind.SOURCE, ArtifactKind.NOTEBOOK, ArtifactKind.DOCKERFILE)
_LIMITS = {"notebook": 50_000_000}  # bytes; notebooks carry the pictures that they drew
_LIMIT = 1_000_000  # bytes of any other file; what people write is smaller


def examine(context: Context) -> Observations:
    """Yield what is wrong with workflows, scripts, notebooks and Python files, and how many were examined.

    A workflow has an evidence of its own; the other files are counted together.
    """
    plan = list(_plan(context))
    tasks = [step for step in plan if isinstance(step, Task)]
    context.observer.stage("source", len(tasks))
    yield from (step for step in plan if isinstance(step, Gap))
    files = 0
    for result in context.pool.run(tasks):
        context.observer.advance(result.task.subject.name)
        files += not result.task.function.startswith(_WORKFLOWS)
        yield from (record for record in result.records if not isinstance(record, Component))
    if files:
        yield Evidence("source", Subject(".", "directory"), "source", {"files": files})


def _plan(context: Context) -> Iterator[Task | Gap]:
    modules = dict(EXAMINERS)
    for artifact in context.artifacts:
        if artifact.kind in _KINDS or artifact.path.endswith("setup.py"):
            yield from _planned(context, artifact, modules.get(_format(artifact)))


def _format(artifact: Artifact) -> str:
    """Return the format to read an artifact as: a set-up file is a manifest, and a program too."""
    return "python" if artifact.path.endswith("setup.py") else artifact.format


def _planned(context: Context, artifact: Artifact, module: str | None) -> Iterator[Task | Gap]:
    # No digest: the fingerprint of a finding survives changes elsewhere in the file.
    subject = Subject(artifact.path, size=artifact.size)
    limit = _LIMITS.get(artifact.format, _LIMIT)
    if module is None:
        detail = f"{artifact.kind.value} files of format '{printable(artifact.format)}' are not read"
        yield Gap(subject, GapReason.UNSUPPORTED, detail)
    elif artifact.size > limit:
        yield Gap(subject, GapReason.BUDGET, f"{artifact.size:,} bytes are more than the {limit:,} that are read")
    else:
        argument: JsonObject = {"root": str(context.root), "path": artifact.path, "limit": limit}
        yield Task(f"{module}:examine", argument, subject)
