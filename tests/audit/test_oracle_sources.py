"""pip-audit's dependency sources and our collectors name the same packages, so that both worlds audit the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion
from pip_audit._dependency_source import DependencySourceError, PipSource, PyLockSource, RequirementSource
from pip_audit._service import ResolvedDependency

from chainguard_ml import check
from chainguard_ml.config import AuditConfig, Config
from chainguard_ml.inventory import packages
from chainguard_ml.model import Component, Gap
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pip_audit._dependency_source import DependencySource

pytestmark = pytest.mark.oracle

HASH = f"--hash=sha256:{'0' * 64}"
LOCK = Path(__file__).parents[2] / "requirements" / "dev.txt"


def theirs(source: DependencySource) -> set[tuple[str, str]]:
    return {
        (found.canonical_name, canonicalize_version(found.version))
        for found in source.collect()
        if isinstance(found, ResolvedDependency)
    }


def ours(components: Iterable[Component]) -> set[tuple[str, str]]:
    return {
        (canonicalize_name(one.name), canonicalize_version(one.version))
        for one in components
        if one.version and "url" not in one.facts
    }


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(Config().workers) as made:
        yield made


def read(pool: WorkerPool, path: Path, form: str) -> tuple[list[Component], list[Gap]]:
    found = list(packages.read(pool, path.parent, path.name, form))
    return [one for one in found if isinstance(one, Component)], [one for one in found if isinstance(one, Gap)]


REQUIREMENTS = [
    "a==1.0\nb==2  # why\n\nC_d.e==3\n",
    "a[x,y]==1.0 ; python_version > '3'\nb == 2.0.0\n",
    f"a==1 \\\n  {HASH} \\\n  {HASH.replace('0', '1')}\nb==2 {HASH}\n",
    "--index-url https://index.example/simple\na==1\n-c c.txt\n",
    "a == 1.0+cu121\nb==1!2.0rc1.post2.dev3\n",
    "\ufeffa==1\r\nb==2\r\n",
]


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_requirements(text: str, tmp_path: Path, pool: WorkerPool) -> None:
    (tmp_path / "c.txt").write_text("a==1\n")
    (tmp_path / "requirements.txt").write_bytes(text.encode())
    components, gaps = read(pool, tmp_path / "requirements.txt", "requirements")
    source = RequirementSource([tmp_path / "requirements.txt"], no_deps=True, disable_pip=True)
    assert (ours(components), gaps) == (theirs(source), [])


def test_a_large_lock_with_hashes_and_markers(pool: WorkerPool) -> None:
    """pip-audit leaves out what is not for this machine; ours names all, with their markers."""
    components, gaps = read(pool, LOCK, "requirements")
    known = theirs(RequirementSource([LOCK], no_deps=True, disable_pip=True, require_hashes=True))
    others = [one for one in components if "marker" in one.facts]
    assert gaps == []
    assert known <= ours(components)
    assert ours(components) - known <= ours(others)
    assert len(known) > 90


@pytest.mark.parametrize("text", ["a==1 --no-such-option\n", "a>=1\n", "a==1\na==2\n", "a=1\n", "a===1\n"])
def test_what_pip_audit_refuses_is_told_here(text: str, tmp_path: Path, pool: WorkerPool) -> None:
    """It ends at the first line that it cannot use; here the rest is audited, and the line is a gap or no release."""
    (tmp_path / "requirements.txt").write_text("first==1\n" + text)
    with pytest.raises((DependencySourceError, InvalidVersion)):
        theirs(RequirementSource([tmp_path / "requirements.txt"], no_deps=True, disable_pip=True))
    components, gaps = read(pool, tmp_path / "requirements.txt", "requirements")
    assert ("first", "1") in ours(components)
    versions = {one.version for one in components if one.name == "a"}
    assert gaps or versions in ({None}, {"1", "2"}, {"1"})


def test_included_files_are_read_here_and_not_there(tmp_path: Path, pool: WorkerPool) -> None:
    """Without pip's resolver pip-audit passes over ``-r``; here the packages are audited, a missing file is a gap."""
    (tmp_path / "more.txt").write_text("from-more==5\n")
    (tmp_path / "requirements.txt").write_text("-r more.txt\n-r gone.txt\na==1\n")
    components, gaps = read(pool, tmp_path / "requirements.txt", "requirements")
    known = theirs(RequirementSource([tmp_path / "requirements.txt"], no_deps=True, disable_pip=True))
    assert ours(components) - known == {("from-more", "5")}
    assert len(gaps) == 1


def test_a_lock_of_pip(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "pylock.toml"
    entries = "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        f'[[packages.wheels]]\nname = "{name}-{version}-py3-none-any.whl"\nurl = "https://index.example/x"\n'
        f'hashes = {{sha256 = "{"0" * 64}"}}\n'
        for name, version in (("a", "1.0"), ("b-c", "2.0.1"))
    )
    path.write_text(f'lock-version = "1.0"\ncreated-by = "x"\n{entries}')
    components, gaps = read(pool, path, "pylock")
    assert (ours(components), gaps) == (theirs(PyLockSource([path])), [])


def test_this_environment(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    config = Config(audit=AuditConfig(environment=Path(sys.prefix), installed_files=False))
    with check.inventoried(check.Request("audit", (tmp_path,), ("audit",), config)) as (context, _):
        installed = [one for one in context.components if one.facts.get("source") == "environment"]
    editable = {canonicalize_name(one.name) for one in installed if one.facts.get("editable")}
    known = {pair for pair in theirs(PipSource()) if pair[0] not in editable}
    assert {pair for pair in ours(installed) if pair[0] not in editable} == known
    assert len(known) > 100
