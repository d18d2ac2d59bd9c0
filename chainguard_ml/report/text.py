"""The report for people: line based, worst first, the verdict last; understandable without colour."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chainguard_ml.model import Outcome, Result, Severity
from chainguard_ml.report import summary
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Decision, Finding, Gap, Json, Report
    from chainguard_ml.report.interface import Look

_WIDTH = 118
_INDENT = " " * 10
_COLOURS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}
_SEVERITY_COLOURS = {
    Severity.CRITICAL: "red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "cyan",
}
_OUTCOME_COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCOMPLETE: "yellow"}


def render(report: Report, look: Look) -> str:
    """Return the report: findings, gaps, denied policy rules, a line for each room, the verdict."""
    lines = [] if look.quiet else list(_body(report, look))
    return "\n".join([*lines, _verdict(report, look)]) + "\n"


def _body(report: Report, look: Look) -> Iterator[str]:
    explained: set[tuple[str, str]] = set()
    for finding in report.verdict.findings:
        yield from _finding(finding, look, explained)
    for gap in report.verdict.gaps:
        yield from _gap(gap, look)
    for decision in report.verdict.decisions:
        if look.verbose or decision.result in {Result.FAIL, Result.ERROR, Result.WARN}:
            yield from _decision(decision, look)
    if look.verbose:
        for waived in report.verdict.waived:
            place = printable(str(waived.finding.location))
            yield f"{'waived':8}  {place}  {waived.finding.rule} (by {printable(waived.by)})"
    yield from _listing(report)
    rows = list(summary.rooms(report))
    yield from (f"{room:>8}  {line}" for room, line in rows)
    if rows:
        yield ""


def _listing(report: Report) -> Iterator[str]:
    """Yield every global with its judgement, where ``scan --globals`` asked for them."""
    for evidence in report.evidence:
        listing = evidence.statement.get("listing")
        if not isinstance(listing, dict):
            continue
        yield f"{'globals':8}  {printable(str(evidence.origin or evidence.subject.name))}"
        for name, fact in listing.items():
            if isinstance(fact, dict):
                uses = ", ".join(str(use) for use in _list(fact.get("uses")))
                yield printable(f"{_INDENT}{fact.get('verdict')!s:9}  {name}  ({uses})  {fact.get('because')}", 300)
        yield ""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _finding(finding: Finding, look: Look, explained: set[tuple[str, str]]) -> Iterator[str]:
    severity = _paint(f"{finding.severity!s:8}", _SEVERITY_COLOURS[finding.severity], look)
    yield f"{severity}  {_bold(printable(str(finding.location)), look)}  {finding.rule}"
    yield from _wrapped(finding.message)
    if finding.hint and (finding.rule, finding.hint) not in explained:  # once is enough
        explained.add((finding.rule, finding.hint))
        yield from _wrapped("fix: " + finding.hint)
    yield ""


def _gap(gap: Gap, look: Look) -> Iterator[str]:
    place = str(gap.location) if gap.location else gap.subject.name
    yield f"{_paint('gap     ', 'yellow', look)}  {_bold(printable(place), look)}  not examined: {gap.reason.value}"
    yield from _wrapped(gap.detail)
    yield ""


def _decision(decision: Decision, look: Look) -> Iterator[str]:
    word, colour = {
        Result.PASS: ("holds", "green"),
        Result.WARN: ("warning", "yellow"),
        Result.SKIPPED: ("skipped", "cyan"),
    }.get(decision.result, ("denied", "red"))
    yield f"{_paint(f'{word:8}', colour, look)}  {_bold(printable(decision.title), look)}  {printable(decision.rule)}"
    for detail in decision.details:
        yield from _wrapped("- " + detail)
    if decision.remediation and decision.result not in {Result.PASS, Result.SKIPPED}:
        yield from _wrapped("fix: " + decision.remediation)
    if decision.result not in {Result.PASS, Result.SKIPPED}:
        yield ""


def _verdict(report: Report, look: Look) -> str:
    verdict = report.verdict
    counts = Counter(finding.severity for finding in verdict.findings)
    parts = [f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity]]
    denied = sum(decision.result in {Result.FAIL, Result.ERROR} for decision in verdict.decisions)
    if denied:
        parts.append(f"{plural(denied, 'policy rule')} denied")
    if verdict.gaps:
        parts.append(f"{plural(len(verdict.gaps), 'gap')}: not everything could be examined")
    if verdict.waived:
        parts.append(f"{len(verdict.waived)} waived")
    word = _paint(verdict.outcome.value.upper(), _OUTCOME_COLOURS[verdict.outcome], look)
    if summary.partial(report):
        parts.append("partial: only what was asked for was examined")
    return f"{word}  {', '.join(parts) or 'everything was examined and is acceptable'}"


def _wrapped(text: str) -> list[str]:
    import textwrap

    lines = textwrap.wrap(printable(text, 2000), _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT,
                          break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return lines or [_INDENT.rstrip()]


def _paint(text: str, colour: str, look: Look) -> str:
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if look.colour else text


def _bold(text: str, look: Look) -> str:
    return f"\x1b[1m{text}\x1b[0m" if look.colour else text
