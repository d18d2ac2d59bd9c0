"""What the compiler of expressions complains about, in words that a policy's author understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.policy.interface import Mistake
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Collection

_ERROR = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container ''\)")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'")
_EXPECTING = re.compile(r" expecting (\{.*\}|<EOF>)$")
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "==", "True": "true", "False": "false"}
_OPERATORS = {"_?_:_": "? :", "_[_]": "[]", "@in": "in", "!_": "!", "-_": "-"}
_LONGEST = 200


def understood(complaint: str, declared: Collection[str]) -> tuple[Mistake, ...]:
    """Return each mistake that the compiler's text names, once, with what the author probably meant.

    After a syntax error the rest of an expression cannot be understood, so that only the first one counts.
    """
    found = []
    for line, column, text in _ERROR.findall(complaint):
        found.append(Mistake(max(int(line), 0), max(int(column), 0), _explained(text, declared)))
        if text.startswith("Syntax error"):
            break
    if not found:
        found = [Mistake(0, 0, _plain(complaint))]
    return tuple(dict.fromkeys(found))


def _plain(complaint: str) -> str:
    """Say what has no place in the expression: a limit, or text that is not Unicode."""
    if "incompatible function arguments" in complaint:
        return "is not Unicode text"
    if "recursion" in complaint:
        return "is nested too deeply; split the rule"
    return printable(complaint, _LONGEST)


def _explained(text: str, declared: Collection[str]) -> str:
    if match := _UNDECLARED.fullmatch(text):
        return _undeclared(match[1], declared)
    if match := _OVERLOAD.fullmatch(text):
        return _overload(match[1], match[2])
    if "recursion" in text:
        return _plain(text)
    return _syntax(text) if text.startswith("Syntax error") else printable(text, _LONGEST)


def _undeclared(name: str, declared: Collection[str]) -> str:
    base = name.partition(".")[0]
    if base == "item" and not any(known.startswith("item.") for known in declared):
        return "there is no item, because the rule has no for_each"
    shown = printable(name, 60)
    inside = [known for known in declared if known.endswith(f".{name}")]
    if inside:
        return f"there is no '{shown}'; did you mean '{inside[0]}'?"
    if name in {"item", "params", "summary"}:
        return f"'{shown}' is no value; its facts are, as in {next((k for k in declared if k.startswith(name)), name)}"
    what = "fact" if base in {"item", "summary"} else "parameter" if base == "params" else "function or fact"
    return f"there is no {what} '{shown}'{did_you_mean(name, declared)}"


def _overload(function: str, types: str) -> str:
    operator = _OPERATORS.get(function, function.strip("_"))
    hint = ""
    kinds = set(types.split(", "))
    if kinds == {"int", "double"}:
        hint = "; beside a double write a number with a point, such as 7.0"
    elif kinds == {"string"} and function == "@in":
        hint = "; write text.contains(part)"
    return f"'{printable(operator, 60)}' cannot be applied to ({printable(types, 120)}){hint}"


def _syntax(text: str) -> str:
    short = printable(_EXPECTING.sub("", text), _LONGEST)
    if "token recognition error at: '= " in text or "token recognition error at: '='" in text:
        return f"{short}; '==' compares"
    for word, meant in _WORDS.items():
        if f"input '{word}'" in text:
            return f"{short}; CEL writes {meant}"
    return short.replace("mismatched input '<EOF>'", "it ends where more is expected")
