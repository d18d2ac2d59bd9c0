"""Packages that a pipeline declares, locks or has installed: one collector for each kind of manifest.

Adding one is one file with a function ``parse`` (see ``interface``) and one line in ``COLLECTORS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import ArtifactKind, Component, Gap, GapReason, Subject
from chainguard_ml.records import replace
from chainguard_ml.text import printable
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.context import Context
    from chainguard_ml.inventory.packages.interface import Record
    from chainguard_ml.model import Json
    from chainguard_ml.workers import WorkerPool

COLLECTORS = (
    ("requirements", "chainguard_ml.inventory.packages.requirements"),
    ("pyproject", "chainguard_ml.inventory.packages.pyproject"),
    ("pylock", "chainguard_ml.inventory.packages.pylock"),
    ("uv-lock", "chainguard_ml.inventory.packages.uv_lock"),
    ("poetry-lock", "chainguard_ml.inventory.packages.poetry_lock"),
    ("pdm-lock", "chainguard_ml.inventory.packages.pdm_lock"),
    ("pipfile-lock", "chainguard_ml.inventory.packages.pipfile_lock"),
    ("pipfile", "chainguard_ml.inventory.packages.pipfile"),
    ("setup", "chainguard_ml.inventory.packages.setup"),
    ("conda", "chainguard_ml.inventory.packages.conda"),
    ("conda-lock", "chainguard_ml.inventory.packages.conda_lock"),
    ("pixi-lock", "chainguard_ml.inventory.packages.pixi_lock"),
    ("python-env", "chainguard_ml.inventory.packages.python_env"),
    ("cyclonedx", "chainguard_ml.inventory.packages.cyclonedx"),
    ("spdx", "chainguard_ml.inventory.packages.spdx"),
    ("dockerfile", "chainguard_ml.inventory.packages.dockerfile"),
    ("notebook", "chainguard_ml.inventory.packages.notebook"),
    ("shell", "chainguard_ml.inventory.packages.shell"),
)
"""Artifact formats and the modules whose ``parse`` reads them."""

_KINDS = (ArtifactKind.REQUIREMENTS, ArtifactKind.LOCKFILE, ArtifactKind.PROJECT)
_INSTALLING = (ArtifactKind.DOCKERFILE, ArtifactKind.NOTEBOOK, ArtifactKind.SOURCE)  # some of them name packages too


def collect(context: Context, meanwhile: Callable[[], None] | None = None) -> Iterator[Record]:
    """Yield the packages of every manifest and of the configured environment, each once, and what was not read.

    ``meanwhile`` is called while workers read (see ``WorkerPool.run``).
    """
    plan = list(_plan(context))
    yield from (step for step in plan if isinstance(step, Gap))
    found: list[tuple[str, Component]] = []
    for result in context.pool.run((step for step in plan if isinstance(step, Task)), meanwhile):
        context.observer.advance(result.task.subject.name)
        for record in result.records:
            if isinstance(record, Component):
                found.append((result.task.subject.name, record))
            elif isinstance(record, Gap):
                yield record
    found.sort(key=lambda pair: pair[0])  # results come in any order
    yield from _once(component for _, component in found)


def read(pool: WorkerPool, root: Path, path: str, form: str) -> Iterator[Record]:
    """Yield the packages of one manifest beneath ``root``; a format without a collector is a requirements file's."""
    argument: JsonObject = {"root": str(root), "path": path}
    modules = dict(COLLECTORS)
    for result in pool.run([Task(f"{modules.get(form, modules['requirements'])}:parse", argument, Subject(path))]):
        yield from (record for record in result.records if isinstance(record, Component | Gap))


def _once(components: Iterable[Component]) -> Iterator[Component]:
    """Yield each package of each place once: a file that another one includes is read by itself and through it.

    Where only one of the readings knows a version (from a constraint) or an index, that one is kept.
    """
    by_place: dict[tuple[str, str], dict[str | None, Component]] = {}
    for component in components:
        versions = by_place.setdefault((str(component.origin), component.name), {})
        known = versions.get(component.version)
        versions[component.version] = _merged(known, component) if known else component
    for versions in by_place.values():
        unpinned = versions.pop(None, None)
        if unpinned and versions:
            pinned = next(iter(versions))
            versions[pinned] = _merged(versions[pinned], unpinned)
        elif unpinned:
            yield unpinned
        yield from versions.values()


def _merged(known: Component, other: Component) -> Component:
    indexes: list[Json] = []
    for component in (known, other):
        several = component.facts.get("indexes")
        if isinstance(several, list):
            indexes.extend(index for index in several if index not in indexes)
    return replace(known, facts={**known.facts, "indexes": indexes}) if indexes else known


def _plan(context: Context) -> Iterator[Task | Gap]:
    modules = dict(COLLECTORS)
    for artifact in context.of(*_KINDS, *_INSTALLING):
        if artifact.format in modules:
            argument: JsonObject = {"root": str(context.root), "path": artifact.path}
            yield Task(f"{modules[artifact.format]}:parse", argument, artifact.subject)
        elif artifact.kind in _KINDS:
            detail = f"manifests of format '{printable(artifact.format)}' are not read"
            yield Gap(artifact.subject, GapReason.UNSUPPORTED, detail)
    if context.config.audit.environment:
        from chainguard_ml.inventory.packages import environment

        yield from environment.plan(
            context.config.audit.environment, context.root, verify=context.config.audit.installed_files
        )
