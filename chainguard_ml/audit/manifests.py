"""What manifests give away by themselves: no exact version, no digest, direct references, several indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from packaging.utils import canonicalize_name

from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.model import Location, Severity, Subject
from chainguard_ml.rules.audit import (
    DIRECT_URL_REQUIREMENT,
    INSECURE_INDEX,
    REQUIREMENT_WITHOUT_HASH,
    SEVERAL_INDEXES,
    UNPINNED_REQUIREMENT,
)
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.model import Component, Finding, Json

_NO_MANIFESTS = {"environment", "cyclonedx", "spdx", "resolved"}
_TRIED = {"notebook", "shell"}
_INSTALLERS = {"pip", "setuptools", "wheel", "uv", "poetry", "pdm", "pipenv", "pipx", "hatch", "virtualenv", "build"}


def findings(components: Sequence[Component]) -> Iterator[Finding]:
    """Yield what is wrong with how the components are asked for."""
    declared = [component for component in components if component.facts.get("source") not in _NO_MANIFESTS]
    locked = {canonicalize_name(component.name) for component in declared if component.version}
    for component in declared:
        if "url" in component.facts:
            yield _direct(component)
        elif component.version is None and canonicalize_name(component.name) not in locked:
            yield _unpinned(component)
    yield from _hashes([component for component in declared if component.facts.get("source") == "requirements"])
    yield from _indexes(declared)


def _unpinned(component: Component) -> Finding:
    specifier = str(component.facts.get("specifier", ""))
    allowed = f"allows '{printable(specifier, 100)}'" if specifier else "allows any version"
    return UNPINNED_REQUIREMENT.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} {allowed}: what gets installed is not known, so no advisory can be compared with it",
        key=(place_of(component).path,),
        facts={**package_facts(component), "specifier": specifier},
        severity=Severity.LOW if _is_tool(component) else None,
    )


def _is_tool(component: Component) -> bool:
    """Tell what no release is built from: what is tried out in a notebook or a script, and installers themselves."""
    return component.facts.get("source") in _TRIED or canonicalize_name(component.name) in _INSTALLERS


def _direct(component: Component) -> Finding:
    url, pinned = str(component.facts["url"]), component.facts.get("pinned") is True
    fixed = "pinned to its content" if pinned else "and what is behind it can change"
    version = "" if component.version else "; its version is not known, so no advisory can be compared with it"
    return DIRECT_URL_REQUIREMENT.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} comes from '{printable(url, 200)}', {fixed}{version}",
        key=(place_of(component).path,),
        facts={**package_facts(component), "url": url, "pinned": pinned},
    )


def _hashes(components: Iterable[Component]) -> Iterator[Finding]:
    """One finding for a file without any digest; one for each line where other lines have one."""
    by_file: dict[str, list[Component]] = {}
    for component in components:
        if component.facts.get("editable") is not True:
            by_file.setdefault(place_of(component).path, []).append(component)
    for path, several in sorted(by_file.items()):
        bare = [component for component in several if component.facts.get("hashed") is not True]
        if bare and len(bare) == len(several):
            yield REQUIREMENT_WITHOUT_HASH.finding(
                Subject(path),
                min((place_of(component) for component in bare), key=lambda place: place.line or 0),
                f"{plural(len(bare), 'requirement')} and no digest in '{printable(path)}'",
                facts={"requirements": len(bare)},
            )
        else:
            yield from map(_bare, bare)


def _bare(component: Component) -> Finding:
    return REQUIREMENT_WITHOUT_HASH.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} has no digest, though others in the file have: an installer refuses the file",
        key=(place_of(component).path,),
        facts=package_facts(component),
        severity=Severity.MEDIUM,
    )


def _indexes(components: Iterable[Component]) -> Iterator[Finding]:
    seen: set[tuple[str, int, str]] = set()
    for component in components:
        options = component.facts.get("indexes")
        items = [item for item in options if _is_object(item)] if isinstance(options, list) else []
        if any(item.get("option") == "no-index" for item in items):
            items = [item for item in items if item.get("option") == "find-links"]
        for item in items:
            line = item.get("line")
            key = (str(item.get("path")), line if isinstance(line, int) else 0, str(item.get("url")))
            if key not in seen:
                seen.add(key)
                yield from _index(str(item.get("option")), str(item.get("url", "")), Location(key[0], line=key[1]))


def _index(option: str, url: str, place: Location) -> Iterator[Finding]:
    subject, shown = Subject(place.path), printable(url, 200)
    facts: dict[str, Json] = {"option": option, "url": url}
    if option == "extra-index-url" or (option == "find-links" and "://" in url):
        message = f"--{option} adds '{shown}' to the index, and the highest version of either is taken"
        yield SEVERAL_INDEXES.finding(subject, place, message, key=(option, url), facts=facts)
    if url.startswith("http://") or option == "trusted-host":
        message = f"'{shown}' is used without verified transport security (--{option})"
        yield INSECURE_INDEX.finding(subject, place, message, key=(option, url), facts=facts)


def _is_object(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, dict)
