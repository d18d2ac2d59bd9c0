"""The advisory database: one SQLite file, written once, replaced whole, read by many.

Opened read-only, a database is never changed in place; so readers need no lock, and an import that runs beside them
gives the next reader a new file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from chainguard_ml.audit.interface import Advisory, Oddity, Source, Status
from chainguard_ml.errors import InputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

APPLICATION = 0x43474D4C  # PRAGMA application_id: "CGML"
VERSION = 1  # PRAGMA user_version

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (name TEXT NOT NULL, sha256 TEXT NOT NULL, records INTEGER NOT NULL);
CREATE TABLE oddity (name TEXT NOT NULL, reason TEXT NOT NULL, kept INTEGER NOT NULL, packages TEXT NOT NULL);
CREATE TABLE record (id TEXT PRIMARY KEY, json BLOB NOT NULL);
CREATE TABLE advisory (
    package TEXT NOT NULL, id TEXT NOT NULL, summary TEXT NOT NULL, modified TEXT NOT NULL, withdrawn TEXT NOT NULL,
    rating TEXT NOT NULL, lists TEXT NOT NULL, PRIMARY KEY (package, id)
) WITHOUT ROWID;
CREATE TABLE release (package TEXT PRIMARY KEY, versions TEXT NOT NULL) WITHOUT ROWID;
"""

_ADVISORIES = """
SELECT package, id, summary, modified, withdrawn, rating, lists FROM advisory
WHERE package IN (SELECT value FROM json_each(?)) ORDER BY package, id
"""
_RELEASES = "SELECT package, versions FROM release WHERE package IN (SELECT value FROM json_each(?)) ORDER BY package"

_HINT = "import advisories with: chainguard-ml audit db import FILE"


class Database:
    """An open database. A context manager; every method raises ``InputError`` where the file is not what it says."""

    def __init__(self, path: Path, label: str = "") -> None:
        """Open ``path``; messages call it ``label`` (default: the path).

        Raises:
            InputError: It is missing, no advisory database, or one of another version.
        """
        self._label = printable(label or str(path))
        if not path.is_file():
            raise InputError(f"there is no advisory database at '{self._label}'", hint=_HINT)
        with self._errors():
            address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True)
        try:
            self._check()
        except InputError:
            self._connection.close()
            raise

    def _check(self) -> None:
        with self._errors():
            application, version = (self._number(name) for name in ("application_id", "user_version"))
        if (application, version) != (APPLICATION, VERSION):
            what = f"of version {version}" if application == APPLICATION else "that is no advisory database"
            message = f"'{self._label}' is a file {what}; version {VERSION} is read"
            raise InputError(message, hint=_HINT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def status(self) -> Status:
        """Return counts, sources and oddities."""
        with self._errors():
            meta = dict(self._connection.execute("SELECT key, value FROM meta"))
            sources = self._connection.execute("SELECT name, sha256, records FROM source ORDER BY name")
            return Status(
                records=int(meta["records"]),
                packages=int(meta["packages"]),
                withdrawn=int(meta["withdrawn"]),
                newest=str(meta["newest"]),
                sources=tuple(Source(*row) for row in sources),
                oddities=tuple(self._oddities()),
            )

    def advisories(self, packages: Iterable[str]) -> Iterator[Advisory]:
        """Yield the advisories about these PEP 503 names, by name and identifier."""
        for row in self._about(_ADVISORIES, packages):
            with self._errors():
                yield _advisory(*row)

    def releases(self, packages: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """Return the versions of these packages that any advisory names, ascending, as written and canonical."""
        rows = self._about(_RELEASES, packages)
        with self._errors():
            return {name: [(text, key) for text, key in json.loads(versions)] for name, versions in rows}

    def _about(self, query: str, packages: Iterable[str]) -> list[tuple[str, ...]]:
        with self._errors():
            return self._connection.execute(query, (json.dumps(sorted(set(packages))),)).fetchall()

    def _oddities(self) -> Iterator[Oddity]:
        for name, reason, kept, packages in self._connection.execute(
            "SELECT name, reason, kept, packages FROM oddity ORDER BY name, reason"
        ):
            yield Oddity(name, reason, bool(kept), tuple(json.loads(packages)))

    def _number(self, pragma: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {pragma}").fetchone()
        return int(value)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"the advisory database '{self._label}' is broken: {printable(str(error), 200)}"
            raise InputError(message, hint=_HINT) from None


def _advisory(*row: str) -> Advisory:
    package, identifier, summary, modified, withdrawn, rating, lists = row
    aliases, vectors, ranges, versions = json.loads(lists)
    return Advisory(
        id=identifier,
        package=package,
        aliases=tuple(aliases),
        summary=summary,
        modified=modified,
        withdrawn=withdrawn,
        vectors=tuple((kind, vector) for kind, vector in vectors),
        rating=rating,
        ranges=tuple(tuple((kind, text) for kind, text in events) for events in ranges),
        versions=frozenset(versions),
    )


def row_of(advisory: Advisory) -> tuple[str, ...]:
    """Return an advisory as a row of the table ``advisory``."""
    lists = json.dumps([advisory.aliases, advisory.vectors, advisory.ranges, sorted(advisory.versions)])
    return (
        advisory.package,
        advisory.id,
        advisory.summary,
        advisory.modified,
        advisory.withdrawn,
        advisory.rating,
        lists,
    )
