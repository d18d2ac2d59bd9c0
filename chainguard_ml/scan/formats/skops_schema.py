"""skops schemas: a tree of nodes that each name a loader, a module and a class (``skops.io``, protocols 0 to 2).

A loader decides what happens to the named type: it is only looked up, called, or built from a state. Every pair of
loader and type is judged like the same use in a pickle, unless skops itself trusts the pair; what a loader cannot have
written is forged.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import Severity
from chainguard_ml.rules import classical
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.interface import Use
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination, Judgement

# What each loader does with the type that its node names.
_USES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("DictNode", "ListNode", "SetNode", "TupleNode", "NdArrayNode", "RandomStateNode"), ("called",)),
    **dict.fromkeys(("ConstructorFromReduceNode", "LossNode", "RandomGeneratorNode"), ("called",)),
    **dict.fromkeys(("TypeNode", "FunctionNode", "SparseMatrixNode"), ("referenced",)),
    **dict.fromkeys(("ObjectNode", "MethodNode"), ("newobj", "built")),
}
# Loaders that build one thing whatever their node names, and the names that they write.
_FIXED = {
    "JsonNode": {"builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.NoneType"},
    "DefaultDictNode": {"collections.defaultdict"},
    "BytesNode": {"builtins.bytes"},
    "BytearrayNode": {"builtins.bytearray"},
    "SliceNode": {"builtins.slice"},
    "PartialNode": {"functools.partial"},
    "MaskedArrayNode": {"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"},
    "DTypeNode": {"numpy.dtype"},
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "QuantileForestNode": {"quantile_forest._quantile_forest_fast.QuantileForest"},
    "_DictWithDeprecatedKeysNode": {"sklearn.covariance._graph_lasso._DictWithDeprecatedKeys"},
    "OperatorFuncNode": {"operator.attrgetter", "operator.itemgetter", "operator.methodcaller"},
}
# Beside skops's own lists: what its dispatch writes for these loaders, and runs nothing.
_HARMLESS = {
    "DictNode": {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "TypeNode": {"builtins.NoneType", "builtins.bytes", "builtins.complex"},
}
_GENERATORS = frozenset({"numpy.random._generator.Generator", "numpy.random.Generator"})
_CALLED = re.compile(r"/(?:key_types|func|default_factory)(?:/|$)")  # what stands below is called later
_FILE = re.compile(r"[\w-]+\.(?:npy|npz|bin)")
_IDENTIFIER = re.compile(r"[A-Za-z]\w*")
_OLD_FUNCTIONS = frozenset({"function", "ufunc", "builtin_function_or_method", "_ArrayFunctionDispatcher"})


def examine_document(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Examine a document that is a schema: its root names a class, a module and a loader."""
    if not {"__class__", "__module__", "__loader__"} <= document.keys():
        return
    said: set[tuple[str, ...]] = set()
    identities: dict[str, tuple[str, ...]] = {}
    for pointer, node in jsonsafe.objects(document):
        if "__loader__" not in node:
            continue
        for text in _forged(node, identities):
            yield classical.SKOPS_FORGED.finding(
                blob.subject, replace(blob.location, pointer=pointer), text, key=(pointer, text)
            )
        called = _CALLED.search(pointer) is not None
        for module, name in _named(node):
            if (key := (_text(node, "__loader__"), module, name, str(called))) not in said:
                said.add(key)
                yield from _judged(blob, examination, pointer, key, called=called)


def _text(node: dict[str, Json], name: str) -> str:
    value = node.get(name)
    return value if isinstance(value, str) else ""


def _object(node: dict[str, Json], *names: str) -> dict[str, Json]:
    """Return the object behind a path of names, empty where there is none."""
    for name in names:
        inner = node.get(name)
        node = inner if isinstance(inner, dict) else {}
    return node


