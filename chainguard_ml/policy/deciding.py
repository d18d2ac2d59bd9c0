"""Policy and facts to decisions. What cannot be decided is an error, and an error denies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import Decision, Result
from chainguard_ml.policy import params as parameters
from chainguard_ml.policy.engine import Fault
from chainguard_ml.policy.interface import IfAbsent, Mode
from chainguard_ml.policy.schema import GROUPS
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chainguard_ml.policy.facts import Facts, Item
    from chainguard_ml.policy.interface import Policy, PolicyRule
    from chainguard_ml.policy.values import Value

_SHOWN = 20  # items that one decision names


def decide(policy: Policy, facts: Facts, params: Mapping[str, str] | None = None) -> tuple[Decision, ...]:
    """Return what every rule of the policy says about the facts, in the policy's order.

    Args:
        policy: The policy.
        facts: What was learnt.
        params: Parameters given by the user, as text.

    Raises:
        PolicyError: The parameters are not the policy's.
    """
    given = parameters.resolve(policy, params or {})
    shared = {**{f"params.{name}": value for name, value in given.items()}, **facts.summary}
    return tuple(_decision(rule, facts, shared) for rule in policy.rules)


def _decision(rule: PolicyRule, facts: Facts, shared: Mapping[str, Value]) -> Decision:
    missing = sorted(rule.needs - facts.present)
    if missing:
        what = ", ".join(GROUPS[name].title for name in missing)
        detail = f"nothing is known about {what}: what finds out was not asked"
        results = {IfAbsent.ERROR: Result.ERROR, IfAbsent.SKIP: Result.SKIPPED, IfAbsent.FAIL: Result.FAIL}
        return _said(rule, results[rule.if_absent], (detail,))
    tally = _Tally()
    items = facts.items[rule.for_each] if rule.for_each else ({},)
    for item, answer in _answers(rule, items, shared):
        tally.count(rule, item, answer)
    if not (rule.for_each or tally.items):
        return _said(rule, Result.SKIPPED, ())
    result = tally.result(rule)
    return _said(rule, result, tuple(_details(rule, tally, result, shared)))


def _answers(
    rule: PolicyRule, items: Iterable[Item], shared: Mapping[str, Value]
) -> Iterator[tuple[Item, bool | Fault]]:
    """Yield the items that the rule is about, with whether they satisfy it."""
    require = rule.require.over(shared)
    when = rule.when.over(shared) if rule.when else None
    for item in items:
        applies = when(item) if when else True
        if applies is not False:
            yield item, require(item) if applies is True else applies


@dataclass(slots=True)
class _Tally:
    """What came of the items of one rule."""

    items: int = 0
    satisfied: set[object] = field(default_factory=set)
    failed: list[Item] = field(default_factory=list)
    faults: list[tuple[Item, Fault]] = field(default_factory=list)

    def count(self, rule: PolicyRule, item: Item, answer: bool | Fault) -> None:  # noqa: FBT001 (an answer, not a flag)
        self.items += 1
        if isinstance(answer, Fault):
            self.faults.append((item, answer))
        elif answer:
            self.satisfied.add(item[rule.distinct_by] if rule.distinct_by else self.items)
        else:
            self.failed.append(item)

    def result(self, rule: PolicyRule) -> Result:
        if self.faults:
            return Result.ERROR
        holds = not self.failed if rule.at_least is None else len(self.satisfied) >= rule.at_least
        return Result.PASS if holds else Result.FAIL


def _details(rule: PolicyRule, tally: _Tally, result: Result, shared: Mapping[str, Value]) -> Iterator[str]:
    """Yield a line for each item that decided: faults first, then those that do not satisfy it."""
    if result is Result.PASS:
        return
    lines = [f"{_place(item)}cannot be decided: {fault.reason}" for item, fault in tally.faults[:_SHOWN]]
    if result is Result.FAIL and rule.at_least is not None:
        yield _shortfall(rule, tally)
    lines += [_place(item) + rule.message.render({**shared, **item}) for item in tally.failed[:_SHOWN]]
    yield from lines[:_SHOWN]
    more = len(tally.faults) + len(tally.failed) - _SHOWN
    if more > 0:
        yield f"and {more:,} more"


def _shortfall(rule: PolicyRule, tally: _Tally) -> str:
    by = f" by different {rule.distinct_by.removeprefix('item.')}" if rule.distinct_by else ""
    found = f"{len(tally.satisfied)} of {tally.items}" if tally.items else "none"
    return f"at least {rule.at_least} of the {GROUPS[rule.for_each].title} must satisfy it{by}, and {found} does"


def _place(item: Item) -> str:
    place = str(item.get("item.location", ""))
    return f"{printable(place)}: " if place else ""


def _said(rule: PolicyRule, result: Result, details: tuple[str, ...]) -> Decision:
    """Return the decision as the rule's mode has it: only ``enforce`` denies."""
    if result in {Result.FAIL, Result.ERROR} and rule.mode is not Mode.ENFORCE:
        recorded = rule.mode is Mode.AUDIT
        result = Result.SKIPPED if recorded else Result.WARN
        details = ("it does not hold, which is only recorded", *details) if recorded else details
    remediation = f"{rule.remediation} ({', '.join(rule.refs)})".strip() if rule.refs else rule.remediation
    return Decision(rule.id, rule.title, result, rule.severity, details, remediation)
