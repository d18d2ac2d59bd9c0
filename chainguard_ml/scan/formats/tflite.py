"""TensorFlow Lite models: operators, buffers, subgraphs and metadata (``schema.fbs``, file identifier ``TFL3``).

Graphs of builtin operators only compute. What else a model can ask for is a custom operator, one of TensorFlow's own
through the Flex delegate, or files of external buffers. Offsets and indices are checked, because runtimes trust them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import binary as rules
from chainguard_ml.rules import protobuf as shared
from chainguard_ml.scan.formats import flex_operators, tflite_operators
from chainguard_ml.scan.formats.flatbuffer import Buffer, FlatbufferError, VisitsError
from chainguard_ml.scan.formats.member_names import escape
from chainguard_ml.scan.formats.raw import examine_raw
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.flatbuffer import Table
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "tflite"
EXAMINES = (
    "offsets and indices; custom and Flex operators; buffers, metadata, external buffers; an appended zip archive"
)

_IDENTIFIER = b"TFL3"
_OPCODES, _SUBGRAPHS, _BUFFERS, _METADATA, _SIGNATURES, _GROUPS = 1, 2, 4, 6, 7, 8  # fields of Model
_PLACEHOLDER, _CUSTOM = 127, 32  # BuiltinOperator
_CALLERS = {
    118: (0, 1),
    119: (0, 1),
    129: (0,),
    206: (1,),
}  # IF, WHILE, CALL_ONCE, STABLEHLO_COMPOSITE: their subgraphs
_OPTIONS_LIMIT = 1 << 20  # bytes of a Flex operator's options that are read


@dataclass(slots=True)
class _Model:
    """What is learnt on the way.

    Attributes:
        codes: For each operator code its builtin number and custom name.
        calls: For each subgraph those that it calls.
        buffers: Number of buffers.
    """

    codes: list[tuple[int, str]] = field(default_factory=list)
    calls: list[set[int]] = field(default_factory=list)
    buffers: int = 0


def recognise(blob: Blob) -> bool:
    """Return whether the file identifier stands behind the first offset."""
    return blob.read(4, 8) == _IDENTIFIER


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk the model; where it breaks, what precedes the break counts."""
    try:
        yield from _examine(blob, examination)
    except VisitsError as error:
        yield blob.gap(GapReason.BUDGET, f"{error}; the rest is not examined", error.offset)
    except FlatbufferError as error:
        yield _bounds(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, "the model cannot be read to its end", error.offset)


def _examine(blob: Blob, examination: Examination) -> Observations:
    root = Buffer(blob.data).root()
    model = _Model()
    for number, code in enumerate(root.tables(_OPCODES)):
        yield from _operator_code(blob, number, code, model)
    yield from _external(blob, root)
    for table in root.tables(_BUFFERS):
        yield from _buffer(blob, table, model, examination)
    graphs = list(root.tables(_SUBGRAPHS))
    for number, graph in enumerate(graphs):
        yield from _subgraph(blob, number, graph, model, len(graphs))
    yield from _recursion(blob, model)
    for entry in root.tables(_METADATA):
        if entry.number(1, "I") >= model.buffers:
            yield _bounds(blob, "metadata names a buffer that is not there", entry.position)
    for signature in root.tables(_SIGNATURES):
        if signature.number(4, "I") >= max(len(graphs), 1):
            yield _bounds(blob, "a signature names a subgraph that is not there", signature.position)


def _bounds(blob: Blob, text: str, offset: int, *, grave: bool = True) -> Finding:
    return rules.FLATBUFFER_BOUNDS.finding(
        blob.subject, blob.location.at(offset), text, key=(text,), severity=Severity.HIGH if grave else None
    )


def _operator_code(blob: Blob, number: int, code: Table, model: _Model) -> Observations:
    """A code of 127 or more stands in its own field; readers take the larger one."""
    builtin = max(code.number(0, "b"), code.number(3, "i"))
    name = code.text(1)
    model.codes.append((builtin, name))
    if builtin < 0 or builtin == _PLACEHOLDER:
        yield _bounds(blob, f"operator code {number} has the number {builtin}", code.position)
    elif builtin > tflite_operators.LAST_BUILTIN:
        yield blob.gap(GapReason.UNSUPPORTED, f"builtin operator {builtin} is not known", code.position)
    elif builtin == _CUSTOM:
        yield from _custom(blob, name, code.position)


