"""Calls that are written plainly, without a parser.

The import of Typer alone takes as long as a scan. So what is beyond doubt (a verb, its options spelled out, values in
words of their own) is matched with a table of the verbs' options, ``calls.json``, which ``scripts/calls.py`` makes of
the Typer application. All else is Typer's: help, mistakes, bundled flags, options from the environment. A test holds
that both understand the same.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from chainguard_ml.records import fields

_COMPLETION = "_CHAINGUARD_ML_COMPLETE"  # set by the shell that wants completion


class Option(TypedDict):
    """An option or an argument.

    Attributes:
        name: The parameter's name.
        kind: ``value``, ``many``, ``count``, ``true`` or ``false``.
        type: ``str``, ``int``, ``bool``, ``Path``, or ``module:Enum`` below this package.
    """

    name: str
    kind: str
    type: str


class Verb(TypedDict):
    """A command: its function and the class of its shared options, both as ``module:name``, and its parameters.

    ``workers`` are the modules that its first worker imports; none where it needs no worker.
    """

    function: str
    common: str
    arguments: list[Option]
    required: int
    options: dict[str, Option]
    environment: list[str]
    workers: list[str]


def plan(arguments: Sequence[str]) -> tuple[Verb, dict[str, object]] | None:
    """Return the verb and the values of the parameters that are given, or ``None`` in any doubt."""
    words = list(arguments)
    verb = _verb(words, _table())
    if verb is None or any(os.environ.get(name) for name in (_COMPLETION, *verb["environment"])):
        return None
    values: dict[str, object] = {}
    positional: list[str] = []
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            positional.append(word)
        elif not _take(word, words, verb["options"], values):
            return None
    return (verb, values) if _place(positional, verb, values) else None


def bound(verb: Verb, values: Mapping[str, object]) -> Callable[[], None]:
    """Return the call of a verb's function with the values; its module is imported for that."""
    kind = _load(verb["common"])
    shared = set(fields(kind))
    common = kind(**{name: value for name, value in values.items() if name in shared})
    own = {name: value for name, value in values.items() if name not in shared}
    return functools.partial(_load(verb["function"]), **own, common=common)


def _verb(words: list[str], table: Mapping[str, Verb]) -> Verb | None:
    """Take the words that name a command."""
    for count in (3, 2, 1):
        name = " ".join(words[:count])
        if len(words) >= count and name in table:
            group = f"{' '.join(words[: count + 1])} "
            if any(other.startswith(group) for other in table):  # it names a group, not what the verb takes
                return None
            del words[:count]
            return table[name]
    return None


def _take(word: str, words: list[str], options: Mapping[str, Option], values: dict[str, object]) -> bool:
    """Take an option and its value; return whether that is plain."""
    flag, equals, value = word.partition("=")
    option = options.get(flag)
    if option is None or (equals and not flag.startswith("--")):
        return False
    if option["kind"] in {"true", "false", "count"}:
        before = values.get(option["name"], 0)
        values[option["name"]] = int(str(before)) + 1 if option["kind"] == "count" else option["kind"] == "true"
        return not equals
    if not equals:
        if not words or words[0].startswith("-"):
            return False
        value = words.pop(0)
    return _keep(value, option, values)


def _place(positional: Sequence[str], verb: Verb, values: dict[str, object]) -> bool:
    """Give the words that are no options to the arguments; return whether they fit."""
    if len(positional) < verb["required"]:
        return False
    for index, word in enumerate(positional):
        arguments = verb["arguments"]
        argument = arguments[min(index, len(arguments) - 1)] if arguments else None
        if argument is None or (index >= len(arguments) and argument["kind"] != "many"):
            return False
        if not _keep(word, argument, values):
            return False
    return True


def _keep(word: str, option: Option, values: dict[str, object]) -> bool:
    """Keep a value, converted; return whether it is one."""
    kind = {"str": str, "int": int, "Path": Path}.get(option["type"]) or _load(option["type"])
    try:
        value = kind(word)
    except ValueError:
        return False  # Typer says what it could have been
    if option["kind"] == "many":
        before = values.setdefault(option["name"], [])
        assert isinstance(before, list)  # noqa: S101 (only this line sets it)
        before.append(value)
    else:
        values[option["name"]] = value
    return True


@functools.cache
def _table() -> Mapping[str, Verb]:
    table: Mapping[str, Verb] = json.loads(Path(__file__).with_name("calls.json").read_bytes())
    return table


def _load(path: str) -> type:
    module, _, name = path.partition(":")
    found: type = getattr(importlib.import_module(f"chainguard_ml.cli.{module}"), name)
    return found
