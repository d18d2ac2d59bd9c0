"""``pyproject.toml``: ``[project]`` dependencies and extras (PEP 621), groups (PEP 735), tables of uv, PDM, Poetry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages import poetry_project, project_indexes
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.naming import (
    exact_version,
    library,
    parse_requirement,
    redacted,
    requirement_facts,
    url_digests,
)
from chainguard_ml.inventory.packages.toml_lines import Strings, load, table, texts
from chainguard_ml.model import Component, Gap, GapReason, Scope
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table
    from chainguard_ml.model import Json


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield what a project declares that it needs; requirements that a tool computes are a gap."""
    manifest = Manifest.of(argument)
    loaded = load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, text = loaded
    strings = Strings(text)
    records: list[Record] = [
        component_of(manifest, requirement, scope, strings.line(requirement), "pyproject")
        for requirement, scope in _declared(document)
    ]
    records += poetry_project.packages(manifest, document, text)
    yield from with_indexes(records, project_indexes.indexes(manifest, document, Strings(text)))
    yield from _not_read(manifest, document)


def with_indexes(records: Iterable[Record], indexes: Sequence[Json]) -> Iterator[Record]:
    """Yield the records, the first package with the indexes of the file."""
    waiting = list(indexes)
    for record in records:
        if waiting and isinstance(record, Component):
            yield replace(record, facts={**record.facts, "indexes": waiting})
            waiting = []
        else:
            yield record


def _declared(document: Table) -> Iterator[tuple[str, Scope]]:
    project = table(document.get("project"))
    for requirement in texts(project.get("dependencies")):
        yield requirement, Scope.REQUIRED
    for requirements in table(project.get("optional-dependencies")).values():
        yield from ((requirement, Scope.OPTIONAL) for requirement in texts(requirements))
    tools = table(document.get("tool"))
    groups = [
        *table(document.get("dependency-groups")).values(),
        *table(table(tools.get("pdm")).get("dev-dependencies")).values(),
        table(tools.get("uv")).get("dev-dependencies"),
    ]
    for requirements in groups:
        yield from ((requirement, Scope.DEVELOPMENT) for requirement in texts(requirements))


def component_of(manifest: Manifest, text: str, scope: Scope, line: int | None, source: str) -> Record:
    """Return the component that a PEP 508 requirement asks for, or the gap where it is none."""
    try:
        requirement = parse_requirement(text)
    except ValueError as error:
        detail = f"'{printable(text, 100)}' is no requirement: {printable(str(error), 200)}"
        return manifest.gap(GapReason.MALFORMED, detail, line)
    version = exact_version(requirement.specifier)
    digests = url_digests(requirement.url or "")
    facts = {
        **requirement_facts(requirement),
        "source": source,
        "pinned": version is not None or bool(digests),
        "url": redacted(requirement.url) if requirement.url else None,
    }
    return library(requirement.name, version, manifest.at(line), facts, digests=digests, scope=scope)


def _not_read(manifest: Manifest, document: Table) -> Iterator[Gap]:
    tools = table(document.get("tool"))
    dynamic = texts(table(document.get("project")).get("dynamic"))
    from_files = table(table(table(tools.get("setuptools")).get("dynamic")).get("dependencies")).get("file")
    if "dependencies" in dynamic and not from_files:  # a named requirements file is a manifest of its own
        yield manifest.gap(GapReason.UNSUPPORTED, "the build computes the dependencies ('dynamic')")
