"""``audit --fix``: the diff first, then the files, then what is still wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.cli import console, run
from chainguard_ml.records import replace
from chainguard_ml.report import ReportFormat
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chainguard_ml.cli.options import Common
    from chainguard_ml.config import Config
    from chainguard_ml.context import Observer
    from chainguard_ml.fixing import Plan
    from chainguard_ml.model import Report


def examine(paths: Sequence[Path], common: Common, config: Config, *, write: bool, only_fixable: bool = False) -> None:
    """Change what is vulnerable, or only show how; audit again, deliver the report, and end with its exit code."""
    from chainguard_ml import check, fixing

    def work(observer: Observer) -> Report:
        request = replace(
            run.request("audit", paths, common, config, observer), rooms=("audit",), only_fixable=only_fixable
        )
        with check.inventoried(request) as (context, _):
            planned = fixing.plan(context)
        console.clear(observer)
        _show(planned, common, write=write)
        if write:
            fixing.write(planned)
        report = check.examine(request)
        return replace(report, evidence=(*report.evidence, planned.evidence(written=write)))

    run.conclude(common, work)


def _show(planned: Plan, common: Common, *, write: bool) -> None:
    """Show the diff and what stays: on standard output beside a report for people, else on standard error."""
    text = planned.diff()
    text += "".join(f"not changed: {each.place}: {each.label}: {each.reason}\n" for each in planned.kept)
    files = plural(len(planned.texts), "file")
    done = "changed" if write else "would be changed (--dry-run)"
    text += f"{plural(len(planned.changes), 'version')} in {files} {done}\n\n"
    if common.format is ReportFormat.TEXT and common.output is None and not common.quiet:
        console.write(text.encode(), None)
    else:
        console.say(text.rstrip("\n"))
