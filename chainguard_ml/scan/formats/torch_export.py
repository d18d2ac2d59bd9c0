"""torch.export archives (``.pt2``): a graph as JSON, weights, sometimes compiled code (``torch/export/pt2_archive``).

When a graph is read, ``torch/_export/serde/serialize.py`` hands its symbolic expressions to ``sympy.sympify``, which
evaluates them as Python, and looks operators up as dotted paths from ``torch``. So both are checked here.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.rules import containers as rules
from chainguard_ml.scan.formats import torch_program, zip_reader
from chainguard_ml.scan.formats.zip_archive import contents, examine_archive
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "torch-export"
EXAMINES = "operators and symbolic expressions of graphs, compiled code, every pickle; weights are not read"

_WEIGHT = re.compile(r"(?:[^/]*/)?data/(?:weights/weight|constants/tensor)_\d+", re.ASCII)
_GRAPH = re.compile(r"(?:[^/]*/)?(?:models/[^/]+\.json|serialized_exported_program\.json)")
_TARGET = re.compile(r"(?:#?torch\.ops\.(\w+)\.[\w.]+|_operator\.\w+|math\.\w+|torch\.sym_\w+|torch\._sym_\w+)")
_EXPRESSION = re.compile(r"[\w\s+\-*/%(),<>=!&|~.]*")
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")
_ATTRIBUTE = re.compile(r"(?:[A-Za-z_)]\w*\s*\.)|__|\.\s*[A-Za-z_]")
_FUNCTIONS = frozenset(
    {"Max", "Min", "Mod", "PythonMod", "FloorDiv", "CleanDiv", "CeilDiv", "Where", "Piecewise", "Eq", "Ne", "Lt", "Le"}
    | {"Gt", "Ge", "And", "Or", "Not", "Abs", "Pow", "PowByNatural", "FloatPow", "FloatTrueDiv", "IntTrueDiv", "LShift"}
    | {"RShift", "TruncToInt", "TruncToFloat", "RoundToInt", "RoundDecimal", "ToFloat", "FloorToInt", "CeilToInt"}
    | {"ModularIndexing", "Identity", "BitwiseFn_bitwise_and", "BitwiseFn_bitwise_or", "BitwiseFn_bitwise_xor"}
    | {
        "floor",
        "ceiling",
        "sqrt",
        "exp",
        "log",
        "sign",
        "Integer",
        "Float",
        "Symbol",
        "IsNonOverlappingAndDenseIndicator",
    }
)


def recognise(blob: Blob) -> bool:
    """Return whether it is a zip archive with the members of an exported program."""
    names = zip_reader.names(blob)
    formats = any(name == "archive_format" or name.endswith("/archive_format") for name in names)
    return (formats and any("models/" in name for name in names)) or any(
        name == "serialized_exported_program.json" or name.endswith("/serialized_exported_program.json")
        for name in names
    )


def examine(blob: Blob, examination: Examination) -> Observations:
    """Check the graphs, and examine every member."""
    for graph in contents(blob, examination, lambda name: _GRAPH.fullmatch(name) is not None):
        yield from _graph(graph, examination)
    pickled = {
        name
        for settings in contents(blob, examination, lambda name: name.endswith(".json"))
        for name in _pickled(settings, examination)
    }
    yield from examine_archive(
        blob,
        examination,
        lambda name: _WEIGHT.fullmatch(name) is not None and name.rpartition("/")[2] not in pickled,
    )


def _pickled(settings: Blob, examination: Examination) -> Iterator[str]:
    """Yield the names of the weights that torch loads as pickles, as their configuration says."""
    if settings.size > examination.budgets.header:
        return  # a graph, of which that is told
    with contextlib.suppress(InputError):
        document = jsonsafe.loads(settings.read(0, settings.size), lenient=True)
        for _, item in jsonsafe.objects(document):
            if item.get("use_pickle") and isinstance(item.get("path_name"), str):
                yield str(item["path_name"])


def _graph(blob: Blob, examination: Examination) -> Observations:
    if blob.size > examination.budgets.header:
        yield blob.gap(GapReason.BUDGET, f"a graph of {blob.size:,} bytes is not parsed")
        return
    try:
        document = jsonsafe.loads(blob.read(0, blob.size), lenient=True)
    except InputError as error:
        yield blob.gap(GapReason.MALFORMED, f"the graph cannot be read: {error}")
        return
    seen: set[str] = set()
    for pointer, item in jsonsafe.objects(document):
        yield from _expression(blob, pointer, item.get("expr_str"), seen)
        yield from _target(blob, pointer, item, seen)


def _expression(blob: Blob, pointer: str, text: Json, seen: set[str]) -> Iterator[Finding]:
    if not isinstance(text, str) or text in seen:
        return
    seen.add(text)
    calls = set(_CALLED.findall(text)) - _FUNCTIONS
    if not calls and _EXPRESSION.fullmatch(text) and not _ATTRIBUTE.search(text):
        return
    yield rules.EXPORT_EXPRESSION.finding(
        blob.subject,
        blob.location,
        f"an expression at {printable(pointer, 120)} is no arithmetic: {printable(text, 200)}",
        key=(text,),
        facts={"pointer": pointer, "expression": text[:1000]},
    )


def _target(blob: Blob, pointer: str, node: dict[str, Json], seen: set[str]) -> Iterator[Finding]:
    """Judge the operator of a node; only nodes have a target and inputs."""
    target = node.get("target")
    if not isinstance(target, str) or "inputs" not in node or f"target {target}" in seen:
        return
    seen.add(f"target {target}")
    match = _TARGET.fullmatch(target)
    if match is None:
        yield rules.EXPORT_TARGET.finding(
            blob.subject,
            blob.location,
            f"a node at {printable(pointer, 120)} calls {printable(target, 200)}, which is no operator",
            key=(target,),
            facts={"pointer": pointer, "target": target[:1000]},
        )
    elif match[1] and match[1] not in torch_program.KNOWN:
        yield torch_program.custom_operator(blob, match[1], target.split(".")[3])
