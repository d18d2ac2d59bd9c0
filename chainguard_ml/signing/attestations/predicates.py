"""Our own predicates: what a run of this tool found, as the in-toto attestation registry writes such claims.

Each function gives a predicate of the type in ``kinds`` with its name. Nothing in them depends on the machine; the time
is the caller's.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from chainguard_ml import __version__
from chainguard_ml.codec import encode_gap, encode_location
from chainguard_ml.errors import InputError
from chainguard_ml.model import Outcome, Result, Severity
from chainguard_ml.records import record
from chainguard_ml.signing.attestations import kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Decision, Evidence, Finding, Json, Report

TOOL = f"pkg:pypi/chainguard-ml@{__version__}"
"""What made a claim, as a package URL."""

VERIFIER = "https://chainguard-ml/check/v1"
"""Who verified, where the caller does not say: this tool, configured by whoever signed the claim."""

_PREFIX = "CHAINGUARD_ML_"
_KNOWN_VULNERABILITY = ("vulnerable-dependency", "malicious-package")


@record
class Judged:
    """What a verdict is by and about.

    Attributes:
        verifier: URI of who verified; consumers accept it together with the signer only.
        resource: URI of what was verified.
        policy: Name of the policy that decided; empty where only the severity of findings did.
        policy_sha256: Digest of its document.
        fail_on: Severity from which findings fail.
    """

    verifier: str
    resource: str
    policy: str
    policy_sha256: str
    fail_on: Severity

    @property
    def rules(self) -> JsonObject:
        """The policy as a ResourceDescriptor."""
        if not self.policy:
            return {"uri": f"{VERIFIER}#fail-on-{self.fail_on}"}
        return {"uri": f"{VERIFIER}#policy-{quote(self.policy, safe='')}", "digest": {"sha256": self.policy_sha256}}


def resource(name: str) -> str:
    """Return the URI of a model where the caller gives none: a generic package URL of its name."""
    return f"pkg:generic/{quote(name, safe='')}"


def scan(report: Report, rendered: bytes, time: str) -> JsonObject:
    """Return the scan of a model as a Tool Assessment v0.1; ``rendered`` is the report of which the digest is given."""
    verdict = report.verdict
    results = {Outcome.PASS: "PASS", Outcome.FAIL: "FAIL", Outcome.INCOMPLETE: "INCOMPLETE"}
    output: JsonObject = {
        "name": "scan.json",
        "mediaType": "application/json",
        "digest": {"sha256": hashlib.sha256(rendered).hexdigest()},
    }
    return {
        "tool": {"name": "chainguard-ml", "type": kinds.SCAN_TOOL, "uri": TOOL, "version": __version__},
        "config": {"full_command": f"chainguard-ml scan -f json {' '.join(report.inputs)}"},
        "metadata": {"analysisDate": time},
        "result": results[verdict.outcome],
        "output": [output],
        "summary": {
            "complete": report.complete,
            "examined": report.examined,
            "formats": sorted({str(each.statement.get("format")) for each in report.evidence if each.kind == "scan"}),
            "findings": [_finding(each) for each in verdict.findings],
            "gaps": [encode_gap(each) for each in verdict.gaps],
            "waived": [_finding(each.finding) for each in verdict.waived],
        },
    }


def _finding(found: Finding) -> JsonObject:
    return {
        "rule": found.rule,
        "severity": str(found.severity),
        "message": found.message,
        "location": encode_location(found.location),
        "fingerprint": found.fingerprint,
    }


def audit(report: Report, started: str, finished: str) -> JsonObject:
    """Return the known vulnerabilities of dependencies as Vulnerabilities v0.2.

    Raises:
        InputError: The audit is incomplete: an empty list would then say what nobody knows.
    """
    gaps = [each.detail for each in report.verdict.gaps]
    others = [each.message for each in report.verdict.findings if each.rule == "advisory-not-compared"]
    for why in (*gaps, *others):
        raise InputError(f"only a complete audit can be attested: {why}")
    waived = [each.finding for each in report.verdict.waived]
    found = [each for each in (*report.verdict.findings, *waived) if each.rule in _KNOWN_VULNERABILITY]
    return {
        "scanner": {
            "uri": TOOL,
            "version": __version__,
            "db": _database(report.evidence),
            "result": [_vulnerability(each) for each in found],
        },
        "metadata": {"scanStartedOn": started, "scanFinishedOn": finished},
    }


def _database(evidence: Sequence[Evidence]) -> JsonObject:
    """Return the newest of the databases that were asked."""
    databases = [each.statement for each in evidence if each.kind == "advisory-database"]
    newest = max((str(each.get("newest", "")) for each in databases), default="")
    return {"lastUpdate": newest, "records": sum(int(str(each.get("records", 0))) for each in databases)}


def _vulnerability(found: Finding) -> JsonObject:
    facts = found.facts
    severity: list[Json] = [{"method": str(facts.get("severity_source", "unknown")), "score": str(found.severity)}]
    if facts.get("cvss"):
        severity.append({"method": "cvss_score", "score": str(facts["cvss"])})
    names = ("package", "version", "purl", "aliases", "fixed_in", "fix")
    annotations: list[Json] = [{"key": name, "value": facts[name]} for name in names if facts.get(name)]
    return {"id": str(facts.get("advisory", "")), "severity": severity, "annotations": annotations}


def summary(report: Report, judged: Judged, time: str) -> JsonObject:
    """Return a verdict as a SLSA Verification Summary v1; whatever is not acceptable in whole has failed."""
    passed = report.verdict.outcome is Outcome.PASS
    return {
        "verifier": {"id": judged.verifier, "version": {"chainguard-ml": __version__}},
        "timeVerified": time,
        "resourceUri": judged.resource,
        "policy": judged.rules,
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [_property(judged.policy or f"no-{judged.fail_on}-findings")] if passed else ["FAILED"],
        "slsaVersion": "1.0",
    }


def simple(report: Report, judged: Judged, time: str) -> JsonObject:
    """Return a verdict as a Simple Verification Result v0.1: each rule of the policy that holds, and the whole."""
    held = [_property(each.rule) for each in report.verdict.decisions if each.result is Result.PASS]
    if report.verdict.outcome is Outcome.PASS:
        held.append(_property(f"no-{judged.fail_on}-findings"))
    return {
        "verifier": {"id": judged.verifier, "policy": judged.rules},
        "timeCreated": time,
        "properties": sorted(set(held)),
    }


def _property(name: str) -> str:
    return _PREFIX + "".join(char if char.isalnum() and char.isascii() else "_" for char in name).upper()


def tests(report: Report, judged: Judged) -> JsonObject:
    """Return the rules of a policy as Test Result v0.1: a rule is a test, and the policy is their configuration."""
    failed = _of(report.verdict.decisions, Result.FAIL, Result.ERROR)
    warned = _of(report.verdict.decisions, Result.WARN)
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [{"name": judged.policy, **judged.rules}],
        "passedTests": _of(report.verdict.decisions, Result.PASS),
        "warnedTests": warned,
        "failedTests": failed,
    }


def _of(decisions: Sequence[Decision], *results: Result) -> list[Json]:
    return [*sorted(each.rule for each in decisions if each.result in results)]
