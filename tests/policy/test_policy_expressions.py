"""What expressions may say, how mistakes are told, and that nothing but a boolean is an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.policy.engine import LONGEST, Environment, Fault
from chainguard_ml.policy.interface import ExpressionError
from chainguard_ml.policy.mistakes import understood

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FACTS = {
    "item.name": "string",
    "item.rank": "int",
    "item.score": "double",
    "item.words": "list<string>",
    "params.on": "bool",
}
TYPICAL = """
rules:
- id: misspelt-fact
  for_each: findings
  require: item.severty == "critical"
- id: text-compared-with-number
  for_each: findings
  require: item.cvss > "7"
- id: whole-number-beside-double
  for_each: findings
  require: |
    item.rule == "insecure-index"
    || item.cvss >= 7
- id: no-for-each
  require: item.severity == "critical"
- id: python-not-cel
  for_each: findings
  require: item.severity == "critical" and item.cvss > 7.0
- id: not-a-condition
  for_each: findings
  require: item.severity
- id: never-so
  for_each: findings
  require: item.severity in ["critical", "hihg"] || item.rule != "vulnerable-dependancy"
- id: unknown-parameter
  require: params.max_cvs > 7.0
"""


def test_typical_mistakes(
    problems: Callable[..., list[str]], golden: Callable[[str, str], None], write: Callable[..., Path]
) -> None:
    golden(
        "policy-mistakes.txt", "\n".join(problems("params: {max_cvss: {type: double, default: 7.0}}" + TYPICAL)) + "\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("item.name = 'a'", "'==' compares"),
        ("item.name is 'a'", "CEL writes =="),
        ("item.name in 'abc'", "'in' cannot be applied to (string, string); write text.contains(part)"),
        ("item.words[0] + 1 == 2", "'+' cannot be applied to (string, int)"),
        ("item.rank == 1 &&", "it ends where more is expected"),
        ("", "it ends where more is expected"),
        ("item", "'item' is no value; its facts are, as in item.name"),
        ("summary", "'summary' is no value; its facts are, as in summary"),
        ("name == 'a'", "there is no 'name'; did you mean 'item.name'?"),
        ("siz(item.words) == 1", "there is no function or fact 'siz'"),
        ("params.onn", "there is no parameter 'params.onn'; did you mean 'params.on'?"),
        ("item.name.lenght == 1", "cannot be the operand of a select operation"),
        ("99999999999999999999 == 1", "invalid int literal"),
        ("item.name == '\udc80'", "is not Unicode text"),
        ("(" * 100 + "1" + ")" * 100, "is nested too deeply"),
        ("1" + "+1" * 300 + " == 1", "is nested too deeply"),
        ("true" + " " * (LONGEST - 3), "is longer than 4,000 characters"),
        ("dyn(true)", "comes to a value of type dyn"),
        ("has(item.name)", "must come to true or false"),
    ],
)
def test_mistakes_are_explained(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Environment(FACTS).compile(text)
    assert said in caught.value.problems[0]


def test_an_expression_may_have_4000_characters() -> None:
    assert Environment(FACTS).compile("true" + " " * (LONGEST - 4)).over({})({}) is True


def test_a_complaint_that_is_not_known_is_said_as_it_is() -> None:
    assert [mistake.text for mistake in understood("INTERNAL: \x1b", ())] == ["INTERNAL: \\x1b"]


def test_what_an_expression_uses_is_known() -> None:
    program = Environment(FACTS).compile("item . name == 'rank' // a comment\n && item.`score` > 1.0")
    assert {"item.name", "item.score"} <= set(program.used)
    item = {"item.name": "rank", "item.score": 2.0, "item.rank": 1}
    assert program.over({})(item) is True


@pytest.mark.parametrize(
    "text",
    [
        "item.rank / 0 == 1",
        "item.words[5] == 'a'",
        "item.name.matches('[')",
        "item.words.all(a, item.words.all(b, a == b))",
        "dyn(item.name) > 1",
        "timestamp(item.name) > timestamp('2020-01-01T00:00:00Z')",
    ],
)
def test_what_cannot_be_evaluated_is_no_answer(text: str) -> None:
    item = {
        "item.name": "x",
        "item.rank": 1,
        "item.score": 1.0,
        "item.words": ("a",) * 200 if "all" in text else ("a",),
    }
    answer = Environment(FACTS).compile(text).over({"params.on": True})(item)
    assert isinstance(answer, Fault)
    assert answer.reason


def test_missing_facts_are_no_answer() -> None:
    assert isinstance(Environment(FACTS).compile("item.rank == 1").over({})({}), Fault)


def test_facts_of_another_type_are_no_answer() -> None:
    evaluation = Environment(FACTS).compile("item.rank == 1").over({})
    assert isinstance(evaluation({"item.rank": "1"}), Fault)
    assert isinstance(evaluation({"item.rank": 2**63}), Fault)
    assert evaluation({"item.rank": 1}) is True
    assert isinstance(Environment(FACTS).compile("item.name == ''").over({})({"item.name": "\udc80"}), Fault)


def test_more_different_items_than_are_remembered() -> None:
    evaluation = Environment(FACTS).compile("item.rank % 2 == 0").over({})
    assert sum(evaluation({"item.rank": number}) is True for number in range(10_100)) == 5_050


def test_a_long_line_is_shown_around_its_mistake(problems: Callable[..., list[str]]) -> None:
    (found,) = problems(f"rules: [{{id: x, require: '{'true && ' * 40}summary.nothing == 1 {'&& true' * 40}'}}]")
    lines = found.splitlines()
    assert len(lines[1]) < 140
    assert lines[1][lines[2].index("^")] == "."
