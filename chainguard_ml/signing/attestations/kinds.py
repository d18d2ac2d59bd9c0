"""Kinds of claims: what is read of the predicates that are known. An unknown one is evidence too, of no kind.

A member that a predicate's specification asks for has to be there with its type, else the claim is malformed; the rest
is ignored, as the parsing rules of in-toto ask for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.signing.interface import MalformedError
from chainguard_ml.signing.strictjson import member
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

SCAN = "https://in-toto.io/attestation/tool-assessment/v0.1"
"""in-toto Tool Assessment: here the scan of a model, ``tool.type`` being ``SCAN_TOOL``."""

SCAN_TOOL = "model scan"
"""The ``tool.type`` that makes a tool assessment a scan."""

SBOM = "https://cyclonedx.org/bom"
"""CycloneDX: the predicate is the bill of materials."""

AUDIT = "https://in-toto.io/attestation/vulns/v0.2"
"""in-toto Vulnerabilities: known vulnerabilities of dependencies."""

SVR = "https://in-toto.io/attestation/svr/v0.1"
"""in-toto Simple Verification Result: the properties that held."""

VSA = "https://slsa.dev/verification_summary/v1"
"""SLSA Verification Summary: whether a policy held."""

TEST_RESULTS = "https://in-toto.io/attestation/test-result/v0.1"
"""in-toto Test Result: which tests passed."""

PROVENANCE = "https://slsa.dev/provenance/v1"
"""SLSA Provenance: who built it, and how."""

_TIME = re.compile(
    r"([0-9]{4}-(?:0[1-9]|1[0-2])-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9])(?:\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-5][0-9])"
)
_PASSED = "pass"
_FAILED = "fail"


def describe(predicate_type: str, predicate: JsonObject) -> dict[str, Json]:
    """Return what is known about a claim, at least its ``kind``: facts as the policy's group ``attestations`` has them.

    Raises:
        MalformedError: A predicate that is known lacks what its specification asks for.
    """
    kind, read = next((row[1:] for row in _KINDS if re.fullmatch(row[0], predicate_type)), ("other", _nothing))
    return {"kind": kind, **read(predicate)}


def moment(text: Json) -> datetime | None:
    """Return the time in a time stamp of RFC 3339, or ``None`` where it is none."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1] + match[2]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _nothing(_: JsonObject) -> dict[str, Json]:
    return {}


def _provenance(predicate: JsonObject) -> dict[str, Json]:
    """Read SLSA Provenance v1 (``buildDefinition``, ``runDetails``)."""
    definition, run = member(predicate, "buildDefinition", dict), member(predicate, "runDetails", dict)
    metadata = _object(run, "metadata")
    return {
        "builder": member(member(run, "builder", dict), "id", str),
        "build_type": member(definition, "buildType", str),
        "sources": [str(each.get("uri") or each.get("name") or "") for each in
                    _objects(definition, "resolvedDependencies")],
        "stated": metadata.get("finishedOn") or metadata.get("startedOn"),
    }  # fmt: skip


def _early_provenance(predicate: JsonObject) -> dict[str, Json]:
    """Read SLSA Provenance v0.2 (``builder``, ``buildType``, ``materials``)."""
    metadata = _object(predicate, "metadata")
    return {
        "builder": member(member(predicate, "builder", dict), "id", str),
        "build_type": member(predicate, "buildType", str),
        "sources": [str(each.get("uri") or "") for each in _objects(predicate, "materials")],
        "stated": metadata.get("buildFinishedOn") or metadata.get("buildStartedOn"),
    }


def _vsa(predicate: JsonObject) -> dict[str, Json]:
    policy, result = member(predicate, "policy", dict), member(predicate, "verificationResult", str)
    return {
        "verdict": _result(result, {"PASSED": _PASSED, "FAILED": _FAILED}),
        "verifier": member(member(predicate, "verifier", dict), "id", str),
        "resource": member(predicate, "resourceUri", str),
        "policy": member(policy, "uri", str),
        "properties": _strings(predicate, "verifiedLevels"),
        "stated": member(predicate, "timeVerified", str),
    }


