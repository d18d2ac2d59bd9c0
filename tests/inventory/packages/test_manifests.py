"""Projects and lock files: pyproject, pylock, uv, Poetry, PDM, Pipenv."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.inventory.packages import (
    COLLECTORS,
    conda,
    conda_lock,
    pdm_lock,
    pipfile,
    pipfile_lock,
    pixi_lock,
    poetry_lock,
    pylock,
    pyproject,
    python_env,
    requirements,
    setup,
    uv_lock,
)
from chainguard_ml.model import Component, Gap, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HASH = "ab" * 32
MODULES = {"pyproject": pyproject, "pylock": pylock, "uv-lock": uv_lock, "poetry-lock": poetry_lock,
           "pdm-lock": pdm_lock, "pipfile-lock": pipfile_lock, "requirements": requirements, "pipfile": pipfile,
           "setup": setup, "conda": conda, "conda-lock": conda_lock, "pixi-lock": pixi_lock,
           "python-env": python_env}  # fmt: skip


def test_every_collector_is_exercised_here() -> None:
    elsewhere = {"dockerfile", "notebook", "shell", "cyclonedx", "spdx"}  # test_installs and test_bills
    assert {form for form, _ in COLLECTORS} - elsewhere == set(MODULES)


def test_pyproject(collect: Callable) -> None:
    text = """
[project]
name = "x"
dependencies = [
  "numpy>=1.26",  # "torch==9"
  'torch==2.3.0; os_name == "posix"',
  "mine @ https://u:p@x.example/mine-1.0.tar.gz",
]
[project.optional-dependencies]
gpu = ["cupy==13.0", "not a requirement"]
[dependency-groups]
dev = ["pytest", {include-group = "x"}, "numpy>=1.26"]
"""
    components, (gap,) = collect({"pyproject.toml": text}, {"pyproject.toml": "pyproject"})
    assert {(item.name, item.version, item.scope, item.origin.line) for item in components} == {
        ("numpy", None, Scope.REQUIRED, 5),
        ("torch", "2.3.0", Scope.REQUIRED, 6),
        ("mine", None, Scope.REQUIRED, 7),
        ("cupy", "13.0", Scope.OPTIONAL, 10),
        ("pytest", None, Scope.DEVELOPMENT, 12),
        ("numpy", None, Scope.DEVELOPMENT, 12),
    }
    assert (gap.reason, gap.location.line) == (GapReason.MALFORMED, 10)
    (mine,) = (item for item in components if item.name == "mine")
    assert mine.facts["url"] == "https://****@x.example/mine-1.0.tar.gz"


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ('[project]\ndynamic = ["dependencies"]\n', 1),
        ('[project]\ndynamic=["dependencies"]\n[tool.setuptools.dynamic]\ndependencies={file="requirements.txt"}', 0),
        ('[tool.poetry.dependencies]\npython = "^3.11"\n', 0),
        ("[tool.ruff]\n", 0),
    ],
)
def test_dependencies_that_are_not_in_the_project_table(text: str, gaps: int, collect: Callable) -> None:
    components, found = collect({"pyproject.toml": text}, {"pyproject.toml": "pyproject"})
    assert components == []
    assert [gap.reason for gap in found] == [GapReason.UNSUPPORTED] * gaps


def test_pylock(collect: Callable) -> None:
    text = f"""lock-version = "1.0"
created-by = "x"
[[packages]]
name = "torch"
version = "2.3.0"
marker = "os_name == 'posix'"
dependencies = [{{name = "Typing_Extensions"}}]
wheels = [{{name = "torch.whl", hashes = {{sha256 = "{HASH}"}}}}]
[[packages]]
name = "mine"
vcs = {{type = "git", url = "https://git.example/mine", commit-id = "{"c" * 40}"}}
[[packages]]
name = "-"
"""
    (torch, mine), (gap,) = collect({"pylock.toml": text}, {"pylock.toml": "pylock"})
    assert (torch.version, torch.origin.line, torch.digests[0].hex) == ("2.3.0", 3, HASH)
    assert torch.facts["requires"] == ["typing-extensions"]
    assert (mine.version, mine.facts["commit"], mine.facts["pinned"]) == (None, "c" * 40, True)
    assert (gap.reason, gap.location.line) == (GapReason.MALFORMED, 12)


def test_uv_lock(collect: Callable) -> None:
    text = f"""version = 1
[[package]]
name = "project"
version = "0.1"
source = {{ editable = "." }}
dependencies = [{{ name = "torch" }}]
[package.optional-dependencies]
gpu = [{{ name = "cupy" }}]
[package.dev-dependencies]
dev = [{{ name = "pytest" }}, {{ name = "numpy" }}]

[[package]]
name = "torch"
version = "2.3.0+cu121"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "numpy" }}]
sdist = {{ url = "x", hash = "sha256:{HASH}" }}

