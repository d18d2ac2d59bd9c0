"""Expressions: CEL (cel.dev), type-checked before the first evaluation, failing closed in every evaluation.

Every fact is declared as a variable with a dotted name and a type, so that a misspelt fact or a comparison of text with
a number is an error when a policy is read. The library returns run-time errors as values, which are truthy: whatever
is not exactly a boolean is a ``Fault`` here. It bounds an evaluation (10,000 iterations, depth 32, linear-time regular
expressions); loops over facts are therefore ours (``for_each``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.policy.interface import ExpressionError, Mistake
from chainguard_ml.policy.mistakes import understood
from chainguard_ml.policy.values import element
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cel_expr_python import cel

    from chainguard_ml.policy.values import Value

LONGEST = 4000
"""Characters of the longest expression; what is longer nobody reviews."""

_REMEMBERED = 10_000  # results of one expression that are kept
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"^[A-Z_]+: ")  # the library's status code before a run-time error
_FAILURES = (RuntimeError, TypeError, ValueError, OverflowError)  # what the library raises


@dataclass(frozen=True, slots=True)
class Fault:
    """An evaluation that came to no answer, and why."""

    reason: str


class Environment:
    """The variables that an expression may use, with their types; compiles expressions over them."""

    def __init__(self, declarations: Mapping[str, str]) -> None:
        from cel_expr_python import cel

        self.declarations = declarations
        variables = {name: _type(type_) for name, type_ in declarations.items()}
        self._environment = cel.NewEnv(variables=variables)

    def compile(self, text: str) -> Program:
        """Return the program of an expression that is true or false.

        Raises:
            ExpressionError: It is no CEL, uses what is not declared, mixes types, or has another type.
        """
        from cel_expr_python import cel

        if len(text) > LONGEST:
            raise ExpressionError(text[:20], (Mistake(0, 0, f"is longer than {LONGEST:,} characters"),))
        try:
            compiled = self._environment.compile(text)
        except _FAILURES as error:
            raise ExpressionError(text, understood(str(error), self.declarations)) from None
        if compiled.return_type() != cel.Type.BOOL:
            kind = compiled.return_type().name().lower()
            raise ExpressionError(
                text, (Mistake(0, 0, f"must come to true or false, and comes to a value of type {kind}"),)
            )
        words = set(_WORD.findall(text))
        used = tuple(name for name in self.declarations if words.issuperset(name.split(".")))
        return Program(text, used, compiled)


def _type(name: str) -> cel.Type:
    from cel_expr_python import cel

    scalars = {
        "dyn": cel.Type.DYN,
        "string": cel.Type.STRING,
        "int": cel.Type.INT,
        "double": cel.Type.DOUBLE,
        "bool": cel.Type.BOOL,
    }
    inner = element(name)
    return cel.Type.List(scalars[inner]) if inner else scalars[name]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression; ``used`` names the variables that it may read (never one too few)."""

    text: str
    used: tuple[str, ...]
    compiled: cel.Expression

    def over(self, shared: Mapping[str, Value]) -> Evaluation:
        """Return the evaluation over many items that have these variables in common."""
        return Evaluation(self, {name: _bound(shared[name]) for name in self.used if name in shared})


UNUSABLE = Program("", (), None)
"""What stands for an expression that does not compile, in a policy that is not used."""


class Evaluation:
    """Evaluates one expression for many items. Items that agree in what it reads are evaluated once."""

    def __init__(self, program: Program, shared: Mapping[str, object]) -> None:
        self._compiled = program.compiled
        self._shared = shared
        self._names = tuple(name for name in program.used if name not in shared)
        self._results: dict[tuple[Value | None, ...], bool | Fault] = {}

    def __call__(self, item: Mapping[str, Value]) -> bool | Fault:
        """Return the answer for one item."""
        values = tuple(map(item.get, self._names))
        known = self._results.get(values)
        if known is None:
            known = self._evaluate(values)
            if len(self._results) < _REMEMBERED:
                self._results[values] = known
        return known

    def _evaluate(self, values: tuple[Value | None, ...]) -> bool | Fault:
        from cel_expr_python import cel

        given = {name: _bound(value) for name, value in zip(self._names, values, strict=True) if value is not None}
        try:
            result = self._compiled.eval(data={**self._shared, **given})
            answer = result.value()
        except _FAILURES as error:
            return Fault(_reason(error))
        if result.type() == cel.Type.BOOL:
            return answer is True
        return Fault(_reason(answer))


def _bound(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _reason(error: object) -> str:
    return printable(_CODE.sub("", str(error)).partition(" [")[0], 200)
