"""Keras architectures: ``config.json`` of a ``.keras`` archive, or ``model.to_json()``, at any depth.

Keras imports the module that an object names and calls what it finds there (``keras.saving.deserialize_keras_object``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Json, Observations, Rule
    from chainguard_ml.scan.interface import Blob, Examination

_ROOTS = frozenset({"keras", "tf_keras", "keras_core", "keras_cv", "keras_hub", "keras_nlp", "keras_tuner", "builtins"})
_LAMBDAS = frozenset({"Lambda", "__lambda__"})
# Callables of Keras itself that fetch, load or switch off safety; no layer is among them.
_HELPERS = frozenset(
    {"get_file", "enable_unsafe_deserialization", "load_model", "load_weights", "load_img", "run_script", "pip_install"}
)
_HELPER_MODULES = ("keras.config", "keras.src.config", "keras.src.backend.config", "keras.src.utils.file_utils",
                   "keras.src.saving", "keras.saving")  # fmt: skip


def examine_text(blob: Blob, examination: Examination) -> Observations:
    """Examine the JSON text of a configuration."""
    del examination
    try:
        document = jsonsafe.loads(blob.read(0, blob.size), lenient=True)
    except InputError as error:
        yield blob.gap(GapReason.MALFORMED, str(error))
        return
    if isinstance(document, dict):
        yield from examine_document(blob, document)


def examine_document(blob: Blob, document: dict[str, Json]) -> Observations:
    """Examine a document that is an architecture: an object with ``class_name`` and ``config``."""
    if not isinstance(document.get("class_name"), str) or "config" not in document:
        return
    for pointer, item in jsonsafe.objects(document):
        name, module = item.get("class_name"), item.get("module")
        if not isinstance(name, str):
            continue
        if name in _LAMBDAS:
            text = f"'{printable(name)}' carries the bytecode of a function"
            yield _finding(carries_code.KERAS_LAMBDA, blob, pointer, text, name)
        elif isinstance(module, str) and not _is_keras(module, name):
            full = f"{module}.{name}"
            yield _finding(
                rules.KERAS_FOREIGN, blob, pointer, f"'{printable(full)}' is not part of Keras's layers", full
            )


def _is_keras(module: str, name: str) -> bool:
    if module.partition(".")[0] not in _ROOTS or name in _HELPERS:
        return False
    return not any(module == helper or module.startswith(f"{helper}.") for helper in _HELPER_MODULES)


def _finding(rule: Rule, blob: Blob, pointer: str, message: str, name: str) -> Finding:
    place = replace(blob.location, pointer=pointer)
    return rule.finding(blob.subject, place, message, key=(pointer, name), facts={"name": name})
