"""Components against the advisory database, to findings at the line of their manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit import matching, ratings
from chainguard_ml.audit.interface import Advisory, Answer, Threat
from chainguard_ml.audit.versions import Release
from chainguard_ml.model import Confidence, Location, Severity, Subject
from chainguard_ml.rules.audit import ADVISORY_NOT_COMPARED, MALICIOUS_PACKAGE, VULNERABLE_DEPENDENCY
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.audit.database import Database
    from chainguard_ml.audit.interface import Oddity
    from chainguard_ml.audit.ratings import Rating
    from chainguard_ml.model import Component, Finding, Json

_SHOWN = 5  # advisories named in one message
_ANY = Release.of("")  # no release in particular
NONE_KNOWN = Threat()
"""Nothing is known about attacks."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One vulnerability of one release.

    Attributes:
        id: The identifier that speaks for it.
        aliases: The others, sorted.
        summary: One line, or empty.
        fixed_in: Versions above the release in which its advisories say it is fixed, ascending.
        rating: How bad it is.
        threat: What is known about attacks.
        malicious: The package, or this release of it, was made to attack.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed_in: tuple[str, ...]
    rating: Rating
    threat: Threat = NONE_KNOWN
    malicious: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known about one release: what affects it, what could not be compared, the smallest clean release."""

    release: Release
    vulnerabilities: tuple[Vulnerability, ...] = ()
    undecided: tuple[str, ...] = ()
    fix: str | None = None


@dataclass
class Assessor:
    """Compares releases with what the database says about their packages; each release once.

    ``releases`` are the versions of a package that can be advised, where an index says which those are; else they are
    those that any advisory names.
    """

    database: Database
    releases: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    _advisories: dict[str, list[Advisory]] = field(default_factory=dict)
    _known: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _threats: dict[str, Threat] = field(default_factory=dict)
    _done: dict[tuple[str, str], Assessment] = field(default_factory=dict)

    def load(self, names: Iterable[str]) -> None:
        """Read the advisories about these PEP 503 names, all at once."""
        for advisory in self.database.advisories(names):
            self._advisories.setdefault(advisory.package, []).append(advisory)
        known = {name for several in self._advisories.values() for each in several for name in each.names}
        self._threats = self.database.threats(name for name in known if name.startswith("CVE-"))

    def assess(self, name: str, version: str) -> Assessment:
        """Return what is known about a release of a loaded package."""
        key = (name, version)
        if key not in self._done:
            self._done[key] = self._assess(name, Release.of(version))
        return self._done[key]

    def assess_any(self, name: str) -> Assessment:
        """Return what affects a loaded package whichever release of it is installed: what is malicious as a whole."""
        standing = self.standing(name)
        found = []
        for group in matching.grouped(standing):
            affecting = [advisory for advisory in group if matching.affects_every_release(advisory)]
            if affecting:
                found.append(self._vulnerability(group, affecting, _ANY))
        return Assessment(_ANY, tuple(sorted(found, key=lambda each: each.id)))

    def standing(self, name: str) -> list[Advisory]:
        """Return the advisories about a loaded package that are not withdrawn."""
        return [advisory for advisory in self._advisories.get(name, []) if not advisory.withdrawn]

    def _assess(self, name: str, release: Release) -> Assessment:
        standing = self.standing(name)
        answers = {advisory.id: matching.evaluate(advisory, release) for advisory in standing}
        undecided = tuple(sorted(each for each, answer in answers.items() if answer is Answer.UNDECIDED))
        found = []
        for group in matching.grouped(standing):
            affecting = [advisory for advisory in group if answers[advisory.id] is Answer.AFFECTED]
            if affecting:
                found.append(self._vulnerability(group, affecting, release))
        fix = matching.clean_release(standing, release, self.known(name)) if found else None
        return Assessment(release, tuple(sorted(found, key=lambda each: each.id)), undecided, fix)

    def known(self, name: str) -> list[tuple[str, str]]:
        """Return the versions of a package that are known, ascending, as written and canonical."""
        if name in self.releases:
            return list(self.releases[name])
        if name not in self._known:
            self._known |= self.database.releases([name])
        return self._known.get(name, [])

    def _vulnerability(
        self, group: Sequence[Advisory], affecting: Sequence[Advisory], release: Release
    ) -> Vulnerability:
        names = {name for advisory in group for name in advisory.names}
        identifier = matching.primary(advisory.id for advisory in affecting)
        summaries = sorted((advisory.id != identifier, advisory.summary) for advisory in affecting if advisory.summary)
        return Vulnerability(
            id=identifier,
            aliases=tuple(sorted(names - {identifier})),
            summary=summaries[0][1] if summaries else "",
            fixed_in=tuple(matching.fixed_in(affecting, release)),
            rating=ratings.rate(affecting),
            threat=_worst(self._threats[name] for name in sorted(names) if name in self._threats),
            malicious=any(advisory.malicious for advisory in affecting),
        )


def _worst(threats: Iterable[Threat]) -> Threat:
    """Return what is known about several identifiers of one vulnerability as one."""
    several = list(threats)
    days = sorted(threat.exploited for threat in several if threat.exploited)
    scores = sorted((threat.probability, threat.percentile) for threat in several if threat.probability is not None)
    probability, percentile = scores[-1] if scores else (None, 0.0)
    return Threat(days[0] if days else "", any(threat.ransomware for threat in several), probability, percentile)


def findings(component: Component, assessment: Assessment, producer: str = "database") -> Iterator[Finding]:
    """Yield one finding for each vulnerability of a component, and one for what could not be compared."""
    for vulnerability in assessment.vulnerabilities:
        yield _finding(component, vulnerability, assessment, producer)
    if assessment.undecided:
        yield not_compared(component, assessment.undecided, "a version in it, or this one, is not PEP 440")


def not_compared(component: Component, advisories: Sequence[str], why: str, key: str = "undecided") -> Finding:
    """Return the finding that advisories about a component could not be compared with its version."""
    shown = ", ".join(printable(each, 60) for each in advisories[:_SHOWN])
    more = f" and {len(advisories) - _SHOWN} more" if len(advisories) > _SHOWN else ""
    return ADVISORY_NOT_COMPARED.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} could not be compared with {shown}{more}: {why}",
        key=(key, place_of(component).path),
        facts={**package_facts(component), "advisories": list(advisories)},
        confidence=Confidence.LOW,
    )


def _finding(component: Component, vulnerability: Vulnerability, assessment: Assessment, producer: str) -> Finding:
    marked = any(name.startswith("MAL-") for name in (vulnerability.id, *vulnerability.aliases))
    malicious = vulnerability.malicious or marked
    rule = MALICIOUS_PACKAGE if malicious else VULNERABLE_DEPENDENCY
    rating, fix = vulnerability.rating, assessment.fix
    facts: dict[str, Json] = {
        **package_facts(component),
        "advisory": vulnerability.id,
        "aliases": list(vulnerability.aliases),
        "fixed_in": list(vulnerability.fixed_in),
        "reported_by": producer,
        **rating.facts,
        **_threat_facts(vulnerability.threat),
    }
    if fix:
        facts["fix"] = fix
    if assessment.release.label:
        facts["local_label"] = assessment.release.label
    return rule.finding(
        subject_of(component),
        place_of(component),
        _message(component, vulnerability, malicious=malicious),
        key=(vulnerability.id, place_of(component).path),
        facts=facts,
        severity=Severity.CRITICAL if malicious else rating.severity,
        confidence=Confidence.HIGH if malicious else rating.confidence,
        hint=None if malicious else _hint(component, vulnerability, fix),
    )


def _threat_facts(threat: Threat) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    if threat.exploited:
        facts |= {"kev": True, "kev_added": threat.exploited, "kev_ransomware": threat.ransomware}
    if threat.probability is not None:
        facts |= {"epss": threat.probability, "epss_percentile": threat.percentile}
    return facts


def _message(component: Component, vulnerability: Vulnerability, *, malicious: bool) -> str:
    what = "is malicious:" if malicious else "is affected by"
    other = next((name for name in vulnerability.aliases if name.startswith("CVE-")), "")
    named = printable(vulnerability.id, 60) + (f" ({printable(other, 60)})" if other else "")
    summary = f": {vulnerability.summary}" if vulnerability.summary else ""
    known = " (known to be exploited)" if vulnerability.threat.exploited else ""
    return f"{label_of(component)} {what} {named}{known}{summary}"


def _hint(component: Component, vulnerability: Vulnerability, fix: str | None) -> str:
    name = printable(component.name, 100)
    if fix:
        return f"upgrade to {name} {printable(fix, 60)}, the smallest known release outside all of its advisories"
    if vulnerability.fixed_in:
        fixed = printable(vulnerability.fixed_in[0], 60)
        return f"fixed in {name} {fixed}, which other advisories affect; no known release is outside all of them"
    return f"no fixed release of {name} is known: replace it or isolate its use"


def quarantined(component: Component, oddities: Sequence[Oddity]) -> Finding:
    """Return the finding that records about a component's package are quarantined."""
    why = f"{plural(len(oddities), 'record')} could not be read ({oddities[0].reason})"
    return not_compared(component, [oddity.name for oddity in oddities], why, "quarantined")


def subject_of(component: Component) -> Subject:
    """Return the package as a subject."""
    return Subject(component.purl or component.name, "package")


def place_of(component: Component) -> Location:
    """Return where the component is declared."""
    return component.origin or Location(component.name)


def label_of(component: Component) -> str:
    """Return ``name version`` as messages show it."""
    version = f" {printable(component.version, 60)}" if component.version else ""
    return printable(component.name, 100) + version


def package_facts(component: Component) -> dict[str, Json]:
    """Return the facts that every finding about a package has."""
    facts: dict[str, Json] = {"package": canonicalize_name(component.name), "scope": component.scope.value}
    return {**facts, "version": component.version} if component.version else facts
