"""Tests of policies: facts in a document, and what each rule must make of them.

A document of ``kind: PolicyTest`` names its ``policy``, gives ``facts`` by group, and lists ``tests``; each replaces
groups by its own ``facts``, makes groups ``absent``, gives ``params``, and states the results it expects by rule.
``otherwise`` is what it expects of the rules it does not name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.errors import PolicyError
from chainguard_ml.model import Result, Severity
from chainguard_ml.policy import document, literals, values
from chainguard_ml.policy.deciding import decide
from chainguard_ml.policy.facts import Facts, typed
from chainguard_ml.policy.including import Documents, Shape
from chainguard_ml.policy.schema import FINDING, GROUPS
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chainguard_ml.model import Decision, Json
    from chainguard_ml.policy.facts import Item
    from chainguard_ml.policy.interface import Policy
    from chainguard_ml.policy.reading import Node

_SHAPE = Shape("PolicyTest", ("policy", "facts", "tests"), ("policy", "tests"))
_TEST = ("name", "facts", "absent", "params", "expect", "otherwise")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test: its name, whether the policy decided as expected, what differs, and every rule's result."""

    name: str
    passed: bool
    detail: str = ""
    results: Mapping[str, Result] = field(default_factory=dict)


def run_tests(paths: Iterable[Path]) -> list[CaseResult]:
    """Run the tests of these documents, and of every ``*.test.yaml`` directly in a directory.

    Raises:
        PolicyError: A document of tests, or the policy that it names, is wrong.
    """
    results = []
    for path in paths:
        for each in sorted(path.glob("*.test.yaml")) if path.is_dir() else (path,):
            results += _document(each)
    return results


def _document(path: Path) -> list[CaseResult]:
    documents = Documents(_SHAPE)
    documents.add(path)
    members = documents.read[0] if documents.read else {}
    policy = _policy(members["policy"], path) if "policy" in members else None
    known = _groups(members["facts"]) if "facts" in members else {}
    nodes = members["tests"].items() if "tests" in members else ()
    cases = [_case(node, known, policy) for node in nodes]
    if documents.problems.texts:
        raise PolicyError(f"the policy tests '{printable(str(path))}' are wrong", documents.problems.texts)
    return [_run(policy, case, path.name) for case in cases] if policy else []


def _policy(node: Node, path: Path) -> Policy | None:
    name = node.text()
    return document.load(path.parent / name) if name else None


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    facts: Facts
    params: Mapping[str, str]
    expected: Mapping[str, Result]


def _case(node: Node, known: Mapping[str, list[Item]], policy: Policy | None) -> _Case:
    fields = node.fields(_TEST, ("name", "expect"))
    groups = {**known, **(_groups(fields["facts"]) if "facts" in fields else {})}
    for absent in fields["absent"].items() if "absent" in fields else ():
        if _known_group(absent, absent.text()):
            groups.pop(str(absent.value), None)
    ids = [rule.id for rule in policy.rules] if policy else []
    expected = {}
    if "otherwise" in fields:
        expected = dict.fromkeys(ids, fields["otherwise"].choice(Result, Result.PASS))
    for rule, wanted in fields["expect"].members("a mapping").items() if "expect" in fields else ():
        if policy and rule not in ids:
            wanted.problem(f"the policy has no such rule{did_you_mean(rule, ids)}")
        expected[rule] = wanted.choice(Result, Result.PASS)
    params = fields["params"].members("a mapping") if "params" in fields else {}
    texts = {name: _text(each.value) for name, each in params.items()}
    return _Case(fields["name"].sentence() if "name" in fields else "", _facts(groups), texts, expected)


def _text(value: Json) -> str:
    """Return a parameter as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def _facts(groups: Mapping[str, list[Item]]) -> Facts:
    """Return the facts; ``findings`` is everything the rooms found, unless the document says otherwise."""
    rooms = [name for name, group in GROUPS.items() if group.facts is FINDING and name != "findings"]
    if "findings" not in groups and groups.keys() >= set(rooms):
        groups = {**groups, "findings": [item for room in rooms for item in groups[room]]}
    return Facts.of(groups)


def _groups(node: Node) -> dict[str, list[Item]]:
    found = {}
    for name, items in node.members("a mapping of groups").items():
        if _known_group(items, name):
            found[name] = [_item(name, item) for item in items.items()]
    return found


def _known_group(node: Node, name: str) -> bool:
    if name and name not in GROUPS:
        node.problem(f"'{printable(name, 60)}' is none of {', '.join(GROUPS)}{did_you_mean(name, GROUPS)}")
    return name in GROUPS


def _item(group: str, node: Node) -> Item:
    facts = GROUPS[group].facts
    given = node.fields(facts)
    for name, value in given.items():
        try:
            values.conform(value.value, facts[name].type)
        except ValueError as error:
            value.problem(str(error))
        known = literals.choices(GROUPS[group], name)
        if known and value.value and value.value not in known:
            value.problem(f"is never '{printable(str(value.value), 60)}'{did_you_mean(str(value.value), known)}")
    stated = {name: value.value for name, value in given.items()}
    return typed(group, {**_derived(group, stated), **stated})


def _derived(group: str, stated: Mapping[str, Json]) -> dict[str, Json]:
    """Return what follows from what is stated: a finding's family from its group, its rank from its severity."""
    if GROUPS[group].facts is not FINDING:
        return {}
    ranks = {str(severity): int(severity) for severity in Severity}
    family = "" if group == "findings" else group.replace("_", "-")
    return {"family": family, "severity_rank": ranks.get(str(stated.get("severity", "")), 0)}


def _run(policy: Policy, case: _Case, label: str) -> CaseResult:
    name = f"{printable(label)}: {case.name}"
    try:
        decisions = {decision.rule: decision for decision in decide(policy, case.facts, case.params)}
    except PolicyError as error:
        return CaseResult(name, passed=False, detail="; ".join(error.problems))
    results = {rule: decision.result for rule, decision in decisions.items()}
    differences = list(_differences(case.expected, decisions))
    return CaseResult(name, not differences, "; ".join(differences), results)


def _differences(expected: Mapping[str, Result], decisions: Mapping[str, Decision]) -> Iterator[str]:
    for rule, wanted in expected.items():
        decision = decisions[rule]
        if decision.result is not wanted:
            why = f" ({decision.details[0]})" if decision.details else ""
            yield f"'{rule}' came to {decision.result}, not {wanted}{why}"
