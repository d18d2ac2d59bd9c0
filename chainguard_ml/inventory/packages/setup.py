"""``setup.cfg`` and ``setup.py``: what setuptools installs. A program is read as a tree, and never run.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import warnings
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.pyproject import component_of
from chainguard_ml.model import Gap, GapReason, Scope
from chainguard_ml.text import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.codec import JsonObject

_LONGEST = 2_000_000  # bytes; a set-up file is written by hand
_KEYS = {"install_requires": Scope.REQUIRED, "setup_requires": Scope.DEVELOPMENT, "tests_require": Scope.DEVELOPMENT}
_EXTRAS = "extras_require"
_MOST = 10_000  # steps to the requirements of one keyword; names may lead in circles


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield what a set-up file declares; requirements that it computes are a gap, unless a file holds them."""
    manifest = Manifest.of(argument)
    data = manifest.read(_LONGEST)
    if isinstance(data, Gap):
        yield data
        return
    text = data.decode("utf-8-sig", "replace")
    yield from _configuration(manifest, text) if manifest.path.lower().endswith(".cfg") else _program(manifest, text)


def _configuration(manifest: Manifest, text: str) -> Iterator[Record]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        yield manifest.gap(GapReason.MALFORMED, f"not a configuration: {reason_of(error, 200)}")
        return
    lines = _Lines(text)
    for key, scope in _KEYS.items():
        yield from _listed(manifest, parser.get("options", key, fallback=""), scope, lines)
    if parser.has_section(f"options.{_EXTRAS}"):
        for _, value in parser.items(f"options.{_EXTRAS}"):
            yield from _listed(manifest, value, Scope.OPTIONAL, lines)


def _listed(manifest: Manifest, value: str | None, scope: Scope, lines: _Lines) -> Iterator[Record]:
    """Yield the requirements of a value: one a line, or separated by semicolons where it is one line."""
    text = (value or "").strip()
    if text.startswith("file:"):
        return  # a named requirements file is a manifest of its own
    for line in text.split("\n"):
        requirement = line.partition(" #")[0].strip()
        if requirement and not requirement.startswith("#"):
            yield component_of(manifest, requirement, scope, lines.of(requirement), "setup")


class _Lines:
    """The line on which a requirement stands, by its text."""

    def __init__(self, text: str) -> None:
        self._first: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            self._first.setdefault(line.partition("=")[2].strip(), number)
            self._first.setdefault(line.partition(" #")[0].strip(), number)

    def of(self, requirement: str) -> int | None:
        return self._first.get(requirement)


def _program(manifest: Manifest, text: str) -> Iterator[Record]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the examined program, such as invalid escapes
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield manifest.gap(GapReason.MALFORMED, f"not Python: {reason_of(error, 200)}")
        return
    nodes = list(ast.walk(tree))
    values = _Values(nodes)
    computed = []
    for call in (node for node in nodes if isinstance(node, ast.Call) and _is_setup(node.func)):
        for keyword in call.keywords:
            wanted = _wanted(keyword, values)
            if wanted is None:
                computed.append(keyword)
            for constant, scope in wanted or ():
                yield component_of(manifest, constant.value, scope, constant.line, "setup")
    if computed and not _from_file(manifest, nodes):
        detail = "set-up code computes the requirements, and it is not run"
        yield manifest.gap(GapReason.UNSUPPORTED, detail, computed[0].value.lineno)


def _is_setup(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "setup") or (
        isinstance(function, ast.Attribute) and function.attr == "setup"
    )


class _Text(NamedTuple):
    """A string literal and its line."""

    value: str
    line: int


class _Values:
    """Names of the program that are assigned exactly once, and to what."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self._values: dict[str, ast.expr | None] = {}
        for node in nodes:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign | ast.AugAssign):
                targets = [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign):
                    self._values[target.id] = None if target.id in self._values else node.value
                elif isinstance(target, ast.Name):
                    self._values[target.id] = None  # it grows

    def of(self, node: ast.expr) -> ast.expr | None:
        """Return what an expression is: itself, or the value of a name; ``None`` where that is not known."""
        return self._values.get(node.id) if isinstance(node, ast.Name) else node


def _wanted(keyword: ast.keyword, values: _Values) -> list[tuple[_Text, Scope]] | None:
    """Return the requirements that a keyword of the call holds; ``None`` where they are computed."""
    if keyword.arg in _KEYS:
        found = _strings(keyword.value, values)
        return None if found is None else [(constant, _KEYS[keyword.arg]) for constant in found]
    if keyword.arg != _EXTRAS:
        return [] if keyword.arg else None
    extras = values.of(keyword.value)
    if not isinstance(extras, ast.Dict):
        return None
    wanted: list[tuple[_Text, Scope]] = []
    for value in extras.values:
        several = _strings(value, values)
        if several is None:
            return None
        wanted += [(constant, Scope.OPTIONAL) for constant in several]
    return wanted


def _strings(node: ast.expr, values: _Values) -> list[_Text] | None:
    """Return the literals of a list, of a name for one, or of a sum of them; ``None`` for anything else."""
    found: list[_Text] = []
    waiting = [node]
    for _ in range(_MOST):
        if not waiting:
            return found
        item = values.of(waiting.pop())
        if isinstance(item, ast.List | ast.Tuple):
            waiting += reversed(item.elts)
        elif isinstance(item, ast.BinOp) and isinstance(item.op, ast.Add):
            waiting += [item.right, item.left]
        elif isinstance(item, ast.Constant) and isinstance(item.value, str):
            found += [_Text(line.strip(), item.lineno) for line in item.value.split("\n") if line.strip()]
        else:
            return None
    return None


def _from_file(manifest: Manifest, nodes: Iterable[ast.AST]) -> bool:
    """Tell whether the program names a requirements file that is there: that is a manifest of its own."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith((".txt", ".in")):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(manifest.path), node.value))
            try:
                files.open_beneath(manifest.root, path).close()
            except (InputError, ValueError):
                continue
            return True
    return False