[[package]]
name = "numpy"
version = "1.26.4"
[[package]]
name = "numpy"
version = "2.1.0"
[[package]]
name = "cupy"
source = {{ git = "https://git.example/cupy?rev=v1#{"d" * 40}" }}
[[package]]
name = "pytest"
version = "8.0"
"""
    components, gaps = collect({"uv.lock": text}, {"uv.lock": "uv-lock"})
    assert gaps == []
    assert {(item.name, item.version, str(item.scope), item.origin.line) for item in components} == {
        ("torch", "2.3.0+cu121", "required", 12),
        ("numpy", "1.26.4", "required", 19),
        ("numpy", "2.1.0", "required", 22),
        ("cupy", None, "optional", 25),
        ("pytest", "8.0", "development", 28),
    }
    (cupy,) = (item for item in components if item.name == "cupy")
    assert (cupy.facts["commit"], cupy.facts["pinned"]) == ("d" * 40, True)


def test_poetry_lock(collect: Callable) -> None:
    text = f"""[[package]]
name = "torch"
version = "2.3.0"
optional = true
groups = ["main"]
files = [{{file = "torch.whl", hash = "sha256:{HASH}"}}]
[package.dependencies]
numpy = "*"
[[package]]
name = "pytest"
version = "8.0"
groups = ["dev"]
files = []
[[package]]
name = "mine"
version = "1.0"
[package.source]
type = "git"
url = "https://git.example/mine"
resolved_reference = "abc"
[[package]]
name = ""
[metadata]
lock-version = "2.1"
[metadata.files]
mine = [{{file = "mine.whl", hash = "sha256:{HASH}"}}]
"""
    components, (gap,) = collect({"poetry.lock": text}, {"poetry.lock": "poetry-lock"})
    scopes = {item.name: (item.scope, bool(item.digests), item.facts.get("commit")) for item in components}
    assert scopes == {
        "torch": (Scope.OPTIONAL, True, None),
        "pytest": (Scope.DEVELOPMENT, False, None),
        "mine": (Scope.REQUIRED, True, "abc"),
    }
    assert gap.location.line == 21


def test_pdm_lock(collect: Callable) -> None:
    text = f"""[metadata]
lock_version = "4.5.0"
[[package]]
name = "torch"
version = "2.3.0"
groups = ["default"]
dependencies = ["numpy>=1", "x; extra == 'y'", "((("]
files = [{{file = "torch.whl", hash = "sha256:{HASH}"}}]
[[package]]
name = "torch"
version = "2.3.0"
extras = ["opt"]
[[package]]
name = "pytest"
version = "8.0"
groups = ["test"]
[[package]]
version = "1"
"""
    components, (gap,) = collect({"pdm.lock": text}, {"pdm.lock": "pdm-lock"})
    assert [(item.name, item.scope) for item in components] == [
        ("pytest", Scope.DEVELOPMENT),
        ("torch", Scope.REQUIRED),
    ]
    assert components[1].facts["requires"] == ["numpy"]
    assert gap.reason is GapReason.MALFORMED


def test_pipfile_lock(collect: Callable) -> None:
    lock = {
        "_meta": {"pipfile-spec": 6},
        "default": {
            "torch": {"version": "==2.3.0", "hashes": [f"sha256:{HASH}", "md5:00"], "markers": "os_name == 'posix'"},
            "mine": {"git": "https://u:p@git.example/mine", "ref": "abc", "extras": ["b", "a"]},
            "-": {},
        },
        "develop": {"pytest": {"version": "*"}},
    }
    text = json.dumps(lock, indent=4)
    components, (gap,) = collect({"Pipfile.lock": text}, {"Pipfile.lock": "pipfile-lock"})
    assert {(item.name, item.version, item.scope, item.facts["pinned"]) for item in components} == {
        ("torch", "2.3.0", Scope.REQUIRED, True),
        ("mine", None, Scope.REQUIRED, True),
        ("pytest", None, Scope.DEVELOPMENT, False),
    }
    lines = text.split("\n")
    assert all(item.name in lines[item.origin.line - 1] for item in components)
    assert gap.reason is GapReason.MALFORMED


def test_upload_times_and_releases_without_wheels(collect: Callable) -> None:
    uv = """version = 1
[[package]]
name = "a"
version = "1"
source = { registry = "https://index.example/simple" }
sdist = { url = "x", hash = "x", upload-time = "2024-05-01T10:00:00Z" }
wheels = [{ url = "x.whl", hash = "x", upload-time = "2024-05-02T10:00:00.5Z" }, { upload-time = "soon" }]
[[package]]
name = "b"
version = "1"
sdist = { url = "x", hash = "x" }
"""
    pylock = """lock-version = "1.0"
[[packages]]
name = "c"
version = "1"
sdist = { name = "c-1.tar.gz", upload-time = 2024-05-03T10:00:00+02:00, hashes = {} }
[[packages]]
name = "d"
version = "1"
wheels = [{ upload-time = 2024-05-03T10:00:00 }, { upload-time = 0001-01-01T00:00:00+14:00 }]
"""
    poetry = """[[package]]
