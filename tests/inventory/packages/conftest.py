"""Collecting packages from manifests that tests write, through the real worker pool."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.config import AuditConfig, Config, WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.inventory import packages
from chainguard_ml.model import Artifact, ArtifactKind, Component, Gap
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KINDS = {"requirements": ArtifactKind.REQUIREMENTS, "pyproject": ArtifactKind.PROJECT}


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(WorkersConfig(processes=1)) as workers:
        yield workers


def same_in_this_process(context: Context, records: list[Component | Gap]) -> None:
    """Parse again without workers: what crosses the pipe says the same (and coverage sees the parsers)."""
    places = {(str(item.origin), item.name) for item in records if isinstance(item, Component)}
    for task in packages._plan(context):
        if isinstance(task, Gap):
            continue
        module, _, name = task.function.partition(":")
        for item in getattr(importlib.import_module(module), name)(task.argument):
            assert (item in records) if isinstance(item, Gap) else (str(item.origin), item.name) in places


@pytest.fixture
def collect(tmp_path: Path, pool: WorkerPool) -> Callable[..., tuple[list[Component], list[Gap]]]:
    """Write ``{path: text}``, collect the packages of those with a format, return components and gaps."""

    def run(
        manifests: dict[str, str | bytes],
        formats: dict[str, str] | None = None,
        environment: Path | None = None,
        *,
        verify: bool = False,
    ) -> tuple[list[Component], list[Gap]]:
        for path, content in manifests.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        chosen = {"requirements.txt": "requirements"} if formats is None else formats
        artifacts = tuple(
            Artifact(KINDS.get(form, ArtifactKind.LOCKFILE), path, form, 1) for path, form in sorted(chosen.items())
        )
        config = Config(audit=AuditConfig(environment=environment, installed_files=verify))
        context = Context(tmp_path, pool, artifacts, config=config)
        records = list(packages.collect(context))
        same_in_this_process(context, records)
        components = [record for record in records if isinstance(record, Component)]
        components.sort(key=lambda component: (str(component.origin), component.name))
        return components, [record for record in records if isinstance(record, Gap)]

    return run
