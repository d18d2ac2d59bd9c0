"""Waivers: what they take out, when they end, and who may grant them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.model import Severity, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainguard_ml.model import Finding

HEADER = "apiVersion: chainguard-ml/v1\nkind: Waivers\n"
ONE = Waiver("vulnerable-dependency", "item.package == 'a'", "not reachable", "ann", ("bob", "eve"), date(2027, 1, 31))
TODAY = date(2027, 1, 31)
WRITTEN = """waivers:
- rule: vulnerable-dependency
  match: item.package == "a"
  reason: not reachable
  owner: ann
  approved_by: [bob, eve]
  expires: 2027-01-31
"""


def test_a_waiver_takes_out_what_it_matches(finding: Callable[..., Finding]) -> None:
    a, b, other = finding(package="a"), finding(package="b"), finding("insecure-index", package="a")
    remaining, waived, extra = policy.apply_waivers([a, b, other], [ONE], TODAY)
    assert remaining == [b, other]
    assert [each.finding for each in waived] == [a]
    assert waived[0].by == "waiver of ann, approved by bob, eve, until 2027-01-31: not reachable"
    assert extra == []


def test_a_waiver_without_a_match_is_for_the_whole_rule(finding: Callable[..., Finding]) -> None:
    found = [finding(package="a"), finding(package="b")]
    remaining, waived, _ = policy.apply_waivers(found, [replace(ONE, match="")], TODAY)
    assert (remaining, len(waived)) == ([], 2)


def test_an_expired_waiver_waives_nothing_and_is_a_finding(finding: Callable[..., Finding]) -> None:
    found = [finding(package="a")]
    remaining, waived, extra = policy.apply_waivers(found, [ONE], date(2027, 2, 1))
    assert (remaining, waived) == (found, [])
    assert [(each.rule, each.severity) for each in extra] == [("waiver-expired", Severity.MEDIUM)]
    assert extra[0].message == "the waiver of 'vulnerable-dependency' by ann expired on 2027-01-31"


def test_a_valid_waiver_stands_beside_an_expired_one(finding: Callable[..., Finding]) -> None:
    expired = replace(ONE, expires=date(2026, 1, 1))
    remaining, waived, extra = policy.apply_waivers([finding(package="a")], [expired, ONE], TODAY)
    assert (remaining, len(waived), [each.rule for each in extra]) == ([], 1, ["waiver-expired"])


def test_an_unused_waiver_is_a_finding() -> None:
    _, _, (extra,) = policy.apply_waivers([], [ONE], TODAY)
    assert (extra.rule, extra.severity) == ("waiver-unused", Severity.INFO)
    assert str(extra.location) == "waivers"


def test_two_waivers_for_one_finding_are_both_used(finding: Callable[..., Finding]) -> None:
    second = replace(ONE, match="", owner="zoe")
    _, waived, extra = policy.apply_waivers([finding(package="a")], [ONE, second], TODAY)
    assert ([each.by.split(",")[0] for each in waived], extra) == (["waiver of ann"], [])


def test_a_match_without_an_answer_waives_nothing(finding: Callable[..., Finding]) -> None:
    found = [finding(package="a")]
    remaining, _, extra = policy.apply_waivers(found, [replace(ONE, match="1 / 0 == 1")], TODAY)
    assert (remaining, [each.rule for each in extra]) == (found, ["waiver-unused"])


def test_waivers_complain_apart(finding: Callable[..., Finding]) -> None:
    _, _, extra = policy.apply_waivers([], [ONE, replace(ONE, match="")], TODAY)
    assert len({each.fingerprint for each in extra}) == 2


def test_waivers_of_a_file(write: Callable[..., Path]) -> None:
    (loaded,) = policy.load_waivers(write(WRITTEN, header=HEADER))
    assert replace(loaded, origin=None, match=ONE.match) == ONE
    assert str(loaded.origin) == "sample.yaml:4"


def test_a_waiver_of_a_file_waives_what_it_matches_and_no_more(
    write: Callable[..., Path], finding: Callable[..., Finding]
) -> None:
    a, b = finding(package="a"), finding(package="b")
    remaining, waived, _ = policy.apply_waivers([a, b], policy.load_waivers(write(WRITTEN, header=HEADER)), TODAY)
    assert remaining == [b]
    assert [each.finding for each in waived] == [a]


def test_waivers_of_a_policy(write: Callable[..., Path]) -> None:
    text = WRITTEN.replace("  match", "  # match").replace("[bob, eve]", "bob")
    (loaded,) = policy.load(write(text + "rules: [{id: one, require: 'true'}]\n")).waivers
    assert (loaded.match, loaded.approved_by) == ("", ("bob",))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "rule: vulnerable-dependency",
            "rule: vulnerable-dependancy",
            "no rule is called 'vulnerable-dependancy'; did you mean",
        ),
        ("rule: vulnerable-dependency", "rule: 5", "waivers[0].rule: must be text, not a number"),
        ("not reachable", "' '", "waivers[0].reason: must not be empty"),
        ("owner: ann", "owner: ' BOB '", "the owner 'BOB' cannot approve their own waiver"),
        ("[bob, eve]", "[]", "must name who approved it"),
        ("[bob, eve]", "['']", "waivers[0].approved_by[0]: must not be empty"),
        ("2027-01-31", "2027-02-30", "'2027-02-30' is no date such as 2027-01-31"),
        ("2027-01-31", "20270131", "waivers[0].expires: must be text, not a number"),
        ("2027-01-31", "never", "'never' is no date"),
        ("  expires: 2027-01-31\n", "", "waivers[0]: the key 'expires' is missing"),
        ("item.package", "item.pakage", "there is no fact 'item.pakage'; did you mean 'item.package'?"),
        ("item.package", "summary.gaps", "there is no fact 'summary.gaps'"),
        ("item.package", "item.severity", "item.severity is never 'a'"),
        ('match: item.package == "a"', "match:", "waivers[0].match: must be text, not nothing"),
        ("waivers:", "wavers:", "wavers: unknown key; did you mean 'waivers'?"),
        ("kind: Waivers", "kind: Policy", "kind: 'Policy' must be 'Waivers'"),
    ],
)
def test_waivers_that_are_wrong(
    write: Callable[..., Path], refused: Callable[..., str], old: str, new: str, said: str
) -> None:
    assert said in refused(policy.load_waivers, write((HEADER + WRITTEN).replace(old, new), header=""))
