"""``chainguard-ml audit``: dependencies against advisories, and the database of advisories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, run, settings
from chainguard_ml.cli.app import DEFAULT, Application
from chainguard_ml.cli.options import Common, Input, Recording
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

app = Application("Match dependencies against advisories. A directory called 'db' is './db'.", default=True)
database = app.group("db", "Manage the database of advisories.")


@app.command(DEFAULT, hidden=True)
def audit(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or directories; default: this directory.")
    ] = None,
    environment: Annotated[
        Path | None, typer.Option("--environment", metavar="DIR", help="Audit an installed environment (a venv) too.")
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            "--service",
            metavar="pypi|osv|URL",
            help="Ask an online service too (URL: one that speaks OSV's API); this is what uses the network.",
        ),
    ] = None,
    *,
    common: Common,
) -> None:
    """Match dependencies against advisories, offline, from a local database.

    Reads requirement and lock files and installed environments; nothing is resolved, downloaded or executed.
    Fill the database first: chainguard-ml audit db import FILE. See also: chainguard-ml audit db --help.
    """
    config = settings.settings(common, common.fail_on)
    if environment:
        config = replace(config, audit=replace(config.audit, environment=environment))
    if service and not common.offline:
        config = replace(config, offline=False, audit=replace(config.audit, service=service))
    run.examine("audit", paths or [Path()], ["audit"], common, config)


@database.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="OSV's all.zip, a directory of OSV records, or one record.")
    ],
    *,
    common: Input,
) -> None:
    """Build the database from a file, without a network. The previous one is kept until the new one is whole."""
    from chainguard_ml.audit import import_advisories

    observer = console.observer(common)
    path = settings.database(settings.settings(common))
    path.parent.mkdir(parents=True, exist_ok=True)
    result = import_advisories(source, path, observer)
    console.clear(observer)
    for name, reason in result.quarantined:
        console.say(f"quarantined {printable(name)}: {printable(reason)}")
    records = plural(result.records, "advisory", "advisories")
    packages = plural(result.packages, "package")
    console.say(f"imported {records} for {packages}, newest of {result.newest[:10]}; "
                f"{len(result.quarantined)} quarantined")  # fmt: skip


@database.command()
def status(*, common: Recording) -> None:
    """Show what the database holds: records, packages, the newest record, sources."""
    from chainguard_ml import audit as room

    found = room.status(settings.database(settings.settings(common)))
    rows = {
        "records": f"{found.records:,}",
        "packages": f"{found.packages:,}",
        "newest": found.newest,
        "quarantined": f"{found.quarantined:,}",
        "sources": ", ".join(printable(source.name) for source in found.sources),
    }
    console.write("".join(f"{name:12} {value}\n" for name, value in rows.items()).encode(), common.output)
