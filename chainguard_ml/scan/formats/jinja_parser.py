"""A parser of Jinja's expressions (``jinja2.parser``, 3.1) that follows what they may be.

Nothing is rendered. What an expression reaches for is told to a ``Scope``, which also knows what names may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from chainguard_ml.scan.formats import jinja_values as values
from chainguard_ml.scan.formats.jinja_values import ANY, Options, combine, union

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainguard_ml.scan.formats.jinja_lexer import Token
    from chainguard_ml.scan.formats.jinja_values import Constant

_DEPTH = 60  # parentheses in parentheses
_BINARY = {"or": 1, "and": 2, "not": 3, "in": 3, "is": 3, "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3,
           "+": 4, "-": 4, "~": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}  # fmt: skip
_OPERATIONS: dict[str, Callable[..., Constant]] = {
    "+": values.add,
    "-": lambda left, right: values.number(left) - values.number(right),
    "~": lambda left, right: values.text(left) + values.text(right),
    "*": values.multiply,
    "%": values.remainder,
    "//": lambda left, right: values.number(left) // values.number(right),
}
_BY_ATTRIBUTE = frozenset({"map", "sort", "unique", "min", "max", "sum", "groupby", "selectattr", "rejectattr"})
_FIRST_IS_ATTRIBUTE = frozenset({"groupby", "selectattr", "rejectattr", "sum"})


class BreakError(Exception):
    """A statement does not parse."""


@dataclass(slots=True)
class Value:
    """What an expression may be; where it is a name, the name."""

    options: Options = field(default_factory=list)
    name: str = ""


@dataclass(slots=True)
class Call:
    """The arguments of a call: what each may be."""

    positional: list[Options] = field(default_factory=list)
    named: dict[str, Options] = field(default_factory=dict)
    unpacked: bool = False


class Scope(Protocol):
    """The template around an expression."""

    def reach(self, how: str, names: Options, offset: int) -> None:
        """Record an access."""

    def learn(self, name: str, options: Options) -> None:
        """Add to what a name may be."""

    def known(self, name: str) -> Options:
        """Return what a name may be."""

    def is_defined(self, name: str) -> bool:
        """Return whether the template defines a name."""

    def is_macro(self, name: str) -> bool:
        """Return whether a name is a macro of the template, and nothing else."""

    def called(self, name: str, call: Call) -> Options:
        """Take over the arguments of a call of the template's own, and return what it may give."""


