"""Files that tests write, examined through the real worker pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import inventory, source
from chainguard_ml.config import WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.model import Artifact, Evidence, Finding, Gap
from chainguard_ml.source import python, workflows
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Examined = tuple[list[Finding], list[Gap], list[Evidence]]


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(WorkersConfig(processes=1)) as workers:
        yield workers


@pytest.fixture
def examine(tmp_path: Path, pool: WorkerPool) -> Callable[[dict[str, str | bytes]], Examined]:
    """Write ``{path: content}``; return findings in order of place, gaps and evidence."""

    def run(files: dict[str, str | bytes]) -> Examined:
        for name, content in files.items():
            path = tmp_path / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        root = tmp_path / "project"
        artifacts = tuple(item for item in inventory.walk(root) if isinstance(item, Artifact))
        items = list(source.examine(Context(root, pool, artifacts)))
        findings = [item for item in items if isinstance(item, Finding)]
        assert len({finding.fingerprint for finding in findings}) == len(findings), "fingerprints are unique"
        findings.sort(key=lambda finding: (finding.location.path, finding.location.line or 0, finding.rule))
        return (
            findings,
            [item for item in items if isinstance(item, Gap)],
            [i for i in items if isinstance(i, Evidence)],
        )

    return run


@pytest.fixture
def told(tmp_path: Path) -> Callable[[str, str], list[tuple[str, int | None]]]:
    """Examine one file in this process; return the rules that it breaks, and where."""

    def run(path: str, content: str) -> list[tuple[str, int | None]]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
        module = workflows if path.endswith(".yml") else python
        items = list(module.examine({"root": str(tmp_path), "path": path, "limit": 1_000_000}))
        assert not any(isinstance(item, Gap) for item in items)
        findings = [item for item in items if isinstance(item, Finding)]
        return sorted((finding.rule, finding.location.line) for finding in findings)

    return run
