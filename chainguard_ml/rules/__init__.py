"""The catalogue: one ``Rule`` for each id, in one file for each family.

Adding a rule is one constant in its family's file and its name in that file's ``RULES``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Rule

FAMILIES = ("scan", "carries-code", "audit", "source", "signing", "policy")
"""Families in the order of the flow; each is a module of this package with a tuple ``RULES``.

A family is the room that yields its findings; those of ``carries-code`` come from the room ``scan``.
"""


def catalogue() -> Iterator[Rule]:
    """Yield every rule, family by family, in the order of its file."""
    for family in FAMILIES:
        yield from importlib.import_module(f"chainguard_ml.rules.{family.replace('-', '_')}").RULES


def find(rule_id: str) -> Rule:
    """Return the rule called ``rule_id``.

    Raises:
        UsageError: There is none; the message suggests the nearest.
    """
    rules = {rule.id: rule for rule in catalogue()}
    if rule_id not in rules:
        raise UsageError(
            f"no rule is called '{printable(rule_id)}'{did_you_mean(rule_id, rules)}",
            hint="list every rule with: chainguard-ml rule",
        )
    return rules[rule_id]
