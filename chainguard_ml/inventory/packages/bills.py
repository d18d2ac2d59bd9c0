"""What bills of materials have in common: packages by their package URL, with digests, and what they need.

https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chainguard_ml.inventory.packages.conda_names import MatchSpec, conda_package
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, names_of
from chainguard_ml.model import GapReason, Scope
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.inventory.packages.interface import Manifest, Record
    from chainguard_ml.model import Component, Json

_PURL = re.compile(r"pkg:/*([A-Za-z][A-Za-z0-9.+-]*)/+([^@?#\s]+)(?:@([^?#\s]+))?(?:\?[^#\s]*)?(?:#\S*)?\Z")
_WRITTEN = re.compile(r"pkg:[^\s\"'<>]+")
_LONGEST = 2_000  # characters of a package URL


@dataclass(slots=True)
class Entry:
    """One package as a bill names it.

    Attributes:
        reference: How other entries name it.
        purl: Package URL, or empty.
        name: Name, where there is no package URL.
        digests: ``(algorithm, hexadecimal digits)``; the algorithm as the bill writes it.
        licences: As declared.
        scope: What it is needed for.
    """

    reference: str
    purl: str = ""
    name: str = ""
    digests: list[tuple[str, str]] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    scope: Scope = Scope.REQUIRED


@dataclass(slots=True)
class Bill:
    """The packages of a bill, and what needs what, by reference."""

    source: str
    entries: list[Entry] = field(default_factory=list)
    needs: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def records(self, manifest: Manifest, text: str) -> Iterator[Record]:
        """Yield the packages that have a package URL; others cannot be compared with anything."""
        places = _places(text)
        names = {entry.reference: found[1] for entry in self.entries if (found := _parsed(entry.purl))}
        for entry in self.entries:
            if entry.purl:
                needed = (names[each] for each in self.needs.get(entry.reference, ()) if each in names)
                yield self._record(manifest, entry, places, needed)

    def _record(self, manifest: Manifest, entry: Entry, places: dict[str, deque[int]], needed: Iterable[str]) -> Record:
        lines = places.get(entry.purl)
        line = (lines.popleft() if len(lines) > 1 else lines[0]) if lines else None
        parsed = _parsed(entry.purl)
        if parsed is None or (parsed[0] == "pypi" and not is_name(parsed[1])):
            detail = f"'{printable(entry.purl, 100)}' is no package URL"
            return manifest.gap(GapReason.MALFORMED, detail, line)
        kind, name, version = parsed
        digests = digests_of(f"{algorithm.lower().replace('-', '')}:{value}" for algorithm, value in entry.digests)
        facts: dict[str, Json] = {
            "source": self.source,
            "pinned": version is not None,
            "hashed": bool(digests),
            "requires": names_of(needed),
        }
        place, licences = manifest.at(line), tuple(entry.licences)
        component: Component
        if kind == "conda":
            spec = MatchSpec(name.lower())
            component = conda_package(
                spec, version, place, facts, digests=digests, licences=licences, scope=entry.scope
            )
        else:
            component = library(name, version, place, facts, digests=digests, licences=licences, scope=entry.scope)
        return component if kind == "pypi" else replace(component, purl=entry.purl)


def _parsed(purl: str) -> tuple[str, str, str | None] | None:
    """Return type, last name and version of a package URL."""
    match = _PURL.match(purl) if len(purl) <= _LONGEST else None
    if match is None:
        return None
    name = unquote(match[2]).rstrip("/").rpartition("/")[2]
    return (match[1].lower(), name, unquote(match[3]) if match[3] else None) if name else None


def _places(text: str) -> dict[str, deque[int]]:
    """Return the lines on which each package URL stands alone in quotes or between tags."""
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for number, line in enumerate(text.split("\n"), 1):
        if "purl" in line or "packageUrl" in line or "identifier" in line:
            for found in _WRITTEN.findall(line.replace("&amp;", "&")):
                places[found].append(number)
    return places
