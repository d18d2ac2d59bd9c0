"""``chainguard-ml source``: pipeline code and workflows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import run, settings
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.options import Common

if TYPE_CHECKING:
    import typer

app = Application()


@app.command()
def source(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or directories; default: this directory.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Look at pipeline code and workflows: unpinned actions, unsafe loads, unverified downloads.

    Python is read as a syntax tree and workflows as data; neither is executed.
    """
    run.examine("source", paths or [Path()], ["source"], common, settings.settings(common, common.fail_on))
