"""The nouns of the room: a policy, its rules and parameters, and what an expression that does not compile says."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.model import Location, Severity, Waiver
    from chainguard_ml.policy.engine import Program
    from chainguard_ml.policy.template import Template
    from chainguard_ml.policy.values import Value

API_VERSION = "chainguard-ml/v1"
"""The version that every document of this room states as ``apiVersion``."""


class Mode(enum.StrEnum):
    """What comes of a rule that does not hold: it denies, it warns, or it is only recorded."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


class IfAbsent(enum.StrEnum):
    """What a rule comes to when what it is about was never examined."""

    ERROR = "error"
    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: its type (see ``values``) and its default; without one it must be given."""

    type: str
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule, compiled.

    Attributes:
        id: Kebab-case name, unique in the policy.
        title: What holds when it passes, one line.
        severity: How bad it is when it does not.
        mode: What comes of it then.
        for_each: Group of facts it goes through; empty for a rule about the whole.
        when: Which items it is about; ``None`` means all.
        require: What must be true of each.
        message: What to say about an item for which it is not.
        remediation: What to do.
        refs: Where it is described: ``CWE-502``, a URL, an internal document.
        at_least: How many items must satisfy it; ``None`` means all.
        distinct_by: Fact by which these are counted once (``item.signer``); empty counts items.
        if_absent: What it comes to when a group of ``needs`` is absent.
        needs: Groups of facts that it uses.
        origin: Where it is written.
    """

    id: str
    title: str
    severity: Severity
    mode: Mode
    for_each: str
    when: Program | None
    require: Program
    message: Template
    remediation: str
    refs: tuple[str, ...]
    at_least: int | None
    distinct_by: str
    if_absent: IfAbsent
    needs: frozenset[str]
    origin: Location


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with everything it includes, checked and compiled.

    Attributes:
        name: Name of the document that was loaded; the other metadata are its own too.
        title: One line.
        owner: Who answers for it.
        version: Its version as written.
        params: Parameters by name; a document's own declaration wins over an included one's.
        rules: Rules of included documents first, then its own, in the order of the documents.
        allow: Globals that pickles may use beside the shipped allow-list, in the same order.
        waivers: Waivers, in the same order.
        sources: ``(path, SHA-256)`` of every document, paths relative to the first.
    """

    name: str
    title: str
    owner: str
    version: str
    params: Mapping[str, Param]
    rules: tuple[PolicyRule, ...]
    allow: tuple[AllowedGlobal, ...]
    waivers: tuple[Waiver, ...]
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with an expression: line and column (both from 1; 0 where unknown), and why."""

    line: int
    column: int
    text: str


class ExpressionError(PolicyError):
    """An expression does not compile; ``mistakes`` says why and where."""

    def __init__(self, expression: str, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(f"the expression {expression!a} is wrong", [mistake.text for mistake in mistakes])
        self.mistakes = mistakes
