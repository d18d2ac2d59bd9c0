"""The smallest safe change of what people edit: only versions change, and what stays is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml import audit, check, fixing
from chainguard_ml.audit import server
from chainguard_ml.config import AuditConfig, Config
from chainguard_ml.errors import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Run


def advisory(identifier: str, name: str, *events: dict[str, str], versions: list[str] | None = None) -> dict:
    return {
        "id": identifier,
        "modified": "2026-01-02T03:04:05Z",
        "summary": "bad",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": name},
                "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
                "versions": versions or [],
            }
        ],
    }


ADVISORIES = [
    advisory("PYSEC-1", "joblib", {"introduced": "0"}, {"fixed": "1.2.0"}, versions=["1.1.0", "1.1.1"]),
    advisory("PYSEC-2", "joblib", {"introduced": "1.2.0"}, {"fixed": "1.2.1"}, versions=["1.2.0"]),
    advisory("PYSEC-3", "without-fix", {"introduced": "0"}),
    advisory("PYSEC-4", "Some_Name", {"introduced": "0"}, {"fixed": "2"}),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("advisories")
    for item in ADVISORIES:
        (directory / f"{item['id']}.json").write_text(json.dumps(item))
    audit.import_advisories(directory, directory / "advisories.sqlite")
    return directory / "advisories.sqlite"


@pytest.fixture(scope="module")
def planned(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., fixing.Plan]:
    """Plan the fix of a project with these files."""

    def plan(files: dict[str, bytes | str]) -> fixing.Plan:
        root = tmp_path_factory.mktemp("project")
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        config = Config(audit=AuditConfig(database=database))
        with check.inventoried(check.Request("audit", (root,), ("audit",), config)) as (context, _):
            return fixing.plan(context)

    return plan


def after(plan: fixing.Plan) -> dict[str, str]:
    return {path: new.decode() for path, _, new in plan.texts}


@pytest.mark.parametrize(
    ("path", "before", "expected"),
    [
        ("requirements.txt", "numpy==1\njoblib==1.1.0\n", "numpy==1\njoblib==1.2.1\n"),
        ("requirements.txt", "# joblib==1.1.0\r\njoblib [x]  == 1.1.0 ; os_name>'a'  # joblib==1.1.0\r\n",
         "# joblib==1.1.0\r\njoblib [x]  == 1.2.1 ; os_name>'a'  # joblib==1.1.0\r\n"),
        ("requirements.txt", "\ufeffJOBLIB===1.1.0", "\ufeffJOBLIB===1.2.1"),
        ("requirements.txt", "joblib==1.1\n", "joblib==1.2.1\n"),  # the same release, written shorter
        ("requirements.txt", "some.name==1\\\n  ; os_name > 'a'\n", "some.name==2\\\n  ; os_name > 'a'\n"),
        ("pyproject.toml", '[project]\ndependencies = [\n "joblib[a]==1.1.0", # x\n]\n',
         '[project]\ndependencies = [\n "joblib[a]==1.2.1", # x\n]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\njoblib = "1.1.0"\nsome-name = {version = "1"}\n',
         '[tool.poetry.dependencies]\njoblib = "1.2.1"\nsome-name = {version = "2"}\n'),
        ("Pipfile", '[packages]\njoblib = "==1.1.0"\n', '[packages]\njoblib = "==1.2.1"\n'),
        ("environment.yml", "dependencies:\n  - pip\n  - pip:\n    - joblib==1.1.0\n",
         "dependencies:\n  - pip\n  - pip:\n    - joblib==1.2.1\n"),
        ("Dockerfile", "FROM x\nRUN pip install \\\n  a==1 \\\n  joblib==1.1.0 some-name==1\n",
         "FROM x\nRUN pip install \\\n  a==1 \\\n  joblib==1.2.1 some-name==2\n"),
    ],
)  # fmt: skip
def test_only_the_version_changes(path: str, before: str, expected: str, planned: Callable) -> None:
    plan = planned({path: before})
    assert after(plan) == {path: expected}
    assert plan.kept == ()


def test_included_files_and_constraints_are_changed_where_the_version_is(planned: Callable) -> None:
    files = {"requirements.txt": "-r sub/more.txt\n-c c.txt\nsome-name\n", "sub/more.txt": "joblib==1.1.1\n",
             "c.txt": "# all\nSome.Name==1\n"}  # fmt: skip
    plan = planned(files)
    assert after(plan) == {"c.txt": "# all\nSome.Name==2\n", "sub/more.txt": "joblib==1.2.1\n"}
    assert [(each.path, each.line, each.old, each.new) for each in plan.changes] == [
        ("c.txt", 2, "1", "2"), ("sub/more.txt", 1, "1.1.1", "1.2.1")]  # fmt: skip


UV_LOCK = """\
version = 1
[[package]]
name = "joblib"
version = "1.1.0"
source = { registry = "https://index.example/simple" }
"""


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("requirements.txt", "without-fix==1\n", "no release outside all of its advisories is known"),
        ("requirements.txt", f"joblib==1.1.0 --hash=sha256:{'0' * 64}\n", "lock joblib 1.2.1 with new ones"),
        ("requirements.txt", "joblib==1.1.0+cpu\n", "the build 'cpu' is another index's"),
        ("requirements.txt", "joblib==1.1.0\n".encode("utf-16"), "save it as UTF-8"),
        ("uv.lock", UV_LOCK,
         "uv lock --upgrade-package joblib==1.2.1"),
        ("environment.yml", "dependencies:\n  - joblib=1.1.0\n", "its version is another index's"),
        ("a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": ["!pip install joblib==1.1.0"]}],
                                "nbformat": 4}), "not declared in a text that can be changed"),
        ("bom.cdx.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": "joblib", "version": "1.1.0", "purl": "pkg:pypi/joblib@1.1.0"}]}),
         "not declared in a text that can be changed"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['joblib'\n'==1.1.0'])\n",
         "change it by hand"),
    ],
)  # fmt: skip
def test_what_stays_is_told_with_what_to_do(path: str, content: bytes | str, reason: str, planned: Callable) -> None:
    plan = planned({path: content})
    assert (plan.texts, plan.changes, plan.diff()) == ((), (), "")
    (kept,) = plan.kept
    assert reason in kept.reason


def test_what_others_say_cannot_be_exploited_stays(planned: Callable, database: Path, tmp_path: Path) -> None:
    statement = {"vulnerability": "PYSEC-4", "products": ["pkg:pypi/some-name"], "status": "not_affected"}
    (tmp_path / "vex.json").write_text(json.dumps({"@context": "https://openvex.dev/ns", "statements": [statement]}))
    (tmp_path / "requirements.txt").write_text("some-name==1\n")
    config = Config(audit=AuditConfig(database=database, vex=(tmp_path / "vex.json",)))
    with check.inventoried(check.Request("audit", (tmp_path,), ("audit",), config)) as (context, _):
        assert fixing.plan(context).changes == ()


def test_a_file_that_changed_meanwhile_is_left_alone(planned: Callable) -> None:
    plan = planned({"requirements.txt": "joblib==1.1.0\n", "a/requirements.txt": "joblib==1.1.0\n"})
    (plan.root / "requirements.txt").write_text("joblib==1.1.0\nnumpy==1\n")
    with pytest.raises(ChangedError, match="changed while its fix was worked out"):
        fixing.write(plan)
    assert (plan.root / "a/requirements.txt").read_text() == "joblib==1.1.0\n"


def test_permissions_stay(planned: Callable) -> None:
    plan = planned({"requirements.txt": "joblib==1.1.0\n"})
    path = plan.root / "requirements.txt"
    path.chmod(0o640)
    fixing.write(plan)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("joblib==1.2.1\n", 0o640)


LINES = st.sampled_from(
    ["joblib==1.1.0", "joblib == 1.1.1  # why", "Some_Name[x,y]==1; python_version>'3'", "numpy==1.26", "scipy>=1",
     "# joblib==1.1.0", "", "without_fix==1", "-e .", "--index-url https://index.example/simple", "jöblib==1", "joblib",
     "joblib==1.2.1", "joblib-extra==1.1.0", "x-joblib==1.1.0", "joblib==1.1.0.post1", "joblib!=1.1.0,==1.1.0"]
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_a_second_fix_changes_nothing_and_the_first_only_versions(
    lines: list[str], end: str, planned: Callable[..., fixing.Plan]
) -> None:
    text = end.join(lines)
    first = planned({"requirements.txt": text})
    fixed = after(first).get("requirements.txt", text)
    assert len(fixed.split(end)) == len(lines or [""])
    for old, new in zip(text.split(end), fixed.split(end), strict=True):
        known = {"1.1.0.post1": "1.2.1", "1.1.0": "1.2.1", "1.1.1": "1.2.1", "==1": "==2", "== 1": "== 2"}
        assert new == old or any(old.replace(one, other, 1) == new for one, other in known.items())
    second = planned({"requirements.txt": fixed})
    assert second.changes == ()
    assert len(second.kept) == len(first.kept)


@pytest.fixture
def project(tmp_path: Path, database: Path) -> Path:
    (tmp_path / "data-directory").mkdir()
    shutil.copy(database, tmp_path / "data-directory" / "advisories.sqlite")
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "requirements.txt").write_text("joblib==1.1.0\nwithout-fix==1\n")
    return directory


DIFF = """\
--- a/requirements.txt
+++ b/requirements.txt
@@ -1,2 +1,2 @@
-joblib==1.1.0
+joblib==1.2.1
 without-fix==1
