"""Packages against advisories, offline and exact; and what a manifest itself gives away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.audit.interface import ImportResult, Status
    from chainguard_ml.context import Context, Observer
    from chainguard_ml.model import Observations

__all__ = ["examine", "import_advisories", "status"]


def examine(context: Context) -> Observations:
    """Yield what is wrong with ``context.components``; nothing at all where there are none."""
    from chainguard_ml.audit import examination

    yield from examination.examine(context)


def import_advisories(
    source: Path, database: Path, observer: Observer | None = None, *, sha256: str = ""
) -> ImportResult:
    """Take advisories (OSV's zip, a directory, one file), CISA KEV or EPSS into ``database``: ``build.import_file``."""
    from chainguard_ml.audit import build

    return build.import_file(source, database, observer, sha256=sha256)


def update(
    url: str, database: Path, observer: Observer | None = None, *, sha256: str = "", today: str = ""
) -> ImportResult | None:
    """Download ``url`` into ``database``; ``None`` if it is unchanged. See ``download.update``."""
    from chainguard_ml.audit import download

    return download.update(url, database, observer, sha256=sha256, today=today)


def status(database: Path) -> Status:
    """Return what a database holds.

    Raises:
        InputError: It is missing, broken, or of another version.
    """
    from chainguard_ml.audit.database import Database

    with Database(database) as opened:
        return opened.status()
