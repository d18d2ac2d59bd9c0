"""The advisory database: one SQLite file, written once, replaced whole, read by many.

Opened read-only, a database is never changed in place; so readers need no lock, and an import that runs beside them
gives the next reader a new file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from chainguard_ml.audit.interface import Advisory, Oddity, Source, Status, Threat
from chainguard_ml.errors import InputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chainguard_ml.model import Json

APPLICATION = 0x43474D4C  # PRAGMA application_id: "CGML"
VERSION = 2  # PRAGMA user_version

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    name TEXT NOT NULL, sha256 TEXT NOT NULL, records INTEGER NOT NULL, kind TEXT NOT NULL, dated TEXT NOT NULL,
    url TEXT NOT NULL, etag TEXT NOT NULL
);
CREATE TABLE oddity (name TEXT NOT NULL, reason TEXT NOT NULL, kept INTEGER NOT NULL, packages TEXT NOT NULL);
CREATE TABLE record (id TEXT PRIMARY KEY, json BLOB NOT NULL);
CREATE TABLE advisory (
    package TEXT NOT NULL, id TEXT NOT NULL, summary TEXT NOT NULL, modified TEXT NOT NULL, withdrawn TEXT NOT NULL,
    rating TEXT NOT NULL, lists TEXT NOT NULL, malicious INTEGER NOT NULL, PRIMARY KEY (package, id)
) WITHOUT ROWID;
CREATE TABLE release (package TEXT PRIMARY KEY, versions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT NOT NULL, ransomware INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
"""

_ADVISORIES = """
SELECT package, id, summary, modified, withdrawn, rating, lists, malicious FROM advisory
WHERE package IN (SELECT value FROM json_each(?)) ORDER BY package, id
"""
_RELEASES = "SELECT package, versions FROM release WHERE package IN (SELECT value FROM json_each(?)) ORDER BY package"
_KEV = "SELECT cve, added, ransomware FROM kev WHERE cve IN (SELECT value FROM json_each(?))"
_EPSS = "SELECT cve, probability, percentile FROM epss WHERE cve IN (SELECT value FROM json_each(?))"
_DOCUMENTS = "SELECT json FROM record WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
_SOURCES = "SELECT name, sha256, records, kind, dated, url, etag FROM source ORDER BY kind, name"

_HINT = (
    "import advisories with: chainguard-ml audit db import FILE, or download them with: chainguard-ml audit db update"
)


class Database:
    """An open database. A context manager; every method raises ``InputError`` where the file is not what it says.

    ``address`` is the URI by which SQLite opens it again for reading.
    """

    def __init__(self, path: Path, label: str = "") -> None:
        """Open ``path``; messages call it ``label`` (default: the path).

        Raises:
            InputError: It is missing, no advisory database, or one of another version.
        """
        self._label = printable(label or str(path))
        if not path.is_file():
            raise InputError(f"there is no advisory database at '{self._label}'", hint=_HINT)
        with self._errors():
            self.address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(self.address, uri=True)
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
            sources = self._connection.execute(_SOURCES)
            return Status(
                records=int(meta["records"]),
                packages=int(meta["packages"]),
                withdrawn=int(meta["withdrawn"]),
                newest=str(meta["newest"]),
                sources=tuple(Source(*row) for row in sources),
                oddities=tuple(self._oddities()),
                collections=tuple(sorted((str(name), int(count)) for name, count in json.loads(meta["collections"]))),
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

    def documents(self, identifiers: Iterable[str]) -> list[dict[str, Json]]:
        """Return the whole records with these identifiers, as they were imported, by identifier."""
        rows = self._about(_DOCUMENTS, identifiers)
        with self._errors():
            return [json.loads(zlib.decompress(body)) for (body,) in rows]

    def threats(self, names: Iterable[str]) -> dict[str, Threat]:
        """Return what is known about attacks, by those of these CVE identifiers about which anything is."""
        asked = list(names)
        exploited, probable = self._about(_KEV, asked), self._about(_EPSS, asked)
        with self._errors():
            found = {cve: Threat(exploited=day or "unknown", ransomware=bool(known)) for cve, day, known in exploited}
            for cve, probability, percentile in probable:
                known = found.get(cve, Threat())
                found[cve] = replace(known, probability=float(probability), percentile=float(percentile))
            return found

    def _about(self, query: str, keys: Iterable[str]) -> list[tuple[Any, ...]]:  # whatever SQLite holds
        with self._errors():
            return self._connection.execute(query, (json.dumps(sorted(set(keys))),)).fetchall()

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
        except (sqlite3.Error, zlib.error, ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"the advisory database '{self._label}' is broken: {printable(str(error), 200)}"
            raise InputError(message, hint=_HINT) from None


def _advisory(*row: str) -> Advisory:
    package, identifier, summary, modified, withdrawn, rating, lists, malicious = row
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
        malicious=bool(malicious),
    )


def row_of(advisory: Advisory) -> tuple[str | int, ...]:
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
        int(advisory.malicious),
    )
