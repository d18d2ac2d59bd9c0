"""OSV records (schema 1.x) to advisories: strict about what is used, patient with what is not.

https://ossf.github.io/osv-schema/. A part that is not understood is left out and named; a record of which nothing
about a package is left raises ``BrokenRecordError``, and the import quarantines it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit.interface import Advisory, Event, Range
from chainguard_ml.audit.versions import canonical, parse
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = re.compile(r"[!-~]{1,200}\Z")
_PACKAGE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,498}[a-z0-9])?\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_VERSION_LENGTH = 200  # characters
_PROBLEMS = 20  # of one record that are noted
_SUMMARY_LENGTH = 200  # characters


class BrokenRecordError(ValueError):
    """A record says nothing usable about a package; ``packages`` are those it names."""

    def __init__(self, reason: str, packages: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.packages = packages


class ElsewhereError(BrokenRecordError):
    """A record is well-formed and about packages of other ecosystems only."""


@dataclass
class Reading:
    """What was understood of a record.

    Attributes:
        id: Its identifier.
        advisories: One for each package of the ecosystem.
        known: Versions that exist, by package, as written.
        problems: What was not understood, one line each, printable.
    """

    id: str
    advisories: list[Advisory] = field(default_factory=list)
    known: dict[str, set[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def say(self, problem: str) -> None:
        """Note a problem once; after the first ones more say nothing new."""
        if len(self.problems) < _PROBLEMS and problem not in self.problems:
            self.problems.append(problem)


@dataclass
class _About:
    """What the entries of a record say about one package."""

    ranges: list[Range] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    vectors: list[tuple[str, str]] = field(default_factory=list)


def read(document: object) -> Reading:
    """Return what a record says about PyPI packages.

    Raises:
        BrokenRecordError: It is no record of schema 1, or nothing about a PyPI package can be used.
        ElsewhereError: It is about other ecosystems only.
    """
    if not isinstance(document, dict):
        raise BrokenRecordError("not a JSON object")
    reading = Reading(_identifier(document))
    about = _affected(document.get("affected"), reading)
    usable = {name: entry for name, entry in about.items() if entry.ranges or entry.versions}
    for name in sorted(about.keys() - usable.keys()):
        reading.say(f"no usable version or range for '{name}'")
    if not about and not reading.problems and _is_elsewhere(document):
        raise ElsewhereError("it is about no PyPI package")
    if not usable:
        reason = "; ".join(reading.problems) or "it is about no PyPI package"
        # A withdrawn record needs no comparison, so nobody has to be told that there can be none.
        raise BrokenRecordError(reason, () if _withdrawn(document) else tuple(sorted(about)))
    shared = Advisory(
        id=reading.id,
        package="",
        aliases=tuple(_aliases(document, reading)),
        summary=_summary(document),
        modified=_time(document, "modified", reading),
        withdrawn=_time(document, "withdrawn", reading) if document.get("withdrawn") is not None else "",
        vectors=tuple(_vectors(document, reading)),
        rating=_rating(document),
        malicious=_malicious(document),
    )
    for name, entry in sorted(usable.items()):
        vectors = tuple(sorted(set(entry.vectors or shared.vectors)))
        listed = frozenset(map(canonical, entry.versions))
        ranges = tuple(entry.ranges)
        reading.advisories.append(replace(shared, package=name, vectors=vectors, ranges=ranges, versions=listed))
        fixed = {text for events in entry.ranges for kind, text in events if kind == "fixed"}
        reading.known[name] = {text for text in entry.versions | fixed if parse(text) is not None}
    return reading


def _identifier(document: dict[object, object]) -> str:
    schema = document.get("schema_version", "1.0.0")
    if not isinstance(schema, str) or schema.split(".", maxsplit=1)[0] != "1":
        raise BrokenRecordError(f"schema_version '{printable(str(schema), 50)}' is not read, only 1.x")
    identifier = document.get("id")
    if not isinstance(identifier, str) or not _ID.match(identifier):
        raise BrokenRecordError("it has no valid id")
    return identifier


def _affected(entries: object, reading: Reading) -> dict[str, _About]:
    about: dict[str, _About] = {}
    if not isinstance(entries, list):
        raise BrokenRecordError("it has no list 'affected'")
    for index, entry in enumerate(entries):
        where = f"affected[{index}]"
        if not isinstance(entry, dict):
            reading.say(f"{where} is not an object")
            continue
        name = _package(entry.get("package"), where, reading)
        if name:
            said = about.setdefault(name, _About())
            said.ranges.extend(_ranges(entry.get("ranges"), where, reading))
            said.versions.update(_versions(entry.get("versions"), where, reading))
            said.vectors.extend(_vectors(entry, reading))
    return about


def _package(package: object, where: str, reading: Reading) -> str | None:
    """Return the PEP 503 name of a PyPI package; entries of other ecosystems and of none are not ours."""
    if package is None:
        return None
    if not isinstance(package, dict) or not isinstance(package.get("ecosystem"), str):
        reading.say(f"{where}.package is not an object with an ecosystem")
        return None
    if package["ecosystem"].partition(":")[0] != "PyPI":
        return None
    name = package.get("name")
    normal = canonicalize_name(name) if isinstance(name, str) else ""
    if not _PACKAGE.match(normal):
        reading.say(f"{where}.package.name is no package name")
        return None
    return normal


def _ranges(ranges: object, where: str, reading: Reading) -> Iterator[Range]:
    if ranges is None:
        return
    if not isinstance(ranges, list):
        reading.say(f"{where}.ranges is not a list")
        return
    for index, item in enumerate(ranges):
        place = f"{where}.ranges[{index}]"
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "GIT":
            continue
        if (
            not isinstance(item, dict)
            or str(kind) not in {"ECOSYSTEM", "SEMVER"}  # it can be anything, also what has no hash
            or not isinstance(item.get("events"), list)
        ):
            reading.say(f"{place} is not a range with events")
            continue
        events = tuple(_events(item["events"], place, reading))
        if any(kind == "introduced" for kind, _ in events):
            yield events
        else:
            reading.say(f"{place} says nowhere where it begins")


def _events(events: list[object], place: str, reading: Reading) -> Iterator[Event]:
    for index, event in enumerate(events):
        items = event.items() if isinstance(event, dict) else ()
        said = [(kind, text) for kind, text in items if kind in _EVENTS and _is_version(text)]
        if len(said) != 1 or len(items) != 1:
            reading.say(f"{place}.events[{index}] is not one event")
        for kind, text in said:
            if parse(text) is None and (kind, text) != ("limit", "*"):
                reading.say(f"{place}: '{printable(text, 50)}' is not a PEP 440 version")
            yield kind, text


def _versions(versions: object, where: str, reading: Reading) -> Iterator[str]:
    if versions is None:
        return
    if not isinstance(versions, list):
        reading.say(f"{where}.versions is not a list")
        return
    usable = [version for version in versions if _is_version(version)]
    if len(usable) < len(versions):
        reading.say(f"{where}.versions holds what is no version")
    yield from usable


def _is_version(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _VERSION_LENGTH and value.isprintable()


def _aliases(document: dict[object, object], reading: Reading) -> Iterator[str]:
    aliases = document.get("aliases")
    if aliases is None:
        return
    for alias in aliases if isinstance(aliases, list) else [aliases]:
        if isinstance(alias, str) and _ID.match(alias):
            yield alias
        else:
            reading.say("an alias is no identifier")


def _vectors(holder: dict[object, object], reading: Reading) -> Iterator[tuple[str, str]]:
    severity = holder.get("severity")
    if severity is None:
        return
    for item in severity if isinstance(severity, list) else [severity]:
        kind, score = (item.get("type"), item.get("score")) if isinstance(item, dict) else (None, None)
        if isinstance(kind, str) and isinstance(score, str) and _ID.match(score):
            yield printable(kind, 50), score
        else:
            reading.say("a severity is no vector")


def _rating(document: dict[object, object]) -> str:
    specific = document.get("database_specific")
    rating = specific.get("severity") if isinstance(specific, dict) else None
    return rating.upper() if isinstance(rating, str) and _ID.match(rating) else ""


def _malicious(document: dict[object, object]) -> bool:
    """Return whether it is of OpenSSF's malicious packages, or classed as embedded malicious code (CWE-506)."""
    specific = document.get("database_specific")
    classes = specific.get("cwe_ids") if isinstance(specific, dict) else None
    aliases = document.get("aliases")
    names = [document.get("id"), *(aliases if isinstance(aliases, list) else ())]
    known = any(isinstance(name, str) and name.startswith("MAL-") for name in names)
    return known or (isinstance(classes, list) and "CWE-506" in classes)


def _is_elsewhere(document: dict[object, object]) -> bool:
    """Return whether a record names a package; one of ours, or one that is not understood, was seen before."""
    entries = document.get("affected")
    return isinstance(entries, list) and any(isinstance(each, dict) and each.get("package") for each in entries)


def _withdrawn(document: dict[object, object]) -> bool:
    value = document.get("withdrawn")
    return isinstance(value, str) and _TIME.match(value) is not None


def _time(document: dict[object, object], key: str, reading: Reading) -> str:
    """Return an RFC 3339 time; a withdrawal that is none does not withdraw."""
    value = document.get(key)
    if isinstance(value, str) and _TIME.match(value):
        return value
    reading.say(f"'{key}' is no RFC 3339 time")
    return ""


def _summary(document: dict[object, object]) -> str:
    for key in ("summary", "details"):
        text = document.get(key)
        if isinstance(text, str) and text.strip():
            line = text.strip().splitlines()[0][: _SUMMARY_LENGTH * 2]
            sentence = line.partition(". ")[0] if key == "details" else line
            return printable(sentence, _SUMMARY_LENGTH)
    return ""
