"""Words that an expression compares a fact with: one that the fact never is would be a rule that never fires."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from chainguard_ml import rules
from chainguard_ml.policy.interface import Mistake
from chainguard_ml.policy.schema import FINDING
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.policy.schema import Group

_WORD = re.compile(r"'([^'\\\n]*)'|\"([^\"\\\n]*)\"")
_COMPARED = re.compile(r"\bitem\.(\w+)\s*(?:[=!]=\s*('[^'\\\n]*'|\"[^\"\\\n]*\")|in\s*(\[[^\]]*\]))")


def mistakes(text: str, group: Group) -> Iterator[Mistake]:
    """Yield the words in ``item.x == "word"`` and ``item.x in ["word"]`` that are no value of ``item.x``."""
    for match in _COMPARED.finditer(text):
        known = choices(group, match[1])
        for word in _WORD.finditer(text, *match.span(2 if match[2] else 3)):
            value = word[1] or word[2] or ""
            if known and value and value not in known:
                yield _mistake(text, word.start(), match[1], value, known)


def _mistake(text: str, offset: int, fact: str, value: str, known: tuple[str, ...]) -> Mistake:
    before = text[:offset]
    near = did_you_mean(value, known)
    column = offset - (before.rfind("\n") + 1) + 1
    return Mistake(before.count("\n") + 1, column, f"item.{fact} is never '{printable(value, 60)}'{near}")


def choices(group: Group, name: str) -> tuple[str, ...]:
    """Return the values that a fact of a group can have; nothing where they are no closed list."""
    if name == "rule" and group.facts is FINDING:
        return _rules()
    return group.facts[name].choices if name in group.facts else ()


@cache
def _rules() -> tuple[str, ...]:
    return tuple(sorted(rule.id for rule in rules.catalogue()))
