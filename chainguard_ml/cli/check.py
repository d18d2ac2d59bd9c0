"""``chainguard-ml check``: everything configured, then the policy, one verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import pip_settings, run, settings
from chainguard_ml.cli.app import Application
from chainguard_ml.cli.options import Common
from chainguard_ml.records import replace

if TYPE_CHECKING:
    import typer

app = Application()


@app.command(workers=("chainguard_ml.scan.ahead",))
def check(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="Directory or file to examine.")] = Path(),
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="FILE|NAME", help="Policy that decides; a file, or a shipped one's name."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="Set a policy's parameter; repeatable.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Examine everything under PATH and let the policy decide: one verdict, one report.

    The inventory finds models, data sets, requirements, workflows and source; each is scanned, audited, verified
    and recorded; the configured policy decides. Nothing that is examined is ever executed or imported.
    """
    from chainguard_ml.check import ROOMS

    config = settings.settings(common, common.fail_on)
    config = replace(config, policy=settings.policy(policy, config.policy))
    config = replace(config, params={**config.params, **settings.pairs(param or (), "--param")})
    config = pip_settings.with_indexes(config)
    run.examine("check", [path], ROOMS, common, config, decide=True)
