"""What names in a Python file mean: imports, aliases and constants, without running anything.

Scopes are not told apart: a name that means several things means each of them here. A reader that looks for what is
dangerous must not be led astray by a second assignment.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Constant: TypeAlias = str | int | float | bool | bytes | complex | None
"""The value of a literal."""

_MOST = 8  # meanings of one name that are kept
_IMPORTERS = frozenset({"__import__", "importlib.import_module", "import_module"})
_UNKNOWN = object()


class Names:
    """The meanings of the names of one file."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self._modules: defaultdict[str, set[str]] = defaultdict(set)
        self._stars: set[str] = set()
        self._constants: dict[str, ast.expr | None] = {}
        assigned: list[tuple[str, ast.expr]] = []
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.Assign):
                assigned += [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
            elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
                assigned.append((node.target.id, node.value))
        for name, value in assigned:
            self._assign(name, value)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                self._mean(alias.asname or alias.name.partition(".")[0],
                           alias.name if alias.asname else alias.name.partition(".")[0])  # fmt: skip
            elif node.level == 0 and alias.name == "*":
                self._stars.add(str(node.module))
            elif node.level == 0:
                self._mean(alias.asname or alias.name, f"{node.module}.{alias.name}")

    def _assign(self, name: str, value: ast.expr) -> None:
        if name in self._constants and not _same(self._constants[name], value):
            self._constants[name] = None  # more than one value: nothing is known
        else:
            self._constants[name] = value if isinstance(value, ast.Constant) else None
        for meaning in sorted(self.dotted(value)):
            self._mean(name, meaning)

    def _mean(self, name: str, meaning: str) -> None:
        if len(self._modules[name]) < _MOST:
            self._modules[name].add(meaning)

    def dotted(self, node: ast.expr) -> set[str]:
        """Return the full dotted names that an expression may mean: ``np.load`` is ``numpy.load``."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        tail = "".join(f".{name}" for name in reversed(attributes))
        return {base + tail for base in self._bases(node, bare=not attributes)}

    def _bases(self, node: ast.expr, *, bare: bool) -> set[str]:
        if isinstance(node, ast.Name):
            known = self._modules.get(node.id)
            if known:
                return known
            return {f"{module}.{node.id}" for module in self._stars} | {node.id} if bare else {node.id}
        if isinstance(node, ast.Call) and len(node.args) >= 1:
            return self._called(node)
        return set()

    def _called(self, node: ast.Call) -> set[str]:
        """Return what a call gives that imports a module, or takes an attribute, by a literal name."""
        if not isinstance(node.func, ast.Name | ast.Attribute) or _depth(node.func) > _MOST:
            return set()
        first = self.constant(node.args[0])
        functions = self.dotted(node.func)
        if functions & _IMPORTERS and isinstance(first, str):
            return {first}
        if "getattr" in functions and len(node.args) > 1:
            attribute = self.constant(node.args[1])
            if isinstance(attribute, str) and isinstance(node.args[0], ast.Name):
                return {f"{base}.{attribute}" for base in self.dotted(node.args[0])}
        return set()

    def constant(self, node: ast.expr | None) -> Constant | object:
        """Return the value of a literal, or of a name that is always assigned the same one; else ``Names.UNKNOWN``."""
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id)
        if isinstance(node, ast.Constant) and node.value is not Ellipsis:
            return node.value
        return _UNKNOWN


def _depth(node: ast.expr) -> int:
    """Return how many calls and attributes are chained."""
    depth = 0
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
        depth += 1
    return depth


def _same(one: ast.expr | None, other: ast.expr) -> bool:
    return isinstance(one, ast.Constant) and isinstance(other, ast.Constant) and one.value == other.value
