"""Keras architectures: ``config.json`` of a ``.keras`` archive, ``model.to_json()``, attributes of an HDF5 file.

Keras imports the module that an object names and calls what it finds there (``keras.saving.deserialize_keras_object``).
Every object is judged, at any depth, in lists and in plain dictionaries: loaders look there too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import GapReason
from chainguard_ml.rules import carries_code
from chainguard_ml.scan.keras import arguments, names, objects
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_EARLIER = "(earlier)"
_REVIVED = "must_restore_from_config"  # stands in the metadata of a SavedModel, which has what its classes do as graphs
_HOLDERS = ("model_config", "training_config", "compile_config", "layers")


def examine_text(blob: Blob, examination: Examination) -> Observations:
    """Examine the JSON text of what is certainly a configuration; of names that stand twice both values."""
    data = blob.read(0, blob.size)
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass").removeprefix("\ufeff")
        document: Json = json.loads(text, object_pairs_hook=_with_earlier)
    except (ValueError, RecursionError) as error:
        yield blob.gap(GapReason.MALFORMED, f"it is not JSON: {printable(str(error))}")
        return
    yield from _examine(blob, document, examination)


def _with_earlier(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object as Python reads it, the last of equal names, and the values before under a name of their own."""
    result = dict(pairs)
    if len(result) < len(pairs):
        result[_EARLIER] = dict(reversed(pairs))
    return result


def examine_document(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Examine a parsed document, from YAML for one, if it is an architecture; any other yields nothing."""
    if is_architecture(document):
        yield from _examine(blob, document, examination)


def is_architecture(document: Json) -> bool:
    """Return whether a document is an object of Keras, a list of them, or holds one with its module anywhere.

    Keras 3 looks into lists and plain dictionaries for objects, and finds nothing in those without a module.
    """
    if isinstance(document, dict) and any(_is_object(document.get(key)) for key in _HOLDERS):
        return True
    return _is_object(document) or any(
        _is_object(item) and ("module" in item or item["class_name"] in names.LAMBDAS)
        for _, item in jsonsafe.objects(document)
    )


def _is_object(value: Json) -> bool:
    if isinstance(value, list):
        return any(_is_object(item) for item in value if isinstance(item, dict))
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def _examine(blob: Blob, document: Json, examination: Examination) -> Observations:
    revived = isinstance(document, dict) and _REVIVED in document
    code = None  # the last object that carries code: what it holds is part of it
    for pointer, item in jsonsafe.objects(document):
        finding = objects.judge(blob, pointer, item, examination)
        if finding and finding.rule == carries_code.KERAS_LAMBDA.id:
            inside = code is not None and pointer.startswith(f"{code}/")
            code = code if inside else pointer
            if not inside:
                yield finding
        elif finding and not (revived and finding.rule == carries_code.KERAS_CUSTOM.id):
            yield finding
        for observation in arguments.examine(blob, pointer, item, examination):
            if not (_is_bytecode(observation) and code is not None and f"{pointer}/".startswith(f"{code}/")):
                yield observation


def _is_bytecode(observation: object) -> bool:
    return getattr(observation, "rule", "") == carries_code.KERAS_LAMBDA.id
