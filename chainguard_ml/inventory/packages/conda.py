"""``environment.yml`` and MLflow's ``conda.yaml``: conda packages, and what pip adds to them.

https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages import requirements_lines, yaml_lines
from chainguard_ml.inventory.packages.conda_names import conda_package, parse_spec
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.requirements import Reading
from chainguard_ml.inventory.packages.requirements_targets import scope_of
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.yamlsafe import Lines


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the conda packages, and those of the ``pip`` section with the files that it includes."""
    manifest = Manifest.of(argument)
    loaded = yaml_lines.load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, lines = loaded
    items, places = document.get("dependencies"), lines.inner.get("dependencies")
    if not isinstance(items, list) or places is None:
        if items is not None:
            yield manifest.gap(GapReason.MALFORMED, "'dependencies' is no list")
        return
    reading = Reading(source="conda")
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield from _others(manifest, item, places, index, reading)
        else:
            yield _package(manifest, item, places.at(index))
    yield from reading.records()


def _others(manifest: Manifest, item: dict[str, Json], places: Lines, index: int, reading: Reading) -> Iterator[Gap]:
    """Read what another installer adds; ``pip`` is the only one that conda knows."""
    for installer, wanted in item.items():
        if installer != "pip":
            detail = f"packages of the installer '{printable(installer, 50)}' are not read"
            yield manifest.gap(GapReason.UNSUPPORTED, detail, places.at(index, installer))
            continue
        several = wanted if isinstance(wanted, list) else [wanted] if wanted is not None else []
        texts = [(places.at(index, "pip", number), str(text)) for number, text in enumerate(several)]
        reading.feed(manifest, requirements_lines.parsed(texts))


def _package(manifest: Manifest, item: Json, line: int) -> Record:
    try:
        spec = parse_spec(str(item))
    except ValueError as error:
        detail = f"'{printable(str(item), 100)}' is no package of conda: {printable(str(error), 200)}"
        return manifest.gap(GapReason.MALFORMED, detail, line)
    version = spec.exact
    facts: dict[str, Json] = {"source": "conda", "pinned": version is not None}
    return conda_package(spec, version, manifest.at(line), facts, scope=scope_of(manifest.path))
