"""``pixi.lock``, versions 4 to 6: conda packages by address, Python packages by address or name.

https://pixi.sh/latest/workspace/lockfile/
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chainguard_ml.inventory.packages import yaml_lines
from chainguard_ml.inventory.packages.conda_lock import channel_of, merged
from chainguard_ml.inventory.packages.conda_names import MatchSpec, conda_package, parse_spec
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import (
    digests_of,
    from_file_name,
    is_name,
    library,
    redacted,
    required_names,
)
from chainguard_ml.inventory.packages.toml_lines import table, text_of, texts
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json

_VERSIONS = (4, 5, 6)
_ARCHIVES = (".conda", ".tar.bz2")


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages without the project's own; a lock of another version is a gap."""
    manifest = Manifest.of(argument)
    loaded = yaml_lines.load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, lines = loaded
    packages = document.get("packages")
    if document.get("version") not in _VERSIONS or not isinstance(packages, list):
        stated = printable(str(document.get("version")), 50)
        yield manifest.gap(GapReason.UNSUPPORTED, f"version '{stated}' of the lock is not read, only 4 to 6")
        return
    yield from merged(
        record
        for index, item in enumerate(packages)
        if (record := _package(manifest, table(item), lines.at("packages", index))) is not None
    )


def _package(manifest: Manifest, package: Table, line: int) -> Record | None:
    kind = text_of(package, "kind") or ("conda" if "conda" in package else "pypi")
    address = text_of(package, kind) or text_of(package, "url") or text_of(package, "path") or ""
    if kind == "conda":
        return _conda(manifest, package, address, line)
    name, version = text_of(package, "name"), text_of(package, "version")
    known = from_file_name(unquote(posixpath.basename(address)))
    name, version = name or (known[0] if known else None), version or (known[1] if known else None)
    if known is None and "://" not in address:
        return None  # a directory of the project: its own manifest is read
    if name is None or not is_name(name):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    digests = digests_of([f"sha256:{text_of(package, 'sha256')}"])
    facts: dict[str, Json] = {
        "source": "pixi",
        "pinned": version is not None,
        "hashed": bool(digests),
        "url": redacted(address) if "git+" in address else None,
        "requires": required_names(texts(package.get("requires_dist"))),
    }
    return library(name, version, manifest.at(line), facts, digests=digests)


def _conda(manifest: Manifest, package: Table, address: str, line: int) -> Record | None:
    stem = unquote(posixpath.basename(address))
    for ending in _ARCHIVES:
        stem = stem.removesuffix(ending)
    if stem == unquote(posixpath.basename(address)) and text_of(package, "name") is None:
        return None  # a directory of the project, built from source
    parts = stem.rsplit("-", 2) if stem.count("-") > 1 else [stem, "", ""]
    name = text_of(package, "name") or parts[0]
    version, build = text_of(package, "version") or parts[1], text_of(package, "build") or parts[2]
    if not is_name(name.strip("_")):
        return manifest.gap(GapReason.MALFORMED, "a package without a valid name", line)
    digests = digests_of([f"sha256:{text_of(package, 'sha256')}"])
    facts: dict[str, Json] = {
        "source": "pixi",
        "pinned": bool(version),
        "hashed": bool(digests),
        "requires": sorted(_names(texts(package.get("depends")))),
    }
    licence = text_of(package, "license")
    spec = MatchSpec(name.lower(), build=build, channel=channel_of(address))
    licences = (licence,) if licence else ()
    return conda_package(spec, version or None, manifest.at(line), facts, digests=digests, licences=licences)


def _names(specifications: Iterable[str]) -> set[str]:
    names = set()
    for text in specifications:
        try:
            names.add(parse_spec(text).name)
        except ValueError:
            continue
    return names
