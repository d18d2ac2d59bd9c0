"""What every examining verb does: settings, examine, deliver, exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.cli import console, settings
from chainguard_ml.cli import exit as boundary
from chainguard_ml.errors import UsageError
from chainguard_ml.records import replace
from chainguard_ml.report import ReportFormat, render
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainguard_ml import check
    from chainguard_ml.cli.options import Common, Formatted
    from chainguard_ml.config import Config
    from chainguard_ml.context import Observer
    from chainguard_ml.model import Report


def examine(
    verb: str, paths: Sequence[Path], rooms: Sequence[str], common: Common, config: Config, **ask: bool
) -> None:
    """Examine ``paths`` in ``rooms``, deliver the report, end with its exit code; ``ask``: of ``check.Request``."""
    from chainguard_ml import check

    conclude(common, lambda observer: check.examine(
        replace(request(verb, paths, common, config, observer), rooms=tuple(rooms), **ask)
    ))  # fmt: skip


def request(verb: str, paths: Sequence[Path], common: Common, config: Config, observer: Observer) -> check.Request:
    """Return what the shared options ask for."""
    from chainguard_ml import check

    return check.Request(
        verb=verb,
        paths=tuple(paths),
        config=config,
        known=settings.baseline(common.baseline),
        waive=not common.no_waivers,
        today=settings.today(),
        observer=observer,
    )


def conclude(common: Common, work: Callable[[Observer], Report]) -> None:
    """Do the work with progress, deliver its report, and end with its exit code."""
    reports = _extra_reports(common)  # a wrong option is said before the work
    observer = console.observer(common)
    try:
        report = work(observer)
    finally:
        console.clear(observer)
    deliver(report, common, reports)
    raise boundary.End(boundary.code(report, exit_zero=common.exit_zero))


def deliver(report: Report, options: Formatted, reports: Sequence[tuple[ReportFormat, Path]] | None = None) -> None:
    """Write a report to where it was asked for."""
    from chainguard_ml.report.interface import Look

    for fmt, path in _extra_reports(options) if reports is None else reports:
        console.write(render(report, fmt, Look(verbose=options.verbose, moment=settings.epoch())), path)
    console.write(
        render(report, options.format, replace(console.look(options), moment=settings.epoch())), options.output
    )


def _extra_reports(options: Formatted) -> list[tuple[ReportFormat, Path]]:
    reports = []
    for item in options.report or ():
        name, equals, path = item.partition("=")
        if not equals or not path:
            raise UsageError(
                f"--report {printable(item)} is not FORMAT=FILE", hint="for instance --report json=out.json"
            )
        if name not in set(ReportFormat):
            known = ", ".join(ReportFormat)
            raise UsageError(f"no report format is called '{printable(name)}'{did_you_mean(name, ReportFormat)}",
                             hint=f"choose one of: {known}")  # fmt: skip
        reports.append((ReportFormat(name), Path(path)))
    return reports
