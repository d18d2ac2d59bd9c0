"""``Pipfile.lock``, specification 6."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import digests_of, is_name, library, redacted
from chainguard_ml.inventory.packages.toml_lines import table, text_of, texts
from chainguard_ml.model import Gap, GapReason, Scope
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json

_KEY = re.compile(r'\s*"([^"\\]+)"\s*:\s*\{')
_SECTIONS = (("default", Scope.REQUIRED), ("develop", Scope.DEVELOPMENT))


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the locked packages of both sections; a lock of another specification is a gap."""
    manifest = Manifest.of(argument)
    data = manifest.read()
    if isinstance(data, Gap):
        yield data
        return
    try:
        document = table(json.loads(data))
    except (ValueError, RecursionError) as error:
        yield manifest.gap(GapReason.MALFORMED, f"not JSON: {reason_of(error, 200)}")
        return
    specification = table(document.get("_meta")).get("pipfile-spec")
    if specification != 6:
        detail = f"pipfile-spec '{printable(str(specification), 50)}' is not read, only 6"
        yield manifest.gap(GapReason.UNSUPPORTED, detail)
        return
    lines = _lines(data.decode("utf-8", "replace"))
    for section, scope in _SECTIONS:
        for name, package in table(document.get(section)).items():
            yield _component(manifest, name, table(package), scope, lines.get((section, name)))


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line of each package, by section and name, in a lock as pipenv writes it."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        key = _KEY.match(line)
        if key and key[1] in {"default", "develop", "_meta"}:
            section = key[1]
        elif key:
            lines.setdefault((section, key[1]), number)
    return lines


def _component(manifest: Manifest, name: str, package: Table, scope: Scope, line: int | None) -> Record:
    if not is_name(name):
        return manifest.gap(GapReason.MALFORMED, f"'{printable(name, 100)}' is no package name", line)
    written, commit = text_of(package, "version") or "", text_of(package, "ref")
    version = written.lstrip("=").strip() if written.startswith("==") and not written.endswith("*") else None
    url = text_of(package, "git") or text_of(package, "file")
    digests = digests_of(texts(package.get("hashes")))
    facts: dict[str, Json] = {
        "source": "pipenv",
        "specifier": written,
        "pinned": bool(version or commit),
        "hashed": bool(digests),
        "marker": text_of(package, "markers"),
        "extras": sorted(texts(package.get("extras"))),
        "url": redacted(url) if url else None,
        "path": text_of(package, "path"),
        "commit": commit,
    }
    return library(name, version, manifest.at(line), facts, digests=digests, scope=scope)
