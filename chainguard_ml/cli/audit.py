"""``chainguard-ml audit``: dependencies against advisories, and the database of advisories."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import auditing, console, fixed, run, settings, trusting
from chainguard_ml.cli.app import DEFAULT, Application
from chainguard_ml.cli.options import Input, Recording
from chainguard_ml.errors import UsageError
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import typer

    from chainguard_ml.audit.interface import ImportResult, Source
    from chainguard_ml.config import Config

app = Application("Match dependencies against advisories. A directory called 'db' is './db'.", default=True)
_TOLD = 20  # quarantined records that are told one by one

database = app.group("db", "Manage the database of advisories.")


@app.command(DEFAULT, hidden=True)
def audit(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or directories; default: this directory.")
    ] = None,
    *,
    common: auditing.Auditing,
) -> None:
    """Match dependencies against advisories, offline, from a local database.

    Reads requirement and lock files and installed environments; nothing of them is executed, and without an option
    that says so nothing is resolved or downloaded.
    Fill the database first: chainguard-ml audit db update, or import FILE. See also: chainguard-ml audit db --help.
    """
    config = common.configured(settings.settings(common, common.fail_on))
    where = paths or [Path()]
    if common.fix:
        fixed.examine(where, common, config, write=not common.dry_run, only_fixable=common.only_fixable)
    run.examine("audit", where, ["audit"], common, config, only_fixable=common.only_fixable)


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
    common: trusting.Trusting,
) -> None:
    """Build the database from a file, without a network. The previous one is kept until the new one is whole.

    Advisories replace all advisories; a catalogue or scores replace those before them, and enrich the advisories.
    With whom to trust, only what they signed is imported: see also chainguard-ml sign.
    """
    from chainguard_ml.audit import import_advisories

    observer = console.observer(common)
    config = settings.settings(common)
    with _verified(source, common, config) as verified:
        result = import_advisories(verified, settings.database(config), observer, sha256=sha256 or "")
    console.clear(observer)
    _say(result)


@contextlib.contextmanager
def _verified(source: Path, options: trusting.Trusting, config: Config) -> Iterator[Path]:
    """Give the path to import: where a signature is asked for, to a copy of exactly the bytes that it proves."""
    trusted = options.trusted(config.signing)
    if trusted is None:
        yield source
        return
    import shutil
    import tempfile

    from chainguard_ml.signing.opening import verified_open

    with verified_open(source, trusted, signature=options.signature) as signed:
        console.say(f"signed by {printable(signed.identity.name)} ({signed.identity.method})")
        with tempfile.TemporaryDirectory(prefix="chainguard-ml-") as folder:
            copy = Path(folder) / (source.name or "advisories")
            for name in signed.files:
                file = copy if source.is_file() else copy / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with signed.open(name) as stream, file.open("xb") as opened:
                    shutil.copyfileobj(stream, opened)
            yield copy


@database.command()
def update(
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="URL", help="Download from a mirror instead; recognised by content; repeatable."),
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="DIGEST", help="Take only a file that has this SHA-256.")
    ] = None,
    *,
    kev: Annotated[bool, typer.Option("--kev", help="Download CISA's catalogue of exploited ones too.")] = False,
    epss: Annotated[bool, typer.Option("--epss", help="Download FIRST's EPSS scores too.")] = False,
    common: Input,
) -> None:
    """Download advisories (OSV's, about PyPI) into the database; this uses the network.

    Nothing is downloaded that has not changed. The previous database is kept until the new one is whole, and
    advisories older than those there are refused.
    """
    from chainguard_ml.audit import addresses, download

    config = settings.settings(common)
    if common.offline:
        raise UsageError("an update needs the network", hint="download elsewhere, then: chainguard-ml audit db import")
    urls = list(url or [download.ADVISORIES])
    urls += [each for wanted, each in ((kev, download.KEV), (epss, download.EPSS)) if wanted]
    if sha256 and len(urls) > 1:
        raise UsageError("--sha256 is about one file", hint="update one file at a time")
    path, today = settings.database(config), str(settings.today() or datetime.now(tz=UTC).date())
    for each in urls:
        observer = console.observer(common)
        result = download.update(each, path, observer, sha256=sha256 or "", today=today)
        console.clear(observer)
        if result is None:
            console.say(f"unchanged: {addresses.shown(each)}")
        else:
            _say(result)


@database.command()
def serve(
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port; 0 takes any that is free.")] = 8180,
    *,
    common: Input,
) -> None:
    """Answer OSV's API on loopback from the database, for pip-audit, uv audit and others, until interrupted.

    For example: pip-audit --vulnerability-service osv --osv-url http://127.0.0.1:8180/v1/query
    """
    from chainguard_ml.audit import server

    with server.listen(settings.database(settings.settings(common)), port) as running:
        console.say(f"answering on http://{server.HOST}:{running.server_port}; stop with Ctrl-C")
        with contextlib.suppress(KeyboardInterrupt):
            running.serve_forever()


def _say(result: ImportResult) -> None:
    for name, reason in result.quarantined[:_TOLD]:
        console.say(f"quarantined {printable(name)}: {printable(reason)}")
    if len(result.quarantined) > _TOLD:
        console.say(f"quarantined {len(result.quarantined) - _TOLD:,} more like these")
    what = {
        "advisories": f"{plural(result.records, 'advisory', 'advisories')} for {plural(result.packages, 'package')}",
        "kev": f"{plural(result.records, 'exploited vulnerability', 'exploited vulnerabilities')}",
        "epss": f"EPSS scores of {plural(result.records, 'vulnerability', 'vulnerabilities')}",
    }[result.kind]
    console.say(f"imported {what}, newest of {result.newest[:10] or 'an unknown day'}; "
                f"{len(result.quarantined)} quarantined")  # fmt: skip


@database.command()
def status(*, common: Recording) -> None:
    """Show what the database holds: counts, the newest record and its age, sources, licences."""
    from chainguard_ml import audit as room
    from chainguard_ml.audit import freshness
    from chainguard_ml.audit.licences import licence_of

    found = room.status(settings.database(settings.settings(common)))
    rows = {
        "records": [f"{found.records:,}"],
        "packages": [f"{found.packages:,}"],
        "withdrawn": [f"{found.withdrawn:,}"],
        "quarantined": [f"{found.quarantined:,}"],
        "newest": [f"{found.newest} ({freshness.age(found.newest, settings.today())})"],
        "sources": list(map(_source, found.sources)),
        "licences": [
            f"{printable(name)} ({count:,}): {licence_of(name)}"
            for name, count in (*found.collections, *((item.kind, item.records) for item in found.sources))
            if name != "advisories"
        ],
    }
    lines = [(name if first else "", value) for name, values in rows.items() for first, value in _marked(values)]
    console.write("".join(f"{name:12} {value}\n" for name, value in lines).encode(), common.output)


def _marked(values: Sequence[str]) -> list[tuple[bool, str]]:
    return [(place == 0, value) for place, value in enumerate(values)]


def _source(source: Source) -> str:
    name, digest = printable(source.name), printable(source.sha256)
    place = f", from {printable(source.url)}" if source.url else ""
    return (
        f"{source.kind}: {name}, {source.records:,}, of {source.dated[:10] or 'an unknown day'}, sha256:{digest}{place}"
    )
