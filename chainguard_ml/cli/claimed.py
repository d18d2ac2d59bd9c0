"""Options about claims that are read beside a model's signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import settings
from chainguard_ml.cli.options import Common
from chainguard_ml.records import open_record, replace

if TYPE_CHECKING:
    import typer

    from chainguard_ml.config import Config


@open_record
class Claimed(Common):
    """Options of reading claims."""

    claims: Annotated[
        list[Path] | None,
        typer.Option(
            "--claims",
            metavar="FILE",
            help="Claims beside those kept with the model: a Sigstore bundle, or one envelope a line (.jsonl, "
            ".intoto.jsonl); repeatable.",
        ),
    ] = None
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="FILE|NAME", help="Policy that decides over signature and claims.",
                     rich_help_panel="Decision"),
    ] = None  # fmt: skip
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="Set a policy's parameter; repeatable.",
                     rich_help_panel="Decision"),
    ] = None  # fmt: skip
    claims_max_age: Annotated[
        int | None,
        typer.Option("--claims-max-age", metavar="DAYS", min=0, help="Do not rely on claims older than this."),
    ] = None

    def configured(self, config: Config) -> Config:
        """Return the configuration with what was asked for.

        Raises:
            UsageError: There is no such policy, or a parameter is none.
        """
        config = replace(
            config,
            policy=settings.policy(self.policy, None),
            params={**config.params, **settings.pairs(self.param or (), "--param")},
        )
        if self.claims_max_age is None:
            return config
        return replace(config, signing=replace(config.signing, claims_max_age_days=self.claims_max_age))
