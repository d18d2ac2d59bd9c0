"""A workflow or an action as a tree: its jobs and steps, and the line of each value."""

from __future__ import annotations

import bisect
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Json
    from chainguard_ml.yamlsafe import Lines

_BLOCK = re.compile(r":\s*[|>][-+0-9]*\s*(?:#.*)?\Z")
_FOLDED = 100  # lines that are searched for a fragment that is not where a literal block would have it


def table(value: Json) -> Mapping[str, Json]:
    """Return a mapping, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Json) -> str:
    """Return a string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping of the document and the way to it."""

    document: Document
    value: Mapping[str, Json]
    path: tuple[str | int, ...]

    def text(self, key: str) -> str:
        """Return the string under ``key``, or an empty one."""
        return text(self.value.get(key))

    def inner(self, key: str) -> Node:
        """Return the mapping under ``key``, or an empty one."""
        return Node(self.document, table(self.value.get(key)), (*self.path, key))

    def line(self, *keys: str | int) -> int:
        """Return the line of a value in it, from 1."""
        return self.document.lines.at(*self.path, *keys)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a job or of a composite action; ``scope`` names both, without numbers that shift."""

    node: Node
    scope: str


@dataclass(frozen=True, slots=True)
class Document:
    """A workflow or an action.

    Attributes:
        value: The document.
        lines: Where its values stand.
        source: Its lines as they were written.
    """

    value: Mapping[str, Json]
    lines: Lines
    source: tuple[str, ...]

    @property
    def root(self) -> Node:
        """The whole document."""
        return Node(self, self.value, ())

    @property
    def triggers(self) -> frozenset[str]:
        """The names of the events that start the workflow."""
        on = self.value.get("on")
        if isinstance(on, list):
            return frozenset(map(text, on))
        return frozenset(table(on)) or frozenset({text(on)} - {""})

    @property
    def jobs(self) -> Iterator[tuple[str, Node]]:
        """The jobs that are mappings, by their ids."""
        jobs = self.root.inner("jobs")
        for name, job in jobs.value.items():
            if isinstance(job, dict):
                yield name, jobs.inner(name)

    @property
    def steps(self) -> Iterator[Step]:
        """The steps of every job, or of a composite action."""
        for name, job in self.jobs:
            yield from self._steps(job, name)
        yield from self._steps(self.root.inner("runs"), "")

    def _steps(self, parent: Node, scope: str) -> Iterator[Step]:
        steps = parent.value.get("steps")
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, dict):
                node = Node(self, step, (*parent.path, "steps", index))
                identity = node.text("id") or node.text("name")
                yield Step(node, f"{scope}/{identity}" if identity else scope)


@dataclass(frozen=True, slots=True)
class Script:
    """A string of the document that is a program, and where it stands.

    Attributes:
        text: The program.
        first: The line on which it begins, from 1.
        source: The lines of the document as they were written.
        breaks: The positions of the line breaks in ``text``.
    """

    text: str
    first: int
    source: tuple[str, ...]
    breaks: tuple[int, ...]

    @classmethod
    def of(cls, node: Node, key: str) -> Script:
        """Return the program under ``key``: a block begins on the line after its key, anything else on the same."""
        program, line = node.text(key), node.line(key)
        source = node.document.source
        block = _BLOCK.search(source[line - 1]) is not None
        breaks = tuple(match.start() for match in re.finditer("\n", program))
        return cls(program, line + block, source, breaks)

    def line(self, position: int, fragment: str) -> int:
        """Return the line of the document on which ``fragment`` stands, which is at ``position`` of the program.

        Where lines were folded or escaped, it is the first one after the beginning that has it, else the beginning.
        """
        fragment = fragment.partition("\n")[0].strip()
        expected = self.first + bisect.bisect_left(self.breaks, position)
        for number in itertools.chain([expected], range(self.first, self.first + _FOLDED)):
            if number <= len(self.source) and fragment in self.source[number - 1]:
                return number
        return self.first
