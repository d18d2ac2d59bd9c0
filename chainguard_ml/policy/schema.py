"""Which facts there are: groups of items with typed fields, and counts over the whole.

A group is what a rule goes through with ``for_each``; its fields are ``item.<name>`` there. It is **present** when
every room that it comes from was asked; a rule about an absent group is an error unless it says otherwise. Adding a
fact is one line here and one in ``facts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import Confidence, GapReason, Scope, Severity
from chainguard_ml.rules import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_FINDING_ROOMS = ("scan", "audit", "source", "signing")


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a group: its type (see ``values``), what it says, and its values where they are a closed list."""

    type: str
    doc: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A kind of items.

    Attributes:
        name: As ``for_each`` names it.
        title: What its items are, for messages.
        rooms: Alternatives: the rooms that must all have been asked for the group to be present.
        facts: Fields by name.
        label: What a rule without a message says about an item.
    """

    name: str
    title: str
    rooms: tuple[frozenset[str], ...]
    facts: Mapping[str, Fact]
    label: str

    @property
    def declarations(self) -> dict[str, str]:
        """The variables of one item with their types: ``{"item.severity": "string"}``."""
        return {f"item.{name}": fact.type for name, fact in self.facts.items()}

    def is_present(self, rooms: Collection[str]) -> bool:
        """Whether these rooms were enough to know every item."""
        return any(needed.issubset(rooms) for needed in self.rooms)


def _one_of(doc: str, *choices: str) -> Fact:
    return Fact("string", f"{doc}: {', '.join(choices)}", choices)


_SCOPE = _one_of("what it is needed for", *Scope)
_PLACE = Fact("string", "where: path, archive member and line or offset")
_PATH = Fact("string", "path relative to the examined root")

FINDING = {
    "rule": Fact("string", "id of the rule, as 'chainguard-ml rule' lists it"),
    "family": _one_of("kind of rule", *FAMILIES),
    "severity": _one_of("how bad it is", *map(str, Severity)),
    "severity_rank": Fact("int", "the severity as 0 (info) to 4 (critical)"),
    "confidence": _one_of("how sure that is", *map(str, Confidence)),
    "message": Fact("string", "what is wrong"),
    "location": _PLACE,
    "path": _PATH,
    "member": Fact("string", "chain of archive members, joined with !/"),
    "line": Fact("int", "line, from 1; 0 where unknown"),
    "subject": Fact("string", "what it is about: a path or a package URL"),
    "sha256": Fact("string", "digest of the file it is about"),
    "fingerprint": Fact("string", "stable identifier of the finding"),
    "package": Fact("string", "package it is about (audit)"),
    "version": Fact("string", "version of that package"),
    "scope": _SCOPE,
    "advisory": Fact("string", "identifier of the advisory"),
    "aliases": Fact("list<string>", "other identifiers of the same vulnerability"),
    "cvss": Fact("double", "CVSS score; 0 where nobody scored it"),
    "cvss_vector": Fact("string", "CVSS vector"),
    "severity_source": _one_of("who rated it", "cvss", "database", "unknown"),
    "kev": Fact("bool", "whether it is known to be exploited (CISA KEV)"),
    "epss": Fact("double", "probability that it is exploited within 30 days (EPSS); 0 where unknown"),
    "fixed_in": Fact("list<string>", "versions in which it is fixed"),
    "fix": Fact("string", "the nearest version without known vulnerabilities"),
}

_GAP = {
    "reason": _one_of("why", *GapReason),
    "detail": Fact("string", "the same in words"),
    "location": _PLACE,
    "path": Fact("string", "what could not be examined"),
    "kind": Fact("string", "file, directory, package, database, ..."),
}

_PACKAGE = {
    "name": Fact("string", "name as its ecosystem writes it"),
    "version": Fact("string", "exact version, or empty"),
    "purl": Fact("string", "package URL"),
    "source": Fact("string", "requirements, pyproject, pylock, uv, poetry, pdm, pipenv or environment"),
    "specifier": Fact("string", "versions that are allowed, as written"),
    "pinned": Fact("bool", "whether exactly one release can be installed"),
    "locked": Fact("bool", "whether another manifest pins it"),
    "hashed": Fact("bool", "whether a digest is required of what is installed"),
    "editable": Fact("bool", "whether it is a development install"),
    "url": Fact("string", "direct reference, or empty"),
    "scope": _SCOPE,
    "licences": Fact("list<string>", "SPDX identifiers or expressions as declared"),
    "location": _PLACE,
    "path": Fact("string", "manifest that names it"),
    "line": Fact("int", "line there, from 1; 0 where unknown"),
}

_MODEL = {
    "path": _PATH,
    "location": _PLACE,
    "format": Fact("string", "pickle, zip, safetensors, gguf, ..."),
    "size": Fact("int", "bytes"),
    "sha256": Fact("string", "digest, where it was computed"),
    "scanned": Fact("bool", "whether the scan understood its format and looked inside"),
    "signed": Fact("bool", "whether a trusted signature that verified in whole covers it"),
    "signer": Fact("string", "identifier of the signer's key, or their identity"),
    "signer_name": Fact("string", "name that the signer is configured with"),
}

_SIGNATURE = {
    "path": Fact("string", "what it is about"),
    "location": Fact("string", "where the signature is"),
    "verified": Fact("bool", "whether signature and every signed file are as they were signed"),
    "method": Fact("string", "how it was made: key, ..."),
    "signer": Fact("string", "identifier of the signer's key, or their identity"),
    "signer_name": Fact("string", "name that the signer is configured with"),
    "signed_at": Fact("string", "when it was signed (UTC), where a log or a timestamp proves it; else empty"),
    "files": Fact("int", "files that it signs"),
    "covers": Fact("list<string>", "files that are as they were signed"),
    "root": Fact("string", "digest over the signed files"),
    "claims": Fact("list<string>", "verified claims about it that do not say no, as 'scan by NAME'"),
}

_ATTESTATION = {
    "path": Fact("string", "what it is about"),
    "location": Fact("string", "file of claims and line"),
    "verified": Fact("bool", "whether it is fresh and about the whole model, which is as it was signed"),
    "kind": _one_of(
        "what is claimed", "scan", "sbom", "audit", "verdict", "test-results", "provenance", "assessment", "other"
    ),
    "type": Fact("string", "URI of the predicate's type"),
    "method": Fact("string", "how it was signed: key, ..."),
    "signer": Fact("string", "identifier of the signer's key, or their identity"),
    "signer_name": Fact("string", "name that the signer is configured with"),
    "issuer": Fact("string", "who vouches for the signer's identity"),
    "binding": _one_of("how it is about the model", "manifest", "root", "files", "part", ""),
    "root": Fact("string", "digest over the signed files, where it is about all of them"),
    "covers": Fact("list<string>", "files that it is about, where these are not all"),
    "time": Fact("string", "when it was made (RFC 3339), or empty"),
    "time_source": _one_of("who says so", "proven", "stated", ""),
    "verdict": _one_of("what it comes to, if it says so", "pass", "fail", ""),
    "builder": Fact("string", "who built it (provenance)"),
    "build_type": Fact("string", "how it was built (provenance)"),
    "sources": Fact("list<string>", "what it was built from (provenance)"),
    "verifier": Fact("string", "URI of who verified (verdict); believe it together with the signer only"),
    "resource": Fact("string", "URI of what was verified (verdict)"),
    "policy": Fact("string", "URI of the policy (verdict)"),
    "properties": Fact("list<string>", "what was verified (verdict)"),
    "passed": Fact("list<string>", "tests that passed (test-results)"),
    "failed": Fact("list<string>", "tests that failed (test-results)"),
    "tool": Fact("string", "what examined it (scan, audit, assessment)"),
    "findings": Fact("int", "what it found (scan, audit, assessment)"),
    "specification": Fact("string", "name and version of the standard (sbom)"),
    "components": Fact("int", "components in it (sbom)"),
}

_DATASET = {
    "path": _PATH,
    "location": _PLACE,
    "format": Fact("string", "csv, parquet, jsonl, ..."),
    "size": Fact("int", "bytes"),
    "sha256": Fact("string", "digest, where it was computed"),
    "has_card": Fact("bool", "whether a data set card lies beside it or above"),
}

_SBOM = {
    "specification": Fact("string", "name and version of the standard"),
    "valid": Fact("bool", "whether it satisfies the standard's schema"),
    "components": Fact("int", "components in it"),
    "packages": Fact("int", "of them packages"),
    "models": Fact("int", "of them models"),
    "datasets": Fact("int", "of them data sets"),
    "sha256": Fact("string", "digest of the document"),
    "location": _PLACE,
}

_DATABASE = {
    "name": Fact("string", "file name"),
    "records": Fact("int", "advisories in it"),
    "packages": Fact("int", "packages they are about"),
    "newest": Fact("string", "time of the newest change (RFC 3339)"),
    "sources": Fact("list<string>", "names of the files it was imported from"),
    "quarantined": Fact("int", "records that could not be read"),
    "location": _PLACE,
}


def _from(*rooms: str) -> tuple[frozenset[str], ...]:
    return (frozenset(rooms),)


_ALL_FINDINGS = Group("findings", "findings", _from(*_FINDING_ROOMS), FINDING, "{item.message}")

_GROUPS = (
    _ALL_FINDINGS,
    *(Group(room, f"{room} findings", _from(room), FINDING, "{item.message}") for room in _FINDING_ROOMS),
    Group("carries_code", "programs in models", _from("scan"), FINDING, "{item.message}"),
    Group("gaps", "gaps", _from(*_FINDING_ROOMS, "sbom"), _GAP, "{item.reason}: {item.detail}"),
    Group("packages", "packages", _from("audit") + _from("sbom"), _PACKAGE, "{item.name} {item.version}"),
    Group("models", "models", _from("scan", "signing"), _MODEL, "{item.format}"),
    Group("signatures", "signatures", _from("signing"), _SIGNATURE, "signature of {item.path}"),
    Group("attestations", "claims", _from("signing"), _ATTESTATION, "{item.kind} of {item.path} by {item.signer_name}"),
    Group("datasets", "data sets", _from(), _DATASET, "{item.format}"),
    Group("sbom", "bills of materials", _from("sbom"), _SBOM, "{item.specification}"),
    Group("database", "advisory databases", _from("audit"), _DATABASE, "{item.records} advisories"),
)

GROUPS: Mapping[str, Group] = {group.name: group for group in _GROUPS}
"""Every group by name.

``scan``, ``audit``, ``source`` and ``signing`` are the findings of that room alone; programs that models
carry by design are in ``carries_code``, and not in ``scan``.
"""


def summaries(group: Group) -> tuple[str, ...]:
    """Return the counts over a group: by severity for findings, else one; all are ``int``."""
    if group.facts is not FINDING:
        return (f"summary.{group.name}",)
    return tuple(f"summary.{group.name}.{name}" for name in ("total", *map(str, Severity)))


SUMMARY: Mapping[str, str] = {name: group.name for group in _GROUPS for name in summaries(group)}
"""Every count that rules can use without ``for_each``, and the group that it counts."""
