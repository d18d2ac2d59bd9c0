"""MLflow's ``python_env.yaml``: what a model needs, and what it takes to build that.

https://mlflow.org/docs/latest/ml/model/dependencies/ (section on virtual environments)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages import requirements_lines, yaml_lines
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.requirements import Reading
from chainguard_ml.model import Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages of ``build_dependencies`` and ``dependencies``, with the files that these include."""
    manifest = Manifest.of(argument)
    loaded = yaml_lines.load(manifest)
    if isinstance(loaded, Gap):
        yield loaded
        return
    document, lines = loaded
    reading = Reading(source="mlflow")
    for key in ("build_dependencies", "dependencies"):
        items = document.get(key)
        if isinstance(items, list):
            texts = [(lines.at(key, number), str(text)) for number, text in enumerate(items)]
            reading.feed(manifest, requirements_lines.parsed(texts))
        elif items is not None:
            yield manifest.gap(GapReason.MALFORMED, f"'{key}' is no list", lines.at(key))
    yield from reading.records()
