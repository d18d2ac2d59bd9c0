"""The house keeps its shape: import direction, sizes, docstrings, annotations, what the command line may import."""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chainguard_ml
from chainguard_ml.check import ROOMS

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(chainguard_ml.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

BASE = {"model", "errors", "text", "codec", "config", "context", "files", "workers", "worker", "forking", "rules"}
BASE |= {"spawning"}
BASE |= {"jsonsafe", "records", "sealed", "yamlsafe"}
EXAMINING = {"inventory", "scan", "audit", "sbom", "signing", "source", "policy", "report"}
HEAVY = ("sigstore", "cryptography", "cyclonedx", "modelscan", "requests", "pydantic", "yaml", "rich", "sqlite3",
         "jsonschema_rs", "cel_expr_python", "packaging", "numpy", "pip_audit")  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def top(module: str) -> str:
    """Return the room (or base module) of a dotted module name below the package, or the empty string."""
    parts = module.split(".")
    return parts[1] if parts[0] == "chainguard_ml" and len(parts) > 1 else ""


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every module of the package that a tree imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "chainguard_ml":
                yield from (f"chainguard_ml.{alias.name}" for alias in node.names)


def code_lines(tree: ast.Module, text: str) -> int:
    """Count lines that are neither blank nor comment nor docstring."""
    docs: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(1 for number, line in lines if line.strip() and not line.strip().startswith("#") and number not in docs)


def functions() -> Iterator[tuple[str, int]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=name)
def test_dependencies_point_one_way(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    seen = {top(module) for module in imports(TREES[path])} - {"", "__version__"}
    if here in BASE:
        allowed = BASE
    elif here in EXAMINING:
        allowed = BASE | {here}
    elif here == "verdict":
        allowed = BASE
    elif here == "check":
        allowed = BASE | EXAMINING | {"verdict"}
    else:  # the command line, the package's face, testing aids
        return
    assert seen <= allowed, f"{name(path)} imports {sorted(seen - allowed)}"


def test_every_examining_room_is_joined() -> None:
    for room in ROOMS:
        assert (PACKAGE / room / "__init__.py").is_file()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_modules_stay_small(path: Path) -> None:
    assert code_lines(TREES[path], path.read_text(encoding="utf-8")) <= 400


def test_the_median_module_stays_small() -> None:
    sizes = [code_lines(tree, path.read_text(encoding="utf-8")) for path, tree in TREES.items()]
    assert statistics.median(size for size in sizes if size) <= 130


def test_functions_stay_small() -> None:
    sizes = sorted(size for _, size in functions())
    assert [which for which, size in functions() if size > 60] == []
    assert statistics.median(sizes) <= 11
    assert sizes[int(len(sizes) * 0.9)] <= 40


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield public functions, classes and methods."""
    queue: list[ast.Module | ast.ClassDef] = [tree]
    while queue:
        for node in queue.pop().body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
                "_"
            ):
                yield node
                if isinstance(node, ast.ClassDef):
                    queue.append(node)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_public_names_are_described(path: Path) -> None:
    assert ast.get_docstring(TREES[path]) or path.name == "__main__.py"
    private = [part for part in path.relative_to(PACKAGE).parts if part.startswith("_") and part != "__init__.py"]
    if not private:
        assert [node.name for node in public(TREES[path]) if not ast.get_docstring(node)] == []


def test_any_is_rare() -> None:
    annotations = [
        ast.unparse(annotation)
        for tree in TREES.values()
        for node in ast.walk(tree)
        for annotation in _annotations(node)
    ]
    vague = [text for text in annotations if "Any" in text.replace("AnyStr", "")]
    assert len(vague) <= len(annotations) * 0.03


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield node.returns


def test_catch_all_only_at_the_two_boundaries() -> None:
    found = {
        name(path)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }
    assert found <= {"chainguard_ml/cli/exit.py", "chainguard_ml/worker.py"}


def test_only_the_command_line_prints_reads_the_environment_or_exits() -> None:
    for path, tree in TREES.items():
        if "cli" in path.parts or path.name in {"worker.py", "__main__.py"}:
            continue
        text = path.read_text(encoding="utf-8")
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"print", "input", "sys.exit", "exit"}, name(path)
        assert "os.environ" not in text, name(path)
        assert "sys.argv" not in text, name(path)


def printed(program: str) -> str:
    """Run a program without the coverage measurement, which imports things of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_the_command_line_starts_light() -> None:
    program = (
        "import sys, contextlib, io\n"
        "from chainguard_ml.cli import exit\n"
        "with contextlib.redirect_stdout(io.StringIO()): assert exit.run(['--help']) == 0\n"
        f"print(sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r})))\n"
    )
    assert printed(program) == "[]"


def test_importing_the_package_is_nearly_free() -> None:
    program = "import sys; before = set(sys.modules); import chainguard_ml; print(len(set(sys.modules) - before))"
    assert int(printed(program)) < 40


def test_the_public_names_are_complete() -> None:
    assert all(getattr(chainguard_ml, item) is not None for item in chainguard_ml.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = chainguard_ml.nothing


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=name)
def test_only_the_parser_imports_typer(path: Path) -> None:
    """Its import takes longer than most scans: a plain call goes without (``cli/direct.py``)."""
    imported = {
        alias.name.partition(".")[0]
        for node in TREES[path].body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }
    assert ("typer" in imported) == (path.name == "parser.py")
