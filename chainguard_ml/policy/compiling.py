"""One rule of a document to one ``PolicyRule``: every key checked, every expression compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from chainguard_ml.model import Location, Severity
from chainguard_ml.policy import template
from chainguard_ml.policy.engine import UNUSABLE, Program
from chainguard_ml.policy.including import named
from chainguard_ml.policy.interface import IfAbsent, Mode, PolicyRule
from chainguard_ml.policy.schema import GROUPS, SUMMARY
from chainguard_ml.policy.template import Template
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    import enum
    from collections.abc import Collection, Mapping

    from chainguard_ml.policy.expressions import Expressions
    from chainguard_ml.policy.reading import Node

_E = TypeVar("_E", bound="enum.Enum")

_KEYS = ("id", "title", "severity", "mode", "for_each", "when", "require", "message", "remediation", "refs", "at_least",
         "distinct_by", "if_absent")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fields:
    """The members of one rule, each read with its default."""

    nodes: Mapping[str, Node]

    def sentence(self, key: str, default: str = "") -> str:
        return self.nodes[key].sentence() if key in self.nodes else default

    def texts(self, key: str) -> tuple[str, ...]:
        return self.nodes[key].texts() if key in self.nodes else ()

    def choice(self, key: str, choices: type[_E], default: _E) -> _E:
        return self.nodes[key].choice(choices, default) if key in self.nodes else default


def rule(node: Node, expressions: Expressions, taken: Collection[str]) -> PolicyRule:
    """Return the rule at ``node``; what is wrong with it is a problem. ``taken`` are the ids of the rules before it."""
    nodes = node.fields(_KEYS, ("id", "require"))
    fields = _Fields(nodes)
    id_ = named(nodes["id"], taken) if "id" in nodes else ""
    group = _group(nodes.get("for_each"))
    require = expressions.program(nodes.get("require"), group) or UNUSABLE
    when = expressions.program(nodes.get("when"), group)
    message = expressions.message(nodes["message"], group) if "message" in nodes else _own_words(group, require)
    used = {*require.used, *(when.used if when else ()), *message.names}
    return PolicyRule(
        id=id_,
        title=fields.sentence("title", id_),
        severity=fields.choice("severity", Severity, Severity.HIGH),
        mode=fields.choice("mode", Mode, Mode.ENFORCE),
        for_each=group or "",
        when=when,
        require=require,
        message=message,
        remediation=fields.sentence("remediation"),
        refs=fields.texts("refs"),
        at_least=_at_least(nodes, group),
        distinct_by=_distinct_by(nodes, group),
        if_absent=fields.choice("if_absent", IfAbsent, IfAbsent.ERROR),
        needs=frozenset({SUMMARY[name] for name in used if name in SUMMARY} | ({group} if group else set())),
        origin=Location(node.document, line=node.line),
    )


def _own_words(group: str | None, require: Program) -> Template:
    """Return what a rule without a message says: the group's label, or the expression that does not hold."""
    if group:
        return template.parse(GROUPS[group].label, GROUPS[group].declarations)
    return Template((f"it is not so that {printable(' '.join(require.text.split()))}",))


def _group(node: Node | None) -> str | None:
    """Return the group of facts, empty for a rule about the whole, or ``None`` where it is wrong."""
    name = node.text() if node else ""
    if node is None or name in GROUPS:
        return name
    if name:
        node.problem(f"'{printable(name, 60)}' is none of {', '.join(GROUPS)}{did_you_mean(name, GROUPS)}")
    return None


def _at_least(nodes: Mapping[str, Node], group: str | None) -> int | None:
    if "at_least" not in nodes:
        return None
    node, value = nodes["at_least"], nodes["at_least"].value
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        node.problem("must be a whole number from 1")
        return None
    if group == "":
        node.problem("counts items, and the rule has no for_each")
    return value


def _distinct_by(nodes: Mapping[str, Node], group: str | None) -> str:
    if "distinct_by" not in nodes:
        return ""
    node = nodes["distinct_by"]
    name = node.text()
    known = GROUPS[group].declarations if group else ()
    if "at_least" not in nodes:
        node.problem("says how at_least counts, which is missing")
    elif name and group is not None and name not in known:
        node.problem(f"'{printable(name, 60)}' is no fact of an item{did_you_mean(name, known)}")
    return name
