"""The root command: its verbs by purpose, loaded when they are asked for, and help that reads well without colour."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated, cast

import typer
import typer.core
import typer.main

from chainguard_ml import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click import Command, Context, HelpFormatter

VERBS = {
    "Everyday": {
        "check": "Examine everything configured, let the policy decide: one verdict",
        "init": "Write a starter configuration, policy and workflow",
    },
    "Examine": {
        "scan": "Look for unsafe payloads in serialized models",
        "audit": "Match dependencies against advisories; 'audit db' manages them",
        "source": "Look at pipeline code and workflows",
    },
    "Record": {"sbom": "Write a CycloneDX bill of materials: packages, models, data sets"},
    "Prove": {
        "sign": "Sign a model (OpenSSF Model Signing)",
        "verify": "Verify a signed model, with the complete difference",
    },
    "Decide": {"policy": "Check, test and list policies"},
    "Learn": {"rule": "Explain a rule, or list all of them"},
}
"""Verbs by panel with their one line; each verb is the module of this package with its name. Adding one is one line."""

DEFAULT = "<default>"
"""Name of a group's default command; nobody types it, so that no path is taken for it."""

_SHARED_PANELS = ("Input", "Decision", "Output", "Other")

_EPILOG = """
\b
Examples:
  chainguard-ml check .                                the whole pipeline, one verdict
  chainguard-ml scan model.pkl                         is this file safe to load?
  chainguard-ml sign model/ --key release.pem          sign on release
  chainguard-ml verify model/ --key release.pub        verify before deployment
  chainguard-ml sbom . -o bom.cdx.json                 bill of materials

\b
Exit codes: 0 acceptable, 1 not acceptable, 2 wrong call or configuration, 3 nothing to examine,
4 incomplete, 130 interrupted.
"""


class PlainCommand(typer.core.TyperCommand):
    """A command whose help groups its options by panel, as plain text."""

    def format_usage(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the usage; a group's default command has no name of its own."""
        formatter.write_usage(ctx.command_path.strip(), " ".join(self.collect_usage_pieces(ctx)))

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write a section for each panel: the verb's own options first, then the shared ones."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panels.setdefault(_panel(param), []).append(record)
        for name in sorted(panels, key=_panel_order):
            with formatter.section(name):
                formatter.write_dl(panels[name])


def _panel(param: object) -> str:
    if getattr(param, "param_type_name", "") == "argument":
        return "Arguments"
    if getattr(param, "name", "") == "help":
        return "Other"
    return getattr(param, "rich_help_panel", None) or "Options"


def _panel_order(name: str) -> tuple[int, str]:
    own = ("Arguments", "Options")
    order = (*own, *_SHARED_PANELS)
    return (order.index(name) if name in order else len(own), name)


class Root(typer.core.TyperGroup):
    """The root command. A verb's module is imported when the verb is called, never for the list of verbs."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 (Click's signature)
        """Return every verb, panel by panel."""
        return list(verbs())

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 (Click's signature)
        """Import the verb's module and build its command."""
        self.commands.update(dict.fromkeys(verbs()))  # type: ignore[arg-type]  # names to suggest from
        if cmd_name not in self.commands:
            return None
        module = importlib.import_module(f"chainguard_ml.cli.{cmd_name}")
        command = typer.main.get_command(cast("typer.Typer", module.app))
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 (Click's signature)
        """Write the verbs by panel."""
        for panel, rows in VERBS.items():
            with formatter.section(panel):
                formatter.write_dl([(f"{name:8}", text) for name, text in rows.items()])


class Default(typer.core.TyperGroup):
    """A group that is also a verb: without a subcommand's name first, its hidden command ``DEFAULT`` is meant."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the default's name before arguments that do not begin with a subcommand's; ``-h`` shows its help."""
        if not args or args[0] not in self.commands:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the command; the default is called by the group's name alone."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == DEFAULT else name), command, rest


def new(*, completion: bool = False, **settings: object) -> typer.Typer:
    """Return a Typer application with this command line's manners: ``-h``, no colour markup, no own tracebacks."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 118},
        **settings,  # type: ignore[arg-type]  # Typer's own keyword arguments
    )


app = new(completion=True, cls=Root, epilog=_EPILOG, no_args_is_help=True)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chainguard-ml {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """May this machine-learning pipeline be trusted and released?

    Builds an inventory, examines every part without executing any of it, and lets a policy decide.
    """


def verbs() -> Iterator[str]:
    """Yield the name of every verb."""
    for panel in VERBS.values():
        yield from panel
