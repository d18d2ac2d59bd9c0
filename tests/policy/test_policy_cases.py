"""Tests of policies, and the shipped policy's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.model import Result
from chainguard_ml.policy.schema import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "apiVersion: chainguard-ml/v1\nkind: PolicyTest\npolicy: sample.yaml\n"
POLICY = """
params: {limit: {type: int, default: 1}, names: {type: list<string>, default: []}}
rules:
- {id: few, require: summary.findings.total <= params.limit}
- {id: none-critical, for_each: findings, require: item.severity_rank < 4 && !(item.family in params.names)}
"""


@pytest.fixture
def run(write: Callable[..., Path]) -> Callable[[str], list[policy.CaseResult]]:
    """Run tests of the policy above."""

    def run(text: str) -> list[policy.CaseResult]:
        write(POLICY)
        return policy.run_tests([write(text, "sample.test.yaml", HEADER)])

    return run


def test_expectations(run: Callable[[str], list[policy.CaseResult]]) -> None:
    results = run("""
facts: {scan: [{severity: high}], carries_code: [], audit: [], source: [], signing: [{severity: critical}]}
tests:
- {name: as expected, expect: {few: fail, none-critical: fail}}
- {name: not as expected, expect: {few: pass}}
- {name: by room, facts: {signing: []}, params: {names: [scan]}, expect: {none-critical: fail}, otherwise: pass}
- {name: given, facts: {findings: []}, expect: {}, otherwise: pass}
- {name: absent, absent: [scan], expect: {}, otherwise: error}
- {name: wrong parameter, params: {limt: '1'}, expect: {}}
""")
    assert [result.passed for result in results] == [True, False, True, True, True, False]
    assert results[0].name == "sample.test.yaml: as expected"
    assert results[1].detail == (
        "'few' came to fail, not pass (it is not so that summary.findings.total <= params.limit)"
    )
    assert results[5].detail == "there is no parameter 'limt'; did you mean 'limit'?"
    assert results[0].results == {"few": Result.FAIL, "none-critical": Result.FAIL}


def test_a_difference_without_details(run: Callable[[str], list[policy.CaseResult]]) -> None:
    (result,) = run("facts: {findings: []}\ntests: [{name: x, expect: {few: error}}]\n")
    assert result.detail == "'few' came to pass, not error"


def test_tests_that_are_wrong(run: Callable[[str], list[policy.CaseResult]], refused: Callable[..., str]) -> None:
    text = """
facts: {finding: [], findings: [{severty: x, line: a, 5: 1, scope: optinal, rule: ''}], gaps: 5}
tests:
- {name: x, expect: {fw: pass, few: passed}, absent: [modls, 5], facts: [], params: 5, otherwise: 1}
- {nam: x}
"""
    assert refused(run, text).splitlines()[1:] == [
        f"  - sample.test.yaml:5: facts.finding: 'finding' is none of {', '.join(GROUPS)}; did you mean 'findings'?",
        "  - sample.test.yaml:5: facts.findings[0].severty: unknown key; did you mean 'severity'?",
        "  - sample.test.yaml:5: facts.findings[0].5: unknown key",
        "  - sample.test.yaml:5: facts.findings[0].line: must be a whole number of 64 bits",
        "  - sample.test.yaml:5: facts.findings[0].scope: is never 'optinal'; did you mean 'optional'?",
        "  - sample.test.yaml:5: facts.gaps: must be a list, not a number",
        "  - sample.test.yaml:7: tests[0].facts: must be a mapping of groups, not a list",
        f"  - sample.test.yaml:7: tests[0].absent[0]: 'modls' is none of {', '.join(GROUPS)}; did you mean 'models'?",
        "  - sample.test.yaml:7: tests[0].absent[1]: must be text, not a number; put it into quotes",
        "  - sample.test.yaml:7: tests[0].otherwise: must be text, not a number; put it into quotes",
        "  - sample.test.yaml:7: tests[0].expect.fw: the policy has no such rule; did you mean 'few'?",
        (
            "  - sample.test.yaml:7: tests[0].expect.few: 'passed' is none of pass, fail, warn, skipped, error; "
            "did you mean 'pass'?"
        ),
        "  - sample.test.yaml:7: tests[0].params: must be a mapping, not a number",
        "  - sample.test.yaml:8: tests[1].nam: unknown key; did you mean 'name'?",
        "  - sample.test.yaml:8: tests[1]: the key 'name' is missing",
        "  - sample.test.yaml:8: tests[1]: the key 'expect' is missing",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy: missing.yaml\ntests: []", "missing.yaml: cannot be read"),
        ("policy: ''\ntests: []", "policy: must not be empty"),
        ("tests: [{name: x, expect: {}}]", "the key 'policy' is missing"),
        ("policy: good.yaml", "the key 'tests' is missing"),
        ("- a", "must be a mapping, not a list"),
        ("a: [", "line 4"),
    ],
)
def test_documents_that_are_no_tests(
    write: Callable[..., Path], refused: Callable[..., str], text: str, said: str
) -> None:
    write(POLICY, "good.yaml")
    path = write(text, "x.test.yaml", "apiVersion: chainguard-ml/v1\nkind: PolicyTest\n" if ":" in text else "")
    assert said in refused(policy.run_tests, [path])


def test_a_directory_means_its_tests(repository: Path) -> None:
    directory = repository / "policies"
    several = [directory / "attested.test.yaml", directory / "release.test.yaml"]
    assert policy.run_tests([directory]) == policy.run_tests(several)


@pytest.mark.parametrize("name", ["attested", "release"])
def test_a_shipped_policy_decides_as_its_tests_say(repository: Path, name: str) -> None:
    results = policy.run_tests([repository / "policies" / f"{name}.test.yaml"])
    assert [(result.name, result.detail) for result in results if not result.passed] == []


@pytest.mark.parametrize("name", ["attested", "release"])
def test_every_rule_of_a_shipped_policy_is_seen_to_pass_to_fail_and_to_miss_its_evidence(
    repository: Path, name: str
) -> None:
    results = policy.run_tests([repository / "policies" / f"{name}.test.yaml"])
    for rule in policy.load(policy.library()[name]).rules:
        assert {result.results[rule.id] for result in results} == {Result.PASS, Result.FAIL, Result.ERROR}, rule.id


@pytest.mark.parametrize("name", ["attested", "release"])
def test_every_rule_of_a_shipped_policy_says_what_to_do(name: str) -> None:
    for rule in policy.load(policy.library()[name]).rules:
        assert rule.title != rule.id
        assert rule.remediation.endswith(".")
        assert rule.refs
