"""OSV's evaluation, case by case, and against every listed version of a real database."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from chainguard_ml.audit import matching
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.interface import Advisory, Answer
from chainguard_ml.audit.versions import Release, canonical

if TYPE_CHECKING:
    from pathlib import Path


def advisory(
    *events: str, versions: tuple[str, ...] = (), identifier: str = "X", aliases: tuple[str, ...] = ()
) -> Advisory:
    """Make an advisory with one range, written ``introduced 1.0`` …"""
    parsed = tuple((kind, text) for kind, _, text in (event.partition(" ") for event in events))
    listed = frozenset(map(canonical, versions))
    return Advisory(identifier, "a", aliases=aliases, ranges=(parsed,) if parsed else (), versions=listed)


@pytest.mark.parametrize(
    ("events", "version", "affected"),
    [
        ("introduced 0|fixed 1.0", "0.9", True),
        ("introduced 0|fixed 1.0", "1.0", False),
        ("introduced 0|fixed 1.0", "1.0rc1", True),
        ("introduced 0|fixed 1.0", "0.dev0", True),
        ("introduced 0|fixed 1.0", "1.0.post1", False),
        ("introduced 1.0|fixed 2.0", "1", True),
        ("introduced 1.0|fixed 2.0", "1.0rc1", False),
        ("introduced 1.0|last_affected 2.0", "2.0.0", True),
        ("introduced 1.0|last_affected 2.0", "2.0.1", False),
        ("introduced 1.0|last_affected 2.0", "2.0+cu121", True),
        ("introduced 0|fixed 2.0|introduced 3.0|fixed 3.2", "2.5", False),
        ("introduced 0|fixed 2.0|introduced 3.0|fixed 3.2", "3.1", True),
        ("fixed 3.2|introduced 3.0|fixed 2.0|introduced 0", "3.1", True),
        ("fixed 3.2|introduced 3.0|fixed 2.0|introduced 0", "3.2", False),
        ("introduced 0|fixed 1.0|introduced 1.0|fixed 2.0", "1.0", True),
        ("introduced 1.0|fixed 1.0", "1.0", False),
        ("introduced 0", "999!9", True),
        ("introduced 0", "not-a-version", True),
        ("introduced 0|limit 2.0", "1.9", True),
        ("introduced 0|limit 2.0", "2.0", False),
        ("introduced 0|limit 2.0|limit 3.0", "2.5", True),
        ("introduced 0|limit *", "9", True),
        ("introduced 0|fixed 2.3.0", "2.3.0+cu121", False),
        ("introduced 2.3.0|fixed 2.4", "2.3.0+cu121", True),
        ("introduced 0|fixed 2.3.0+patch1", "2.3.0", True),
        ("introduced 0|fixed 2.3.0+patch1", "2.3.0+patch1", False),
        ("introduced 1!1.0", "2.0", False),
        ("introduced 0|last_affected 10", "9", True),
    ],
)
def test_ranges(events: str, version: str, affected: bool) -> None:  # noqa: FBT001 (the expectation)
    answer = matching.evaluate(advisory(*events.split("|")), Release.of(version))
    assert answer is (Answer.AFFECTED if affected else Answer.UNAFFECTED)


@pytest.mark.parametrize(
    ("events", "version"),
    [
        ("introduced 0|fixed 2019-09-12", "1.0"),
        ("introduced x.y.z", "1.0"),
        ("introduced 0|fixed 1.0", "custom-build"),
        ("introduced 0|fixed 1.0", "9" * 5000),
    ],
)
def test_without_an_order_nothing_is_decided(events: str, version: str) -> None:
    assert matching.evaluate(advisory(*events.split("|")), Release.of(version)) is Answer.UNDECIDED


@pytest.mark.parametrize(
    ("listed", "version", "affected"),
    [
        ("1.0", "1.0.0", True),
        ("1.0.0", "v1", True),
        ("0.7.10p1", "0.7.10p1", True),
        ("0.7.10p1", "0.7.10", False),
        ("2.3.0", "2.3.0+cu121", True),
        ("2.3.0+cu118", "2.3.0+cu121", False),
        ("1.0RC1", "1.0.rc1", True),
        ("weird", "weird", True),
    ],
)
def test_listed_versions(listed: str, version: str, affected: bool) -> None:  # noqa: FBT001 (the expectation)
    answer = matching.evaluate(advisory(versions=(listed,)), Release.of(version))
    assert (answer is Answer.AFFECTED) == affected


def test_a_listed_version_counts_outside_the_range() -> None:
    item = advisory("introduced 3.2", "fixed 3.2.19", versions=("3.2a1",))
    assert matching.evaluate(item, Release.of("3.2a1")) is Answer.AFFECTED
    assert matching.evaluate(item, Release.of("3.2a2")) is Answer.UNAFFECTED


def test_aliases_of_aliases_are_one_vulnerability() -> None:
    chain = [
        advisory(identifier="PYSEC-1", aliases=("CVE-1",)),
        advisory(identifier="GHSA-2", aliases=("CVE-2",)),
        advisory(identifier="OSV-3", aliases=("CVE-1", "CVE-2")),
        advisory(identifier="PYSEC-4", aliases=("CVE-4",)),
    ]
    for order in (chain, chain[::-1], chain[2:] + chain[:2]):
        groups = sorted(sorted(item.id for item in group) for group in matching.grouped(order))
        assert groups == [["GHSA-2", "OSV-3", "PYSEC-1"], ["PYSEC-4"]]


def test_which_identifier_speaks() -> None:
    assert matching.primary(["CVE-1", "GHSA-1", "PYSEC-1"]) == "PYSEC-1"
    assert matching.primary(["CVE-1", "GHSA-1", "MAL-1"]) == "MAL-1"
    assert matching.primary(["CVE-1", "OTHER-1"]) == "OTHER-1"


def test_fix_advice_is_clean_of_every_advisory() -> None:
    items = [
        advisory("introduced 0", "fixed 1.5"),
        advisory("introduced 1.5", "fixed 1.7", identifier="Y"),
        advisory(versions=("1.8",), identifier="Z"),
    ]
    known = [(text, canonical(text)) for text in ("1.0", "1.5", "1.7rc1", "1.7", "1.8", "1.9a1", "2.0")]
    assert matching.clean_release(items, Release.of("1.0"), known) == "1.7"
    assert matching.clean_release(items, Release.of("1.7rc1"), known) == "1.7"
    assert matching.clean_release(items, Release.of("1.8"), known) == "2.0"
    assert matching.clean_release(items, Release.of("1.8a1"), known) == "1.9a1"
    assert matching.clean_release(items, Release.of("2.0"), known) is None
    assert matching.clean_release(items, Release.of("what"), known) is None
    assert matching.fixed_in(items, Release.of("1.5.0")) == ["1.7"]


bounds = st.sampled_from(["0", "0.9", "1.0", "1.0rc1", "1.0.post1", "1.5", "2.0", "1.0+local", "junk", "*", ""])
events = st.lists(st.tuples(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), bounds), max_size=6)


@given(st.lists(events.map(tuple), max_size=3), st.lists(bounds, max_size=3), bounds | st.text(max_size=10))
def test_any_advisory_and_any_version_give_an_answer(ranges: list, listed: list[str], version: str) -> None:
    item = Advisory("X", "a", ranges=tuple(ranges), versions=frozenset(map(canonical, listed)))
    answer = matching.evaluate(item, Release.of(version))
    if version in listed:
        assert answer is Answer.AFFECTED


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=4), st.integers(0, 30))
def test_pairs_of_bounds_are_intervals(pairs: list[tuple[int, int]], version: int) -> None:
    """With disjoint pairs a range is a union of half-open intervals, whatever the order of its events."""
    position, intervals, parts = 0, [], []
    for gap, length in pairs:
        start = position + gap + 1
        position = start + length
        intervals.append((start, position))
        parts += [f"fixed {position}", f"introduced {start}"]
    expected = any(start <= version < end for start, end in intervals)
    answer = matching.evaluate(advisory(*reversed(parts)), Release.of(str(version)))
    assert answer is (Answer.AFFECTED if expected else Answer.UNAFFECTED)


LISTED_OUTSIDE = {
    # Events of overlapping pairs: walked in order, the fix of the first pair ends the second one too early.
    "PYSEC-2021-114": {"2.11.6"},
    # The list holds the fixed release itself and its post-release.
    "PYSEC-2023-177": {"23.9.0", "23.9.0.post1"},
    # PEP 440 sorts pre-releases below the release at which the range begins.
    "PYSEC-2023-61": {"3.2a1", "3.2b1", "3.2rc1", "4.2a1", "4.2b1", "4.2rc1"},
}
"""Listed versions that no range of their record holds, by record, and why: all there are."""


def test_ranges_agree_with_the_lists_of_a_real_database(snapshot: Path, snapshot_database: Path) -> None:
    """Compare the evaluation of ranges alone with the versions that the records themselves list as affected."""
    listed: defaultdict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with zipfile.ZipFile(snapshot) as archive:
        for name in archive.namelist():
            document = json.loads(archive.read(name))
            for entry in document["affected"]:
                package = canonicalize_name(entry["package"]["name"])
                listed[package][document["id"]].update(entry.get("versions") or [])
    with Database(snapshot_database) as database:
        advisories = list(database.advisories(listed))
        known = database.releases(listed)
    compared, beyond = 0, 0
    outside: defaultdict[str, set[str]] = defaultdict(set)
    for item in advisories:
        only_ranges = Advisory(item.id, item.package, ranges=item.ranges)
        said = listed[item.package][item.id]
        for version in said:
            compared += 1
            answer = matching.evaluate(only_ranges, Release.of(version))
            assert matching.evaluate(item, Release.of(version)) is Answer.AFFECTED
            if answer is Answer.UNAFFECTED and Release.of(version).full and item.ranges:
                outside[item.id].add(version)
        # The other way round: what a range holds is listed, if it was released before the list was made. The lists of
        # tensorflow's three names leave pre-releases out, and name fixes that were never released under the name.
        if said and not item.package.startswith("tensorflow"):
            keys = set(map(canonical, said))
            unlisted = (Release.of(text) for text, key in known[item.package] if key not in keys)
            beyond += sum(matching.evaluate(only_ranges, release) is Answer.AFFECTED for release in unlisted)
    assert compared > 100_000
    assert outside == LISTED_OUTSIDE
    assert beyond < compared * 0.002