class Parser:
    """A recursive parser with precedences; each expression gives what it may be."""

    def __init__(self, scope: Scope, tokens: Sequence[Token]) -> None:
        self._scope, self._tokens = scope, tokens
        self._at = self._depth = 0
        self.namespace: dict[str, Options] = {}

    @property
    def offset(self) -> int:
        """Where the current token starts, or the last one."""
        return self._tokens[min(self._at, len(self._tokens) - 1)].offset if self._tokens else 0

    def _token(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def peek(self, *texts: str) -> bool:
        """Return whether one of these words or signs comes next."""
        token = self._token()
        return token is not None and token.kind in {"other", "name"} and token.text in texts

    def take(self, *texts: str) -> bool:
        """Skip one of these words or signs, if it comes next."""
        found = self.peek(*texts)
        self._at += found
        return found

    def word(self) -> str:
        """Return a name, and skip it."""
        token = self._token()
        if token is None or token.kind != "name":
            raise BreakError
        self._at += 1
        return token.text

    def targets(self) -> list[str]:
        """Return the names that something is assigned to; ``ns.name`` is one."""
        names: list[str] = []
        self.take("(")
        while (token := self._token()) and token.kind == "name" and token.text not in {"in", "if"}:
            name = self.word()
            names.append(f"{name}.{self.word()}" if self.take(".") else name)
            if not self.take(","):
                break
        self.take(")")
        return names

    def parameters(self) -> list[str]:
        """Return the parameters of a macro; defaults are what they may be."""
        names: list[str] = []
        self.take("(")
        while (token := self._token()) and token.kind == "name":
            names.append(self.word())
            self._scope.learn(names[-1], self.expression().options if self.take("=") else [])
            if not self.take(","):
                break
        self.take(")")
        return names

    def rest(self) -> None:
        """Look at what is left: further expressions, as in ``if``, ``elif``, ``for … if``, or unknown statements."""
        while self._at < len(self._tokens):
            before, self._depth = self._at, 0
            try:
                self.expression()
            except BreakError:
                self._at = max(self._at, before)
            self._at += self._at == before

    def expression(self, least: int = 0) -> Value:
        """Parse operators that bind at least as tightly as ``least``, and ``a if b else c``."""
        self._depth += 1
        if self._depth > _DEPTH:
            self._scope.reach("depth", [], self.offset)
            raise BreakError
        value = self._unary()
        while (token := self._token()) and token.kind != "string" and _BINARY.get(token.text, -1) >= max(least, 1):
            value = self._binary(value, token)
        if least == 0 and self.take("if"):
            self.expression(1)
            other = self.expression() if self.take("else") else Value()
            value = Value(union(value.options, other.options))
        self._depth -= 1
        return value

    def _binary(self, left: Value, token: Token) -> Value:
        self._at += 1
        if token.text == "is":
            self._test()
            return Value([True, False])
        if token.text == "not" and not self.take("in"):
            raise BreakError
        right = self.expression(_BINARY[token.text] + (token.text != "**"))
        if token.text in {"or", "and"}:
            return Value(union(left.options, right.options))
        operation = _OPERATIONS.get(token.text)
        if token.text == "*":
            self._sizes(left, right, token.offset)
        if not operation:
            return Value([True, False] if _BINARY[token.text] == 3 else [])
        if not left.options and not right.options:
            return Value([])
        return Value(combine(operation, left.options, right.options))

    def _sizes(self, left: Value, right: Value, offset: int) -> None:
        for text, count in ((left, right), (right, left)):
            if any(isinstance(each, str | list) for each in text.options):
                self._scope.reach("size", count.options, offset)

    def _test(self) -> None:
        self.take("not")
        self.word()
        while self.take("."):
            self.word()
        token = self._token()
        if token is None or self.peek("else", "or", "and", "not", "is", "if", "in"):
            return
        if token.kind in {"name", "string", "number"} or token.text in {"(", "[", "{"}:
            self._postfix(self._primary())

    def _unary(self) -> Value:
        if self.take("not"):
            self.expression(3)
            return Value([True, False])
        if self.peek("-", "+"):
            negative = self.peek("-")
            self._at += 1
            value = self.expression(7)
            return Value(combine(lambda each: -values.number(each), value.options)) if negative else value
        return self.filters(self._postfix(self._primary()))

    def _primary(self) -> Value:
        token = self._token()
        if token is None:
            raise BreakError
        self._at += 1
        if token.kind == "string":
            return Value([values.bounded(self._strings(token.text))])
        if token.kind == "number":
            return Value(_number(token.text))
        if token.kind == "name":
            return self._name(token)
        if token.text == "(":
            return self._listed(")", single=True)
        if token.text == "[":
            return self._listed("]", single=False)
        if token.text == "{":
            return self._dictionary()
        raise BreakError

    def _strings(self, text: str) -> str:
        """Literals that follow each other are one."""
        texts = [text]
        while (token := self._token()) and token.kind == "string":
            texts.append(token.text)
            self._at += 1
        return "".join(texts)

    def _name(self, token: Token) -> Value:
        constants: dict[str, Constant] = {"true": True, "false": False, "none": None}
        if token.text.lower() in constants and token.text in {token.text.lower(), token.text.capitalize()}:
            return Value([constants[token.text.lower()]])
        if not self._scope.is_defined(token.text):
            self._scope.reach("call" if self.peek("(") else "name", [token.text], token.offset)
        return Value(self._scope.known(token.text), token.text)

    def _listed(self, end: str, *, single: bool) -> Value:
        items: list[Options] = []
        comma = False
        while not self.take(end):
            items.append(self.expression().options)
            if self.take(","):
                comma = True
            elif not self.peek(end):
                raise BreakError
        if single and len(items) == 1 and not comma:
            return Value(items[0])
        return Value(combine(lambda *each: list(each), *items[: values.LONGEST]))

    def _dictionary(self) -> Value:
        keys: list[Options] = []
        items: list[Options] = []
        while not self.take("}"):
            keys.append(self.expression().options)
            if not self.take(":"):
                raise BreakError
            items.append(self.expression().options)
            if not self.take(",") and not self.peek("}"):
                raise BreakError
        half = len(keys)

        def build(*each: Constant) -> Constant:
            return {values.text(key): value for key, value in zip(each[:half], each[half:], strict=True)}

        return Value(combine(build, *keys, *items))

    def _postfix(self, value: Value) -> Value:
        while True:
            offset = self.offset
            if self.take("."):
                value = self._attribute(value, offset)
            elif self.take("["):
                value = self._subscript(value, offset)
            elif self.take("("):
                value = self._called(value, self._arguments(), offset)
            else:
                return value

    def _attribute(self, value: Value, offset: int) -> Value:
        token = self._token()
        if token is not None and token.kind == "number":
            self._at += 1
            return Value(combine(values.item, value.options, _number(token.text)) if value.options else [])
        name = self.word()
        self._scope.reach("attribute", [name], offset)
        if self.take("("):
            return self._method(value, name, self._arguments(), offset)
        full = f"{value.name}.{name}" if value.name else ""
        found = combine(values.item, value.options, [name]) if value.options else []
        return Value(union(self._scope.known(full), found), full)

    def _method(self, value: Value, name: str, call: Call, offset: int) -> Value:
        self._scope.reach("method", [name], offset)
        if name == "sort" and ("key" in call.named or call.unpacked):
            self._scope.reach("called", ["key"], offset)
        if name in {"format", "format_map"}:
            self._scope.reach("format", value.options or [ANY], offset)
            names = list(call.named)

            def fill(pattern: Constant, *each: Constant) -> Constant:
                split = len(each) - len(names)
                return values.braces(values.text(pattern), each[:split], dict(zip(names, each[split:], strict=True)))

            return Value(combine(fill, value.options, *call.positional, *call.named.values()))
        method = values.METHODS.get(name)
        if method is None or not (value.options or name == "join"):
            return Value([])
        return Value(combine(method, value.options, *call.positional))

    def _subscript(self, value: Value, offset: int) -> Value:
        bounds: list[Options] = [[None], [None], [None]]
        index, sliced = 0, False
        while not self.take("]"):
            if self.take(":"):
                index, sliced = index + 1, True
            elif self.take(","):
                continue
            elif index < 3:
                bounds[index] = self.expression().options
            else:
                raise BreakError
        if sliced:
            return Value(combine(values.part, value.options, *bounds) if value.options else [])
        self._scope.reach("item", bounds[0], offset)
        return Value(combine(values.item, value.options, bounds[0]) if value.options else [])

    def _arguments(self) -> Call:
        call = Call()
        while not self.take(")"):
            if self.take("*", "**"):
                call.unpacked = True
                self.expression()
            elif self._is_keyword():
                name = self.word()
                self._at += 1
                call.named[name] = self.expression().options
            else:
                call.positional.append(self.expression().options)
            if not self.take(",") and not self.peek(")"):
                raise BreakError
        return call

    def _is_keyword(self) -> bool:
        if self._at + 1 >= len(self._tokens):
            return False
        token, following = self._tokens[self._at : self._at + 2]
        return token.kind == "name" and following.kind == "other" and following.text == "="

    def _called(self, value: Value, call: Call, offset: int) -> Value:
        defined = self._scope.is_defined(value.name) and not self._scope.is_macro(value.name)
        if not value.name or "." in value.name or defined:
            self._scope.reach("called", [value.name or ANY], offset)
        if value.name in {"dict", "namespace"}:
            if value.name == "namespace":
                self.namespace = call.named
                return Value([])
            names = list(call.named)
            made = combine(lambda *each: dict(zip(names, each, strict=True)), *call.named.values())
            return Value(made if names else [])
        if value.name == "range":
            for argument in call.positional:
                self._scope.reach("size", argument, offset)
        return Value(self._scope.called(value.name, call))

    def filters(self, value: Value) -> Value:
        """Apply the filters that follow a value."""
        while self.take("|"):
            value = self.filtered(value)
        return value

    def filtered(self, value: Value) -> Value:
        """Apply the filter that comes next."""
        offset = self.offset
        name = self.word()
        while self.take("."):
            name = f"{name}.{self.word()}"
        call = self._arguments() if self.take("(") else Call()
        return self._postfix(self._filtered(value, name, call, offset))

    def _filtered(self, value: Value, name: str, call: Call, offset: int) -> Value:
        if name == "attr":
            self._scope.reach("attr", call.positional[0] if call.positional else [], offset)
            return Value([])
        if name in _BY_ATTRIBUTE:
            self._by_attribute(name, call, offset)
        if name in {"random", "batch", "slice", "default", "d"}:
            return Value(self._chosen(name, value, call))
        if name == "map":
            return Value(self._mapped(value, call))
        function = values.FILTERS.get(name)
        if function is None:
            return Value([])
        if not value.options and name in {"string", "list", "first", "last", "trim", "escape", "e", "safe"}:
            return Value([ANY])
        return Value(combine(function, value.options, *call.positional, *_keywords(name, call)))

    @staticmethod
    def _chosen(name: str, value: Value, call: Call) -> Options:
        if name == "random":
            return union(*(values.listed(each) for each in value.options if isinstance(each, str | list)))
        if name in {"batch", "slice"}:
            return combine(lambda each: [values.listed(each)], value.options)
        return union(value.options, *call.positional[:1])

    def _by_attribute(self, name: str, call: Call, offset: int) -> None:
        if "attribute" in call.named:
            self._scope.reach("path", call.named["attribute"], offset)
        elif name in _FIRST_IS_ATTRIBUTE and call.positional:
            self._scope.reach("path", call.positional[0], offset)
        elif name == "map" and call.positional and "attr" in (call.positional[0] or ["attr"]):
            self._scope.reach("attr", call.positional[1] if len(call.positional) > 1 else [], offset)

    @staticmethod
    def _mapped(value: Value, call: Call) -> Options:
        names = call.positional[0] if call.positional else []
        function = values.FILTERS.get(values.text(names[0])) if len(names) == 1 else None
        if function is None:
            return []
        return combine(
            lambda items, *rest: [function(each, *rest) for each in values.listed(items)],
            value.options,
            *call.positional[1:],
        )


def _keywords(name: str, call: Call) -> list[Options]:
    """Return the keyword arguments that matter, in the order of the positional ones."""
    order = {"join": ("d",), "replace": ("old", "new", "count"), "trim": ("chars",)}.get(name, ())
    return [call.named[each] for each in order if each in call.named]


def _number(text: str) -> Options:
    try:
        return [int(text, 0)] if len(text) < 40 else []
    except ValueError:
        return []
