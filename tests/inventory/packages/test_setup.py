"""Set-up files, Pipfiles, and the tables of Poetry: read as trees and tables, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable


def test_setup_cfg(collect: Callable) -> None:
    text = """[metadata]
name = x
[options]
install_requires =
    torch==2.3.0
    numpy>=1.26  # newer
    # a comment
    ((
setup_requires = wheel
[options.extras_require]
gpu = cupy==13.0
"""
    components, (gap,) = collect({"setup.cfg": text}, {"setup.cfg": "setup"})
    assert {(item.name, item.version, item.scope, item.origin.line) for item in components} == {
        ("torch", "2.3.0", Scope.REQUIRED, 5),
        ("numpy", None, Scope.REQUIRED, 6),
        ("wheel", None, Scope.DEVELOPMENT, 9),
        ("cupy", "13.0", Scope.OPTIONAL, 11),
    }
    assert (gap.reason, gap.location.line) == (GapReason.MALFORMED, 8)


@pytest.mark.parametrize("text", ["[options]\ninstall_requires = file: requirements.txt\n", "[metadata]\nx = 1\n", ""])
def test_setup_cfg_that_declares_nothing(text: str, collect: Callable) -> None:
    assert collect({"setup.cfg": text}, {"setup.cfg": "setup"}) == ([], [])


def test_setup_cfg_that_is_none(collect: Callable) -> None:
    components, (gap,) = collect({"setup.cfg": "a = 1\n"}, {"setup.cfg": "setup"})
    assert (components, gap.reason) == ([], GapReason.MALFORMED)


def test_setup_py(collect: Callable) -> None:
    text = """from setuptools import setup
import setuptools
raise SystemExit("never run")
BASE = ["torch==2.3.0"]
EXTRA: dict = {"gpu": ["cupy==13.0"], "all": BASE + ("jax",)}
setuptools.setup(
    name="x",
    install_requires=BASE + [
        "numpy>=1.26; python_version < '3.13'",
    ],
    tests_require="pytest",
    extras_require=EXTRA,
)
"""
    components, gaps = collect({"setup.py": text}, {"setup.py": "setup"})
    assert gaps == []
    assert {(item.name, item.version, item.scope, item.origin.line) for item in components} == {
        ("torch", "2.3.0", Scope.REQUIRED, 4),
        ("numpy", None, Scope.REQUIRED, 9),
        ("pytest", None, Scope.DEVELOPMENT, 11),
        ("cupy", "13.0", Scope.OPTIONAL, 5),
        ("jax", None, Scope.OPTIONAL, 5),
    }


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("setup(name='x', python_requires='>=3.11')", 0),
        ("setup()", 0),
        ("setup(**configuration)", 1),
        ("setup(install_requires=read())", 1),
        ("setup(install_requires=open('requirements.txt').read().split())", 0),
        ("setup(install_requires=open('gone.txt').read().split())", 1),
        ("a = ['x']\na += ['y']\nsetup(install_requires=a)", 1),
        ("a = ['x']\na = ['y']\nsetup(install_requires=a)", 1),
        ("a = b\nb = a\nsetup(install_requires=a)", 1),
        ("a = a + ['x']\nsetup(install_requires=a)", 1),
        ("setup(extras_require=read())", 1),
        ("setup(extras_require={'a': read()})", 1),
        ("setup(install_requires=[1])", 1),
    ],
)
def test_requirements_that_set_up_code_computes_are_a_gap(text: str, gaps: int, collect: Callable) -> None:
    files = {"setup.py": text, "requirements.txt": "numpy\n"}
    components, found = collect(files, {"setup.py": "setup"})
    assert components == []
    assert [gap.reason for gap in found] == [GapReason.UNSUPPORTED] * gaps


@pytest.mark.parametrize("text", [b"def", b"\x00", b"(" * 5000, b"x = " + b"-" * 100_000 + b"1"])
def test_what_is_no_python_is_a_gap(text: bytes, collect: Callable) -> None:
    components, (gap,) = collect({"setup.py": text}, {"setup.py": "setup"})
    assert (components, gap.reason) == ([], GapReason.MALFORMED)


def test_a_pipfile(collect: Callable) -> None:
    text = f"""[[source]]
url = "https://index.example/simple"
verify_ssl = false
[[source]]
url = "https://u:p@other.example/simple"
[packages]
torch = "==2.3.0"
numpy = "*"
"scikit-learn" = {{version = ">=1.4", extras = ["b", "a"], markers = "os_name == 'posix'"}}
mine = {{git = "https://git.example/mine", ref = "{"c" * 40}"}}
local = {{path = ".", editable = true}}
"-" = "*"
[dev-packages]
pytest = "8.0"
[requires]
python_version = "3.11"
"""
    components, (gap,) = collect({"Pipfile": text}, {"Pipfile": "pipfile"})
    assert {(item.name, item.version, item.scope, item.facts["pinned"], item.origin.line) for item in components} == {
        ("torch", "2.3.0", Scope.REQUIRED, True, 7),
        ("numpy", None, Scope.REQUIRED, False, 8),
        ("scikit-learn", None, Scope.REQUIRED, False, 9),
        ("mine", None, Scope.REQUIRED, True, 10),
        ("pytest", None, Scope.DEVELOPMENT, False, 14),
    }
    assert gap.location.line == 12
    (indexes,) = (item.facts["indexes"] for item in components if "indexes" in item.facts)
    assert [(item["option"], item["url"]) for item in indexes] == [
        ("index-url", "https://index.example/simple"),
        ("trusted-host", "https://index.example/simple"),
        ("extra-index-url", "https://****@other.example/simple"),
    ]


def test_the_tables_of_poetry(collect: Callable) -> None:
    text = """[tool.poetry]
name = "x"
[tool.poetry.dependencies]
python = "^3.11"
torch = "2.3.0"
numpy = "^1.26"
cupy = {version = "==13.0", optional = true}
mine = {git = "https://git.example/mine", branch = "main"}
several = [{version = "1.0", markers = "a"}, {version = "2.0"}]
local = {path = "../x", develop = true}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.uv]
dev-dependencies = ["ruff==0.5.0"]
[tool.pdm.dev-dependencies]
lint = ["mypy"]
"""
    components, gaps = collect({"pyproject.toml": text}, {"pyproject.toml": "pyproject"})
    assert gaps == []
    assert {(item.name, item.version, item.scope, item.origin.line) for item in components} == {
        ("torch", "2.3.0", Scope.REQUIRED, 5),
        ("numpy", None, Scope.REQUIRED, 6),
        ("cupy", "13.0", Scope.OPTIONAL, 7),
        ("mine", None, Scope.REQUIRED, 8),
        ("several", "1.0", Scope.REQUIRED, 9),
        ("several", "2.0", Scope.REQUIRED, 9),
        ("pytest", None, Scope.DEVELOPMENT, 12),
        ("ruff", "0.5.0", Scope.DEVELOPMENT, 14),
        ("mypy", None, Scope.DEVELOPMENT, 16),
    }
    mine = next(item for item in components if item.name == "mine")
    assert (mine.facts["url"], mine.facts["pinned"]) == ("https://git.example/mine", False)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('[[tool.uv.index]]\nurl = "https://a"\n[[tool.uv.index]]\nurl = "https://b"\n', ["index-url", "index-url"]),
        ('[tool.uv]\nindex-strategy = "unsafe-best-match"\nextra-index-url = ["https://a"]\n', ["extra-index-url"]),
        (('[tool.uv.pip]\nindex-strategy = "unsafe-first-match"\n[[tool.uv.index]]\nurl = "https://a"\n'
         'explicit = true\n[[tool.uv.index]]\nurl = "https://b"\n[[tool.uv.index]]\nname = "c"\n'),
         ["index-url", "extra-index-url"]),
        ('[tool.uv]\nallow-insecure-host = ["a"]\n', ["trusted-host"]),
        ('[[tool.poetry.source]]\nurl = "https://a"\n[[tool.poetry.source]]\nname = "PyPI"\n',
         ["index-url", "extra-index-url"]),
        (('[[tool.poetry.source]]\nurl = "https://a"\npriority = "explicit"\n[[tool.poetry.source]]\nurl = "https://b"\n'
         'priority = "supplemental"\n'), ["index-url", "index-url"]),
        (('[[tool.pdm.source]]\nurl = "https://a"\nname = "pypi"\n[[tool.pdm.source]]\nurl = "https://b"\n'
         'verify_ssl = false\n'), ["index-url", "extra-index-url", "trusted-host"]),
        ('[[tool.pdm.source]]\nurl = "https://b"\ninclude_packages = ["x"]\n', ["index-url"]),
        ('[tool.pdm.resolution]\nrespect-source-order = true\n[[tool.pdm.source]]\nurl = "https://b"\n', ["index-url"]),
    ],
)  # fmt: skip
def test_indexes_of_projects(text: str, options: list[str], collect: Callable) -> None:
    text = '[project]\ndependencies = ["torch==2.3.0", "numpy"]\n' + text
    components, gaps = collect({"pyproject.toml": text}, {"pyproject.toml": "pyproject"})
    assert gaps == []
    (indexes,) = (item.facts["indexes"] for item in components if "indexes" in item.facts)
    assert [index["option"] for index in indexes] == options
    lines = text.split("\n")
    assert all(not index.get("url") or index["url"] in lines[index["line"] - 1] for index in indexes)
