"""``chainguard-ml/report/v1``: for machines; its JSON Schema is ``report-v1.schema.json`` beside this file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml import __version__
from chainguard_ml.codec import JsonObject, encode_evidence, encode_finding, encode_gap
from chainguard_ml.model import Severity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.model import Decision, Finding, Json, Report
    from chainguard_ml.report.interface import Look

SCHEMA = "chainguard-ml/report/v1"


def render(report: Report, look: Look) -> str:  # noqa: ARG001 (a format for machines has no look)
    r"""Return the report as indented JSON, members in the order of the schema.

    Text that is not Unicode (bytes of a file name that are not UTF-8) is written as ``\xff``.
    """
    return json.dumps(_unicode(as_json(report)), indent=2, ensure_ascii=False) + "\n"


def schema() -> JsonObject:
    """Return the JSON Schema (draft 2020-12) that every report of this version satisfies."""
    path = Path(__file__).with_name("report-v1.schema.json")
    loaded: JsonObject = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def as_json(report: Report) -> JsonObject:
    """Return the report as a JSON object."""
    verdict = report.verdict
    return {
        "schema": SCHEMA,
        "tool": {"name": "chainguard-ml", "version": __version__},
        "verb": report.verb,
        "inputs": list(report.inputs),
        "outcome": verdict.outcome.value,
        "complete": report.complete,
        "summary": {
            "examined": report.examined,
            "findings": _by_severity(verdict.findings),
            "gaps": len(verdict.gaps),
            "waived": len(verdict.waived),
        },
        "policies": list(verdict.inputs),
        "decisions": [_decision(decision) for decision in verdict.decisions],
        "findings": [encode_finding(finding) for finding in verdict.findings],
        "gaps": [encode_gap(gap) for gap in verdict.gaps],
        "waived": [{"by": waived.by, "finding": encode_finding(waived.finding)} for waived in verdict.waived],
        "evidence": [encode_evidence(evidence) for evidence in report.evidence],
    }


def _by_severity(findings: Iterable[Finding]) -> JsonObject:
    counts = Counter(finding.severity for finding in findings)
    return {str(severity): counts[severity] for severity in reversed(Severity)}


def _decision(decision: Decision) -> JsonObject:
    return {
        "rule": decision.rule,
        "title": decision.title,
        "result": decision.result.value,
        "severity": str(decision.severity),
        "details": list(decision.details),
        "remediation": decision.remediation,
    }


def _unicode(value: Json) -> Json:
    """Return ``value`` with every string encodable as UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() or _encodable(value) else printable(value, len(value))
    if isinstance(value, list):
        return [_unicode(item) for item in value]
    if isinstance(value, dict):
        return {str(_unicode(key)): _unicode(item) for key, item in value.items()}
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
