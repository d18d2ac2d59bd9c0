"""``uv.lock``, version 1: packages with their files' digests, their graph, and what they are needed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, names_of, redacted
from chainguard_ml.inventory.packages.toml_lines import file_facts, hashes, load_lock, table, tables, text_of
from chainguard_ml.model import Gap, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json

_LOCAL = ("editable", "virtual", "directory")


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages without the project's own; a lock of another version is a gap."""
    manifest = Manifest.of(argument)
    lock = load_lock(manifest, "package", ("version",), ("1",))
    if isinstance(lock, Gap):
        yield lock
        return
    scopes = _scopes([package for package, _ in lock.packages])
    for package, line in lock.packages:
        if not _is_local(package):
            yield _component(manifest, package, line, scopes)


def _is_local(package: Table) -> bool:
    return any(key in table(package.get("source")) for key in _LOCAL)


def _component(manifest: Manifest, package: Table, line: int | None, scopes: dict[str, Scope]) -> Record:
    name = text_of(package, "name")
    if name is None or not is_name(name):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    version, source = text_of(package, "version"), table(package.get("source"))
    url = text_of(source, "git") or text_of(source, "url")
    commit = url.rpartition("#")[2] if url and "git" in source and "#" in url else None
    digests = digests_of(hashes([*tables(package.get("wheels")), table(package.get("sdist"))]))
    facts: dict[str, Json] = {
        "source": "uv",
        "pinned": bool(version or commit),
        "hashed": bool(digests),
        "url": redacted(url) if url else None,
        "path": text_of(source, "path"),
        "commit": commit,
        "requires": names_of(_needs(package, "dependencies")),
        **file_facts(tables(package.get("wheels")), [] if url else [table(package.get("sdist"))]),
    }
    return library(name, version, manifest.at(line), facts, digests=digests, scope=scopes.get(name, Scope.REQUIRED))


def _needs(package: Table, key: str) -> list[str]:
    """Return the names in a list of dependencies, or in every list of a table of them, sorted."""
    value = package.get(key)
    lists = value.values() if isinstance(value, dict) else [value]
    return sorted({name for each in lists for item in tables(each) if (name := text_of(item, "name"))})


def _scopes(packages: Sequence[Table]) -> dict[str, Scope]:
    """Return what each package is needed for: what the project's own packages reach first through which list."""
    graph: dict[str, set[str]] = {}
    for package in packages:
        graph.setdefault(text_of(package, "name") or "", set()).update(_needs(package, "dependencies"))
    roots = [package for package in packages if _is_local(package)]
    scopes: dict[str, Scope] = {}
    for key, scope in (
        ("dependencies", Scope.REQUIRED),
        ("optional-dependencies", Scope.OPTIONAL),
        ("dev-dependencies", Scope.DEVELOPMENT),
    ):
        waiting = [name for root in roots for name in _needs(root, key)]
        while waiting:
            name = waiting.pop()
            if name not in scopes:
                scopes[name] = scope
                waiting.extend(graph.get(name, ()))
    return scopes
