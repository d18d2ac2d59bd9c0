"""Which classes and functions a Keras configuration may name: data, made by ``scripts/keras_objects.py``.

Every name is looked up exactly, by module and name, under the names that Keras 1, 2 and 3, tf_keras, keras_hub,
keras_nlp and keras_cv write. Keras 2 wrote classes without a module; these are looked up by name alone.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources

# Other names of the same packages; what follows is looked up exactly.
_ALIASES = ("tensorflow.python.keras", "tensorflow.keras", "tf_keras", "keras.api._v2.keras", "keras.api", "keras_core")
_PACKAGES = frozenset({"keras", "keras_hub", "keras_nlp", "keras_cv"})

LAMBDAS = frozenset({"Lambda", "__lambda__"})
"""Classes that hold a function's bytecode."""

GRAPH_FUNCTIONS = frozenset({"TFOpLambda", "SlicingOpLambda"})
"""Classes of Keras 2 that call the function of TensorFlow that their configuration names."""

MARKERS = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__",
                     "__tuple__", "__dtype__", "TensorShape", "__elipsis__"})  # fmt: skip
"""What stands where a class would, and only holds values."""

REFUSED = frozenset(
    {"TFSMLayer", "TorchModuleWrapper", "TensorFlowOpLayer", "ClassMethod", "deserialize", "serialize", "get"}
    | {"deserialize_keras_object", "serialize_keras_object", "get_file", "load_model", "from_preset"}
    | {"enable_unsafe_deserialization", "model_from_json", "model_from_config", "load_weights", "load_img", "save_img"}
)
"""Names in Keras's own namespaces that load, fetch, resolve other names or switch safety off."""

# Functions of TensorFlow that compute, and open the file that an argument names.
_OPENING = frozenset({"decode_proto", "encode_proto", "fixed_unigram_candidate_sampler"})

_SPECS = frozenset({"TensorSpec", "RaggedTensorSpec", "SparseTensorSpec", "BoundedTensorSpec", "VariableSpec"})


@dataclass(frozen=True, slots=True)
class _Objects:
    """The list: names by module, all names of classes and of functions, symbols of TensorFlow."""

    modules: dict[str, frozenset[str]]
    classes: frozenset[str]
    functions: frozenset[str]
    tensorflow: frozenset[str]
    packages: dict[str, frozenset[str]]


@functools.cache
def _objects() -> _Objects:
    source = json.loads(resources.files(__package__).joinpath("objects.json").read_bytes())
    modules: dict[str, dict[str, list[str]]] = source["modules"]
    return _Objects(
        {module: frozenset().union(*kinds.values()) for module, kinds in modules.items()},
        _all(modules, "keras", "classes"),
        _all(modules, "keras", "functions"),
        frozenset(source["tensorflow"]),
        {package: _all(modules, package, "classes") for package in _PACKAGES},
    )


def _all(modules: dict[str, dict[str, list[str]]], package: str, kind: str) -> frozenset[str]:
    inside = (kinds for module, kinds in modules.items() if module.partition(".")[0] == package)
    return frozenset(name for kinds in inside for name in kinds.get(kind, ()))


def split(module: str, name: str) -> tuple[str, str]:
    """Return module and name as Keras resolves them: both are joined, and ``layers.Lambda`` may stand in either."""
    full, _, last = f"{module}.{name}".rpartition(".")
    for alias in _ALIASES:
        if full == alias or full.startswith(f"{alias}."):
            return f"keras{full[len(alias) :]}", last
    return full, last


def is_keras(module: str) -> bool:
    """Return whether a module is part of Keras or of a library of its authors."""
    return module.partition(".")[0] in _PACKAGES


def is_listed(module: str, name: str) -> bool:
    """Return whether an object of Keras is on the list."""
    return name in _objects().modules.get(module, ())


def is_newer(module: str, name: str) -> bool:
    """Return whether it can be a class that a later Keras has: a class's name in a public module of classes."""
    public = module in _objects().modules and module.count(".") < 3 and ".src" not in module and module != "keras"
    return public and name[:1].isupper() and name not in REFUSED


def is_class(name: str) -> bool:
    """Return whether Keras has a class of this name."""
    return name in _objects().classes or name in _SPECS


def is_registered(name: str) -> bool:
    """Return whether it is ``Package>Name`` as libraries of Keras's authors register their own classes.

    tf_keras registers its optimizers in the package that is the default, ``Custom``.
    """
    package, _, last = name.partition(">")
    listed = _objects().classes if package == "Custom" else _objects().packages.get(package, frozenset())
    return last in listed


def is_function(name: str) -> bool:
    """Return whether Keras has a function of this name among activations, losses, metrics and operations."""
    return name in _objects().functions


def is_symbol(name: str) -> bool:
    """Return whether a symbol of TensorFlow, as Keras 2 writes it, is a function that computes."""
    space, _, last = name.rpartition(".")
    if space == "raw_ops":
        return is_operator(last)
    if last in _OPENING:
        return False
    return name in _objects().tensorflow or (space.startswith("keras.") and is_listed(space, last))


def is_operator(name: str) -> bool:
    """Return whether TensorFlow has an operator of this name that only computes."""
    from chainguard_ml.scan.formats.tensorflow_operators import ATTRIBUTES, EFFECTS
    from chainguard_ml.scan.protobuf import operators

    return name in operators.known("tensorflow") and name not in EFFECTS and name not in ATTRIBUTES
