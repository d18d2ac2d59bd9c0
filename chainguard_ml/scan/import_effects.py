"""What a Python file does as soon as it is imported: a look at its syntax tree, nothing is run.

Statements outside of functions run on import (Python reference, 8.7 and 8.8: decorators, defaults and class bodies
too), and so do the functions that they call. Names are followed through imports, plain assignments, ``getattr`` and
``__import__`` with constants.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.errors import InputError
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STARTS = "starts a program"
_CONNECTS = "opens a connection"
_RUNS = "runs code from a value"
_LOADS = "loads native code"
_CHANGES = "removes or changes files"
_EFFECTS = (
    (re.compile(r"(?:os|posix|nt)\.(?:system|popen\d?|exec\w+|spawn\w+|posix_spawnp?|startfile)\Z"), _STARTS),
    (re.compile(r"(?:subprocess|_posixsubprocess|pty|commands|pexpect|sh|plumbum)\.\w+\Z"), _STARTS),
    (re.compile(r"asyncio\.create_subprocess_\w+\Z|multiprocessing\.Process\Z|runpy\.run_\w+\Z"), _STARTS),
    (re.compile(r"socket\.(?:socket|create_connection)\Z|telnetlib\.Telnet\Z|ftplib\.FTP\w*\Z"), _CONNECTS),
    (re.compile(r"(?:urllib\.request|urllib2|urllib)\.(?:urlopen|urlretrieve|Request)\Z|urllib3\.\w+\Z"), _CONNECTS),
    (re.compile(r"(?:requests|httpx|aiohttp|paramiko)\.\w+\Z|http\.client\.\w+\Z|smtplib\.SMTP\w*\Z"), _CONNECTS),
    (re.compile(r"(?:builtins\.)?(?:exec|eval)\Z|code\.Interactive\w+\Z|timeit\.timeit\Z"), _RUNS),
    (
        re.compile(r"(?:marshal|pickle|_pickle|cPickle|dill|cloudpickle)\.loads?\Z|types\.(?:Function|Code)Type\Z"),
        _RUNS,
    ),
    (re.compile(r"ctypes\.(?:CDLL|cdll\.\w+|WinDLL|windll\.\w+|PyDLL)\Z|cffi\.FFI\Z"), _LOADS),
    (re.compile(r"shutil\.rmtree\Z|os\.(?:remove|unlink|rmdir|removedirs|chmod|chown|kill)\Z"), _CHANGES),
)
_HARMLESS = re.compile(r"subprocess\.(?:PIPE|DEVNULL|STDOUT|CalledProcessError|TimeoutExpired|CompletedProcess)\Z"
                       r"|requests\.(?:exceptions|Session|adapters)\b|\w+\.\w+(?:Error|Exception)\Z")  # fmt: skip


class Effect(NamedTuple):
    """Something that runs on import: the call, what it does, its line."""

    call: str
    what: str
    line: int


@dataclass(slots=True)
class _Names:
    """What names of a module mean, and which functions it defines."""

    meanings: dict[str, str] = field(default_factory=dict)
    functions: dict[str, list[ast.stmt]] = field(default_factory=dict)


def parse(data: bytes) -> ast.Module:
    """Return the syntax tree of a file.

    Raises:
        InputError: It is no Python, or nested deeper than the parser goes.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        raise InputError(f"it is not Python: {printable(str(error.msg))}") from None
    except (ValueError, RecursionError, MemoryError) as error:  # the last one is how the parser's own stack ends
        raise InputError(f"it cannot be parsed: {reason_of(error) or type(error).__name__}") from None


def effects(tree: ast.Module) -> list[Effect]:
    """Return what runs on import, each call once."""
    names = _Names()
    _collect(tree, names)
    found: dict[str, Effect] = {}
    queue: list[list[ast.stmt]] = [tree.body]
    done: set[str] = set()
    while queue:
        for call in _calls(queue.pop()):
            name = _name(call.func, names)
            if name in names.functions and name not in done:
                done.add(name)
                queue.append(names.functions[name])
            what = _effect(name, call)
            if what:
                found.setdefault(name, Effect(name, what, call.lineno))
    return sorted(found.values(), key=lambda effect: effect.line)


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what a module imports: levels upwards (0: absolute) and the module's dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
            if not node.module:
                yield from ((node.level, alias.name) for alias in node.names)


def _effect(name: str, call: ast.Call) -> str:
    if _HARMLESS.match(name):
        return ""
    what = next((what for pattern, what in _EFFECTS if pattern.match(name)), "")
    argument = call.args[0] if call.args else None
    plain = isinstance(argument, ast.Constant) and isinstance(argument.value, str) and len(argument.value) < 40
    return "" if what == _RUNS and name.endswith("eval") and plain else what


def _collect(tree: ast.Module, names: _Names) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.meanings.update(_meaning(alias) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.meanings.update((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.functions.setdefault(node.name, node.body)
        elif isinstance(node, ast.ClassDef):
            first = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
            names.functions.setdefault(node.name, first[0].body if first else [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meaning = _name(node.value, names)
            if "." in meaning or meaning in {"exec", "eval"}:
                names.meanings.setdefault(node.targets[0].id, meaning)


def _meaning(alias: ast.alias) -> tuple[str, str]:
    """Return the name that ``import a.b`` or ``import a.b as c`` binds, and what it means."""
    first = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (first, first)


def _name(node: ast.expr, names: _Names, depth: int = 0) -> str:
    """Return the dotted name that an expression means, or an empty string."""
    if depth > 20:
        return ""
    if isinstance(node, ast.Name):
        return names.meanings.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        inner = _name(node.value, names, depth + 1)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ast.Call):
        return _given(node, names, depth + 1)
    return ""


def _given(node: ast.Call, names: _Names, depth: int) -> str:
    """Return what a call gives: a module that is imported by its name, or an attribute."""
    function = _name(node.func, names, depth)
    texts = [_text(argument) for argument in node.args[:2]]
    if function in {"__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__"} and texts:
        return texts[0]
    if function in {"getattr", "builtins.getattr"} and len(texts) == 2 and texts[1]:
        inner = _name(node.args[0], names, depth + 1)
        return f"{inner}.{texts[1]}" if inner else ""
    return ""


def _text(node: ast.expr) -> str:
    """Return the text of a constant, or of constants that are added."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [
            item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)
        ]
        return "".join(parts)
    return ""


def _calls(body: Iterable[ast.stmt]) -> Iterator[ast.Call]:
    """Yield the calls that run when the statements do; bodies of functions do not."""
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, ast.If) and _is_skipped(node.test):
            todo += node.orelse
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [*node.decorator_list, *node.args.defaults, *(item for item in node.args.kw_defaults if item)]
        elif not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)


def _is_skipped(test: ast.expr) -> bool:
    """Return whether a condition does not hold on import: for programs, for type checkers."""
    text = ast.unparse(test)
    return text.replace('"', "'") in {"__name__ == '__main__'", "'__main__' == __name__"} or text.endswith(
        "TYPE_CHECKING"
    )
