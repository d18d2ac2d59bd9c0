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

    from chainguard_ml.audit.interface import ImportResult

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
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="OSV's all.zip, a directory or clone of advisories (JSON, YAML), one advisory; or CISA's catalogue of "
            "exploited vulnerabilities (JSON), or EPSS scores (CSV), plain or gzipped.",
        ),
    ],
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="DIGEST", help="Import only a file that has this SHA-256.")
    ] = None,
    *,
    common: Input,
) -> None:
    """Build the database from a file, without a network. The previous one is kept until the new one is whole.

    Advisories replace all advisories; a catalogue or scores replace those before them, and enrich the advisories.
    """
    from chainguard_ml.audit import import_advisories

    observer = console.observer(common)
    path = settings.database(settings.settings(common))
    result = import_advisories(source, path, observer, sha256=sha256 or "")
    console.clear(observer)
    _say(result)


def _say(result: ImportResult) -> None:
    for name, reason in result.quarantined:
        console.say(f"quarantined {printable(name)}: {printable(reason)}")
    what = {
        "advisories": f"{plural(result.records, 'advisory', 'advisories')} for {plural(result.packages, 'package')}",
        "kev": f"{plural(result.records, 'exploited vulnerability', 'exploited vulnerabilities')}",
        "epss": f"EPSS scores of {plural(result.records, 'vulnerability', 'vulnerabilities')}",
    }[result.kind]
    console.say(f"imported {what}, newest of {result.newest[:10] or 'an unknown day'}; "
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
