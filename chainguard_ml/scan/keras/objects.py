"""One object of a Keras configuration: the class or function that it names, judged as Keras resolves it.

``keras.saving.deserialize_keras_object`` (Keras 3) imports the module that an object names; its predecessors look the
name up among their own classes and those that the caller passes.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import formats as format_rules
from chainguard_ml.rules import keras as rules
from chainguard_ml.scan.interface import Use
from chainguard_ml.scan.keras import names
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from chainguard_ml.model import Finding, Json, Rule
    from chainguard_ml.scan.interface import Blob, Examination

    _Config: TypeAlias = Mapping[str, Json]

_FUNCTION = "function"
_TYPE_SPEC = "__typespec__"
_PYTHON = frozenset(dir(builtins))


def judge(blob: Blob, pointer: str, item: Mapping[str, Json], examination: Examination) -> Finding | None:
    """Return what is wrong with the object ``item`` at ``pointer``, if it is one and anything is."""
    name, config = item.get("class_name"), item.get("config")
    if not isinstance(name, str) or "config" not in item:
        return _bare_function(blob, pointer, item)
    if name == _FUNCTION and isinstance(config, str):
        return _named(blob, pointer, _text(item.get("module")), config, examination, registered="")
    if name == _TYPE_SPEC:
        return _type_spec(blob, pointer, item, examination)
    module, registered = _text(item.get("module")), _text(item.get("registered_name"))
    special = _SPECIAL.get(_last(name))
    if special and (not module or names.is_keras(names.split(module, name)[0])):
        return special(blob, pointer, name, config if isinstance(config, dict) else {})
    return _named(blob, pointer, module, name, examination, registered=registered)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2].rpartition(">")[2]


def _bare_function(blob: Blob, pointer: str, item: Mapping[str, Json]) -> Finding | None:
    """Report a function that Keras 2 stored beside its type, where no class stands."""
    kinds = {item.get("function_type"), item.get("output_shape_type"), item.get("mask_type")}
    if kinds & {"lambda", "raw"}:
        return _finding(carries_code.KERAS_LAMBDA, blob, pointer, "a function is stored as bytecode", "function_type")
    return None


def _lambda(blob: Blob, pointer: str, name: str, config: _Config) -> Finding:
    del config
    text = f"'{printable(name, 200)}' carries the bytecode of a function"
    return _finding(carries_code.KERAS_LAMBDA, blob, pointer, text, name)


def _torch_module(blob: Blob, pointer: str, name: str, config: _Config) -> Finding:
    del config
    return _finding(carries_code.KERAS_TORCH, blob, pointer, f"'{printable(name, 200)}' unpickles a torch module", name)


def _other_model(blob: Blob, pointer: str, name: str, config: _Config) -> Finding:
    text = f"'{printable(name, 200)}' loads another model, '{printable(_text(config.get('filepath')), 200)}'"
    return _finding(rules.KERAS_FILE, blob, pointer, text, name)


def _graph_function(blob: Blob, pointer: str, name: str, config: _Config) -> Finding | None:
    del name
    return _symbol(blob, pointer, _text(config.get("function")))


def _class_method(blob: Blob, pointer: str, name: str, config: _Config) -> Finding | None:
    del name
    symbol = _text(config.get("cls_symbol"))
    if symbol in {"RaggedTensor", "SparseTensor", "sparse.SparseTensor"}:
        return None
    return _symbol(blob, pointer, f"{symbol}.{_text(config.get('method_name'))}")


def _graph_operator(blob: Blob, pointer: str, name: str, config: _Config) -> Finding | None:
    del name
    node = config.get("node_def")
    return _symbol(blob, pointer, f"raw_ops.{_text(node.get('op')) if isinstance(node, dict) else ''}")


_SPECIAL: dict[str, Callable[[Blob, str, str, _Config], Finding | None]] = {
    **dict.fromkeys(names.LAMBDAS, _lambda),
    **dict.fromkeys(names.GRAPH_FUNCTIONS, _graph_function),
    "TorchModuleWrapper": _torch_module,
    "TFSMLayer": _other_model,
    "ClassMethod": _class_method,
    "TensorFlowOpLayer": _graph_operator,
}
"""Classes of Keras whose configuration is a program, is loaded as one, or names what they call."""


def _symbol(blob: Blob, pointer: str, symbol: str) -> Finding | None:
    """Judge a function of TensorFlow that a layer of Keras 2 calls."""
    if names.is_symbol(symbol):
        return None
    text = f"a layer calls 'tf.{printable(symbol, 200)}', which is on no list of functions that only compute"
    return _finding(rules.KERAS_UNSAFE, blob, pointer, text, f"tf.{symbol}")


def _type_spec(blob: Blob, pointer: str, item: Mapping[str, Json], examination: Examination) -> Finding | None:
    module, name = _text(item.get("module")), _text(item.get("spec_name"))
    if module.startswith("tensorflow.python.") and name.endswith("Spec"):
        return None  # imported with TensorFlow in any case; only its from-components constructor is called
    return _named(blob, pointer, module, name, examination, registered=_text(item.get("registered_name")))


def _named(
    blob: Blob, pointer: str, module: str, name: str, examination: Examination, *, registered: str
) -> Finding | None:
    """Judge a class or function by module and name; ``registered`` is the name that its author gave it."""
    if not module:
        return _without_module(blob, pointer, name, registered)
    space, last = names.split(module, name)
    if space == "builtins" and names.is_function(last):
        return None
    if space == "builtins" and last not in _PYTHON:
        return _custom(blob, pointer, name)
    if names.is_keras(space):
        return _of_keras(blob, pointer, space, last)
    return _foreign(blob, pointer, (space, last), examination, registered=registered)


def _without_module(blob: Blob, pointer: str, name: str, registered: str) -> Finding | None:
    own = ">" in registered and not names.is_registered(registered)
    if not own and (names.is_class(name) or names.is_function(name) or names.is_registered(name)):
        return None
    if name in names.MARKERS:
        return None
    if _last(name) in names.REFUSED:
        text = f"'{printable(name, 200)}' of Keras is no part of a model"
        return _finding(rules.KERAS_UNSAFE, blob, pointer, text, name)
    return _custom(blob, pointer, registered or name)


def _custom(blob: Blob, pointer: str, name: str) -> Finding:
    text = f"'{printable(name, 200)}' is a class or function that the loading program must bring"
    return _finding(carries_code.KERAS_CUSTOM, blob, pointer, text, name)


def _of_keras(blob: Blob, pointer: str, module: str, name: str) -> Finding | None:
    if names.is_listed(module, name):
        return None
    full = f"{module}.{name}"
    if names.is_newer(module, name):
        return _custom(blob, pointer, full)
    text = f"'{printable(full, 200)}' of Keras is no part of a model"
    severity = Severity.CRITICAL if name in names.REFUSED else None
    return _finding(rules.KERAS_UNSAFE, blob, pointer, text, full, severity)


def _foreign(
    blob: Blob, pointer: str, used: tuple[str, str], examination: Examination, *, registered: str
) -> Finding | None:
    """Report what Keras imports from elsewhere; the operator's configuration may allow it.

    A class that its author registered stands as ``Package>Name``. Only one that Keras's decorator has seen can be
    built, so it is a custom object, unless its module is Python's own, which registers nothing.
    """
    judgement = examination.judge.judge(Use(*used, "called", 0), blob.subject)
    if judgement.verdict == "allowed" and judgement.source == "configuration":
        return None
    full = ".".join(used)
    package, _, name = registered.partition(">")
    outside = used[0].partition(".")[0] not in sys.stdlib_module_names and judgement.verdict != "dangerous"
    if package and name == used[1] and name[:1].isupper() and outside:
        return _custom(blob, pointer, full)
    technique = f"; it {judgement.technique}" if judgement.technique else ""
    text = f"'{printable(full, 200)}' is not part of Keras{technique}"
    severity = Severity.CRITICAL if judgement.verdict == "dangerous" else None
    return _finding(format_rules.KERAS_FOREIGN, blob, pointer, text, full, severity)


def _finding(
    rule: Rule, blob: Blob, pointer: str, message: str, name: str, severity: Severity | None = None
) -> Finding:
    place = replace(blob.location, pointer=pointer)
    return rule.finding(
        blob.subject, place, message, key=(pointer, name), facts={"name": name[:500]}, severity=severity
    )