def _svr(predicate: JsonObject) -> dict[str, Json]:
    verifier = member(predicate, "verifier", dict)
    policy = _object(verifier, "policy").get("uri")
    return {
        "verdict": _PASSED,  # it lists what held, and nothing else
        "verifier": member(verifier, "id", str),
        "policy": policy if isinstance(policy, str) else "",
        "properties": _strings(predicate, "properties"),
        "stated": member(predicate, "timeCreated", str),
    }


def _tests(predicate: JsonObject) -> dict[str, Json]:
    member(predicate, "configuration", list)
    result = member(predicate, "result", str)
    return {
        "verdict": _result(result, {"PASSED": _PASSED, "WARNED": _PASSED, "FAILED": _FAILED}),
        "passed": _strings(predicate, "passedTests", needed=False),
        "failed": _strings(predicate, "failedTests", needed=False),
    }


def _audit(predicate: JsonObject) -> dict[str, Json]:
    scanner, metadata = member(predicate, "scanner", dict), member(predicate, "metadata", dict)
    found = member(scanner, "result", list)
    return {
        "tool": member(scanner, "uri", str),
        "findings": len(found),  # which of them deny is for a policy to say
        "stated": metadata.get("scanFinishedOn"),
    }


def _assessment(predicate: JsonObject) -> dict[str, Json]:
    tool, result = member(predicate, "tool", dict), member(predicate, "result", str)
    known: dict[str, Json] = {"PASS": _PASSED, "FAIL": _FAILED}
    summary = _object(predicate, "summary")
    found = summary.get("findings")
    return {
        "kind": "scan" if tool.get("type") == SCAN_TOOL else "assessment",
        "tool": member(tool, "name", str),
        "verdict": known.get(result, ""),
        "findings": len(found) if isinstance(found, list) else 0,
        "stated": _object(predicate, "metadata").get("analysisDate"),
    }


def _cyclonedx(predicate: JsonObject) -> dict[str, Json]:
    if member(predicate, "bomFormat", str) != "CycloneDX":
        raise MalformedError("'bomFormat' is not CycloneDX")
    return {
        "specification": f"CycloneDX {member(predicate, 'specVersion', str)}",
        "components": len(_objects(predicate, "components")),
        "stated": _object(predicate, "metadata").get("timestamp"),
    }


def _spdx(predicate: JsonObject) -> dict[str, Json]:
    created = _object(predicate, "creationInfo").get("created")
    version = predicate.get("spdxVersion")
    return {
        "specification": version if isinstance(version, str) else "SPDX",
        "components": len(_objects(predicate, "packages")),
        "stated": created,
    }


def _object(value: JsonObject, name: str) -> JsonObject:
    """Return an optional object; empty where it is missing or something else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _objects(value: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects of an optional list."""
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _strings(value: JsonObject, name: str, *, needed: bool = True) -> list[Json]:
    if not needed and name not in value:
        return []
    found = member(value, name, list)
    if not all(isinstance(each, str) for each in found):
        raise MalformedError(f"'{name}' is not a list of strings")
    return found


def _result(text: str, known: Mapping[str, str]) -> str:
    if text not in known:
        raise MalformedError(f"'{printable(text, 60)}' is none of {', '.join(known)}")
    return known[text]


_KINDS: tuple[tuple[str, str, Callable[[JsonObject], dict[str, Json]]], ...] = (
    (re.escape(SCAN), "assessment", _assessment),
    (r"https://cyclonedx\.org/bom(?:/v?1\.[0-9]+)?", "sbom", _cyclonedx),
    (r"https://spdx\.dev/Document(?:/v[0-9.]+)?", "sbom", _spdx),
    (r"https://in-toto\.io/attestation/vulns/v0\.[12]", "audit", _audit),
    (re.escape(SVR), "verdict", _svr),
    (re.escape(VSA), "verdict", _vsa),
    (re.escape(TEST_RESULTS), "test-results", _tests),
    (re.escape(PROVENANCE), "provenance", _provenance),
    (r"https://slsa\.dev/provenance/v0\.[12]", "provenance", _early_provenance),
)
"""Pattern of the predicate's type, kind, and how it is read."""
