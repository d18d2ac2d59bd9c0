"""CycloneDX 1.6 (ECMA-424) with vulnerabilities and their analysis (VEX), for tools that read bills of materials.

It names the vulnerable packages only; the whole bill is written by ``sbom``. The serial number is a UUID of version 5
(RFC 9562) over the document without it.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chainguard_ml import __version__
from chainguard_ml.report import vex
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json, Report
    from chainguard_ml.report.interface import Look

_STATES = {"affected": "exploitable", "fixed": "resolved", "under_investigation": "in_triage"}
_JUSTIFICATIONS = frozenset(
    {
        "code_not_present",
        "code_not_reachable",
        "requires_configuration",
        "requires_dependency",
        "requires_environment",
        "protected_by_compiler",
        "protected_at_runtime",
        "protected_at_perimeter",
        "protected_by_mitigating_control",
    }
)
_OF_OPENVEX = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
_SEVERITIES = {"none", "info", "low", "medium", "high", "critical"}
_METHODS = {"CVSS:4.0": "CVSSv4", "CVSS:3.1": "CVSSv31", "CVSS:3.0": "CVSSv3"}
_SOURCES = (
    ("CVE-", "NVD", "https://nvd.nist.gov/vuln/detail/"),
    ("GHSA-", "GitHub Advisories", "https://github.com/advisories/"),
    ("", "OSV", "https://osv.dev/vulnerability/"),
)
_SHOWN = ("kev", "kev_added", "kev_ransomware", "epss", "epss_percentile", "imported", "used", "fix")


def render(report: Report, look: Look) -> str:
    """Return the document, keys sorted; a report without vulnerabilities has an empty list of them."""
    said = vex.statements(report)
    metadata: JsonObject = {
        "tools": {"components": [{"type": "application", "name": "chainguard-ml", "version": __version__}]},
        "properties": [{"name": "chainguard-ml:complete", "value": str(report.complete).lower()}],
    }
    if gaps := vex.incomplete(report):
        metadata["properties"] = [{"name": "chainguard-ml:complete", "value": f"false, {gaps}"}]
    if look.moment:
        metadata["timestamp"] = look.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    content: JsonObject = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": list(_components(purl for each in said for purl in each.products)),
        "vulnerabilities": [_vulnerability(each) for each in said],
    }
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, vex.NAMESPACE)
    content["serialNumber"] = uuid.uuid5(namespace, json.dumps(content, sort_keys=True)).urn
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _components(purls: Iterable[str]) -> Iterable[JsonObject]:
    for purl in sorted(set(purls)):
        name, _, version = purl.partition("?")[0].rpartition("/")[2].partition("@")
        component: JsonObject = {"type": "library", "bom-ref": purl, "name": unquote(name), "purl": purl}
        yield {**component, "version": unquote(version)} if version else component


def _vulnerability(each: vex.Statement) -> JsonObject:
    said: JsonObject = {
        "id": each.vulnerability,
        "source": _source(each.vulnerability),
        "references": [{"id": alias, "source": _source(alias)} for alias in each.aliases],
        "ratings": _ratings(each),
        "affects": [{"ref": purl} for purl in each.products],
        "analysis": _analysis(each),
        "recommendation": each.action,
        "properties": [
            {"name": f"chainguard-ml:{name}", "value": json.dumps(each.facts[name]).strip('"')}
            for name in _SHOWN
            if name in each.facts
        ],
    }
    return {name: value for name, value in said.items() if value}


def _source(identifier: str) -> JsonObject:
    name, url = next((name, url) for prefix, name, url in _SOURCES if identifier.startswith(prefix))
    return {"name": name, "url": f"{url}{identifier}"}


def _ratings(each: vex.Statement) -> list[Json]:
    severity = str(each.facts.get("severity", "unknown"))
    rating: JsonObject = {"severity": severity if severity in _SEVERITIES else "unknown"}
    vector = each.facts.get("cvss_vector")
    if isinstance(vector, str):
        rating |= {"score": each.facts["cvss"], "vector": vector, "method": _METHODS.get(vector[:8], "CVSSv2")}
    return [rating]


def _analysis(each: vex.Statement) -> JsonObject:
    analysis: JsonObject = {"state": _STATES.get(each.status, each.status)}
    word = _OF_OPENVEX.get(each.justification, each.justification)
    if each.status == "not_affected" and word in _JUSTIFICATIONS:
        analysis["justification"] = word
    if each.response:
        analysis["response"] = [each.response]
    foreign = "" if word in _JUSTIFICATIONS else printable(each.justification)  # which CycloneDX has no word for
    if detail := ": ".join(filter(None, (foreign, each.reason))):
        analysis["detail"] = detail
    return analysis
