"""Python files as syntax trees."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.rules import source as rules
from chainguard_ml.source.calls import Issue, issues
from chainguard_ml.source.interface import Place, Reporter, read
from chainguard_ml.source.names import Names
from chainguard_ml.source.scripts import insecure
from chainguard_ml.source.shell import HTTP_DOWNLOAD, downloads
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chainguard_ml.model import Finding, Json
    from chainguard_ml.source.interface import Record

_CODING = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_ONE_BYTE = {b"latin-1": "latin-1", b"iso-8859-1": "latin-1", b"cp1252": "cp1252", b"windows-1252": "cp1252"}
_LOOKED_AT = (ast.Call, ast.Assign, ast.Dict, ast.List, ast.Constant, ast.JoinedStr)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def examine(argument: Mapping[str, Json]) -> Iterator[Record]:
    """Yield the findings about one Python file."""
    data, reporter = read(argument), Reporter(str(argument["path"]))
    if isinstance(data, Gap):
        yield data
        return
    try:
        tree = parse(decode(data))
    except InputError as error:
        yield reporter.gap(GapReason.MALFORMED, error.message)
        return
    yield from examined(tree, Names(ast.walk(tree)), reporter, lambda line, scope: Place(line, scope=scope))


def decode(data: bytes) -> str:
    """Return the text of a Python file (PEP 263; UTF-8 and the usual one-byte encodings).

    Raises:
        InputError: It is in another encoding.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _CODING.match(data)
        encoding = _ONE_BYTE.get(declared[1].lower().replace(b"_", b"-")) if declared else None
        if encoding is None:
            raise InputError("it is not UTF-8") from None
        return data.decode(encoding, "replace")


def parse(text: str) -> ast.Module:
    """Return the syntax tree of a program of this Python's language.

    Raises:
        InputError: It is none, or nested deeper than the parser goes.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise InputError(f"it is not Python{where}: {printable(str(error.msg))}") from None
    except (ValueError, RecursionError, MemoryError) as error:  # the last one is how the parser's own stack ends
        raise InputError(f"it cannot be parsed: {reason_of(error) or type(error).__name__}") from None


def examined(
    tree: ast.Module, names: Names, reporter: Reporter, place: Callable[[int, str], Place]
) -> Iterator[Finding]:
    """Yield the findings about a tree, in the order of the program; ``place`` makes places of lines and scopes."""
    for node, scope in sorted(_scoped(tree), key=lambda pair: (pair[0].lineno, pair[0].col_offset)):
        for issue in _issues(node, names):
            yield reporter.finding(
                issue.rule,
                place(node.lineno, scope),
                printable(issue.message),
                key=(issue.name,),
                facts={"call": issue.name, "scope": scope},
                severity=issue.severity,
                confidence=issue.confidence,
            )
        for found in downloads(_commands(node)):
            line = min(node.lineno + found.line, node.end_lineno or node.lineno)
            yield insecure(reporter, found, place(line, scope))


@dataclass(frozen=True, slots=True)
class _Todo:
    node: ast.AST
    scope: str


def _scoped(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.Assign, str]]:
    """Yield what is looked at, each with the names of the functions and classes around it; docstrings are left out."""
    todo = [_Todo(tree, "")]
    while todo:
        current = todo.pop()
        node, scope = current.node, current.scope
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring, or a string that is used as a comment
        if isinstance(node, _LOOKED_AT):
            yield node, scope
        if isinstance(node, _SCOPES):
            scope = f"{scope}.{node.name}" if scope else node.name
        inner = ast.iter_child_nodes(node)
        if isinstance(node, ast.JoinedStr):  # its pieces mean nothing without each other
            inner = (child for child in inner if not isinstance(child, ast.Constant))
        todo.extend(_Todo(child, scope) for child in inner)


def _commands(node: ast.AST) -> str:
    """Return the text of a string, or of a list of words that is a command: its options stand in other strings."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    words = [each.value for each in node.elts if isinstance(each, ast.Constant)] if isinstance(node, ast.List) else []
    named = [word for word in words if isinstance(word, str) and not HTTP_DOWNLOAD.search(word)]
    return " ".join(named).replace("\n", " ") if len(named) > 1 else ""


def _issues(node: ast.expr | ast.Assign, names: Names) -> Iterator[Issue]:
    if isinstance(node, ast.Call):
        yield from issues(node, names)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if names.constant(key) == "trust_remote_code" and names.constant(value) is True:
                message = "trust_remote_code=True, handed on in a dict, runs code of the model's repository"
                yield Issue(rules.TRUSTED_REMOTE_CODE, "dict", message)
    elif isinstance(node, ast.Assign):
        yield from _assigned(node, names)


def _assigned(node: ast.Assign, names: Names) -> Iterator[Issue]:
    for target in node.targets:
        attribute = target.attr if isinstance(target, ast.Attribute) else ""
        if attribute in {"verify", "check_hostname"} and names.constant(node.value) is False:
            message = f"{attribute} = False switches certificate checks off"
            yield Issue(rules.UNVERIFIED_CONNECTION, attribute, message)
        elif "ssl._create_unverified_context" in names.dotted(node.value):
            message = "ssl._create_unverified_context switches certificate checks off"
            yield Issue(rules.UNVERIFIED_CONNECTION, "ssl._create_unverified_context", message)
