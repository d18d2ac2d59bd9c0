"""What loaders act on in a configuration, whether it is written as JSON, as YAML, or in the metadata of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.formats import config_code, config_targets, config_training

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination


def examine_document(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Examine a document as its loaders would read it."""
    yield from config_targets.examine_document(blob, document, examination)
    yield from config_code.examine_document(blob, document, examination)
    yield from config_training.examine_document(blob, document, examination)