not changed: requirements.txt:2: without-fix 1: no release outside all of its advisories is known: replace it, or \
isolate its use
"""


def test_the_diff_is_shown_then_written_then_audited_again(project: Path, cli: Callable[..., Run]) -> None:
    dry = cli("audit", project, "--fix", "--dry-run")
    assert dry.code == 1
    assert dry.out.startswith(DIFF + "1 version in 1 file would be changed (--dry-run)\n\n")
    assert "joblib 1.1.0 is affected" in dry.out
    assert (project / "requirements.txt").read_text().startswith("joblib==1.1.0")
    fixed = cli("audit", project, "--fix", "--only-fixable")
    assert (fixed.code, fixed.out.startswith(DIFF + "1 version in 1 file changed\n\n")) == (0, True), fixed.out
    assert "1 waived" in fixed.out
    assert (project / "requirements.txt").read_text() == "joblib==1.2.1\nwithout-fix==1\n"


def test_machines_get_the_changes_as_evidence(project: Path, cli: Callable[..., Run]) -> None:
    run = cli("audit", project, "--fix", "-f", "json")
    assert run.err.startswith(DIFF)
    (evidence,) = [item for item in json.loads(run.out)["evidence"] if item["kind"] == "fix"]
    assert evidence["statement"]["written"] is True
    change = {"path": "requirements.txt", "line": 1, "package": "joblib", "old": "1.1.0", "new": "1.2.1"}
    assert evidence["statement"]["changes"] == [change]
    assert [item["package"] for item in evidence["statement"]["kept"]] == ["without-fix 1"]


def test_a_directory_that_cannot_be_written_is_an_error(project: Path, cli: Callable[..., Run]) -> None:
    run = cli("audit", project, "--dry-run")
    assert (run.code, run.err) == (2, "error: --dry-run says what --fix would write\nhint: add --fix\n")


def test_only_fixable_counts_the_others(project: Path, cli: Callable[..., Run]) -> None:
    (project / "requirements.txt").write_text("without-fix==1\n")
    assert cli("audit", project).code == 1
    run = cli("audit", project, "--only-fixable", "-f", "json")
    report = json.loads(run.out)
    assert (run.code, report["summary"]["waived"]) == (0, 1)
    assert report["waived"][0]["by"] == "no fixed release is known (--only-fixable)"


def test_a_malicious_package_is_never_left_out(tmp_path: Path, cli: Callable[..., Run]) -> None:
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv" / "m.json").write_text(json.dumps(advisory("MAL-1", "evil", {"introduced": "0"})))
    assert cli("audit", "db", "import", "osv").code == 0
    (tmp_path / "requirements.txt").write_text("evil==1\n")
    run = cli("audit", "--only-fixable", "--fix")
    assert (run.code, "malicious-package" in run.out) == (1, True)
    assert (tmp_path / "requirements.txt").read_text() == "evil==1\n"


@contextmanager
def served(database: Path) -> Iterator[str]:
    with server.listen(database, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1/query"
        running.shutdown()
        thread.join()


@pytest.mark.oracle
def test_pip_audit_finds_nothing_in_what_was_fixed(project: Path, database: Path, cli: Callable[..., Run]) -> None:
    """pip-audit's own fix takes the highest of the first fixes, which other records may affect; ours must be clean."""
    (project / "requirements.txt").write_text("joblib==1.1.0\nsome-name==1\n")
    assert cli("audit", project, "--fix").code == 0
    with served(database) as url:
        command = [str(Path(sys.executable).parent / "pip-audit"), "-r", str(project / "requirements.txt"), "--no-deps",
                   "--disable-pip", "--vulnerability-service", "osv", "--osv-url", url, "-f", "json"]  # fmt: skip
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert [(item["name"], item["version"], item["vulns"]) for item in json.loads(found.stdout)["dependencies"]] == [
        ("joblib", "1.2.1", []), ("some-name", "2", [])]  # fmt: skip
