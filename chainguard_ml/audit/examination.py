"""The room's way through: manifests by themselves, then advisories from the database or a service."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit import (
    abandoned,
    freshness,
    installed,
    locks,
    manifests,
    reachability,
    unpinned,
    vex,
    vulnerabilities,
)
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.vulnerabilities import Assessor
from chainguard_ml.errors import InputError
from chainguard_ml.model import Evidence, Finding, Gap, GapReason, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chainguard_ml.audit.index import Answers
    from chainguard_ml.audit.interface import Oddity, Status
    from chainguard_ml.context import Context
    from chainguard_ml.model import Component, Json, Observation, Observations

_IMPORT = (
    "import advisories with: chainguard-ml audit db import FILE, or download them with: chainguard-ml audit db update"
)


def examine(context: Context) -> Observations:
    """Yield findings, gaps and evidence about the context's packages; nothing where there are none."""
    packages = list(_comparable(context.components))
    others = {each.purl for each in context.components if each.purl} - {component.purl for component in packages}
    if not packages:
        if others:
            statement: dict[str, Json] = {"packages": 0, "compared": True, "vulnerable": 0, "others": len(others)}
            yield Evidence("audit", Subject("packages", "package"), "audit", statement)
        return
    yield from manifests.findings(packages)
    answers = _asked(context, packages)
    if answers:
        from chainguard_ml.audit import indexed, published

        yield from answers.gaps
        yield from answers.evidence()
        yield from indexed.findings(packages, answers)
        yield from published.examine(context, packages, answers)
        packages = list(indexed.enriched(packages, answers))
    yield from locks.findings(packages, context.config.audit.cooldown_days)
    yield from installed.findings(packages)
    yield from abandoned.findings(packages)
    licences = context.config.audit.licences
    if licences.allow or licences.deny:
        from chainguard_ml.audit import terms

        yield from terms.findings(packages, licences)
    vulnerable: set[str] = set()
    compared = bool(context.config.audit.service) and not context.offline
    for observation in vex.applied(_advised(context, packages, answers), context.config.audit.vex):
        compared |= isinstance(observation, Evidence)  # the database says what it holds, or there is none
        if isinstance(observation, Finding) and "advisory" in observation.facts:
            vulnerable.add(observation.subject.name)
        yield observation
    count = len({component.purl for component in packages})
    statement = {"packages": count, "compared": compared, "vulnerable": len(vulnerable)}
    if others:
        statement["others"] = len(others)  # of conda, npm and so on, of which the database has no advisories
    yield Evidence("audit", Subject("packages", "package"), "audit", statement)


def _comparable(components: Iterable[Component]) -> Iterator[Component]:
    """Yield the packages of the index, what is built from a reference, and those of conda that are the same project."""
    for component in components:
        purl, same = component.purl or "", component.facts.get("pypi")
        if purl.startswith("pkg:pypi/") or (purl.startswith("pkg:generic/") and "url" in component.facts):
            yield component
        elif purl.startswith("pkg:conda/") and isinstance(same, str):
            yield replace(component, name=same)


def _asked(context: Context, packages: Sequence[Component]) -> Answers | None:
    """Ask the package indexes, where they are configured and allowed, about what is taken from an index."""
    config = context.config.audit.index
    if context.offline or not config.ask or not config.urls:
        return None
    from chainguard_ml.audit import index

    names = {canonicalize_name(each.name) for each in packages if (each.purl or "").startswith("pkg:pypi/")
             and "url" not in each.facts}  # fmt: skip
    context.observer.stage("index", len(names))
    return index.ask(sorted(names), config, context.observer)


def _advised(context: Context, packages: Sequence[Component], answers: Answers | None) -> Iterator[Observation]:
    """Compare with the database and, where a service is configured and allowed, with that too."""
    config = context.config.audit
    online = bool(config.service) and not context.offline
    if config.database is not None and (config.database.exists() or not online):
        yield from _from_database(config.database, context, packages, _releases(context, answers))
    elif not online:
        yield Gap(
            Subject("advisories", "database"), GapReason.NO_DATA, f"no advisory database is configured; {_IMPORT}"
        )
    if online:
        from chainguard_ml.audit import services

        yield from services.findings(packages, config.service, context.observer)


def _releases(context: Context, answers: Answers | None) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return the versions that can be advised, of the packages of which an index said so."""
    if not answers:
        return {}
    from chainguard_ml.audit import indexed

    return indexed.releases(answers, context.config.audit.index.python)


def _from_database(
    path: Path, context: Context, packages: Sequence[Component], releases: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[Observation]:
    try:
        with Database(path, path.name) as database:
            status = database.status()
            yield _evidence(path.name, status)
            stale = freshness.stale(status.newest, context.config.audit.max_age_days, path.name)
            if stale:
                yield stale
            compared = _compared(Assessor(database, releases), status, context, packages)
            yield from reachability.marked(compared, database, context)
    except InputError as error:
        detail = f"{error.message}; {error.hint}" if error.hint else error.message
        yield Gap(Subject(path.name, "database"), GapReason.NO_DATA, detail)


def _compared(assessor: Assessor, status: Status, context: Context, packages: Sequence[Component]) -> Iterator[Finding]:
    quarantined: defaultdict[str, list[Oddity]] = defaultdict(list)
    for oddity in status.oddities:
        for package in () if oddity.kept else oddity.packages:
            quarantined[package].append(oddity)
    assessor.load(canonicalize_name(component.name) for component in packages)
    exact = {
        canonicalize_name(each.name) for each in packages if each.version and each.facts.get("source") != "resolved"
    }
    for component in packages:
        context.observer.advance(component.name)
        name = canonicalize_name(component.name)
        if component.version is None:
            if name not in exact and "url" not in component.facts and component.facts.get("editable") is not True:
                yield from unpinned.findings(component, assessor)
            continue
        yield from vulnerabilities.findings(component, assessor.assess(name, component.version))
        if quarantined[name]:
            yield vulnerabilities.quarantined(component, quarantined[name])


def _evidence(name: str, status: Status) -> Evidence:
    statement: dict[str, Json] = {
        "records": status.records,
        "packages": status.packages,
        "newest": status.newest,
        "sources": [{"name": item.name, "sha256": item.sha256, "records": item.records} for item in status.sources],
        "quarantined": status.quarantined,
        "odd": len(status.oddities) - status.quarantined,
    }
    return Evidence("advisory-database", Subject(name, "database"), "audit", statement)
