"""What a report says about vulnerabilities, as statements for those who use the pipeline (VEX).

A finding is "affected" unless a statement of others, which the audit was given, judges it otherwise. A waiver accepts a
risk, and a risk that is accepted is still there: "affected", with the waiver for what is done about it. What could not
be compared with a release is "under investigation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from chainguard_ml import rules
from chainguard_ml.records import record, replace
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Report

NAMESPACE = "urn:chainguard-ml:vex"
_TEXT = 1_000  # characters of one text
_UNCOMPARED = "advisory-not-compared"


@record
class Statement:
    """What is said about one vulnerability in some packages.

    Attributes:
        vulnerability: The identifier that speaks for it.
        aliases: Its other identifiers, sorted.
        status: ``affected``, ``not_affected``, ``fixed`` or ``under_investigation``.
        justification: Why it is not affected, in OpenVEX's or CycloneDX's word, or empty.
        reason: The same in somebody's words, or what was waived and why; may be empty.
        action: What is to be done where it is affected.
        response: That in CycloneDX's word: ``update``, ``will_not_fix``, or empty.
        products: Package URLs, sorted.
        facts: Of one of the findings: how bad it is.
    """

    vulnerability: str
    aliases: tuple[str, ...]
    status: str
    justification: str
    reason: str
    action: str
    response: str
    products: tuple[str, ...]
    facts: dict[str, Json]


def statements(report: Report) -> list[Statement]:
    """Return the statements of a report, one for each vulnerability and what is said about it, sorted."""
    found: dict[tuple[str, ...], list[Statement]] = {}
    for one in _single(report):
        found.setdefault((one.vulnerability, one.status, one.justification, one.reason, one.action), []).append(one)
    return [
        replace(
            several[0],
            aliases=tuple(sorted({name for one in several for name in one.aliases})),
            products=tuple(sorted({purl for one in several for purl in one.products})),
        )
        for _, several in sorted(found.items())
    ]


def incomplete(report: Report) -> str:
    """Return in one line what the report could not examine, or nothing: what was not seen is not stated."""
    count = len(report.verdict.gaps)
    return f"incomplete: {count} gap{'' if count == 1 else 's'}, see the report" if count else ""


def _single(report: Report) -> Iterator[Statement]:
    told = [(finding, "") for finding in report.verdict.findings]
    told += [(waived.finding, "" if waived.by == "baseline" else waived.by) for waived in report.verdict.waived]
    for finding, waiver in told:
        for identifier in _identifiers(finding):
            yield _statement(finding, identifier, printable(waiver, _TEXT))


def _identifiers(finding: Finding) -> list[str]:
    if "advisory" in finding.facts:
        return [printable(str(finding.facts["advisory"]))]
    return _texts(finding.facts.get("advisories")) if finding.rule == _UNCOMPARED else []


def _statement(finding: Finding, identifier: str, waiver: str) -> Statement:
    facts = finding.facts
    judged = facts.get("vex")
    status = str(judged) if judged else "under_investigation" if finding.rule == _UNCOMPARED else "affected"
    action = waiver or finding.hint or rules.find(finding.rule).remediation
    return Statement(
        identifier,
        tuple(sorted(_texts(facts.get("aliases")))),
        status,
        str(facts.get("vex_justification", "")),
        str(facts.get("vex_reason", "")),
        printable(action, _TEXT) if status == "affected" else "",
        "" if status != "affected" else "will_not_fix" if waiver else "update" if "fix" in facts else "",
        tuple(_products(finding)),
        dict(facts),
    )


def _products(finding: Finding) -> list[str]:
    """Return the package URL of the release, or of each release that a requirement allows and the finding is about."""
    purl, releases = finding.subject.name, _texts(finding.facts.get("allows"))
    if not purl.startswith("pkg:"):
        name, version = str(finding.facts.get("package", purl)), finding.facts.get("version")
        purl = f"pkg:pypi/{quote(name, safe='')}" + (f"@{quote(str(version), safe='')}" if version else "")
    return [f"{purl}@{quote(release, safe='')}" for release in releases] or [purl]


def _texts(value: Json) -> list[str]:
    return [printable(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
