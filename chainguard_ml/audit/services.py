"""pip-audit's online services, the only file that knows them. Their modules are private: pip-audit 2.10.

They are asked for one release after another, and say neither severity nor affected range: such findings are rated
as unknown. A failure is a gap, never "no vulnerabilities".
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from packaging.utils import canonicalize_name

from chainguard_ml.audit import matching, ratings, vulnerabilities
from chainguard_ml.audit.versions import Release
from chainguard_ml.audit.vulnerabilities import Assessment, Vulnerability
from chainguard_ml.errors import UsageError
from chainguard_ml.model import Evidence, Finding, Gap, GapReason, Subject
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.version import Version
    from pip_audit._service import VulnerabilityResult, VulnerabilityService

    from chainguard_ml.context import Observer
    from chainguard_ml.model import Component

_TIMEOUT = 30  # seconds for each request
Answer: TypeAlias = list["VulnerabilityResult"]
"""What a service says about one release."""


def findings(components: Sequence[Component], service: str, observer: Observer) -> Iterator[Finding | Gap | Evidence]:
    """Yield what a service says about the components: ``pypi``, ``osv``, or the URL of one that speaks OSV's API.

    Raises:
        UsageError: ``service`` is none of these.
    """
    name = printable(service.partition("?")[0].rpartition("@")[2], 200)
    subject = Subject(name, "service")
    answers: dict[tuple[str, str], Answer | None] = {}
    with tempfile.TemporaryDirectory() as cache:
        client = _client(service, Path(cache))
        for component in components:
            if component.version is None:
                continue
            key = (canonicalize_name(component.name), component.version)
            if key not in answers:
                observer.advance(component.name)
                try:
                    answers[key] = _ask(client, *key)
                except _ServiceError as error:
                    yield Gap(subject, GapReason.SERVICE, str(error))
                    if error.fatal:
                        return
                    answers[key] = []
            answer = answers[key]
            if answer is None:
                yield vulnerabilities.not_compared(component, [name], "the service does not know this release")
            elif answer:
                yield from vulnerabilities.findings(component, _assessment(key[1], answer), name)
    yield Evidence("advisory-service", subject, "audit", {"packages": len(answers)})


class _ServiceError(Exception):
    """The service failed; ``fatal`` if asking it again is pointless."""

    def __init__(self, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.fatal = fatal


def _client(service: str, cache: Path) -> VulnerabilityService:
    from pip_audit._service import OsvService, PyPIService

    if service == "pypi":
        return PyPIService(cache, _TIMEOUT)
    if service == "osv":
        return OsvService(cache, _TIMEOUT)
    if service.startswith(("https://", "http://")):
        return OsvService(cache, _TIMEOUT, osv_url=service)
    raise UsageError(
        f"no vulnerability service is called '{printable(service, 100)}'",
        hint="use pypi, osv, or the URL of a server that speaks OSV's query API",
    )


def _ask(client: VulnerabilityService, name: str, version: str) -> Answer | None:
    """Return what the service says about a release without its local label; ``None`` if it cannot be asked."""
    import requests
    from pip_audit._service import ConnectionError as UnreachableError
    from pip_audit._service import ResolvedDependency, ServiceError

    public = Release.of(version).public
    if public is None:
        return None
    shown = printable(f"{name} {version}", 200)
    try:
        dependency, results = client.query(ResolvedDependency(name, public))
    except (UnreachableError, requests.ConnectionError, requests.Timeout) as error:
        raise _ServiceError(f"it cannot be reached ({type(error).__name__})", fatal=True) from None
    except (ServiceError, requests.RequestException) as error:
        cause = printable(str(error.__cause__ or error), 200)
        raise _ServiceError(f"it failed on {shown}: {cause}") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise _ServiceError(f"it answered nonsense on {shown}: {printable(repr(error), 200)}") from None
    return None if dependency.is_skipped() else list(results)


def _assessment(version: str, answer: Answer) -> Assessment:
    release = Release.of(version)
    found = [_vulnerability(result, release) for result in answer]
    return Assessment(release, tuple(sorted(found, key=lambda each: each.id)))


def _vulnerability(result: VulnerabilityResult, release: Release) -> Vulnerability:
    names = {str(name) for name in (result.id, *result.aliases)}
    identifier = matching.primary(names)
    above: list[Version] = [bound for bound in result.fix_versions if release.public and bound > release.public]
    return Vulnerability(
        id=identifier,
        aliases=tuple(sorted(names - {identifier})),
        summary=printable(result.description.partition(". ")[0], 200),
        fixed_in=tuple(str(bound) for bound in sorted(above)),
        rating=ratings.UNKNOWN,
    )
