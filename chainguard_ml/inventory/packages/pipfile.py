"""``Pipfile``: what a project asks Pipenv for. Where a lock lies beside it, the lock is read instead.

https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import redacted
from chainguard_ml.inventory.packages.poetry_project import declared
from chainguard_ml.inventory.packages.pyproject import with_indexes
from chainguard_ml.inventory.packages.toml_lines import key_lines, load, table, tables, text_of
from chainguard_ml.model import Gap, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json

_NO_PACKAGES = frozenset({"source", "requires", "scripts", "pipenv", "packages", "build-system"})


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages of ``[packages]``, ``[dev-packages]`` and of further categories."""
    manifest = Manifest.of(argument)
    loaded = load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, text = loaded
    lines = key_lines(text)
    sections = ["packages", *(name for name in document if name not in _NO_PACKAGES)]
    records: list[Record] = []
    for section in sections:
        scope = Scope.REQUIRED if section == "packages" else Scope.DEVELOPMENT
        entries = table(document.get(section))
        places = {name: lines.get((section, name)) for name in entries}
        records += declared(manifest, entries, places, scope, "pipfile")
    yield from with_indexes(records, _indexes(manifest, document, lines))


def _indexes(manifest: Manifest, document: Table, lines: dict[tuple[str, str], int]) -> list[Json]:
    """Return the sources as options of pip: the first one is the index, the others are added to it."""
    found: list[Json] = []
    for number, source in enumerate(tables(document.get("source"))):
        url = text_of(source, "url") or ""
        line = lines.get(("source", "url"))
        place: dict[str, Json] = {"path": manifest.path, "line": line, "url": redacted(url)}
        found.append({"option": "extra-index-url" if number else "index-url", **place})
        if source.get("verify_ssl") is False:
            found.append({"option": "trusted-host", **place})
    return found
