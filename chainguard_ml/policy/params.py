"""Parameters of a policy: their declarations, and the values of one run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.errors import PolicyError
from chainguard_ml.policy import values
from chainguard_ml.policy.interface import Param
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.policy.interface import Policy
    from chainguard_ml.policy.reading import Node
    from chainguard_ml.policy.values import Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = {"true", "false", "null", "in"}  # words that CEL's grammar does not take for names


def declared(node: Node, known: Mapping[str, Param]) -> dict[str, Param]:
    """Return the parameters that a document declares; ``known`` are those of the documents it includes."""
    result = {}
    for name, declaration in node.members("a mapping").items():
        if not _NAME.match(name) or name in _RESERVED:
            declaration.problem("is no name for a parameter: letters, digits and '_'")
            continue
        param = _param(declaration)
        if name in known and known[name].type != param.type:
            declaration.problem(f"is declared as {known[name].type} in an included document, and as {param.type} here")
        result[name] = param
    return result


def _param(node: Node) -> Param:
    fields = node.fields(("type", "default"), ("type",))
    type_ = fields["type"].text() if "type" in fields else ""
    if type_ not in values.TYPES:
        if type_:
            shown, near = printable(type_, 60), did_you_mean(type_, values.TYPES)
            fields["type"].problem(f"'{shown}' is none of {', '.join(values.TYPES)}{near}")
        return Param("dyn")  # so that its uses are no problems too
    if "default" not in fields:
        return Param(type_)
    try:
        return Param(type_, values.conform(fields["default"].value, type_))
    except ValueError as error:
        fields["default"].problem(str(error))
        return Param(type_)


def resolve(policy: Policy, given: Mapping[str, str]) -> dict[str, Value]:
    """Return the value of every parameter: what was given (as text), else its default.

    Raises:
        PolicyError: One is unknown, has another type, or has neither a value nor a default.
    """
    problems = [
        f"there is no parameter '{printable(name, 60)}'{did_you_mean(name, policy.params)}"
        for name in given
        if name not in policy.params
    ]
    result: dict[str, Value] = {}
    for name, param in policy.params.items():
        value = param.default
        if name in given:
            try:
                value = values.parse(given[name], param.type)
            except ValueError as error:
                problems.append(f"the parameter '{name}' {error}")
                continue
        if value is None:
            problems.append(f"the parameter '{name}' has no default and must be given")
        else:
            result[name] = value
    if problems:
        raise PolicyError(f"the parameters of the policy '{policy.name}' are wrong", problems,
                          hint="give them as --param NAME=VALUE, or under params in the configuration")  # fmt: skip
    return result
