"""The command line as Typer's: verbs loaded when they are asked for, and help that reads well without colour."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer
import typer.core
import typer.main

from chainguard_ml import __version__
from chainguard_ml.cli.app import DEFAULT, VERBS, verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer._click import Command, Context, HelpFormatter

    from chainguard_ml.cli.app import Application

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
        command = typer.main.get_command(typed(module.app))
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


def typed(verb: Application) -> typer.Typer:
    """Return a verb as a Typer application, with this command line's manners."""
    made = _new(
        help=verb.help, cls=Default if verb.default else None, no_args_is_help=bool(verb.help) and not verb.default
    )
    for command in verb.commands:
        made.command(command.name, hidden=command.hidden, cls=PlainCommand)(expanded(command.function))
    for name, group in verb.groups.items():
        made.add_typer(typed(group), name=name)
    return made


def expanded(function: Callable[..., object]) -> Callable[..., object]:
    """Return a command's function with ``common`` replaced by the options that its class declares."""
    hints = get_type_hints(function, localns={"typer": typer}, include_extras=True)
    kind = hints.pop("common")
    options = get_type_hints(kind, localns={"typer": typer}, include_extras=True)
    signature = inspect.signature(function)
    own = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name != "common"
    ]
    shared = [
        inspect.Parameter(
            item.name, inspect.Parameter.KEYWORD_ONLY, default=item.default, annotation=options[item.name]
        )
        for item in dataclasses.fields(kind)
    ]

    @functools.wraps(function)
    def call(**values: object) -> object:
        common = kind(**{item.name: values.pop(item.name) for item in shared})
        return function(**values, common=common)

    parameters = [*own, *shared]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by inspect
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _new(*, completion: bool = False, **settings: object) -> typer.Typer:
    """Return a Typer application with ``-h``, no colour markup and no own tracebacks."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 118},
        **settings,  # type: ignore[arg-type]  # Typer's own keyword arguments
    )


app = _new(completion=True, cls=Root, epilog=_EPILOG, no_args_is_help=True)


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
