"""Options about a model's way through time: what of it is looked at, and whether it is still to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from chainguard_ml.cli.options import Common


@dataclass(frozen=True)
class Verifying(Common):
    """Options of verifying."""

    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FILE", help="Look at this file of the model only; repeatable."),
    ] = None
