"""Reading a document that people write: every problem is kept with its line, and reading goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    import enum
    from collections.abc import Collection, Iterator

    from chainguard_ml.model import Json
    from chainguard_ml.yamlsafe import Lines

_E = TypeVar("_E", bound="enum.Enum")


@dataclass(slots=True)
class Problems:
    """What is wrong with the documents, in their order, and by line in each."""

    _found: list[tuple[int, int, str]] = field(default_factory=list)
    _documents: dict[str, int] = field(default_factory=dict)

    def begin(self, document: str) -> None:
        """Give a document its place among the others."""
        self._documents.setdefault(document, len(self._documents))

    def add(self, document: str, line: int, text: str) -> None:
        """Keep a problem at a line (0 where there is none) of a document."""
        self.begin(document)
        place = f"{document}:{line}" if line else document
        self._found.append((self._documents[document], line, f"{place}: {text}"))

    @property
    def texts(self) -> tuple[str, ...]:
        """One text for each problem, without repetitions."""
        return tuple(dict.fromkeys(text for *_, text in sorted(self._found, key=lambda found: found[:2])))


def kind(value: Json) -> str:
    """Return what a value is, in words."""
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document: what it is, where it stands, and where problems with it go."""

    value: Json
    lines: Lines
    document: str
    problems: Problems
    path: str = ""

    @property
    def line(self) -> int:
        """Line, from 1."""
        return self.lines.line

    def problem(self, text: str, line: int | None = None) -> None:
        """Keep a problem with this value, by default at its own line."""
        where = f"{self.path}: " if self.path else ""
        self.problems.add(self.document, self.line if line is None else line, where + text)

    def expected(self, what: str) -> None:
        """Keep the problem that it is something else."""
        self.problem(f"must be {what}, not {kind(self.value)}")

    def inner(self, step: str | int, value: Json) -> Node:
        """Return the value at a key or an index."""
        name = f"[{step}]" if isinstance(step, int) else f".{printable(step, 60)}"
        return Node(value, self.lines.inner[step], self.document, self.problems, (self.path + name).removeprefix("."))

    def fields(self, known: Collection[str], required: Collection[str] = ()) -> dict[str, Node]:
        """Return the members of a mapping that are known; unknown and missing ones are problems."""
        found = self.members("a mapping")
        for name in [name for name in found if name not in known]:
            found.pop(name).problem(f"unknown key{did_you_mean(name, known)}")
        for name in required:
            if name not in found and isinstance(self.value, dict):
                self.problem(f"the key '{name}' is missing")
        return found

    def members(self, what: str) -> dict[str, Node]:
        """Return the members of a mapping, whatever their names."""
        if not isinstance(self.value, dict):
            self.expected(what)
            return {}
        return {name: self.inner(name, value) for name, value in self.value.items()}

    def items(self) -> Iterator[Node]:
        """Yield the items of a list."""
        if not isinstance(self.value, list):
            self.expected("a list")
            return
        for index, value in enumerate(self.value):
            yield self.inner(index, value)

    def text(self) -> str:
        """Return text that is not empty; else an empty string, and a problem."""
        if not isinstance(self.value, str):
            quote = "; put it into quotes" if self.value is not None else ""
            self.problem(f"must be text, not {kind(self.value)}{quote}")
            return ""
        if not self.value.strip():
            self.problem("must not be empty")
        return self.value

    def sentence(self) -> str:
        """Return text as one line, printable."""
        text = " ".join(self.text().split())
        return printable(text, len(text))

    def texts(self) -> tuple[str, ...]:
        """Return a list of text, each one line; a single text is a list of one."""
        several = [self] if isinstance(self.value, str) else self.items()
        return tuple(node.sentence() for node in several)

    def choice(self, choices: type[_E], default: _E) -> _E:
        """Return the member that the text names, else the default and a problem."""
        names = {str(member): member for member in choices}
        name = self.text()
        if name and name not in names:
            self.problem(f"'{printable(name, 60)}' is none of {', '.join(names)}{did_you_mean(name, names)}")
        return names.get(name, default)
