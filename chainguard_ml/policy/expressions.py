"""Expressions and messages where they stand in a document: compiled, or a problem with line and caret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.policy import literals, template
from chainguard_ml.policy.engine import Environment
from chainguard_ml.policy.interface import ExpressionError
from chainguard_ml.policy.schema import GROUPS, SUMMARY
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.policy.engine import Program
    from chainguard_ml.policy.interface import Mistake, Param
    from chainguard_ml.policy.reading import Node
    from chainguard_ml.policy.template import Template

_BEFORE, _WIDTH = 60, 100  # characters shown of a long line: before the mistake, in all


def shared(params: Mapping[str, Param]) -> dict[str, str]:
    """Return what every rule of a policy may use, with its type: the parameters and the counts."""
    return {**{f"params.{name}": param.type for name, param in params.items()}, **dict.fromkeys(SUMMARY, "int")}


class Expressions:
    """What expressions may use: the facts of a group, and what is ``shared`` by all, with their types."""

    def __init__(self, declarations: Mapping[str, str]) -> None:
        self._shared = declarations
        self._environments: dict[str, Environment] = {}

    def environment(self, group: str) -> Environment:
        """Return the environment of rules over a group, or over the whole (an empty name)."""
        if group not in self._environments:
            item = GROUPS[group].declarations if group else {}
            self._environments[group] = Environment({**item, **self._shared})
        return self._environments[group]

    def program(self, node: Node | None, group: str | None) -> Program | None:
        """Return the compiled expression at ``node``; its mistakes are problems.

        Without a node, or where the group is not known either, there is none.
        """
        text = node.text() if node else ""
        if node is None or group is None or not text.strip():
            return None
        try:
            program = self.environment(group).compile(text)
            mistakes = tuple(literals.mistakes(text, GROUPS[group])) if group else ()
        except ExpressionError as error:
            program, mistakes = None, error.mistakes
        for mistake in mistakes:
            node.problem(mistake.text + _excerpt(text, mistake), _line(node, text, mistake))
        return program

    def message(self, node: Node, group: str | None) -> Template:
        """Return the parsed message at ``node``; what is wrong with it is a problem."""
        parsed = template.parse(" ".join(node.text().split()), self.environment(group or "").declarations)
        for problem in parsed.problems if group is not None else ():
            node.problem(problem)
        return parsed


def _line(node: Node, text: str, mistake: Mistake) -> int:
    """Return the line in the file; a text with line breaks is a block that begins below its key."""
    return node.line + mistake.line if mistake.line and "\n" in text else node.line


def _excerpt(text: str, mistake: Mistake) -> str:
    """Return the line of a mistake with a caret below its column; nothing where the place is unknown."""
    lines = text.split("\n")
    if not mistake.column or not 0 < mistake.line <= len(lines):
        return ""
    line, column = lines[mistake.line - 1], mistake.column - 1
    start = max(0, column - _BEFORE)
    before, after = line[start:column], line[column : start + _WIDTH]
    head = f"\n      {mistake.line}:{mistake.column} | "
    return f"{head}{printable(before)}{printable(after)}\n{' ' * (len(head) - 1 + len(printable(before)))}^"
