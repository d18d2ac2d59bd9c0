"""Jinja templates as programs: what their statements assign, and what their expressions reach for.

Nothing is rendered: every branch is looked at, assignments, loops and
arguments of macros add to what a name may be, and the whole is done several times, so that what is assigned late is
known early. A statement that does not parse ends where it breaks; Jinja would refuse the template.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.scan.formats import jinja_values as values
from chainguard_ml.scan.formats.jinja_parser import BreakError, Parser, Value
from chainguard_ml.scan.formats.jinja_values import ANY, Options, combine, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainguard_ml.scan.formats.jinja_lexer import Piece
    from chainguard_ml.scan.formats.jinja_parser import Call
    from chainguard_ml.scan.formats.jinja_values import Constant

ROUNDS = 3
"""How often a template is looked at."""


class Access(NamedTuple):
    """How a template reaches for something, and where.

    Attributes:
        how: ``attribute`` (``x.name``), ``item`` (``x[…]``), ``attr`` (the filter), ``path`` (a filter's attribute),
            ``call`` (a global), ``method``, ``format``, ``name`` (a global is read), ``statement``, ``size``,
            ``called`` (what is neither a name nor a method), ``depth`` (brackets are not followed further).
        names: What the name may be.
        offset: Character in the template.
    """

    how: str
    names: Options
    offset: int


class Program:
    """A template that is looked at; ``accesses`` are what it reaches for in the last round."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.accesses: list[Access] = []
        self._known: dict[str, Options] = defaultdict(list)
        self._defined: set[str] = set()
        self._macros: dict[str, list[str]] = {}
        self._captures: list[tuple[str, Options]] = []
        for _ in range(ROUNDS):
            self.accesses.clear()
            self._captures.clear()
            for piece in pieces:
                self._piece(piece)

    def _piece(self, piece: Piece) -> None:
        if piece.kind == "cut" or not piece.ends:  # Jinja refuses what is not closed, and the whole template
            return
        if piece.kind == "text":
            self._write([piece.text.strip()] if piece.text.strip() else [])
            return
        parser = Parser(self, piece.tokens)
        try:
            if piece.kind == "{{":
                self._write(parser.expression().options or [ANY])
            else:
                self._statement(parser)
        except BreakError:
            pass  # what follows is looked at nevertheless
        parser.rest()

    def _write(self, options: Options) -> None:
        """Add to what is being captured by a block."""
        if self._captures and options:
            name, so_far = self._captures[-1]
            self._captures[-1] = (name, combine(_concatenated, so_far or [""], options))

    def _statement(self, parser: Parser) -> None:
        word = parser.word()
        handler = getattr(self, f"_on_{word}", None)
        if word in {"include", "import", "from", "extends", "debug"}:
            self.reach("statement", [word], parser.offset)
        elif handler is not None:
            handler(parser)
        elif word in {"endset", "endmacro", "endcall", "endfilter"}:
            self._end()

    def reach(self, how: str, names: Options, offset: int) -> None:
        """Record an access."""
        self.accesses.append(Access(how, names, offset))

    def learn(self, name: str, options: Options) -> None:
        """Add to what a name may be."""
        self._defined.add(name)
        self._known[name] = union(self._known[name], options)

    def known(self, name: str) -> Options:
        """Return what a name may be."""
        return self._known.get(name, [])

    def is_defined(self, name: str) -> bool:
        """Return whether the template defines a name."""
        return name in self._defined or name in self._macros

    def is_macro(self, name: str) -> bool:
        """Return whether a name is a macro of the template, and nothing else."""
        return name in self._macros and name not in self._defined

    def called(self, name: str, call: Call) -> Options:
        """Take over the arguments of a macro's call, and return what it may write."""
        for parameter, options in zip(self._macros.get(name, ()), call.positional, strict=False):
            self.learn(parameter, options)
        for parameter, options in call.named.items():
            if name in self._macros:
                self.learn(parameter, options)
        return self._known.get(f"{name}()", [])

    def _on_set(self, parser: Parser) -> None:
        names = parser.targets()
        if parser.take("="):
            self.assign(names, parser.expression(), parser)
        elif names:
            self._defined.update(names)
            self._captures.append((names[0], []))

    def assign(self, names: Sequence[str], value: Value, parser: Parser) -> None:
        """Assign a value, or the items of one, to names."""
        if len(names) == 1:
            self.learn(names[0], value.options)
            for key, options in parser.namespace.items():
                self.learn(f"{names[0]}.{key}", options)
            return
        for index, name in enumerate(names):
            self.learn(name, combine(values.item, value.options, [index]) if value.options else [])

    def _on_for(self, parser: Parser) -> None:
        names = parser.targets()
        if parser.take("in"):
            items = parser.expression().options
            each = union(*(values.listed(option) for option in items if isinstance(option, str | list | dict)))
            self.assign(names, Value(each), parser)

    def _on_macro(self, parser: Parser) -> None:
        name = parser.word()
        self._macros[name] = parser.parameters()
        self._captures.append((f"{name}()", []))

    def _on_call(self, parser: Parser) -> None:
        if parser.peek("("):
            parser.parameters()
        parser.expression()
        self._captures.append(("caller()", []))

    def _on_filter(self, parser: Parser) -> None:
        parser.filters(parser.filtered(Value([ANY])))
        self._captures.append(("(filter)", []))

    def _on_with(self, parser: Parser) -> None:
        while names := parser.targets():
            if not parser.take("="):
                return
            self.assign(names, parser.expression(), parser)
            if not parser.take(","):
                return

    def _end(self) -> None:
        if self._captures:
            name, options = self._captures.pop()
            self.learn(name, options)


def reached(pieces: Iterable[Piece]) -> list[Access]:
    """Return what a template reaches for."""
    return Program(list(pieces)).accesses


def _concatenated(left: Constant, right: Constant) -> Constant:
    return values.text(left) + values.text(right)
