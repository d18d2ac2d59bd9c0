"""Types of facts and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.policy import values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("a, b", "string", "a, b"),
        ("7", "int", 7),
        ("7", "double", 7.0),
        ("7.5", "double", 7.5),
        ("true", "bool", True),
        ("a, b", "list<string>", ("a", "b")),
        ("  ", "list<string>", ()),
        ('["a, b", "c"]', "list<string>", ("a, b", "c")),
        ("1,2", "list<int>", (1, 2)),
        ("1, 2.5", "list<double>", (1.0, 2.5)),
        ("[true, false]", "list<bool>", (True, False)),
    ],
)
def test_parameters_as_text(text: str, type_: str, value: object) -> None:
    assert values.parse(text, type_) == value


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("seven", "int", "must be a whole number of 64 bits"),
        ("7.0", "int", "must be a whole number of 64 bits"),
        ("true", "int", "must be a whole number of 64 bits"),
        ("9223372036854775808", "int", "must be a whole number of 64 bits"),
        ("NaN", "double", "must be a number"),
        ("1e999", "double", "must be a number"),
        ("true", "double", "must be a number"),
        ("yes", "bool", "must be true or false"),
        ("1", "bool", "must be true or false"),
        ('"a"', "bool", "must be true or false"),
        ("[1]", "list<string>", "must be a list, each text"),
        ("[", "list<string>", "must be a list, each text"),
        ("[" * 100_000, "list<string>", "must be a list, each text"),
        ("1,x", "list<int>", "must be a list, each a whole number of 64 bits"),
        ("9" * 10_000, "int", "must be a whole number of 64 bits"),
    ],
)
def test_parameters_of_another_type(text: str, type_: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        values.parse(text, type_)


def test_names_that_are_not_unicode_become_text() -> None:
    assert values.wellformed("a\udcff\ud800") == "a\\xff\\ud800"
    assert values.wellformed("ü") == "ü"


def test_values_in_messages() -> None:
    assert values.shown(("a", True, 1.5)) == "a, true, 1.5"


def test_parameters_of_a_run(write: Callable[..., Path], refused: Callable[..., str]) -> None:
    text = (
        "params: {must: {type: int}, limit: {type: double, default: 7.0}, names: {type: list<string>, default: []}}\n"
        "rules: [{id: one, require: 'summary.models == params.must'}]\n"
    )
    loaded = policy.load(write(text))
    assert policy.resolve(loaded, {"must": "3", "names": "a,b"}) == {"must": 3, "limit": 7.0, "names": ("a", "b")}
    assert refused(policy.resolve, loaded, {"limitt": "1", "limit": "x"}).splitlines() == [
        "the parameters of the policy 'sample' are wrong",
        "  - there is no parameter 'limitt'; did you mean 'limit'?",
        "  - the parameter 'must' has no default and must be given",
        "  - the parameter 'limit' must be a number",
    ]
