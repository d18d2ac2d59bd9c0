"""Examine a model or its pipeline, and attest the result: the rooms joined with claims.

What is claimed is about the bytes that were examined: the model is measured before and after, and has to be the same.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml import check
from chainguard_ml.context import Observer, Silent
from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.model import Outcome
from chainguard_ml.records import field, record, replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.config import Config
    from chainguard_ml.model import Report
    from chainguard_ml.signing.attestations.making import Claim
    from chainguard_ml.signing.attestations.predicates import Judged

KINDS = ("scan", "sbom", "audit", "verdict", "test-results")
"""What can be examined and attested in one step."""


@record
class Examination:
    """What to examine for a claim, and how.

    Attributes:
        model: The model that the claim is about; ``scan`` looks at it.
        project: The pipeline that the others look at.
        config: The operator's configuration; its policy decides a verdict.
        verifier: URI of who verifies; empty is this tool.
        resource: URI of the model; empty is made of its name.
        today: The day that waivers expire against; ``None`` means the present day.
        clock: Gives the present.
        observer: Watches progress.
    """

    model: Path
    project: Path
    config: Config
    verifier: str = ""
    resource: str = ""
    today: datetime | None = None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    observer: Observer = field(default_factory=Silent)

    def ask(self, verb: str, *rooms: str, decide: bool = False) -> Report:
        """Return what rooms say about the pipeline, or about the model where it is a scan."""
        path = self.model if verb == "scan" else self.project
        today = self.today.date() if self.today else None
        return check.examine(check.Request(verb, (path,), rooms, self.config, decide=decide, today=today,
                                           observer=self.observer))  # fmt: skip

    def now(self) -> str:
        """Return the present as RFC 3339 writes it, in whole seconds."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")


@record
class Result:
    """What an examination came to: the claims to sign, and whether it is acceptable."""

    claims: tuple[Claim, ...]
    outcome: Outcome
    report: Report | None = None


def examine(kind: str, examination: Examination) -> Result:
    """Return what is to be claimed.

    Raises:
        UsageError: There is no such kind, a path is missing, or it needs a policy and there is none.
        NothingToExamineError: There is nothing to examine.
        InputError: What was found cannot be claimed.
    """
    return _EXAMINERS[kind](examination)


def _scan(examination: Examination) -> Result:
    from chainguard_ml.report import ReportFormat, render
    from chainguard_ml.report.interface import Look
    from chainguard_ml.signing.attestations import kinds, predicates

    report = replace(examination.ask("scan", "scan"), inputs=(examination.model.name,))
    rendered = render(report, ReportFormat.JSON, Look())
    return _result(report, (kinds.SCAN, predicates.scan(report, rendered, examination.now())))


def _sbom(examination: Examination) -> Result:
    from chainguard_ml import sbom
    from chainguard_ml.signing.attestations import kinds, making

    request = check.Request(
        "sbom", (examination.project,), ("sbom",), examination.config, observer=examination.observer
    )
    with check.inventoried(request) as (context, _):
        bom, missing = sbom.build(context, timestamp=examination.clock())
    document = sbom.write(bom)
    for problem in sbom.validate(document):
        raise InputError(f"the bill of materials is not valid: {problem}")
    outcome = Outcome.INCOMPLETE if context.gaps or missing else Outcome.PASS
    return Result((making.claim(kinds.SBOM, document),), outcome)


def _audit(examination: Examination) -> Result:
    from chainguard_ml.signing.attestations import kinds, predicates

    started = examination.now()
    report = examination.ask("audit", "audit")
    return _result(report, (kinds.AUDIT, predicates.audit(report, started, examination.now())))


def _verdict(examination: Examination) -> Result:
    from chainguard_ml.signing.attestations import kinds, predicates

    report, judged = _judged(examination)
    now = examination.now()
    return _result(
        report,
        (kinds.VSA, predicates.summary(report, judged, now)),
        (kinds.SVR, predicates.simple(report, judged, now)),
    )


def _tests(examination: Examination) -> Result:
    from chainguard_ml.signing.attestations import kinds, predicates

    if examination.config.policy is None:
        raise UsageError("test results are those of a policy's rules, and there is no policy", hint="give --policy")
    report, judged = _judged(examination)
    return _result(report, (kinds.TEST_RESULTS, predicates.tests(report, judged)))


def _judged(examination: Examination) -> tuple[Report, Judged]:
    """Return the verdict over the whole pipeline, and what it is by and about."""
    from chainguard_ml.signing.attestations import predicates

    config = examination.config
    report = examination.ask("check", *check.ROOMS, decide=True)
    policy = config.policy.read_bytes() if config.policy else b""
    return report, predicates.Judged(
        verifier=examination.verifier or predicates.VERIFIER,
        resource=examination.resource or predicates.resource(examination.model.resolve().name),
        policy=report.verdict.inputs[0] if report.verdict.inputs else "",
        policy_sha256=hashlib.sha256(policy).hexdigest(),
        fail_on=config.fail_on,
    )


def _result(report: Report, *predicates: tuple[str, JsonObject]) -> Result:
    from chainguard_ml.signing.attestations.making import Claim

    return Result(tuple(Claim(kind, predicate) for kind, predicate in predicates), report.verdict.outcome, report)


_EXAMINERS: dict[str, Callable[[Examination], Result]] = {
    "scan": _scan,
    "sbom": _sbom,
    "audit": _audit,
    "verdict": _verdict,
    "test-results": _tests,
}
