"""Building the advisory database: beside the old one, then in its place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.audit import database as store
from chainguard_ml.audit import record, sources
from chainguard_ml.audit.interface import ImportResult, Oddity
from chainguard_ml.audit.versions import canonical, parse
from chainguard_ml.context import Observer, Silent
from chainguard_ml.errors import InputError, OutputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.version import Version

    from chainguard_ml.audit.record import Reading
    from chainguard_ml.audit.sources import Document, Opened

_STAGE = "advisories"


def import_advisories(source: Path, database: Path, observer: Observer | None = None) -> ImportResult:
    """Build the advisory database from OSV's zip, a directory or one file, and put it in the place of the old one.

    The old one, if any, stays as ``<name>.previous``. Records that are odd are kept or quarantined, and told. The
    same source gives the same content. An interrupted import leaves the old database as it is.

    Raises:
        InputError: The source cannot be read, is no set of advisories, or holds none that is usable.
        OutputError: The database cannot be written.
    """
    observer = observer or Silent()
    opened = sources.open_source(source)
    observer.stage(_STAGE, opened.total)
    with _temporary(database) as path:
        try:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
                result = _Build(connection, observer).fill(opened)
            _replace(path, database)
        except (sqlite3.Error, OSError) as error:
            raise _refused(database, error) from None
    return result


@contextlib.contextmanager
def _temporary(database: Path) -> Iterator[Path]:
    """Give an empty file beside the database; it is gone afterwards."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{database.name[:100]}.", suffix=".part", dir=database.parent)
    except (OSError, ValueError) as error:
        raise _refused(database, error) from None
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _replace(built: Path, database: Path) -> None:
    """Put a whole file in place; at no moment is there none."""
    built.chmod(0o644)
    with built.open("rb") as stream:
        os.fsync(stream.fileno())
    if database.exists():
        with _temporary(database) as copy:
            shutil.copy2(database, copy)
            copy.replace(database.with_name(f"{database.name}.previous"))
    built.replace(database)


def _refused(database: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    message = f"cannot write the advisory database '{printable(str(database))}': {printable(str(reason), 200)}"
    return OutputError(message, hint="choose another place for it, or make room")


@dataclass
class _Build:
    """One database being filled."""

    connection: sqlite3.Connection
    observer: Observer
    oddities: list[Oddity] = field(default_factory=list)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # by identifier: time of change, document
    releases: dict[str, set[str]] = field(default_factory=dict)  # by package

    def fill(self, opened: Opened) -> ImportResult:
        """Write everything that the source holds."""
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
            "INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?)", map(store.row_of, reading.advisories)
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
        meta = {"records": len(self.names), "packages": packages, "withdrawn": withdrawn, "newest": newest}
        many("INSERT INTO meta VALUES (?, ?)", ((key, str(value)) for key, value in meta.items()))
        source = (printable(opened.name), opened.sha256(), len(self.names))
        self.connection.execute("INSERT INTO source VALUES (?, ?, ?)", source)
        return ImportResult(
            records=len(self.names),
            packages=packages,
            newest=newest,
            quarantined=tuple((item.name, item.reason) for item in self.oddities if not item.kept),
            odd=tuple((item.name, item.reason) for item in self.oddities if item.kept),
            ignored=opened.ignored,
        )


def _ascending(texts: set[str]) -> str:
    """Return distinct versions in their order, as JSON."""
    distinct: dict[str, tuple[Version, str]] = {}
    for text in sorted(texts):
        version = parse(text)
        if version is not None:
            distinct.setdefault(canonical(text), (version, text))
    ordered = sorted(distinct.items(), key=lambda item: item[1][0])
    return json.dumps([(text, key) for key, (_, text) in ordered])
