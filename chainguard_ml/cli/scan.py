"""``chainguard-ml scan``: unsafe payloads in serialized models."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import run, settings, stdin
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.options import Common
from chainguard_ml.records import replace

if TYPE_CHECKING:
    import typer

app = Application()


class Engine(enum.StrEnum):
    """Engines that can look at a model."""

    BUILTIN = "builtin"
    MODELSCAN = "modelscan"


@app.command(workers=("chainguard_ml.scan.ahead",))
def scan(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Models, or directories with models; '-' is standard input."),
    ],
    engine: Annotated[
        list[Engine] | None,
        typer.Option(
            "--engine", help="Engine to ask; repeatable. builtin unless configured; modelscan: second opinion."
        ),
    ] = None,
    list_globals: Annotated[
        bool, typer.Option("--globals", help="List every global of every pickle, with its uses and its judgement.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Look for unsafe payloads in serialized models, by content, whatever their names.

    A global that a pickle resolves is judged against an exact allow-list; what is not listed is not trusted.
    Nothing is loaded: the bytes are read as data, in worker processes with limits.
    """
    config = settings.settings(common, common.fail_on)
    if engine:
        config = replace(config, scan=replace(config.scan, engines=tuple(choice.value for choice in engine)))
    if list_globals:
        config = replace(config, scan=replace(config.scan, globals=True))
    with stdin.as_file(paths) as files:
        run.examine("scan", files, ["scan"], common, config)
