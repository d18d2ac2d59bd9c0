"""What an installed environment gives away: files that are not as installed, and packages that are not as locked."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, canonicalize_version

from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.model import Location, Scope, Severity, Subject
from chainguard_ml.rules.packages import (
    INSTALLED_FILE_CHANGED,
    INSTALLED_FILE_MISSING,
    INSTALLED_NOT_LOCKED,
    INSTALLED_OTHER_VERSION,
    LOCKED_NOT_INSTALLED,
)
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chainguard_ml.model import Component, Finding, Json, Rule

_LOCKS = frozenset({"uv", "poetry", "pdm", "pipenv", "pylock", "conda-lock", "pixi"})
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})
_SHOWN = 5  # names in one message
_CODE = (".py", ".so", ".pyd", ".pth", ".dll", ".dylib")


def findings(components: Sequence[Component]) -> Iterator[Finding]:
    """Yield what is wrong with what is installed; nothing where no environment was read."""
    installed = [component for component in components if component.facts.get("source") == "environment"]
    locked = [component for component in components if component.facts.get("source") in _LOCKS]
    for component in installed:
        yield from _files(component)
    if installed and locked:
        yield from _compared(installed, locked)


def _files(component: Component) -> Iterator[Finding]:
    for state, rule in (("changed", INSTALLED_FILE_CHANGED), ("missing", INSTALLED_FILE_MISSING)):
        paths = _texts(component.facts.get(state))
        if paths:
            yield _file_finding(component, state, rule, paths)


def _file_finding(component: Component, state: str, rule: Rule, paths: Sequence[str]) -> Finding:
    count = component.facts.get(f"{state}_count", len(paths))
    total = count if isinstance(count, int) else len(paths)
    more = f" and {total - 1:,} more" if total > 1 else ""
    verb = "differs from" if state == "changed" else "is gone, but in"
    installer = component.facts.get("installer")
    code = any(path.endswith(_CODE) or "/bin/" in path for path in paths)
    # conda writes the environment's own path into files after their digests were taken; data may be meant to change.
    severity = Severity.LOW if installer == "conda" else Severity.MEDIUM if not code else None
    facts: dict[str, Json] = {**package_facts(component), "files": list(paths), "count": total}
    return rule.finding(
        subject_of(component),
        Location(paths[0]),
        f"'{printable(paths[0], 200)}'{more} of {label_of(component)} {verb} the installer's record",
        key=(place_of(component).path,),
        facts=facts,
        severity=severity if state == "changed" else None,
    )


def _compared(installed: Sequence[Component], locked: Sequence[Component]) -> Iterator[Finding]:
    """Compare versions, those that a lock does not know left out; the project itself is in no lock of its own."""
    versions: defaultdict[str, set[str]] = defaultdict(set)
    unknown = set()
    for component in locked:
        name = canonicalize_name(component.name)
        versions[name].add(_canonical(component.version or ""))
        if component.version is None:
            unknown.add(name)
    present = {canonicalize_name(component.name) for component in installed}
    for component in installed:
        name = canonicalize_name(component.name)
        if name not in versions:
            if name not in _INSTALLERS and component.facts.get("editable") is not True:
                yield _not_locked(component)
        elif name not in unknown and _canonical(component.version or "") not in versions[name]:
            yield _other_version(component, sorted(versions[name]))
    absent: dict[str, Component] = {
        canonicalize_name(component.name): component
        for component in locked
        if component.scope is Scope.REQUIRED and canonicalize_name(component.name) not in present
    }
    if absent:
        yield _not_installed(absent)


def _canonical(version: str) -> str:
    """Return a version as PEP 440 compares it; locks and installers write the same one in several ways."""
    return canonicalize_version(version, strip_trailing_zero=True)


def _not_locked(component: Component) -> Finding:
    return INSTALLED_NOT_LOCKED.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} is installed, and no lock names it",
        facts=package_facts(component),
    )


def _other_version(component: Component, versions: Sequence[str]) -> Finding:
    shown = ", ".join(printable(version, 60) for version in versions[:_SHOWN])
    return INSTALLED_OTHER_VERSION.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} is installed, and locked is {shown}",
        facts={**package_facts(component), "locked": list(versions)},
    )


def _not_installed(absent: Mapping[str, Component]) -> Finding:
    names = sorted(absent)
    place = min((place_of(component) for component in absent.values()), key=lambda place: (place.path, place.line or 0))
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
    message = f"{plural(len(names), 'locked package')} not installed: {printable(shown)}"
    return LOCKED_NOT_INSTALLED.finding(Subject(place.path), place, message, facts={"packages": list(names)})


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
