"""``pdm.lock``, version 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, redacted, required_names
from chainguard_ml.inventory.packages.toml_lines import file_name_facts, hashes, load_lock, tables, text_of, texts
from chainguard_ml.model import Gap, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages, one that is locked again for an extra only once; another version is a gap."""
    manifest = Manifest.of(argument)
    lock = load_lock(manifest, "package", ("metadata", "lock_version"), ("4",))
    if isinstance(lock, Gap):
        yield lock
        return
    for package, line in lock.packages:
        if not package.get("extras"):
            yield _component(manifest, package, line)


def _component(manifest: Manifest, package: Table, line: int | None) -> Record:
    name, version = text_of(package, "name"), text_of(package, "version")
    if name is None or not is_name(name):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    url, commit = text_of(package, "git") or text_of(package, "url"), text_of(package, "revision")
    digests = digests_of(hashes(tables(package.get("files"))))
    groups = texts(package.get("groups"))
    facts: dict[str, Json] = {
        "source": "pdm",
        "pinned": bool(version or commit),
        "hashed": bool(digests),
        "marker": text_of(package, "marker"),
        "url": redacted(url) if url else None,
        "path": text_of(package, "path"),
        "commit": commit,
        "requires": required_names(texts(package.get("dependencies"))),
        **file_name_facts(tables(package.get("files"))),
    }
    scope = Scope.DEVELOPMENT if groups and "default" not in groups else Scope.REQUIRED
    return library(name, version, manifest.at(line), facts, digests=digests, scope=scope)
