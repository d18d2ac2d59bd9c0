"""Findings, gaps and policy decisions to one ``Verdict``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Evidence, Finding, Gap, Outcome, Result, Verdict, Waived

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from chainguard_ml.model import Decision, Observation, Severity


_VULNERABLE = "vulnerable-dependency"


def split(observations: Iterable[Observation]) -> tuple[list[Finding], list[Gap], list[Evidence]]:
    """Return the three nouns apart, each sorted and without exact repetitions of a finding or a gap."""
    findings: dict[tuple[object, ...], Finding] = {}
    gaps: dict[tuple[object, ...], Gap] = {}
    evidence: list[Evidence] = []
    for item in observations:
        match item:
            case Finding():
                findings.setdefault((item.fingerprint, *item.order), item)
            case Gap():
                gaps.setdefault(item.order, item)
            case Evidence():
                evidence.append(item)
    return (
        sorted(findings.values(), key=lambda finding: finding.order),
        sorted(gaps.values(), key=lambda gap: gap.order),
        sorted(evidence, key=lambda fact: fact.order),
    )


def without_known(findings: Iterable[Finding], known: Collection[str]) -> tuple[list[Finding], list[Waived]]:
    """Take out the findings whose fingerprint a baseline holds; return what is new, and what is known."""
    new: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        if finding.fingerprint in known:
            waived.append(Waived(finding, "baseline"))
        else:
            new.append(finding)
    return new, waived


def without_unfixable(findings: Iterable[Finding]) -> tuple[list[Finding], list[Waived]]:
    """Take out the vulnerabilities for which no advisory knows a fixed release; return what is left, and them.

    A malicious package is none of them: it has no release to wait for.
    """
    left: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        facts = finding.facts
        if finding.rule == _VULNERABLE and not (facts.get("fix") or facts.get("fixed_in")):
            waived.append(Waived(finding, "no fixed release is known (--only-fixable)"))
        else:
            left.append(finding)
    return left, waived


def conclude(
    findings: Sequence[Finding],
    gaps: Sequence[Gap],
    fail_on: Severity,
    decisions: Sequence[Decision] = (),
    waived: Sequence[Waived] = (),
    inputs: Sequence[str] = (),
) -> Verdict:
    """Return the verdict: fail beats incomplete beats pass.

    It fails if a finding is at least as severe as ``fail_on``, or a decision failed or could not be made.
    """
    denied = any(decision.result in {Result.FAIL, Result.ERROR} for decision in decisions)
    if denied or any(finding.severity >= fail_on for finding in findings):
        outcome = Outcome.FAIL
    else:
        outcome = Outcome.INCOMPLETE if gaps else Outcome.PASS
    return Verdict(outcome, tuple(decisions), tuple(findings), tuple(gaps), tuple(waived), tuple(inputs))
