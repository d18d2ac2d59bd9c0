"""``poetry.lock``, version 1 and 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, names_of, redacted
from chainguard_ml.inventory.packages.toml_lines import (
    file_name_facts,
    hashes,
    load_lock,
    table,
    tables,
    text_of,
    texts,
)
from chainguard_ml.model import Gap, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages; a lock of another version is a gap."""
    manifest = Manifest.of(argument)
    lock = load_lock(manifest, "package", ("metadata", "lock-version"), ("1", "2"))
    if isinstance(lock, Gap):
        yield lock
        return
    old = table(table(lock.document.get("metadata")).get("files"))  # before 1.1 digests stood apart, by package
    for package, line in lock.packages:
        yield _component(manifest, package, line, old)


def _component(manifest: Manifest, package: Table, line: int | None, old: Table) -> Record:
    name, version = text_of(package, "name"), text_of(package, "version")
    if name is None or not is_name(name):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    source = table(package.get("source"))
    url = text_of(source, "url") if text_of(source, "type") not in {"legacy", None} else None
    digests = digests_of(hashes([*tables(package.get("files")), *tables(old.get(name))]))
    facts: dict[str, Json] = {
        "source": "poetry",
        "pinned": version is not None,
        "hashed": bool(digests),
        "url": redacted(url) if url else None,
        "commit": text_of(source, "resolved_reference"),
        "requires": names_of(table(package.get("dependencies"))),
        **file_name_facts(tables(package.get("files"))),
    }
    return library(name, version, manifest.at(line), facts, digests=digests, scope=_scope(package))


def _scope(package: Table) -> Scope:
    """Return what a package is needed for; groups since 2.0, a category before 1.5."""
    groups = texts(package.get("groups"))
    if package.get("category") == "dev" or (groups and "main" not in groups):
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if package.get("optional") is True else Scope.REQUIRED
