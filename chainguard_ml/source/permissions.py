"""What the token of a workflow may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules.source import EXCESSIVE_PERMISSIONS
from chainguard_ml.source.interface import Place
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding
    from chainguard_ml.source.document import Document
    from chainguard_ml.source.interface import Reporter

_EVERYTHING = "write-all"


def excessive(document: Document, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each ``write-all``, and one if a job gets whatever the repository's default is.

    A workflow that others call gets its caller's permissions, and cannot widen them.
    """
    root = document.root
    if root.value.get("permissions") == _EVERYTHING:
        yield _everything(reporter, Place(root.line("permissions")), "the workflow")
    defaulted = []
    for name, job in document.jobs:
        if job.value.get("permissions") == _EVERYTHING:
            place = Place(job.line("permissions"), scope=name)
            yield _everything(reporter, place, f"the job '{printable(name, 100)}'")
        if "permissions" not in job.value:
            defaulted.append(name)
    if defaulted and "permissions" not in root.value and document.triggers != {"workflow_call"}:
        yield reporter.finding(
            EXCESSIVE_PERMISSIONS,
            Place(root.line("jobs", defaulted[0])),
            "nothing says what the token may do, so the repository's default decides",
            key=("default",),
            facts={"jobs": list(defaulted)},
            severity=Severity.LOW,
        )


def _everything(reporter: Reporter, place: Place, what: str) -> Finding:
    return reporter.finding(
        EXCESSIVE_PERMISSIONS, place, f"the token of {what} may write everything", key=(_EVERYTHING,)
    )
