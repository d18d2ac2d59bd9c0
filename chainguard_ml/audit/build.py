"""Building the advisory database: beside the old one, then in its place."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from chainguard_ml import files
from chainguard_ml.audit import database as store
from chainguard_ml.audit import enrichments, place, record, sources
from chainguard_ml.audit.interface import ImportResult, Oddity
from chainguard_ml.audit.versions import canonical, parse
from chainguard_ml.context import Observer, Silent
from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.text import plural, printable, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.version import Version

    from chainguard_ml.audit.enrichments import Enrichment
    from chainguard_ml.audit.record import Reading
    from chainguard_ml.audit.sources import Document, Opened

_STAGE = "advisories"
_SOURCE = "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file was downloaded from.

    Attributes:
        url: Its address, without credentials.
        etag: What the server calls that version of it.
        not_before: Advisories whose newest change is before this RFC 3339 time are refused.
    """

    url: str = ""
    etag: str = ""
    not_before: str = ""


NOWHERE = Origin()
"""The origin of what was not downloaded."""


def import_file(
    source: Path, database: Path, observer: Observer | None = None, *, sha256: str = "", origin: Origin = NOWHERE
) -> ImportResult:
    """Take a file or a directory into the database and put the new database in the place of the old one.

    Advisories (OSV's zip, a directory, one file) replace all advisories; a catalogue of exploited vulnerabilities or
    EPSS scores replaces those before it, and stays when advisories are replaced. What was there stays as
    ``<name>.previous``. Records that are odd are kept or quarantined, and told. The same sources give the same
    content. An interrupted import leaves the old database as it is.

    Raises:
        InputError: The source cannot be read, is no set of advisories, holds none that is usable, or has not the
            digest ``sha256``; or there are no advisories yet that could be enriched; or it is older than it may be.
        OutputError: The database cannot be written, or another process is writing it.
    """
    observer = observer or Silent()
    if sha256:
        _check_digest(source, sha256)
    enrichment = None if source.is_dir() else enrichments.read(source)
    if enrichment is None:
        opened = sources.open_source(source)
        observer.stage(_STAGE, opened.total)
    with place.writing(database), place.temporary(database) as path:
        try:
            if enrichment is None:
                address = f"file:{quote(os.fsencode(path.absolute()))}"  # as a URI, so that it can attach by one
                with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
                    result = _Build(connection, observer, origin).fill(opened, database)
            else:
                result = _enrich(enrichment, path, database, origin)
            place.replace(path, database)
        except (sqlite3.Error, OSError) as error:
            raise place.refused(database, error) from None
    return result


def _check_digest(source: Path, expected: str) -> None:
    """Compare a file, or what ``sources`` calls the digest of a directory, before anything is read from it."""
    wanted = expected.lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise UsageError(f"'{printable(expected, 80)}' is no SHA-256", hint="give its 64 hexadecimal digits")
    if source.is_dir():
        raise UsageError("a directory has no SHA-256", hint="give --sha256 with a file")
    try:
        with source.open("rb", buffering=0) as stream:
            found = files.sha256_of(stream).hex
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{printable(str(source))}': {reason_of(error, 100)}") from None
    if found != wanted:
        message = f"'{printable(source.name)}' has the SHA-256 {found}, not {wanted}"
        raise InputError(message, hint="download it again, and ask its publisher for the digest")


def _enrich(enrichment: Enrichment, path: Path, database: Path, origin: Origin) -> ImportResult:
    """Copy the database and replace one enrichment of the copy."""
    with store.Database(database):  # says what is wrong with it, or that there is none
        shutil.copyfile(database, path)
    table = enrichment.kind
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("BEGIN")
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 (one of two names of our own)
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", enrichment.rows)  # noqa: S608 (as above)
        connection.execute("DELETE FROM source WHERE kind = ?", (table,))
        row = (enrichment.name, enrichment.sha256, len(enrichment.rows), table, enrichment.dated)
        connection.execute(_SOURCE, (*row, origin.url, origin.etag))
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    problems = list(enrichment.problems)
    more = enrichment.refused - len(problems)
    if more:
        problems.append(("and more", f"{plural(more, 'entry', 'entries')} like these"))
    return ImportResult(len(enrichment.rows), 0, enrichment.dated, tuple(problems), kind=table)


