"""Whether a release is affected, as OSV's specification evaluates a record, and which release is not.

https://ossf.github.io/osv-schema/#evaluation
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from chainguard_ml.audit import versions
from chainguard_ml.audit.interface import Advisory, Answer
from chainguard_ml.audit.versions import Release

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainguard_ml.audit.interface import Range

_BOUNDLESS = {("introduced", "0"), ("limit", "*")}
_PREFIXES = ("MAL-", "PYSEC-", "GHSA-", "OSV-")  # the order in which an identifier is chosen to speak for its aliases


def evaluate(advisory: Advisory, release: Release) -> Answer:
    """Return whether a release is in an advisory's list of versions or in one of its ranges."""
    if not advisory.versions.isdisjoint(release.keys):
        return Answer.AFFECTED
    answers = {_in_range(events, release) for events in advisory.ranges}
    for answer in (Answer.AFFECTED, Answer.UNDECIDED):
        if answer in answers:
            return answer
    return Answer.UNAFFECTED


def affects_every_release(advisory: Advisory) -> bool:
    """Return whether an advisory has a range that nothing ends: it is about every release there is and will be."""
    return any({*events} <= _BOUNDLESS and ("introduced", "0") in events for events in advisory.ranges)


def _in_range(events: Range, release: Release) -> Answer:
    """Walk a range's events in the order of their versions; ``introduced: 0`` stands below every version."""
    if set(events) == {("introduced", "0")}:
        return Answer.AFFECTED
    placed = _placed(events)
    if placed is None or release.public is None:
        return Answer.UNDECIDED
    limits = [bound for kind, bound in placed if kind == "limit"]
    if limits and not any(bound is None or _compare(release, bound) < 0 for bound in limits):
        return Answer.UNAFFECTED
    affected = False
    for kind, bound in placed:
        distance = 1 if bound is None else _compare(release, bound)
        if kind == "introduced" and distance >= 0:
            affected = True
        elif (kind == "fixed" and distance >= 0) or (kind == "last_affected" and distance > 0):
            affected = False
    return Answer.AFFECTED if affected else Answer.UNAFFECTED


@lru_cache(maxsize=1 << 14)
def _placed(events: Range) -> list[tuple[str, Version | None]] | None:
    """Return the events in the order of their versions, or ``None`` if one of them has no order.

    ``introduced: 0`` and ``limit: *`` have no bound. Events at one version keep the record's order.
    """
    boundless = [(kind, text) for kind, text in events if (kind, text) in _BOUNDLESS]
    bounds = [(kind, versions.parse(text)) for kind, text in events if (kind, text) not in _BOUNDLESS]
    ordered = [(kind, bound) for kind, bound in bounds if bound is not None]
    if len(ordered) < len(bounds):
        return None
    return [*((kind, None) for kind, _ in boundless), *sorted(ordered, key=lambda event: event[1])]


def _compare(release: Release, bound: Version) -> int:
    """Return -1, 0 or 1. A local label counts only against a bound that has one too."""
    version = release.comparable_with(bound)
    if version is None or version == bound:  # not None: the caller has seen a public version
        return 0
    return -1 if version < bound else 1


def grouped(advisories: Sequence[Advisory]) -> list[list[Advisory]]:
    """Return advisories of one package in groups that, by aliases of aliases, are one vulnerability each."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for advisory in advisories:
        for alias in advisory.aliases:
            leader[find(alias)] = find(advisory.id)
    groups: dict[str, list[Advisory]] = {}
    for advisory in advisories:
        groups.setdefault(find(advisory.id), []).append(advisory)
    return list(groups.values())


def primary(names: Iterable[str]) -> str:
    """Return the identifier that speaks for a vulnerability: malicious, PYSEC, GHSA, then the others, CVE last."""

    def order(name: str) -> tuple[int, str]:
        rank = next((index for index, prefix in enumerate(_PREFIXES) if name.startswith(prefix)), len(_PREFIXES))
        return (rank + name.startswith("CVE-"), name)

    return min(names, key=order)


def fixed_in(advisories: Iterable[Advisory], release: Release) -> list[str]:
    """Return the versions in which these advisories say it is fixed, above the release, ascending."""
    bounds = {text for item in advisories for events in item.ranges for kind, text in events if kind == "fixed"}
    known = {version: text for text in sorted(bounds) if (version := versions.parse(text)) is not None}
    return [known[version] for version in sorted(known) if release.public is None or version > release.public]


def clean_release(advisories: Sequence[Advisory], release: Release, known: Sequence[tuple[str, str]]) -> str | None:
    """Return the smallest known version above ``release`` that no advisory of its package affects, or ``None``.

    ``known`` are the package's PEP 440 versions, ascending, as written and canonical. Pre-releases count only where
    ``release`` is one.
    """
    if release.public is None:
        return None
    standing = [advisory for advisory in advisories if not advisory.withdrawn]
    listed = frozenset[str]().union(*(advisory.versions for advisory in standing))
    above = bisect_right(known, release.public, key=lambda pair: _ordered(pair[0]))
    for text, key in known[above:]:
        if key in listed or (_ordered(text).is_prerelease and not release.public.is_prerelease):
            continue
        candidate = Release.of(text)
        blocker = next((each for each in standing if evaluate(each, candidate) is not Answer.UNAFFECTED), None)
        if blocker is None:
            return text
        # It most likely affects the next version too: ask it first.
        standing.remove(blocker)
        standing.insert(0, blocker)
    return None


def _ordered(text: str) -> Version:
    return versions.parse(text) or Version("0")  # the database holds no others
