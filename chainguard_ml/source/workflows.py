"""GitHub workflows and actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax and the metadata syntax of actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml import yamlsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import Evidence, Gap, GapReason
from chainguard_ml.source import checkouts, permissions, pins, templates
from chainguard_ml.source.document import Document, Script
from chainguard_ml.source.interface import Place, Reporter, read
from chainguard_ml.source.scripts import insecure
from chainguard_ml.source.shell import downloads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Finding, Json
    from chainguard_ml.source.interface import Record


def examine(argument: Mapping[str, Json]) -> Iterator[Record]:
    """Yield the findings about one workflow or action, and how many of the actions that it uses are pinned."""
    data, reporter = read(argument), Reporter(str(argument["path"]))
    if isinstance(data, Gap):
        yield data
        return
    try:
        value, lines = yamlsafe.load_with_lines(data, name=reporter.path)
    except InputError as error:
        yield reporter.gap(GapReason.MALFORMED, error.message)
        return
    if not isinstance(value, dict):
        yield reporter.gap(GapReason.MALFORMED, "it is not a mapping")
        return
    document = Document(value, lines, tuple(data.decode("utf-8-sig").split("\n")))
    uses = list(pins.uses(document))
    yield from pins.unpinned(uses, reporter)
    yield from permissions.excessive(document, reporter)
    yield from checkouts.privileged(document, reporter)
    yield from templates.injected(document, reporter)
    yield from _downloads(document, reporter)
    statement = {"actions": len(uses), "pinned": sum(use.pinned for use in uses)}
    yield Evidence("workflow", reporter.subject, "source", statement)


def _downloads(document: Document, reporter: Reporter) -> Iterator[Finding]:
    for step in document.steps:
        script = Script.of(step.node, "run")
        for found in downloads(script.text):
            position = script.breaks[found.line - 1] + 1 if found.line else 0
            yield insecure(reporter, found, Place(script.line(position, found.text), scope=step.scope))
