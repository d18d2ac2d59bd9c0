"""OpenVEX 0.2.0: what is known about vulnerabilities of the pipeline's packages, for other scanners.

https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md. The document's identifier is a UUID of version 5 (RFC 9562)
over its content; the time, which the format demands, is ``Look.moment``.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml import __version__
from chainguard_ml.report import vex
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Report
    from chainguard_ml.report.interface import Look

_JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)
_OF_CYCLONEDX = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
"""CycloneDX's words for the same; for its other words OpenVEX has none, so that they stay in the explanation."""

_UNEXPLAINED = "no reason is given in the statement that says so"


def render(report: Report, look: Look) -> str:
    """Return the document, keys sorted; a report without vulnerabilities has no statements."""
    tooling = f"chainguard-ml {__version__}"
    gaps = vex.incomplete(report)
    content: JsonObject = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "chainguard-ml",
        "role": "automated audit of dependencies",
        "version": 1,
        "tooling": f"{tooling} ({gaps})" if gaps else tooling,
        "statements": [_statement(each) for each in vex.statements(report)],
        "timestamp": (look.moment or datetime.now(tz=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, vex.NAMESPACE)
    content["@id"] = uuid.uuid5(namespace, json.dumps(content, sort_keys=True)).urn
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _statement(each: vex.Statement) -> JsonObject:
    vulnerability: JsonObject = {"name": each.vulnerability}
    if each.aliases:
        vulnerability["aliases"] = list(each.aliases)
    said: JsonObject = {
        "vulnerability": vulnerability,
        "products": [{"@id": purl, "identifiers": {"purl": purl}} for purl in each.products],
        "status": each.status,
    }
    if each.status == "affected":
        said["action_statement"] = each.action
    if each.status == "not_affected":
        said |= _why(each)
    elif each.reason:
        said["status_notes"] = each.reason
    return said


def _why(each: vex.Statement) -> JsonObject:
    """Return a justification or an impact statement, or both: one of them is demanded."""
    word = _OF_CYCLONEDX.get(each.justification, each.justification)
    known = word in _JUSTIFICATIONS
    reason = each.reason if known else ": ".join(filter(None, (printable(each.justification), each.reason)))
    said: JsonObject = {"justification": word} if known else {}
    if reason or not known:
        said["impact_statement"] = reason or _UNEXPLAINED
    return said
