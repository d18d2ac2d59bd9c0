"""Options of ``audit``: what is asked beside the database, and what is done about what is found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import pip_settings
from chainguard_ml.cli.options import Common
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record, replace

if TYPE_CHECKING:
    import typer

    from chainguard_ml.config import Config


@open_record
class Auditing(Common):
    """What to audit, whom to ask, what to change."""

    environment: Annotated[
        Path | None, typer.Option("--environment", metavar="DIR", help="Audit an installed environment (a venv) too.")
    ] = None
    service: Annotated[
        str | None,
        typer.Option(
            "--service",
            metavar="pypi|osv|URL",
            help="Ask an online service too (URL: one that speaks OSV's API). This uses the network.",
        ),
    ] = None
    index: Annotated[
        bool,
        typer.Option(
            "--index", help="Ask pip's package indexes too: yanked, fresh, missing releases. This uses the network."
        ),
    ] = False
    resolve: Annotated[
        bool,
        typer.Option(
            "--resolve", help="Let pip say what open requirements come to, wheels only. This uses the network."
        ),
    ] = False
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Write the smallest safe change to requirements and project files; the diff is shown first."
        ),
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --fix: show the diff, and write nothing.")] = False
    only_fixable: Annotated[
        bool,
        typer.Option("--only-fixable", help="Vulnerabilities that no release fixes are counted, and do not fail."),
    ] = False

    def configured(self, config: Config) -> Config:
        """Return the configuration with what the options say.

        Raises:
            UsageError: An option does not go with the others, or nobody says which indexes there are.
        """
        if self.dry_run and not self.fix:
            raise UsageError("--dry-run says what --fix would write", hint="add --fix")
        audit = config.audit
        if self.environment:
            audit = replace(audit, environment=self.environment)
        if not self.offline:
            asked = self.service or self.index or self.resolve
            audit = replace(
                audit,
                service=self.service or audit.service,
                resolve=self.resolve or audit.resolve,
                index=replace(audit.index, ask=self.index or audit.index.ask),
            )
            config = replace(config, offline=config.offline and not asked)
        return pip_settings.with_indexes(replace(config, audit=audit))