def _named(node: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the types that a node has its loader look up."""
    if _text(node, "__loader__") == "CachedNode":
        return
    module, name, content = _text(node, "__module__"), _text(node, "__class__"), _object(node, "content")
    if _text(node, "__loader__") == "FunctionNode" and "module_path" in content:  # protocol 0
        yield _text(content, "module_path"), _text(content, "function")
        if name in _OLD_FUNCTIONS:
            return
    yield module, name


def _judged(blob: Blob, examination: Examination, pointer: str, key: tuple[str, ...], *, called: bool) -> Observations:
    """Report a type that neither skops trusts for this loader nor the judge for what the loader does."""
    loader, module, name, _ = key
    full = f"{module}.{name}"
    if (
        full in _FIXED.get(loader, ())
        or full in _HARMLESS.get(loader, ())
        or (full in _trusted(loader) and loader != "RandomGeneratorNode")
    ):
        return
    uses = ("called",) if called else _USES.get(loader, ("called",))
    if loader == "RandomGeneratorNode" and full in _GENERATORS:
        return
    judgements = [examination.judge.judge(Use(module, name, how, 0), blob.subject) for how in uses]
    if all(judgement.verdict == "allowed" for judgement in judgements):
        return
    worst = next((item for item in judgements if item.verdict == "dangerous"), None)
    yield rules.SKOPS_UNTRUSTED.finding(
        blob.subject,
        replace(blob.location, pointer=pointer),
        f"the schema names '{printable(full)}', {_why(worst)}",
        key=(full,),
        facts={"module": module, "name": name, "loader": loader},
        severity=Severity.CRITICAL if worst else None,
    )


def _why(judgement: Judgement | None) -> str:
    return f"which is dangerous: {judgement.technique}" if judgement else "which is on no list of harmless types"


def _forged(node: dict[str, Json], identities: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield what skops cannot have written in a node."""
    loader = _text(node, "__loader__")
    full = f"{_text(node, '__module__')}.{_text(node, '__class__')}"
    shown = printable(full, 80)
    if loader not in _USES and loader not in _FIXED and loader != "CachedNode":
        yield f"the loader '{printable(loader, 40)}' is none of skops's"
    elif loader in _FIXED and full not in _FIXED[loader]:
        yield f"{loader} names '{shown}', which it does not build"
    if "file" in node and not _FILE.fullmatch(_text(node, "file")):
        yield f"a node reads the file '{printable(str(node['file']), 80)}'"
    if loader != "CachedNode" and isinstance(node.get("__id__"), int | str):
        identity = identities.setdefault(f"{node['__id__']}", (loader, full))
        if identity != (loader, full):
            yield f"'{shown}' has the identity of '{printable(identity[1], 80)}', which takes its place"
    if loader == "MethodNode":
        yield from _method(node, full)
    elif loader == "OperatorFuncNode":
        yield from _operator(node)
    elif loader == "RandomGeneratorNode":
        yield from _generator(node)


def _method(node: dict[str, Json], full: str) -> Iterator[str]:
    owner = _object(node, "content", "obj")
    name = _text(_object(node, "content"), "func")
    if f"{_text(owner, '__module__')}.{_text(owner, '__class__')}" != full:
        yield f"a method is said to be of '{printable(full, 80)}' but its object is another"
    if not _IDENTIFIER.fullmatch(name):
        yield f"a method is called '{printable(name, 40)}'"


def _operator(node: dict[str, Json]) -> Iterator[str]:
    """Yield getters that walk to internals: their arguments are JSON texts below ``attrs``."""
    for _, inner in jsonsafe.objects(_object(node, "attrs")):
        text = inner.get("content")
        if isinstance(text, str) and "__" in text:
            yield f"a function of the operator module reaches for {printable(text, 60)}"


def _generator(node: dict[str, Json]) -> Iterator[str]:
    """Yield a bit generator that NumPy does not have: skops looks it up by its name and calls it."""
    state = _object(node, "content", "bit_generator")
    name: object = state.get("bit_generator")  # protocol 0: the state as it is
    if "content" in state:
        try:
            name = json.loads(_text(_object(state, "content", "bit_generator"), "content"))
        except (ValueError, RecursionError):
            name = ""
    if not isinstance(name, str) or f"numpy.random.{name}" not in _trusted("RandomGeneratorNode"):
        yield f"the bit generator is '{printable(str(name), 40)}', none of NumPy's"


@functools.cache
def _loaders() -> dict[str, frozenset[str]]:
    path = resources.files("chainguard_ml.scan.allowlist").joinpath("skops_loaders.json")
    loaders: dict[str, list[str]] = json.loads(path.read_bytes())["loaders"]
    return {loader: frozenset(names) for loader, names in loaders.items()}


def _trusted(loader: str) -> frozenset[str]:
    """Return what skops trusts by itself for a loader."""
    return _loaders().get(loader, frozenset())
