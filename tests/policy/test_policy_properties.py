"""Whatever a policy says and whatever is found: no crash, no answer that depends on order, no finding that helps."""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chainguard_ml import policy, rules
from chainguard_ml.errors import PolicyError
from chainguard_ml.model import Finding, Gap, GapReason, Location, Result, Severity, Subject, Waiver
from chainguard_ml.policy.engine import Environment, Fault
from chainguard_ml.policy.interface import ExpressionError
from chainguard_ml.policy.schema import GROUPS, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOMS = {"scan", "audit", "source", "signing", "sbom"}
WORDS = [
    "apiVersion",
    "kind",
    "metadata",
    "params",
    "rules",
    "waivers",
    "include",
    "id",
    "require",
    "when",
    "for_each",
    "message",
    "severity",
    "type",
    "default",
    "name",
    "match",
    "expires",
    "owner",
    "approved_by",
    "rule",
    "reason",
    "path",
    "sha256",
    "at_least",
    "distinct_by",
    "chainguard-ml/v1",
    "Policy",
    "Waivers",
    "findings",
    "models",
    "{item.path}",
    "list<string>",
    "2027-01-31",
    "tests",
    "facts",
    "expect",
    "item.cvss<7.0",
]

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=6)),
    max_leaves=40,
)
findings = st.lists(
    st.builds(
        Finding,
        rule=st.sampled_from([rule.id for rule in rules.catalogue()]),
        subject=st.builds(Subject, st.text(max_size=5)),
        location=st.builds(Location, st.text(max_size=5)),
        message=st.text(max_size=10),
        severity=st.sampled_from(list(Severity)),
        facts=st.dictionaries(st.sampled_from(sorted(GROUPS["findings"].facts)), documents, max_size=4),
    ),
    max_size=6,
)
FRAGMENTS = [
    "item.severity",
    "item.cvss",
    "item.fixed_in",
    "summary.gaps",
    "==",
    "<",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "[",
    "]",
    "'high'",
    "7.0",
    "1",
    "in",
    ".exists(x,x=='a')",
    ".all(y,true)",
    "?",
    ":",
    "true",
    "dyn(",
    "{",
    "}",
    "'",
    "//",
    "-",
    "size(",
    ".matches('a+')",
    "/",
    "%",
    "null",
    "b'x'",
    "timestamp('x')",
    "duration('1s')",
    ".",
]
fragments = st.sampled_from([*FRAGMENTS, "\n", '"'])


def refused_or_fine(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "x.yaml")
        path.write_bytes(data)
        for read in (policy.load, policy.load_waivers, lambda path: policy.run_tests([path])):
            with contextlib.suppress(PolicyError):
                read(path)


@settings(max_examples=300, deadline=None)
@given(documents)
def test_any_value_is_a_policy_or_refused(value: object) -> None:
    refused_or_fine(json.dumps(value).encode())


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(WORDS), documents), st.lists(st.dictionaries(st.sampled_from(WORDS), documents)))
def test_anything_under_the_right_keys_is_a_policy_or_refused(top: dict[str, object], inner: list[object]) -> None:
    header = {"apiVersion": "chainguard-ml/v1", "kind": "Policy", "metadata": {"name": "x"}}
    refused_or_fine(json.dumps({**header, **top, "rules": inner, "waivers": inner, "params": top}).encode())


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass"))))
@example(b"\xff\xfe")
@example(b"rules: \x00")
@example(b"a: &a [*a]")
@example(b"- " * 1000)
def test_any_bytes_are_a_policy_or_refused(data: bytes) -> None:
    refused_or_fine(data)


@functools.cache
def environment() -> Environment:
    return Environment({**GROUPS["findings"].declarations, **dict.fromkeys(SUMMARY, "int")})


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(fragments, max_size=20).map(" ".join)), findings)
def test_any_expression_is_refused_or_answers_or_has_no_answer(text: str, found: Sequence[Finding]) -> None:
    facts = policy.Facts.build([], [], found, [], [], present=ROOMS)
    with contextlib.suppress(ExpressionError):
        evaluation = environment().compile(text).over(facts.summary)
        for item in facts.items["findings"]:
            assert isinstance(evaluation(item), bool | Fault)


@functools.cache
def release() -> policy.Policy:
    return policy.load(policy.library()["release"])


def results(found: Sequence[Finding], gaps: Sequence[Gap] = ()) -> dict[str, Result]:
    facts = policy.Facts.build([], [], found, gaps, [], present=ROOMS)
    return {decision.rule: decision.result for decision in policy.decide(release(), facts)}


@settings(max_examples=200, deadline=None)
@given(
    findings,
    findings,
    st.lists(
        st.builds(Gap, st.builds(Subject, st.text(max_size=3)), st.sampled_from(GapReason), st.text(max_size=3)),
        max_size=2,
    ),
)
def test_nothing_more_that_is_wrong_makes_a_release_acceptable(
    before: Sequence[Finding], more: Sequence[Finding], gaps: Sequence[Gap]
) -> None:
    worse = results([*before, *more], gaps)
    for rule, result in results(before).items():
        assert result is Result.PASS or worse[rule] is not Result.PASS


@settings(max_examples=100, deadline=None)
@given(findings.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_findings_does_not_change_the_decisions(both: tuple[list[Finding], list[Finding]]) -> None:
    one, other = (policy.decide(release(), policy.Facts.build([], [], found, [], [], present=ROOMS)) for found in both)
    assert one == other


@settings(max_examples=100, deadline=None)
@given(findings, st.sampled_from(["", "item.severity == 'high'", "item.cvss / 0.0 > 1.0", "item.fixed_in[0] == 'a'"]))
def test_waivers_lose_no_finding(found: Sequence[Finding], match: str) -> None:
    waivers = [Waiver(rule.id, match, "r", "a", ("b",), date(2027, 1, 1)) for rule in rules.catalogue()]
    remaining, waived, _ = policy.apply_waivers(found, waivers, date(2027, 1, 1))
    assert sorted(map(id, [*remaining, *(each.finding for each in waived)])) == sorted(map(id, found))


def test_twenty_thousand_findings() -> None:
    found = [
        Finding("vulnerable-dependency", Subject(f"p{number}"), Location(f"{number}.txt"), f"m{number}", Severity.LOW,
                facts={"cvss": number % 100 / 10})
        for number in range(20_000)
    ]  # fmt: skip
    decided = results(found)
    assert decided["dependencies-are-safe"] is Result.FAIL
    assert decided["models-are-safe"] is Result.PASS