name = "e"
version = "1"
files = [{file = "e-1.tar.gz", hash = "x"}]
[metadata]
lock-version = "2.0"
"""
    pdm = """[metadata]
lock_version = "4.5.0"
[[package]]
name = "f"
version = "1"
files = [{file = "f-1.tar.gz", hash = "x"}, {file = "f-1-py3-none-any.whl", hash = "x"}]
"""
    files = {"uv.lock": uv, "pylock.toml": pylock, "poetry.lock": poetry, "pdm.lock": pdm}
    forms = {"uv.lock": "uv-lock", "pylock.toml": "pylock", "poetry.lock": "poetry-lock", "pdm.lock": "pdm-lock"}
    components, _ = collect(files, forms)
    assert {item.name: (item.facts.get("uploaded"), item.facts.get("source_only")) for item in components} == {
        "a": ("2024-05-02T10:00:00.5Z", None),
        "b": (None, True),
        "c": ("2024-05-03T08:00:00+00:00", True),
        "d": ("2024-05-03T10:00:00", None),
        "e": (None, True),
        "f": (None, None),
    }


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("pylock", 'lock-version = "2.0"'),
        ("uv-lock", "version = 2"),
        ("poetry-lock", '[metadata]\nlock-version = "3.0"'),
        ("pdm-lock", "version = 4"),
        ("pipfile-lock", '{"_meta": {"pipfile-spec": 7}}'),
    ],
)
def test_another_version_of_a_lock_is_a_gap(form: str, text: str, collect: Callable) -> None:
    components, (gap,) = collect({"lock": text}, {"lock": form})
    assert (components, gap.reason) == ([], GapReason.UNSUPPORTED)


@pytest.mark.parametrize("form", sorted(set(MODULES) - {"requirements", "setup"}))
def test_what_cannot_be_parsed_is_a_gap(form: str, collect: Callable) -> None:
    for data in (b"\xff\xfe{", b"= 1", b"[" * 100_000, b"a = " + b"[" * 10_000):
        components, (gap,) = collect({"lock": data}, {"lock": form})
        assert (components, gap.reason) == ([], GapReason.MALFORMED), data[:10]
    _, (gap,) = collect({}, {"gone": form})
    assert gap.reason is GapReason.UNREADABLE


def test_an_array_that_shows_itself_in_a_string_costs_the_lines_only(collect: Callable) -> None:
    text = 'version = 1\nnote = """\n[[package]]\n"""\n[[package]]\nname = "a"\nversion = "1"\n'
    (component,), gaps = collect({"uv.lock": text}, {"uv.lock": "uv-lock"})
    assert (component.name, component.origin.line, gaps) == ("a", None, [])


words = st.sampled_from(["package", "packages", "name", "version", "source", "a", "1", "files", "hash", "dependencies",
                         "project", "optional-dependencies", "metadata", "lock-version", "lock_version", "groups",
                         "conda", "pypi", "kind", "pip", "build_dependencies", "url", "manager", "tool", "poetry",
                         "default", "wheels", "hashes", "sha256", "git", "_meta", "pipfile-spec"])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


def _toml(value: object) -> str:
    """Write a value inline, as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps("null" if value is None else value)


VERSIONS = {
    "pylock": {"lock-version": "1.0"},
    "uv-lock": {"version": 1},
    "poetry-lock": {"metadata": {"lock-version": "2.0", "files": {"a": 1}}},
    "pdm-lock": {"metadata": {"lock_version": "4.5"}},
    "pipfile-lock": {"_meta": {"pipfile-spec": 6}},
    "conda-lock": {"version": 1},
    "pixi-lock": {"version": 6},
}
JSON = {"pipfile-lock", "conda", "conda-lock", "pixi-lock", "python-env"}  # YAML takes JSON


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(form=st.sampled_from(sorted(MODULES)), document=st.dictionaries(words, values, max_size=6), valid=st.booleans())
def test_any_document_gives_components_or_gaps(form: str, document: dict, valid: bool, tmp_path: Path) -> None:  # noqa: FBT001 (drawn)
    document = {**document, **VERSIONS.get(form, {})} if valid else document
    text = json.dumps(document) if form in JSON else "".join(
        f"{json.dumps(key)} = {_toml(value)}\n" for key, value in document.items())  # fmt: skip
    (tmp_path / "m").write_text(text, encoding="utf-8")
    for record in MODULES[form].parse({"root": str(tmp_path), "path": "m"}):
        assert isinstance(record, Component | Gap)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(form=st.sampled_from(sorted(MODULES)), data=st.binary(max_size=100))
def test_any_bytes_give_components_or_gaps(form: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(data)
    for record in MODULES[form].parse({"root": str(tmp_path), "path": "m"}):
        assert isinstance(record, Component | Gap)
