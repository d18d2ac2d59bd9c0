"""Dependencies as Poetry and Pipenv write them: a version constraint, or a table that says where from.

https://python-poetry.org/docs/dependency-specification/ and https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.naming import is_name, library, redacted, url_digests
from chainguard_ml.inventory.packages.toml_lines import key_lines, table, text_of, texts
from chainguard_ml.model import GapReason, Scope
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.inventory.packages.interface import Manifest, Record
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json

_EXACT = re.compile(r"\s*(?:===?)?\s*([0-9][A-Za-z0-9.!+_-]*)\s*\Z")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\Z")


def packages(manifest: Manifest, document: Table, text: str) -> Iterator[Record]:
    """Yield what the tables of ``[tool.poetry]`` in a ``pyproject.toml`` ask for."""
    poetry = table(table(document.get("tool")).get("poetry"))
    sections: list[tuple[str, object, Scope]] = [
        ("tool.poetry.dependencies", poetry.get("dependencies"), Scope.REQUIRED),
        ("tool.poetry.dev-dependencies", poetry.get("dev-dependencies"), Scope.DEVELOPMENT),
    ]
    for name, group in table(poetry.get("group")).items():
        sections.append((f"tool.poetry.group.{name}.dependencies", table(group).get("dependencies"), Scope.DEVELOPMENT))
    found = [(header, section, scope) for header, section, scope in sections if isinstance(section, dict)]
    lines = key_lines(text) if found else {}
    for header, section, scope in found:
        places = {name: lines.get((header, name)) for name in section}
        yield from declared(manifest, section, places, scope, "poetry")


def declared(
    manifest: Manifest, section: Table, places: Mapping[str, int | None], scope: Scope, source: str
) -> Iterator[Record]:
    """Yield the packages of one table; ``python`` is none, and a directory is a project with its own manifest."""
    for name, value in section.items():
        for wanted in value if isinstance(value, list) else [value]:
            if name.lower() == "python" and source == "poetry":
                continue
            if not is_name(name):
                detail = f"'{printable(name, 100)}' is no package name"
                yield manifest.gap(GapReason.MALFORMED, detail, places.get(name))
                continue
            entry: Table = {"version": wanted} if isinstance(wanted, str) else table(wanted)
            if text_of(entry, "path") is None:
                yield _component(manifest, name, entry, places.get(name), scope, source)


def _component(manifest: Manifest, name: str, entry: Table, line: int | None, scope: Scope, source: str) -> Record:
    written = text_of(entry, "version") or ""
    exact = _EXACT.match(written)
    url = text_of(entry, "git") or text_of(entry, "url") or text_of(entry, "file") or text_of(entry, "hg")
    digests = url_digests(url or "")
    commit = text_of(entry, "rev") or text_of(entry, "ref")
    commit = commit.lower() if commit and _COMMIT.match(commit) else None
    # A bare version is exact for Poetry; Pipenv writes the operator.
    version = exact[1] if exact and (source == "poetry" or "=" in written) else None
    facts: dict[str, Json] = {
        "source": source,
        "specifier": "" if written == "*" else written,
        "pinned": bool(version or commit or digests),
        "url": redacted(url) if url else None,
        "commit": commit,
        "marker": text_of(entry, "markers"),
        "extras": sorted(texts(entry.get("extras"))),
        "editable": True if entry.get("develop") is True or entry.get("editable") is True else None,
    }
    optional = entry.get("optional") is True and scope is Scope.REQUIRED
    place, needed = manifest.at(line), Scope.OPTIONAL if optional else scope
    return library(name, version, place, facts, digests=digests, scope=needed)
