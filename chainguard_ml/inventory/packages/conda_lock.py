"""``conda-lock.yml``, version 1: conda and pip packages for several platforms, each package once.

https://conda.github.io/conda-lock/output/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages import yaml_lines
from chainguard_ml.inventory.packages.conda_names import MatchSpec, conda_package
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, names_of, redacted
from chainguard_ml.inventory.packages.toml_lines import table, text_of
from chainguard_ml.model import Component, Gap, GapReason, Scope
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages; a lock of another version is a gap."""
    manifest = Manifest.of(argument)
    loaded = yaml_lines.load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, lines = loaded
    if document.get("version") != 1 or not isinstance(document.get("package"), list):
        stated = printable(str(document.get("version")), 50)
        yield manifest.gap(GapReason.UNSUPPORTED, f"version '{stated}' of the lock is not read, only 1")
        return
    packages = document["package"]
    yield from merged(
        _package(manifest, table(item), lines.at("package", index))
        for index, item in enumerate(packages if isinstance(packages, list) else ())
    )


def merged(records: Iterable[Record]) -> Iterator[Record]:
    """Yield gaps, then each package once: locks name it again for every platform, with other digests."""
    known: dict[tuple[str | None, str | None], Component] = {}
    for record in records:
        if isinstance(record, Gap):
            yield record
            continue
        key = (str(record.purl).partition("?")[0], record.version)
        earlier = known.get(key)
        if earlier is not None:
            digests = tuple(sorted({*earlier.digests, *record.digests}))
            known[key] = replace(earlier, digests=digests, scope=min(earlier.scope, record.scope, key=_ORDER.index))
        else:
            known[key] = record
    yield from known.values()


_ORDER = (Scope.REQUIRED, Scope.OPTIONAL, Scope.DEVELOPMENT)


def _package(manifest: Manifest, package: Table, line: int) -> Record:
    name, version, url = text_of(package, "name"), package.get("version"), text_of(package, "url")
    if name is None or not is_name(name.strip("_")):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    stated = str(version) if isinstance(version, str | int | float) else None
    digests = digests_of(f"{algorithm}:{value}" for algorithm, value in table(package.get("hash")).items())
    facts: dict[str, Json] = {
        "source": "conda-lock",
        "pinned": stated is not None,
        "hashed": bool(digests),
        "requires": sorted(table(package.get("dependencies"))),
    }
    scope = _scope(package)
    if package.get("manager") == "pip":
        if url and "git+" in url:
            facts |= {"url": redacted(url)}
        facts["requires"] = names_of(table(package.get("dependencies")))
        return library(name, stated, manifest.at(line), facts, digests=digests, scope=scope)
    spec = MatchSpec(name.lower(), channel=channel_of(url or ""))
    return conda_package(spec, stated, manifest.at(line), facts, digests=digests, scope=scope)


def _scope(package: Table) -> Scope:
    if text_of(package, "category") in {"dev", "test", "lint", "docs"}:
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if package.get("optional") is True else Scope.REQUIRED


def channel_of(url: str) -> str:
    """Return the last name of a package's channel: its address is ``…/channel/platform/file``."""
    parts = url.split("/")
    return parts[-3] if "://" in url and len(parts) > 5 else ""
