"""Requirements without an exact version: what affects every release, and the malicious releases that they allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from chainguard_ml.audit import matching, vulnerabilities
from chainguard_ml.audit.interface import Answer
from chainguard_ml.audit.versions import Release
from chainguard_ml.model import Confidence, Severity
from chainguard_ml.rules.audit import MALICIOUS_PACKAGE
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.audit.interface import Advisory
    from chainguard_ml.audit.vulnerabilities import Assessor
    from chainguard_ml.model import Component, Finding

_SHOWN = 3  # releases named in one message


def findings(component: Component, assessor: Assessor) -> Iterator[Finding]:
    """Yield what is wrong with a loaded package whose release is decided when it is installed.

    A malicious release that the requirement allows is critical where the database knows no other that it allows, as
    with packages that were made to attack; else it is medium, as with packages that were taken over for a while.
    """
    name = canonicalize_name(component.name)
    whole = assessor.assess_any(name)
    yield from vulnerabilities.findings(component, whole)
    told = {identifier for each in whole.vulnerabilities for identifier in (each.id, *each.aliases)}
    malicious = [each for each in assessor.standing(name) if each.malicious and each.id not in told]
    if not malicious:
        return
    allowed = _allowed(component, [text for text, _ in assessor.known(name)])
    bad = {each.id: _affected(each, allowed) for each in malicious}
    others = set(allowed).difference(*bad.values())
    for advisory in malicious:
        if bad[advisory.id]:
            yield _finding(component, advisory, bad[advisory.id], others=bool(others))


def _allowed(component: Component, known: Sequence[str]) -> list[str]:
    """Return the known versions that a requirement allows; one whose specifier is not PEP 440 allows all."""
    try:
        specifiers = SpecifierSet(str(component.facts.get("specifier", "")))
    except InvalidSpecifier:
        return list(known)
    return [version for version in known if specifiers.contains(version, prereleases=True)]


def _affected(advisory: Advisory, versions: Sequence[str]) -> list[str]:
    return [text for text in versions if matching.evaluate(advisory, Release.of(text)) is Answer.AFFECTED]


def _finding(component: Component, advisory: Advisory, bad: Sequence[str], *, others: bool) -> Finding:
    label, by = vulnerabilities.label_of(component), printable(advisory.id, 60)
    shown = ", ".join(printable(text, 60) for text in bad[-_SHOWN:])
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    summary = f": {advisory.summary}" if advisory.summary else ""
    return MALICIOUS_PACKAGE.finding(
        vulnerabilities.subject_of(component),
        vulnerabilities.place_of(component),
        f"{label} allows {shown}{more}, malicious by {by}{summary}",
        key=(advisory.id, vulnerabilities.place_of(component).path),
        facts={
            **vulnerabilities.package_facts(component),
            "advisory": advisory.id,
            "aliases": sorted(advisory.aliases),
            "allows": list(bad),
            "reported_by": "database",
        },
        severity=Severity.MEDIUM if others else Severity.CRITICAL,
        confidence=Confidence.MEDIUM,
        hint="pin a release that is known to be good, or exclude these" if others else None,
    )
