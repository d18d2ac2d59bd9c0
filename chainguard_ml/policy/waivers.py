"""Waivers: findings that somebody accepts, with a reason, a second person's consent, and an end."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from chainguard_ml import rules
from chainguard_ml.model import Location, Subject, Waived, Waiver
from chainguard_ml.policy import facts
from chainguard_ml.policy.engine import Environment
from chainguard_ml.policy.expressions import Expressions
from chainguard_ml.policy.schema import GROUPS
from chainguard_ml.rules.policy import WAIVER_EXPIRED, WAIVER_UNUSED
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.model import Finding
    from chainguard_ml.policy.engine import Evaluation
    from chainguard_ml.policy.reading import Node

_REQUIRED = ("rule", "reason", "owner", "approved_by", "expires")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def read(node: Node) -> Waiver | None:
    """Return the waiver at ``node``, or ``None`` and problems."""
    fields = node.fields((*_REQUIRED, "match"), _REQUIRED)
    match = fields.get("match")
    if match:
        Expressions({}).program(match, "findings")
    if not fields.keys() >= set(_REQUIRED):
        return None
    owner, approvers = fields["owner"].sentence(), fields["approved_by"].texts()
    expires = _expiry(fields["expires"])
    if not approvers:
        fields["approved_by"].problem("must name who approved it")
    if owner.casefold() in {approver.casefold() for approver in approvers}:
        fields["approved_by"].problem(f"the owner '{owner}' cannot approve their own waiver")
    if expires is None:
        return None
    return Waiver(
        rule=_rule(fields["rule"]),
        match=match.value if match and isinstance(match.value, str) else "",
        reason=fields["reason"].sentence(),
        owner=owner,
        approved_by=approvers,
        expires=expires,
        origin=Location(node.document, line=node.line),
    )


def _rule(node: Node) -> str:
    name = node.text()
    known = {rule.id for rule in rules.catalogue()}
    if name and name not in known:
        node.problem(f"no rule is called '{printable(name, 60)}'{did_you_mean(name, sorted(known))}")
    return name


def _expiry(node: Node) -> date | None:
    text = node.text()
    try:
        if _DATE.match(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    if text:
        node.problem(f"'{printable(text, 60)}' is no date such as 2027-01-31")
    return None


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], today: date
) -> tuple[list[Finding], list[Waived], list[Finding]]:
    """Take out the findings that a waiver accepts.

    A waiver holds up to and including the day it expires. A match that comes to no answer for a finding does not
    match it.

    Returns:
        The findings that remain, those taken out with the first waiver that accepts them, and findings about the
        waivers themselves: expired or unused.

    Raises:
        PolicyError: A match does not compile; waivers that were loaded have been compiled before.
    """
    uses = [_Use(waiver, today) for waiver in waivers]
    by_rule: defaultdict[str, list[_Use]] = defaultdict(list)
    for use in uses:
        by_rule[use.waiver.rule].append(use)
    remaining: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        accepting = [use for use in by_rule[finding.rule] if use.accepts(finding)] if finding.rule in by_rule else []
        if accepting:
            waived.append(Waived(finding, accepting[0].by))
        else:
            remaining.append(finding)
    return remaining, waived, [finding for use in uses for finding in use.complaints()]


class _Use:
    """One waiver in one run."""

    def __init__(self, waiver: Waiver, today: date) -> None:
        self.waiver = waiver
        self.expired = today > waiver.expires
        self.used = False
        self._matches = _matcher(waiver.match)

    @property
    def by(self) -> str:
        """Who accepts it until when, and why."""
        waiver = self.waiver
        approvers = ", ".join(waiver.approved_by)
        return f"waiver of {waiver.owner}, approved by {approvers}, until {waiver.expires}: {waiver.reason}"

    def accepts(self, finding: Finding) -> bool:
        if self.expired or (self._matches and self._matches(facts.finding(finding)) is not True):
            return False
        self.used = True
        return True

    def complaints(self) -> Iterator[Finding]:
        waiver = self.waiver
        place = waiver.origin or Location("waivers")
        subject, key = Subject(place.path, "policy"), (waiver.rule, waiver.match)
        whose = f"the waiver of '{printable(waiver.rule)}' by {printable(waiver.owner)}"
        if self.expired:
            message = f"{whose} expired on {waiver.expires}"
            yield WAIVER_EXPIRED.finding(subject, place, message, key=key, facts={"waives": waiver.rule})
        elif not self.used:
            yield WAIVER_UNUSED.finding(
                subject, place, f"{whose} matches no finding", key=key, facts={"waives": waiver.rule}
            )


def _matcher(match: str) -> Evaluation | None:
    if not match:
        return None
    return Environment(GROUPS["findings"].declarations).compile(match).over({})
