"""``pylock.toml``: the lock of PEP 751, version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, names_of, redacted
from chainguard_ml.inventory.packages.toml_lines import file_facts, load_lock, table, tables, text_of
from chainguard_ml.model import Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Digest, Json


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages; a lock of another major version is a gap."""
    manifest = Manifest.of(argument)
    lock = load_lock(manifest, "packages", ("lock-version",), ("1",))
    if isinstance(lock, Gap):
        yield lock
        return
    for package, line in lock.packages:
        yield _component(manifest, package, line)


def _component(manifest: Manifest, package: Table, line: int | None) -> Record:
    name = text_of(package, "name")
    if name is None or not is_name(name):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    version, version_control = text_of(package, "version"), table(package.get("vcs"))
    reference = next((found for key in ("vcs", "archive", "directory") if (found := table(package.get(key)))), {})
    url = text_of(reference, "url")
    digests = _digests(package)
    commit = text_of(version_control, "commit-id")
    facts: dict[str, Json] = {
        "source": "pylock",
        "pinned": bool(version or commit or digests),
        "hashed": bool(digests),
        "marker": text_of(package, "marker"),
        "url": redacted(url) if url else None,
        "path": text_of(reference, "path"),
        "commit": commit,
        "requires": names_of(_names(package)),
        **file_facts(tables(package.get("wheels")), [table(package.get("sdist"))]),
    }
    return library(name, version, manifest.at(line), facts, digests=digests)


def _names(package: Table) -> Iterator[str]:
    return (name for item in tables(package.get("dependencies")) if (name := text_of(item, "name")))


def _digests(package: Table) -> tuple[Digest, ...]:
    files = [*tables(package.get("wheels")), table(package.get("sdist")), table(package.get("archive"))]
    pairs = ((algorithm, value) for file in files for algorithm, value in table(file.get("hashes")).items())
    return digests_of(f"{algorithm}:{value}" for algorithm, value in pairs)
