"""What Python code uses of given packages: full dotted names, aliases resolved, from the syntax tree; nothing is run.

Scopes are not told apart: a name that is imported twice means both. That may say too much, and never too little.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.files import read_beneath
from chainguard_ml.model import Evidence, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

_LONGEST = 20_000_000  # bytes of a file; what is longer is not looked at here
_MOST = 2_000  # names that one file uses
_MEANINGS = 8  # of one name that are kept
_DEEPEST = 30  # attributes behind each other
_IMPORTERS = frozenset({"__import__", "importlib.import_module", "import_module"})


def parse(argument: JsonObject) -> Iterator[Evidence]:
    """Yield what a file uses of ``modules`` (top-level names): the statement maps dotted names to their first places.

    A file that cannot be read or parsed uses nothing here; the room ``source`` says so.
    """
    path, wanted = str(argument["path"]), argument["modules"]
    modules = {name for name in wanted if isinstance(name, str)} if isinstance(wanted, list) else set()
    try:
        data = read_beneath(Path(str(argument["root"])), path, _LONGEST)
    except InputError:
        return
    if not any(name.encode() in data for name in modules):
        return
    uses: dict[str, Json] = {}
    for place, trees in _trees(data, path, notebook=argument.get("format") == "notebook"):
        for name, line in used(trees, modules):
            if len(uses) < _MOST:
                uses.setdefault(name, f"{place}:{line}" if place == path else place)
    if uses:
        yield Evidence("uses", Subject(path), "audit", uses)


def _trees(data: bytes, path: str, *, notebook: bool) -> Iterator[tuple[str, list[ast.Module]]]:
    """Yield places and the trees there, the one to look at last: what one cell imports, another one uses."""
    if not notebook:
        tree = _tree(data.decode("utf-8-sig", "replace"))
        if tree is not None:
            yield path, [tree]
        return
    imported = ast.Module([], [])
    for pointer, text in _cells(data):
        tree = _tree("\n".join(map(_blanked, text.split("\n"))))
        if tree is not None:
            yield f"{path}#{pointer}", [imported, tree]
            imported.body += [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the examined program, such as invalid escapes
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _cells(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield JSON pointers and texts of a notebook's code cells (nbformat 4)."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    cells = document.get("cells") if isinstance(document, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else ()):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            lines = source if isinstance(source, list) else [source]
            yield f"/cells/{number}", "".join(line for line in lines if isinstance(line, str))


def _blanked(line: str) -> str:
    """Return a line without what IPython understands and Python does not."""
    bare = line.lstrip()
    return line[: len(line) - len(bare)] + "pass" if bare.startswith(("!", "%", "?")) else line


def used(trees: Iterable[ast.Module], modules: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the dotted names of ``modules`` that the last tree uses and their lines; all trees say what names mean."""
    names = _Names(modules)
    nodes: list[ast.AST] = []
    for tree in trees:
        nodes = list(ast.walk(tree))
        names.take(nodes)
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((full, node.lineno) for full in _full_names(node) if names.wants(full))
        elif isinstance(node, ast.Attribute | ast.Name):
            yield from ((full, node.lineno) for full in names.dotted(node))
        elif isinstance(node, ast.Call):
            yield from ((full, node.lineno) for full in _by_text(node) if names.wants(full))


class _Names:
    """What names mean: modules and what is in them."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules
        self._meanings: defaultdict[str, set[str]] = defaultdict(set)
        self._stars: set[str] = set()

    def wants(self, full: str) -> bool:
        """Tell whether a dotted name is of the modules that are looked for."""
        return full.partition(".")[0] in self._modules

    def take(self, nodes: Iterable[ast.AST]) -> None:
        """Take what imports bind, then what is given another name: ``load = torch.load``."""
        nodes = list(nodes)
        for node in nodes:
            for name, meaning in _imported(node):
                if self.wants(meaning):
                    self._mean(name, meaning)
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name | ast.Call):
                found = _by_text(node.value) if isinstance(node.value, ast.Call) else self.dotted(node.value)
                for full in filter(self.wants, found):
                    for target in node.targets:
                        self._mean(target.id if isinstance(target, ast.Name) else "", full)

    def _mean(self, name: str, meaning: str) -> None:
        if name == "*":
            self._stars.add(meaning.removesuffix(".*"))
        elif name and len(self._meanings[name]) < _MEANINGS:
            self._meanings[name].add(meaning)

    def dotted(self, node: ast.expr) -> list[str]:
        """Return what an expression may mean; after an import of ``*`` a name may be any of the module."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute) and len(attributes) <= _DEEPEST:
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return []
        bases = self._meanings.get(node.id) or {f"{star}.{node.id}" for star in sorted(self._stars)[:_MEANINGS]}
        return [".".join([base, *reversed(attributes)]) for base in sorted(bases)]


def _full_names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.level == 0 and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield names that an import binds, and what they mean."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield alias.asname or top, alias.name if alias.asname else top
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _by_text(node: ast.Call) -> list[str]:
    """Return the module that a call imports by a literal name."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        name = f"{node.func.value.id}.{node.func.attr}"
    value = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    return [value] if name in _IMPORTERS and isinstance(value, str) else []
