"""What was learnt, as typed facts: the nouns of a run to the groups of ``schema``."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml import rules
from chainguard_ml.model import ArtifactKind, Evidence
from chainguard_ml.policy import values
from chainguard_ml.policy.schema import GROUPS, Group, summaries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from chainguard_ml.model import Artifact, Component, Finding, Gap, Json
    from chainguard_ml.policy.values import Value

Item: TypeAlias = "Mapping[str, Value]"
"""One item of a group: every fact of the group by its full name, ``item.severity``."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy decides about.

    Attributes:
        items: Items by group; absent groups are empty.
        present: The groups that are known; nothing can be said about the others.
        summary: Counts over the groups that are present: ``summary.models``, ``summary.findings.critical`` …
    """

    items: Mapping[str, tuple[Item, ...]]
    present: frozenset[str]
    summary: Mapping[str, Value]

    @classmethod
    def build(
        cls,
        artifacts: Iterable[Artifact],
        components: Iterable[Component],
        findings: Iterable[Finding],
        gaps: Iterable[Gap],
        evidence: Iterable[Evidence],
        *,
        present: Collection[str],
    ) -> Facts:
        """Return the facts of a run; ``present`` names the rooms that were asked.

        Whatever order things come in, the facts are in the same one.
        """
        found = [finding(each) for each in sorted(findings, key=lambda each: each.order)]
        inventory = sorted(artifacts, key=lambda each: (each.path, each.kind))
        facts = sorted(evidence, key=lambda each: each.order)
        groups: dict[str, list[Item]] = {
            "findings": found,
            "gaps": [_gap(gap) for gap in sorted(gaps, key=lambda each: each.order)],
            "packages": _packages(components),
            "models": _models(inventory, facts),
            "signatures": _signatures(facts),
            "attestations": [_attestation(each) for each in facts if each.kind == "attestation"],
            "datasets": _datasets(inventory),
            "sbom": [_sbom(each) for each in facts if each.kind == "sbom"],
            "database": [_database(each) for each in facts if each.kind == "advisory-database"],
        }
        for item in found:
            groups.setdefault(str(item["item.family"]).replace("-", "_"), []).append(item)
        return cls.of({name: groups.get(name, ()) for name, group in GROUPS.items() if group.is_present(present)})

    @classmethod
    def of(cls, groups: Mapping[str, Iterable[Item]]) -> Facts:
        """Return the facts with these groups present, and no others."""
        items = {name: tuple(groups.get(name, ())) for name in GROUPS}
        summary = {name: count for group in groups for name, count in _counts(GROUPS[group], items[group]).items()}
        return cls(items, frozenset(groups), summary)


def _counts(group: Group, items: Sequence[Item]) -> dict[str, Value]:
    names = summaries(group)
    counts: dict[str, Value] = {names[0]: len(items)}
    for name in names[1:]:
        severity = name.rpartition(".")[2]
        counts[name] = sum(item["item.severity"] == severity for item in items)
    return counts


def typed(group: str, given: Mapping[str, Json]) -> Item:
    """Return an item of a group: what is given where it has the fact's type, else the type's zero.

    Observations come from many rooms; a statement of another type says nothing that a rule could use.
    """
    result, facts = dict(_empty(group)), GROUPS[group].facts
    for name in facts.keys() & given.keys():
        with contextlib.suppress(ValueError):
            result[f"item.{name}"] = values.conform(given[name], facts[name].type)
    return result


@cache
def _empty(group: str) -> Item:
    """Return an item about which nothing is stated."""
    return {f"item.{name}": values.zero(fact.type) for name, fact in GROUPS[group].facts.items()}


def finding(found: Finding) -> Item:
    """Return a finding as an item of ``findings``; its own facts never replace what the finding itself says."""
    digest, place = found.subject.digest, found.location
    return typed(
        "findings",
        {
            **found.facts,
            "rule": found.rule,
            "family": _families().get(found.rule, ""),
            "severity": str(found.severity),
            "severity_rank": int(found.severity),
            "confidence": str(found.confidence),
            "message": found.message,
            "location": str(place),
            "path": place.path,
            "member": "!/".join(place.member),
            "line": place.line or 0,
            "subject": found.subject.name,
            "sha256": digest.hex if digest else "",
            "fingerprint": found.fingerprint,
        },
    )


@cache
def _families() -> Mapping[str, str]:
    return {rule.id: rule.family for rule in rules.catalogue()}


def _gap(gap: Gap) -> Item:
    given: dict[str, Json] = {
        "reason": gap.reason.value,
        "detail": gap.detail,
        "location": str(gap.location or gap.subject.name),
        "path": gap.location.path if gap.location else gap.subject.name,
        "kind": gap.subject.kind,
    }
    return typed("gaps", given)


def _packages(components: Iterable[Component]) -> list[Item]:
    several = sorted(components, key=lambda each: (each.name.lower(), each.version or "", str(each.origin)))
    locked = {
        _key(each) for each in several if each.version and each.facts.get("source") not in {"environment", "resolved"}
    }
    return [_package(each, locked=_key(each) in locked) for each in several]


def _key(component: Component) -> str:
    """Return what two names of one package have in common (PEP 503)."""
    return "-".join(part for part in component.name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def _package(component: Component, *, locked: bool) -> Item:
    place = component.origin
    given: dict[str, Json] = {
        **component.facts,
        "name": component.name,
        "version": component.version or "",
        "purl": component.purl or "",
        "locked": locked,
        "scope": component.scope.value,
        "licences": list(component.licences),
        "location": str(place or ""),
        "path": place.path if place else "",
        "line": (place.line if place else 0) or 0,
    }
    return typed("packages", given)


def _models(artifacts: Iterable[Artifact], evidence: Iterable[Evidence]) -> list[Item]:
    scanned: set[str] = set()
    signed: dict[str, Mapping[str, Json]] = {}
    for fact in evidence:
        statement = fact.statement
        if fact.kind == "scan":
            scanned.add(fact.subject.name)
        elif fact.kind == "signature" and statement.get("verified") is True:
            covers = statement.get("covers")
            for path in covers if isinstance(covers, list | tuple) else ():
                signed.setdefault(str(path), statement)
    models = [each for each in artifacts if each.kind is ArtifactKind.MODEL]
    return [_model(each, signed.get(each.path), scanned=each.path in scanned) for each in models]


def _model(artifact: Artifact, signature: Mapping[str, Json] | None, *, scanned: bool) -> Item:
    given: dict[str, Json] = {
        **_file(artifact),
        "scanned": scanned,
        "signed": signature is not None,
        "signer": (signature or {}).get("signer"),
        "signer_name": (signature or {}).get("signer_name"),
    }
    return typed("models", given)


def _file(artifact: Artifact) -> dict[str, Json]:
    return {
        "path": artifact.path,
        "location": artifact.path,
        "format": artifact.format,
        "size": artifact.size,
        "sha256": artifact.digest.hex if artifact.digest and artifact.digest.algorithm == "sha256" else "",
    }


def _datasets(artifacts: Sequence[Artifact]) -> list[Item]:
    carded = {_directory(each.path) for each in artifacts if each.kind is ArtifactKind.DATASET_CARD}
    sets = [each for each in artifacts if each.kind is ArtifactKind.DATASET]
    return [typed("datasets", {**_file(each), "has_card": not carded.isdisjoint(_above(each.path))}) for each in sets]


def _directory(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> set[str]:
    """Return the directories that a path lies in, the root as an empty string."""
    found = set()
    while path:
        path = _directory(path)
        found.add(path)
    return found


def _signatures(evidence: Sequence[Evidence]) -> list[Item]:
    claims: dict[str, set[str]] = {}
    for fact in evidence:
        said = fact.statement
        if fact.kind == "attestation" and said.get("verified") is True and said.get("verdict") in {None, "", "pass"}:
            claims.setdefault(fact.subject.name, set()).add(f"{said.get('kind')} by {said.get('signer_name')}")
    return [_signature(each, claims.get(each.subject.name, set())) for each in evidence if each.kind == "signature"]


def _signature(fact: Evidence, claims: Collection[str]) -> Item:
    named: dict[str, Json] = {"path": fact.subject.name, "location": _origin(fact), "claims": sorted(claims)}
    return typed("signatures", {**fact.statement, **named})


def _attestation(fact: Evidence) -> Item:
    return typed("attestations", {**fact.statement, "path": fact.subject.name, "location": _origin(fact)})


def _sbom(fact: Evidence) -> Item:
    return typed("sbom", {**fact.statement, "location": _origin(fact)})


def _database(fact: Evidence) -> Item:
    sources = fact.statement.get("sources")
    names = [source.get("name") for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
    return typed("database", {**fact.statement, "sources": names, "name": fact.subject.name, "location": _origin(fact)})


def _origin(fact: Evidence) -> str:
    return str(fact.origin or fact.subject.name)
