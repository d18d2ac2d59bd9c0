"""`uv audit` asking our server about thousands of releases in locks, compared with what we say about the same locks."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import zipfile
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from chainguard_ml.audit import server
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.vulnerabilities import Assessor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

uv = pytest.importorskip("uv", reason="uv is not installed")
pytestmark = pytest.mark.oracle

ROUNDS = 2  # locks, each with one release of every package


def lock(pairs: dict[str, str], url: str) -> str:
    """Return a lock whose index is the server itself, which has no projects: their status is asked there."""
    lines = ["version = 1", "revision = 3", 'requires-python = ">=3.11"', ""]
    for name, version in sorted(pairs.items()):
        lines += ["[[package]]", f'name = "{name}"', f'version = "{version}"',
                  f'source = {{ registry = "{url}/simple" }}',
                  f'sdist = {{ url = "{url}/{name}.tar.gz", hash = "sha256:{"0" * 64}", size = 1 }}', ""]  # fmt: skip
    needed = ",\n".join(f'  {{ name = "{name}" }}' for name in sorted(pairs))
    lines += ["[[package]]", 'name = "the-project"', 'version = "0"', 'source = { virtual = "." }',
              f"dependencies = [\n{needed}\n]", ""]  # fmt: skip
    return "\n".join(lines)


@contextmanager
def served(database: Path) -> Iterator[str]:
    with server.listen(database, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def uv_says(project: Path, url: str) -> dict[tuple[str, str], set[str]]:
    """Return the identifiers that `uv audit` tells for each release of a lock."""
    environment = {**os.environ, "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(project / "cache"), "UV_HTTP_RETRIES": "0"}
    command = [uv.find_uv_bin(), "audit", "--frozen", "--service-url", url, "--output-format", "json", "--quiet"]
    done = subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, env=environment, timeout=300
    )
    assert done.stdout, done.stderr
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for item in json.loads(done.stdout)["vulnerabilities"]:
        found[item["dependency"]["name"], item["dependency"]["version"]] |= {item["id"], *item["aliases"]}
    return found


@pytest.fixture(scope="module")
def rounds(snapshot: Path, snapshot_database: Path) -> list[dict[str, str]]:
    """Return locks: of each package releases evenly from all that any record names."""
    with zipfile.ZipFile(snapshot) as archive:
        records = [json.loads(archive.read(name)) for name in archive.namelist()]
    names = sorted({canonicalize_name(entry["package"]["name"]) for record in records for entry in record["affected"]})
    with Database(snapshot_database) as database:
        known = database.releases(names)
    locks: list[dict[str, str]] = [{} for _ in range(ROUNDS)]
    for name in names:
        versions = [text for text, _ in known.get(name, []) if valid(text)] or ["1"]
        for number, pairs in enumerate(locks):
            pairs[name] = str(Version(versions[number * len(versions) // ROUNDS]))
    return locks


def valid(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False


def test_as_uv_says(rounds: list[dict[str, str]], snapshot_database: Path, tmp_path: Path) -> None:
    """Every vulnerability that either tells, the other tells too, but for two records whose bounds are no versions.

    Those are told as not compared here, and as affecting by the server, so that no client takes them for harmless.
    """
    exactly, undecided = 0, set()
    with served(snapshot_database) as url, Database(snapshot_database) as database:
        for number, pairs in enumerate(rounds):
            project = tmp_path / str(number)
            project.mkdir()
            dependencies = json.dumps(sorted(pairs))
            (project / "pyproject.toml").write_text(
                f'[project]\nname = "the-project"\nversion = "0"\ndependencies = {dependencies}\n'
            )
            (project / "uv.lock").write_text(lock(pairs, url))
            theirs = uv_says(project, url)
            assessor = Assessor(database)
            assessor.load(pairs)
            for name, version in pairs.items():
                assessment, told = assessor.assess(name, version), theirs.get((name, version), set())
                ours = [{found.id, *found.aliases} for found in assessment.vulnerabilities]
                assert all(names & told for names in ours), (name, version)
                if assessment.undecided:
                    undecided.update(assessment.undecided)
                    assert set(assessment.undecided) <= told
                else:
                    assert told <= set().union(*ours), (name, version)
                    exactly += told == set().union(*ours)
    assert exactly > 1250
    assert undecided == {"PYSEC-2019-125", "PYSEC-2021-371"}
