"""Advisory databases from records that tests write, and audits of components against them."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import audit
from chainguard_ml.config import AuditConfig, Config, WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.model import Component, Evidence, Finding, Gap, Location
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def record() -> Callable[..., dict]:
    """Make an OSV record about package ``a``."""

    def make(identifier: str = "PYSEC-1", *events: dict, versions: list | None = None, **fields: object) -> dict:
        entry: dict = {"package": {"ecosystem": "PyPI", "name": fields.pop("name", "a")}}
        if events:
            entry["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
        if versions is not None:
            entry["versions"] = versions
        return {"id": identifier, "modified": "2026-01-02T03:04:05Z", "affected": [entry], **fields}

    return make


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Path]:
    """Write a zip of records, or of raw members."""

    def make(*records: dict, members: dict[str, bytes] | None = None, name: str = "all.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for index, item in enumerate(records):
                archive.writestr(f"{index}.json", json.dumps(item))
            for member, data in (members or {}).items():
                archive.writestr(member, data)
        return path

    return make


@pytest.fixture
def database(tmp_path: Path, zipped: Callable[..., Path]) -> Callable[..., Path]:
    """Import records; return the database's path."""

    def make(*records: dict) -> Path:
        path = tmp_path / "advisories.sqlite"
        audit.import_advisories(zipped(*records), path)
        return path

    return make


@pytest.fixture
def package() -> Callable[..., Component]:
    """Make a component as the collectors do."""

    def make(name: str, version: str | None = None, line: int = 1, path: str = "requirements.txt", **facts: object):  # noqa: ANN202 (a Component)
        purl = f"pkg:pypi/{name.lower()}" + (f"@{version}" if version else "")
        base = {"source": "requirements", "hashed": True, "pinned": version is not None}
        return Component("library", name, version, purl, origin=Location(path, line=line), facts={**base, **facts})

    return make


@pytest.fixture
def examine() -> Iterator[Callable[..., tuple[list[Finding], list[Gap], list[Evidence]]]]:
    """Audit components; return findings, gaps and evidence."""
    with WorkerPool(WorkersConfig(processes=1)) as pool:

        def run(*components: Component, database: Path | None = None, offline: bool = True, **settings: object):  # noqa: ANN202 (see above)
            config = Config(audit=AuditConfig(database=database, **{"max_age_days": 99_999, **settings}))
            context = Context(Path("/nowhere"), pool, components=components, config=config, offline=offline)
            everything = list(audit.examine(context))
            return tuple([item for item in everything if isinstance(item, noun)] for noun in (Finding, Gap, Evidence))

        yield run


@pytest.fixture(scope="session")
def snapshot() -> Path:
    """Return the zip of PyPA's advisories of October 2024."""
    directory = os.environ.get("CHAINGUARD_ML_ADVISORIES")
    if not directory:
        pytest.skip("CHAINGUARD_ML_ADVISORIES is not set")
    return Path(directory) / "pypi-osv.zip"


@pytest.fixture(scope="session")
def snapshot_database(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("advisories") / "advisories.sqlite"
    audit.import_advisories(snapshot, path)
    return path