@dataclass
class _Build:
    """One database being filled."""

    connection: sqlite3.Connection
    observer: Observer
    origin: Origin
    oddities: list[Oddity] = field(default_factory=list)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # by identifier: time of change, document
    releases: dict[str, set[str]] = field(default_factory=dict)  # by package
    elsewhere: int = 0  # records about other ecosystems

    def fill(self, opened: Opened, old: Path) -> ImportResult:
        """Write everything that the source holds, and what the old database has beside advisories."""
        execute = self.connection.execute
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"application_id = {store.APPLICATION}"):
            execute(f"PRAGMA {pragma}")
        execute(f"PRAGMA user_version = {store.VERSION}")
        self.connection.executescript(store.SCHEMA)
        execute("BEGIN")
        for document in opened.documents():
            self._document(document)
            self.observer.advance(_STAGE)
        if not self.names:
            detail = f" ({self.oddities[0].name}: {self.oddities[0].reason})" if self.oddities else ""
            raise InputError(
                f"'{printable(opened.name)}' holds no usable advisory about PyPI packages{detail}",
                hint="give OSV's PyPI/all.zip, a directory of advisories, or one advisory as JSON",
            )
        result = self._close(opened)
        execute("COMMIT")
        self._carry_over(old)
        return result

    def _document(self, document: Document) -> None:
        """Take in the record of one document, or every one of a list or of a service's answer."""
        name = printable(document.name, 200)
        try:
            if document.problem:
                raise record.BrokenRecordError(document.problem)
            value = sources.decode(document)
        except ValueError as error:
            self.oddities.append(Oddity(name, printable(str(error), 200)))
            return
        if isinstance(value, dict) and "id" not in value and isinstance(value.get("vulns"), list):
            value = value["vulns"]
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._record(f"{name}#{index}", item)
        else:
            self._record(name, value)

    def _record(self, name: str, value: object) -> None:
        try:
            reading = record.read(value)
            body = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)
        except record.ElsewhereError:
            self.elsewhere += 1
            return
        except record.BrokenRecordError as error:
            self.oddities.append(Oddity(name, str(error), packages=error.packages))
            return
        except RecursionError:
            self.oddities.append(Oddity(name, "it nests too deep"))
            return
        if self._supersedes(name, reading):
            self._insert(reading, body)
        packages = tuple(advisory.package for advisory in reading.advisories)
        for problem in dict.fromkeys(reading.problems):
            self.oddities.append(Oddity(name, problem, kept=True, packages=packages))

    def _supersedes(self, name: str, reading: Reading) -> bool:
        """Return whether a record is the newest of its identifier; the older one is quarantined."""
        modified = max(advisory.modified for advisory in reading.advisories)
        known = self.names.get(reading.id)
        if known and known[0] >= modified:
            self.oddities.append(Oddity(name, f"'{known[1]}' holds a record '{reading.id}' that is as new"))
            return False
        if known:
            self.oddities.append(Oddity(known[1], f"'{name}' holds a newer record '{reading.id}'"))
            self.connection.execute("DELETE FROM record WHERE id = ?", (reading.id,))
            self.connection.execute("DELETE FROM advisory WHERE id = ?", (reading.id,))
        self.names[reading.id] = (modified, name)
        return True

    def _insert(self, reading: Reading, body: bytes) -> None:
        self.connection.execute("INSERT INTO record VALUES (?, ?)", (reading.id, body))
        self.connection.executemany(
            "INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(store.row_of, reading.advisories)
        )
        for package, versions in reading.known.items():
            self.releases.setdefault(package, set()).update(versions)

    def _close(self, opened: Opened) -> ImportResult:
        """Write what is known only at the end."""
        many = self.connection.executemany
        many(
            "INSERT INTO release VALUES (?, ?)",
            ((name, _ascending(self.releases[name])) for name in sorted(self.releases)),
        )
        self.oddities.sort(key=lambda oddity: (oddity.name, oddity.reason))
        many(
            "INSERT INTO oddity VALUES (?, ?, ?, ?)",
            ((item.name, item.reason, item.kept, json.dumps(item.packages)) for item in self.oddities),
        )
        (packages, withdrawn) = self.connection.execute(
            "SELECT count(DISTINCT package), count(DISTINCT CASE withdrawn WHEN '' THEN NULL ELSE id END) FROM advisory"
        ).fetchone()
        newest = max(modified for modified, _ in self.names.values())
        self._check_age(opened, newest)
        collections = sorted(Counter(name.partition("-")[0] for name in self.names).items())
        meta = {"records": len(self.names), "packages": packages, "withdrawn": withdrawn, "newest": newest,
                "collections": json.dumps(collections)}  # fmt: skip
        many("INSERT INTO meta VALUES (?, ?)", ((key, str(value)) for key, value in meta.items()))
        source = (printable(opened.name), opened.sha256(), len(self.names), "advisories", newest)
        self.connection.execute(_SOURCE, (*source, self.origin.url, self.origin.etag))
        return ImportResult(
            records=len(self.names),
            packages=packages,
            newest=newest,
            quarantined=tuple((item.name, item.reason) for item in self.oddities if not item.kept),
            odd=tuple((item.name, item.reason) for item in self.oddities if item.kept),
            ignored=opened.ignored + self.elsewhere,
        )

    def _check_age(self, opened: Opened, newest: str) -> None:
        """Refuse advisories that are older than they may be; seconds decide, of times in UTC as OSV writes them."""
        if newest[:19] < self.origin.not_before[:19]:
            message = f"the newest advisory of '{printable(opened.name)}' is of {newest[:10] or 'an unknown day'}"
            raise InputError(
                f"{message}, older than those there, of {self.origin.not_before[:10]}",
                hint="to go back on purpose, import the file: chainguard-ml audit db import FILE",
            )

    def _carry_over(self, old: Path) -> None:
        """Copy the enrichments of the database that is replaced; one that cannot be read has none to copy."""
        try:
            with store.Database(old) as readable:
                address = readable.address
        except InputError:
            return
        execute = self.connection.execute
        execute("ATTACH DATABASE ? AS old", (address,))
        execute("BEGIN")
        for table in (enrichments.KEV, enrichments.EPSS):
            execute(f"INSERT INTO {table} SELECT * FROM old.{table} ORDER BY cve")  # noqa: S608 (names of our own)
        execute("INSERT INTO source SELECT * FROM old.source WHERE kind <> 'advisories' ORDER BY kind")
        execute("COMMIT")
        execute("DETACH DATABASE old")


def _ascending(texts: set[str]) -> str:
    """Return distinct versions in their order, as JSON."""
    distinct: dict[str, tuple[Version, str]] = {}
    for text in sorted(texts):
        version = parse(text)
        if version is not None:
            distinct.setdefault(canonical(text), (version, text))
    ordered = sorted(distinct.items(), key=lambda item: item[1][0])
    return json.dumps([(text, key) for key, (_, text) in ordered])
