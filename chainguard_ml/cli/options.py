"""Options that mean the same everywhere, declared once and expanded into each verb's signature."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.records import open_record
from chainguard_ml.report import ReportFormat

if TYPE_CHECKING:
    import typer  # annotations name it; ``parser`` reads them


class SeverityName(enum.StrEnum):
    """Severities as the command line writes them."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Colour(enum.StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@open_record
class Base:
    """Options of every verb."""

    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, show_default=False, rich_help_panel="Output",
                     help="Say more; tracebacks of errors."),
    ] = 0  # fmt: skip


@open_record
class Output(Base):
    """Options of verbs with a result."""

    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the result to FILE; '-' is standard output.",
                     rich_help_panel="Output"),
    ] = None  # fmt: skip


@open_record
class Formatted(Output):
    """Options of verbs whose result is a report."""

    format: Annotated[
        ReportFormat,
        typer.Option("-f", "--format", envvar="CHAINGUARD_ML_FORMAT", help="Format of the result.",
                     rich_help_panel="Output"),
    ] = ReportFormat.TEXT  # fmt: skip
    report: Annotated[
        list[str] | None,
        typer.Option("--report", metavar="FORMAT=FILE", help="Write another report too; repeatable.",
                     rich_help_panel="Output"),
    ] = None  # fmt: skip
    color: Annotated[Colour, typer.Option("--color", help="When to use colour.", rich_help_panel="Output")] = (
        Colour.AUTO
    )
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the verdict.", rich_help_panel="Output")] = False


@open_record
class Input(Base):
    """Options of verbs that read a pipeline."""

    config: Annotated[
        Path | None,
        typer.Option("-c", "--config", metavar="FILE", rich_help_panel="Input",
                     help="Configuration; else the working directory's chainguard-ml.toml or pyproject.toml."),
    ] = None  # fmt: skip
    no_config: Annotated[bool, typer.Option("--no-config", help="No configuration.", rich_help_panel="Input")] = False
    offline: Annotated[
        bool, typer.Option("--offline", help="No network, whatever is configured.", rich_help_panel="Input")
    ] = False
    no_progress: Annotated[
        bool, typer.Option("--no-progress", help="No progress on standard error.", rich_help_panel="Output")
    ] = False


@open_record
class Recording(Output, Input):
    """Options of verbs that read a pipeline and write a document."""


@open_record
class Common(Formatted, Input):
    """Options of every verb that examines something."""

    fail_on: Annotated[
        SeverityName | None,
        typer.Option("--fail-on", rich_help_panel="Decision",
                     help="Fail on findings at least this severe; high unless configured."),
    ] = None  # fmt: skip
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 instead of 1.", rich_help_panel="Decision")] = (
        False
    )
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", rich_help_panel="Decision",
                     help="A JSON report; its findings are known and do not fail."),
    ] = None  # fmt: skip
    no_waivers: Annotated[bool, typer.Option("--no-waivers", help="Ignore waivers.", rich_help_panel="Decision")] = (
        False
    )