def _custom(blob: Blob, name: str, offset: int) -> Observations:
    if name.startswith(flex_operators.PREFIX):
        yield from flex_operators.examine_name(blob, name.removeprefix(flex_operators.PREFIX), offset)
    elif not tflite_operators.is_known(name):
        shown = printable(name, 80)
        yield shared.CUSTOM_OPERATOR.finding(
            blob.subject,
            blob.location.at(offset),
            f"the custom operator '{shown}' is none that TensorFlow Lite or its known extensions provide",
            key=(shown,),
            facts={"operator": shown},
        )


def _external(blob: Blob, root: Table) -> Observations:
    """Groups of external buffers are files, named relative to the model."""
    for group in root.tables(_GROUPS):
        name = group.text(0)
        if escape(name):
            shown = printable(name, 120)
            yield shared.EXTERNAL_PATH.finding(
                blob.subject,
                blob.location.at(group.position),
                f"external buffers are read from '{shown}'",
                key=(shown,),
                facts={"name": shown},
            )


def _buffer(blob: Blob, table: Table, model: _Model, examination: Examination) -> Observations:
    """Look at the first bytes of a buffer: inside, or behind the flatbuffer where a model is larger than 2 GB."""
    number = model.buffers
    model.buffers += 1
    span = table.span(0)
    offset, size = table.number(1, "Q"), table.number(2, "Q")
    if offset > 1:
        if offset + size > blob.size:
            yield _bounds(
                blob, f"buffer {number} needs {plural(offset + size - blob.size, 'byte')} more", table.position
            )
            return
        span = offset, offset + size
    if span and span[1] > span[0]:
        yield from examine_raw(blob.window(f"(buffer {number})", *span), examination)


def _subgraph(blob: Blob, number: int, graph: Table, model: _Model, graphs: int) -> Observations:
    tensors = 0
    for tensor in graph.tables(0):
        tensors += 1
        if tensor.number(2, "I") >= max(model.buffers, 1):
            yield _bounds(blob, f"a tensor of subgraph {number} names a buffer that is not there", tensor.position)
    model.calls.append(set())
    for item in (1, 2):
        yield from _indices(blob, number, graph, item, tensors)
    for operator in graph.tables(3):
        for item in (1, 2, 8):
            yield from _indices(blob, number, operator, item, tensors)
        yield from _operator(blob, number, operator, model, graphs)


def _indices(blob: Blob, number: int, table: Table, item: int, tensors: int) -> Iterator[Finding]:
    """Indices name tensors; -1 is an input that is left out."""
    indices = table.numbers(item)
    if indices and (max(indices) >= tensors or min(indices) < -1):
        yield _bounds(blob, f"subgraph {number} names a tensor that is not there", table.position)


def _operator(blob: Blob, number: int, operator: Table, model: _Model, graphs: int) -> Observations:
    index = operator.number(0, "I")
    if index >= len(model.codes):
        yield _bounds(blob, f"subgraph {number} names an operator code that is not there", operator.position)
        return
    builtin, name = model.codes[index]
    if builtin == _CUSTOM and name.startswith(flex_operators.PREFIX):
        yield from _flex(blob, name, operator)
    options = operator.table(12 if builtin > _PLACEHOLDER and operator.number(11, "B") else 4)
    for item in _CALLERS.get(builtin, ()):
        called = options.number(item, "i") if options else 0
        if not 0 <= called < graphs:
            yield _bounds(blob, f"subgraph {number} calls a subgraph that is not there", operator.position)
        else:
            model.calls[number].add(called)


def _flex(blob: Blob, name: str, operator: Table) -> Observations:
    """The delegate runs what the options name, whatever the operator code says."""
    span = operator.span(5)
    offset = operator.number(9, "Q")
    if offset > 1:  # beyond 2 GB the options stand outside of the flatbuffer
        span = offset, offset + operator.number(10, "Q")
    data = blob.read(span[0], min(span[1], span[0] + _OPTIONS_LIMIT)) if span else b""
    yield from flex_operators.examine_options(blob, name.removeprefix(flex_operators.PREFIX), data, operator.position)


def _recursion(blob: Blob, model: _Model) -> Observations:
    """Report subgraphs that reach themselves: runtimes then recurse until the stack ends."""
    done: set[int] = set()
    for first in range(len(model.calls)):
        path: list[tuple[int, list[int]]] = [(first, sorted(model.calls[first]))]
        on_path = {first}
        while path and first not in done:
            graph, rest = path[-1]
            if not rest:
                path.pop()
                on_path.discard(graph)
                done.add(graph)
                continue
            called = rest.pop()
            if called in on_path:
                yield _bounds(blob, f"subgraph {called} calls itself", 0)
                return
            if called not in done:
                path.append((called, sorted(model.calls[called])))
                on_path.add(called)
