"""What indexes say about the releases that a pipeline uses: withdrawn, gone, other files, fresh, abandoned projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version

from chainguard_ml.audit.versions import Release, parse
from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.model import Severity
from chainguard_ml.records import replace
from chainguard_ml.rules.indexes import (
    FILE_NOT_ON_INDEX,
    PROJECT_STATUS,
    RELEASE_NOT_ON_INDEX,
    SERVED_BY_SEVERAL_INDEXES,
    YANKED_RELEASE,
)
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.audit.index import Answers
    from chainguard_ml.audit.simple import File, Project
    from chainguard_ml.model import Component, Finding

_Pages = list[tuple[str, "Project"]]
_GRAVE = {"quarantined": Severity.HIGH, "archived": Severity.LOW, "deprecated": Severity.LOW}


def enriched(components: Iterable[Component], answers: Answers) -> Iterator[Component]:
    """Yield the components, those whose lock does not say when they were uploaded with what an index says."""
    for component in components:
        times = [file.uploaded for file in files_of(component, answers) if file.uploaded]
        known = not times or "uploaded" in component.facts
        yield component if known else replace(component, facts={**component.facts, "uploaded": max(times)})


def releases(answers: Answers, python: str) -> dict[str, list[tuple[str, str]]]:
    """Return by name the versions that a fix may be, ascending, as written and canonical.

    Those have a file that is not yanked, and that is for the ``python`` where one is named.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, pages in answers.projects.items():
        usable = {
            version
            for _, page in pages
            for version, files in page.files.items()
            if any(not file.yanked and _fits(file, python) for file in files)
        }
        ordered = sorted((parsed, version) for version in usable if (parsed := parse(version)))
        if pages and name not in answers.unsure:
            found[name] = [(str(parsed), version) for parsed, version in ordered]
    return found


def findings(components: Iterable[Component], answers: Answers) -> Iterator[Finding]:
    """Yield what is wrong with the releases of the components; nothing about names that an index said nothing about."""
    for component in components:
        name = canonicalize_name(component.name)
        if name not in answers.projects or "url" in component.facts:
            continue
        pages = _pages(component, answers)
        yield from _statuses(component, pages)
        if len(pages) > 1:
            yield _several(component, pages)
        if component.version is None:
            continue
        files = files_of(component, answers)
        if files:
            yield from _release(component, files)
        elif name not in answers.unsure:
            yield _gone(component, pages)


def _pages(component: Component, answers: Answers) -> _Pages:
    return answers.projects.get(canonicalize_name(component.name), [])


def files_of(component: Component, answers: Answers) -> list[File]:
    """Return the files of a component's release: of its build, if an index lists that, else of its public version."""
    pages = _pages(component, answers)
    if component.version is None:
        return []
    public = Release.of(component.version).public
    for version in (component.version, str(public) if public else component.version):
        key = canonicalize_version(version)
        if found := [file for _, page in pages for file in page.files.get(key, ())]:
            return found
    return []


def _fits(file: File, python: str) -> bool:
    """Return whether a file is for a Python; what it says that is no specifier, installers ignore."""
    try:
        return not python or SpecifierSet(file.requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def _release(component: Component, files: Sequence[File]) -> Iterator[Finding]:
    if all(file.yanked for file in files):
        reason = next((file.reason for file in files if file.reason), "")
        yield YANKED_RELEASE.finding(
            subject_of(component),
            place_of(component),
            f"{label_of(component)} was yanked from the index" + (f": {reason}" if reason else ""),
            key=(place_of(component).path,),
            facts={**package_facts(component), "reason": reason},
        )
    listed = {digest for file in files for digest in file.hashes}
    algorithms = {digest.partition(":")[0] for digest in listed}
    wanted = [str(digest) for digest in component.digests if digest.algorithm in algorithms]
    if wanted and listed.isdisjoint(wanted):
        yield FILE_NOT_ON_INDEX.finding(
            subject_of(component),
            place_of(component),
            f"the index has no file of {label_of(component)} with any of the digests that are asked for",
            key=(place_of(component).path,),
            facts={**package_facts(component), "digests": sorted(wanted)[:20]},
        )


def _gone(component: Component, pages: _Pages) -> Finding:
    what = "no such release" if pages else "no such project"
    return RELEASE_NOT_ON_INDEX.finding(
        subject_of(component),
        place_of(component),
        f"the index has {what}: {label_of(component)}",
        key=(place_of(component).path,),
        facts={**package_facts(component), "project": bool(pages)},
    )


def _statuses(component: Component, pages: _Pages) -> Iterator[Finding]:
    for index, page in pages:
        if page.status in _GRAVE:
            reason = f": {page.reason}" if page.reason else ""
            yield PROJECT_STATUS.finding(
                subject_of(component),
                place_of(component),
                f"the project of {printable(component.name, 100)} is {page.status}{reason}",
                key=(place_of(component).path, index),
                facts={**package_facts(component), "project_status": page.status, "reason": page.reason},
                severity=_GRAVE[page.status],
            )


def _several(component: Component, pages: _Pages) -> Finding:
    highest: Mapping[str, str] = {
        index: str(max((parsed for version in page.files if (parsed := parse(version))), default="nothing"))
        for index, page in pages
    }
    told = ", ".join(f"{index} (up to {printable(version, 40)})" for index, version in highest.items())
    return SERVED_BY_SEVERAL_INDEXES.finding(
        subject_of(component),
        place_of(component),
        f"{printable(component.name, 100)} is on several indexes, and the highest version of any is taken: {told}",
        key=(place_of(component).path,),
        facts={**package_facts(component), "indexes": dict(highest)},
    )
