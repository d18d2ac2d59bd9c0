"""What a rule comes to: pass, fail, warn, skipped or error, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Evidence, Gap, GapReason, Location, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import Decision, Finding
    from chainguard_ml.policy import Facts

Decide = "Callable[..., dict[str, Decision]]"


def rule(body: str) -> str:
    return "rules:\n- id: one\n  remediation: Do it.\n  refs: [A, B]\n  " + body.replace("\n", "\n  ")


def signature(signer: str, *, verified: bool = True) -> Evidence:
    return Evidence(
        "signature", Subject("model"), "signing", {"verified": verified, "signer": signer}, Location(f"{signer}.sig")
    )


def test_a_denial_says_what_where_and_what_to_do(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    facts = build(findings=[finding(path="b\x1b.txt", package="b"), finding(path="a.txt", package="a\u202e")])
    text = rule(
        'title: None\nfor_each: audit\nrequire: item.cvss > 1.0\nmessage: "{item.package}: {summary.audit.high}"'
    )
    one = decide(text, facts)["one"]
    assert one.result == "fail"
    assert one.details == ("a.txt:3: a\\u202e: 2", "b\\x1b.txt:3: b: 2")
    assert (one.title, one.remediation) == ("None", "Do it. (A, B)")


def test_without_a_message_the_finding_speaks(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    facts = build(findings=[finding()])
    assert decide(rule("for_each: findings\nrequire: 'false'"), facts)["one"].details == (
        "requirements.txt:3: vulnerable-dependency in requirements.txt",
    )
    assert decide(rule("require: summary.findings.total == 0"), facts)["one"].details == (
        "it is not so that summary.findings.total == 0",
    )


def test_what_a_rule_is_not_about_does_not_count(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    facts = build(findings=[finding(severity="low"), finding(severity="high", cvss=9.0)])
    text = rule("for_each: audit\nwhen: item.severity == 'high'\nrequire: item.cvss > 5.0")
    assert decide(text, facts)["one"].result == "pass"
    assert decide(text, build())["one"].result == "pass"


def test_a_rule_about_the_whole(decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts]) -> None:
    text = rule("when: params.on\nrequire: summary.gaps == 0") + "\nparams: {on: {type: bool, default: true}}\n"
    assert decide(text, build())["one"].result == "pass"
    assert decide(text, build(), {"on": "false"})["one"].result == "skipped"
    gap = Gap(Subject("x"), GapReason.CRASH, "died")
    assert decide(text, build(gaps=[gap]))["one"].result == "fail"


def test_many_items_are_counted(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    facts = build(findings=[finding(path=f"{number:04}") for number in range(1030)])
    details = decide(rule("for_each: audit\nrequire: 'false'"), facts)["one"].details
    assert len(details) == 21
    assert details[0].startswith("0000:3: ")
    assert details[-1] == "and 1,010 more"
    assert len(decide(rule("for_each: audit\nrequire: item.line / 0 == 1"), facts)["one"].details) == 21


def test_what_cannot_be_evaluated_denies(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], finding: Callable[..., Finding]
) -> None:
    facts = build(findings=[finding(package="a"), finding(package="")])
    one = decide(rule("for_each: audit\nrequire: item.package.size() / item.package.size() == 1"), facts)["one"]
    assert one.result == "error"
    assert one.details == ("requirements.txt:3: cannot be decided: divide by zero",)
    when = decide(rule("for_each: audit\nwhen: 1 / item.package.size() == 1\nrequire: 'true'"), facts)["one"]
    assert when.result == "error"
    both = decide(rule("for_each: audit\nrequire: 1 / item.package.size() == 2"), facts)["one"]
    assert [detail.partition(": ")[2] for detail in both.details] == [
        "cannot be decided: divide by zero",
        "vulnerable-dependency in requirements.txt",
    ]


@pytest.mark.parametrize(
    ("signers", "result"), [("ab", "pass"), ("aa", "fail"), ("a", "fail"), ("", "fail"), ("abc", "pass")]
)
def test_counting_by_a_fact(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], signers: str, result: str
) -> None:
    facts = build(evidence=[signature(signer) for signer in signers] + [signature("z", verified=False)])
    text = rule("for_each: signatures\nrequire: item.verified\nat_least: 2\ndistinct_by: item.signer")
    assert decide(text, facts)["one"].result == result


def test_counting_says_what_is_missing(decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts]) -> None:
    text = rule("for_each: signatures\nrequire: item.verified\nat_least: 2")
    assert decide(text, build(evidence=[signature("a"), signature("a")]))["one"].result == "pass"
    one = decide(text, build(evidence=[signature("a"), signature("b", verified=False)]))["one"]
    assert one.details == (
        "at least 2 of the signatures must satisfy it, and 1 of 2 does",
        "b.sig: signature of model",
    )
    none = decide(text + "\n  distinct_by: item.signer", build())["one"]
    assert none.details == ("at least 2 of the signatures must satisfy it by different signer, and none does",)


def test_an_item_that_cannot_be_evaluated_spoils_the_count(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts]
) -> None:
    facts = build(evidence=[signature("a"), signature("bb")])
    text = rule("for_each: signatures\nrequire: 1 / (2 - item.signer.size()) == 1\nat_least: 1")
    assert decide(text, facts)["one"].result == "error"


@pytest.mark.parametrize(
    ("if_absent", "result"), [("error", "error"), ("skip", "skipped"), ("fail", "fail"), (None, "error")]
)
def test_what_was_never_examined(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts], if_absent: str | None, result: str
) -> None:
    facts = build(present={"scan"})
    choice = f"\nif_absent: {if_absent}" if if_absent else ""
    about_items = decide(rule("for_each: signatures\nrequire: item.verified" + choice), facts)["one"]
    assert (about_items.result, about_items.details) == (
        result,
        ("nothing is known about signatures: what finds out was not asked",),
    )
    about_all = decide(rule("require: summary.models > 0 || summary.scan.total == 0" + choice), facts)["one"]
    assert about_all.result == result
    shown = decide(rule("require: 'false'\nmessage: '{summary.gaps}'" + choice), facts)["one"]
    assert shown.result == result
    assert decide(rule("for_each: scan\nrequire: 'false'" + choice), facts)["one"].result == "pass"


@pytest.mark.parametrize(
    ("mode", "fails", "errs"), [("enforce", "fail", "error"), ("warn", "warn", "warn"), ("audit", "skipped", "skipped")]
)
def test_only_enforced_rules_deny(
    decide: Callable[..., dict[str, Decision]],
    build: Callable[..., Facts],
    finding: Callable[..., Finding],
    mode: str,
    fails: str,
    errs: str,
) -> None:
    facts = build(findings=[finding()])
    failing = decide(rule(f"mode: {mode}\nfor_each: audit\nrequire: item.severity == 'low'"), facts)["one"]
    assert failing.result == fails
    assert any("vulnerable-dependency in" in detail for detail in failing.details)
    assert ("it does not hold, which is only recorded" in failing.details) is (mode == "audit")
    assert decide(rule(f"mode: {mode}\nfor_each: audit\nrequire: 1 / 0 == 1"), facts)["one"].result == errs
    assert (
        decide(rule(f"mode: {mode}\nfor_each: audit\nrequire: item.severity == 'high'"), facts)["one"].result == "pass"
    )


def test_a_rule_without_references_or_remediation(
    decide: Callable[..., dict[str, Decision]], build: Callable[..., Facts]
) -> None:
    assert decide("rules: [{id: one, require: 'false'}]", build())["one"].remediation == ""
    assert decide("rules: [{id: one, require: 'false', refs: [A]}]", build())["one"].remediation == "(A)"
