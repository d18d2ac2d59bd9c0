"""Thousands of releases of a real database: ours, OSV's pseudo-code word by word, and pip-audit asking our server."""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pip_audit._service import OsvService, ResolvedDependency
from requests import Response

from chainguard_ml.audit import server
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.versions import Release
from chainguard_ml.audit.vulnerabilities import Assessor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.audit.vulnerabilities import Assessment

EACH = 10  # releases of one package
URL = "http://osv.example/v1/query"


class Snapshot(NamedTuple):
    """The records as they are, by package, and the releases that are compared."""

    records: dict[str, list[dict]]
    pairs: list[tuple[str, str]]


@pytest.fixture(scope="module")
def everything(snapshot: Path) -> Snapshot:
    records: defaultdict[str, list[dict]] = defaultdict(list)
    with zipfile.ZipFile(snapshot) as archive:
        for name in sorted(archive.namelist()):
            document = json.loads(archive.read(name))
            for package in {canonicalize_name(entry["package"]["name"]) for entry in document["affected"]}:
                records[package].append(document)
    pairs = [(name, version) for name in sorted(records) for version in releases(name, records[name])]
    return Snapshot(records, pairs)


def releases(name: str, records: list[dict]) -> list[str]:
    """Return bounds and their neighbours, listed versions, and what nobody named, evenly over all there are."""
    found = {"0", "0.dev0", "9999", "9999!1"}
    for document in records:
        for entry in about(document, name):
            listed = [version for version in entry.get("versions", []) if parsed(version)]
            found.update(listed[:1] + listed[-1:])
            for _, version in events(entry):
                if parsed(version) and version != "0":
                    found.update({version, f"{version}.post1", f"{parsed(version).public}+cu121"})
                    found.add(f"{parsed(version).base_version}rc1")
    ordered = sorted(filter(parsed, found), key=lambda version: (parsed(version), version))
    return ordered if len(ordered) <= EACH else [ordered[place * len(ordered) // EACH] for place in range(EACH)]


def about(document: dict, name: str) -> list[dict]:
    return [entry for entry in document["affected"] if canonicalize_name(entry["package"]["name"]) == name]


def events(entry: dict) -> Iterator[tuple[str, str]]:
    for item in entry.get("ranges", []):
        if item["type"] == "ECOSYSTEM":
            yield from (pair for event in item["events"] for pair in event.items())


@cache
def parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@cache
def orders(versions: tuple[str, ...]) -> frozenset[Version | None]:
    return frozenset(map(parsed, versions))


def is_vulnerable(document: dict, name: str, version: Version) -> bool:
    """The specification's IsVulnerable, IncludedInVersions and IncludedInRanges; versions without an order excepted."""
    for entry in about(document, name):
        if version in orders(tuple(entry.get("versions", []))):
            return True
        for item in entry.get("ranges", []):
            pairs = [pair for event in item["events"] for pair in event.items()]
            if item["type"] != "ECOSYSTEM" or not all(parsed(bound) for _, bound in pairs):
                continue
            vulnerable = False
            for kind, bound in sorted(pairs, key=lambda pair: (pair[1] != "0", parsed(pair[1]))):
                at = bound == "0" or version >= parsed(bound)
                if kind == "introduced" and at:
                    vulnerable = True
                elif (kind == "fixed" and at) or (kind == "last_affected" and version > parsed(bound)):
                    vulnerable = False
            if vulnerable:
                return True
    return False


def test_as_the_specification_says(everything: Snapshot, snapshot_database: Path) -> None:
    """Compare with a transcription that knows nothing of this package, on records and releases as written."""
    assert len(everything.pairs) > 5000
    affected, undecided = 0, set()
    with Database(snapshot_database) as database:
        assessor = Assessor(database)
        assessor.load(everything.records)
        for name, version in everything.pairs:
            assessment = assessor.assess(name, version)
            public = Version(Version(version).public)  # a local build is compared as what it is a build of
            expected = {
                document["id"]
                for document in everything.records[name]
                if not document.get("withdrawn") and is_vulnerable(document, name, public)
            }
            undecided |= set(assessment.undecided)
            ours = {name for found in assessment.vulnerabilities for name in (found.id, *found.aliases)}
            known = {document["id"] for document in everything.records[name]}
            speaking = {found.id for found in assessment.vulnerabilities}
            assert speaking <= expected <= ours, (name, version)
            assert expected | aliased(everything.records[name], expected) >= ours & known, (name, version)
            affected += bool(expected)
            if assessment.fix:
                fix = Version(assessment.fix)
                assert fix > public
                clean = (document for document in everything.records[name] if not document.get("withdrawn"))
                assert not any(is_vulnerable(document, name, fix) for document in clean), (name, version)
    assert affected > len(everything.pairs) // 4
    # The only two records whose bounds are no versions.
    assert undecided <= {"PYSEC-2019-125", "PYSEC-2021-371"}


def aliased(records: list[dict], names: set[str]) -> set[str]:
    """Return identifiers of records that are, by aliases of aliases, the same vulnerabilities as ``names``."""
    reached, before = set(names), set()
    while reached != before:
        before = set(reached)
        for document in records:
            same = {document["id"], *document.get("aliases", [])}
            if same & reached:
                reached |= same
    return reached


class InProcess:
    """The session that pip-audit asks, without a connection: the function behind ``/v1/query``."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def post(self, *, url: str, data: str, timeout: int) -> Response:
        assert (url, timeout) == (URL, 10)
        response = Response()
        response.status_code, response.encoding = 200, "utf-8"
        response.raw = io.BytesIO(json.dumps(server.query(self.database, json.loads(data))).encode())
        return response


FIXES_THAT_PIP_AUDIT_CANNOT_READ = {"PYSEC-2019-125", "PYSEC-2021-371"}


def test_as_pip_audit_says(everything: Snapshot, snapshot_database: Path, tmp_path: Path) -> None:
    """Every difference is one of those that ``difference`` explains; that the others agree is asserted there."""
    counts: defaultdict[str, int] = defaultdict(int)
    with Database(snapshot_database) as database:
        assessor = Assessor(database)
        assessor.load(everything.records)
        client = OsvService(tmp_path, 10, osv_url=URL)
        client.session = InProcess(database)
        for name, version in everything.pairs:
            assessment = assessor.assess(name, version)
            try:
                _, answer = client.query(ResolvedDependency(name, Version(version)))
            except InvalidVersion:
                counts["a fix is no version: pip-audit ends"] += 1
                assert set(assessment.undecided) & FIXES_THAT_PIP_AUDIT_CANNOT_READ, (name, version)
                continue
            theirs = [({result.id, *result.aliases}, result.fix_versions) for result in answer]
            counts[difference(assessment, theirs, everything.records[name], name)] += 1
    agreed = counts.pop("none")
    assert agreed > 5000, counts
    assert set(counts) <= EXPLAINED, counts


EXPLAINED = {
    # It takes the last range of a record for the whole, and the first one only of an entry.
    "pip-audit reads one range of several",
    # It compares the record's spelling of the name with the normalised one.
    "the record spells the name otherwise",
    "a fix is no version: pip-audit ends",
}


def difference(
    assessment: Assessment, theirs: list[tuple[set[str], list[Version]]], records: list[dict], name: str
) -> str:
    """Return in which of the explained ways the answers differ, or ``none``; fail on any other."""
    undecided = set(assessment.undecided)
    ours = [{found.id, *found.aliases} for found in assessment.vulnerabilities]
    told = set().union(*(names for names, _ in theirs))
    # Its names are those of the records that affect; ours add what is, by aliases, the same.
    assert told - undecided <= set().union(*ours) | undecided
    assert all(names & told for names in ours)
    public = assessment.release.public
    fixed = {Version(text) for found in assessment.vulnerabilities for text in found.fixed_in}
    seen = {bound for names, bounds in theirs if not names <= undecided for bound in bounds if bound > public}
    if fixed == seen:
        return "none"
    affecting = [document for document in records if document["id"] in told]
    if any(entry["package"]["name"] != name for document in affecting for entry in about(document, name)):
        return "the record spells the name otherwise"
    several = [sum(len(entry.get("ranges", [])) for entry in about(document, name)) for document in affecting]
    assert max(several) > 1, (name, fixed, seen)
    return "pip-audit reads one range of several"


def test_local_builds_are_compared_as_what_they_are_builds_of(everything: Snapshot) -> None:
    local = [version for _, version in everything.pairs if Release.of(version).label]
    assert len(local) > 500
