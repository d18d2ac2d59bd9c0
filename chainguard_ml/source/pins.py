"""Actions, reusable workflows and images that a workflow uses, and whether each is pinned to what was reviewed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import source as rules
from chainguard_ml.source.document import text
from chainguard_ml.source.interface import Place
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.model import Finding
    from chainguard_ml.source.document import Document
    from chainguard_ml.source.interface import Reporter

_COMMIT = re.compile(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\Z")  # SHA-1, or SHA-256 in newer repositories
_DIGEST = re.compile(r"@sha256:[0-9a-fA-F]{64}\Z")
_GITHUB = frozenset({"actions", "github"})
_IMAGE = "docker://"


@dataclass(frozen=True, slots=True)
class Use:
    """One ``uses``: the text as written, its line, and the job and step it stands in."""

    text: str
    line: int
    scope: str

    @property
    def pinned(self) -> bool:
        """Whether it names exactly one content: a commit, or the digest of an image."""
        if self.text.startswith(_IMAGE):
            return _DIGEST.search(self.text) is not None
        _, _, version = self.text.rpartition("@")
        return "@" in self.text and _COMMIT.match(version) is not None

    @property
    def severity(self) -> Severity:
        """How bad it is that it is not pinned: what GitHub itself owns is harder to take over."""
        owner = self.text.partition("/")[0].lower()
        return Severity.MEDIUM if owner in _GITHUB else Severity.HIGH


def uses(document: Document) -> Iterator[Use]:
    """Yield everything that a workflow or action takes from elsewhere; what lies in the same repository is not."""
    for name, job in document.jobs:
        if _is_foreign(job.text("uses")):
            yield Use(job.text("uses").strip(), job.line("uses"), name)
    for step in document.steps:
        if _is_foreign(step.node.text("uses")):
            yield Use(step.node.text("uses").strip(), step.node.line("uses"), step.scope)
    runs = document.root.inner("runs")
    if runs.text("image").startswith(_IMAGE):
        yield Use(text(runs.value["image"]).strip(), runs.line("image"), "")


def _is_foreign(use: str) -> bool:
    return bool(use.strip()) and not use.strip().startswith("./")


def unpinned(found: Iterable[Use], reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each use that is not pinned."""
    for use in found:
        if not use.pinned:
            what = "the digest of an image" if use.text.startswith(_IMAGE) else "a commit"
            yield reporter.finding(
                rules.UNPINNED_ACTION,
                Place(use.line, scope=use.scope),
                f"'{printable(use.text, 200)}' is not pinned to {what}",
                key=(use.text,),
                facts={"uses": use.text, "scope": use.scope},
                severity=use.severity,
            )
