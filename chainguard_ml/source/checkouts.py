"""Workflows with secrets that check out what a stranger proposes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules.source import PULL_REQUEST_TARGET_CHECKOUT
from chainguard_ml.source.document import Script
from chainguard_ml.source.interface import Place
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding
    from chainguard_ml.source.document import Document, Step
    from chainguard_ml.source.interface import Reporter

_PRIVILEGED = frozenset({"pull_request_target", "workflow_run"})
_PROPOSED = re.compile(
    r"github\.event\.pull_request\.(?:head\.|merge_commit_sha)|github\.head_ref|refs/pull/|"
    r"github\.event\.workflow_run\.(?:head_|pull_requests)|github\.event\.(?:number|pull_request\.number)",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|checkout|switch)\b[^\n;|&]{0,300}?(?:pull/|\$\{\{)[^\n;|&]{0,300}"
)


def privileged(document: Document, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each step of a privileged workflow that fetches proposed code."""
    events = sorted(document.triggers & _PRIVILEGED)
    if not events:
        return
    for step in document.steps:
        for what, line in _fetched(step):
            yield reporter.finding(
                PULL_REQUEST_TARGET_CHECKOUT,
                Place(line, scope=step.scope),
                f"{events[0]} runs with the repository's secrets, and checks out {printable(what, 200)}",
                key=(what,),
                facts={"events": list(events), "ref": what, "scope": step.scope},
            )


def _fetched(step: Step) -> Iterator[tuple[str, int]]:
    """Yield what of a pull request a step fetches, and on which line."""
    action = step.node.text("uses").partition("@")[0].lower()
    if action == "actions/checkout":
        chosen = step.node.inner("with")
        for key in ("ref", "repository"):
            if _PROPOSED.search(chosen.text(key)):
                yield chosen.text(key), chosen.line(key)
                return
    script = Script.of(step.node, "run")
    for match in _COMMAND.finditer(script.text):
        if match[0].startswith("gh") or _PROPOSED.search(match[0]) or "pull/" in match[0]:
            yield match[0], script.line(match.start(), match[0])
