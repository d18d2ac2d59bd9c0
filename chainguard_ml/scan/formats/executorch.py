"""ExecuTorch programs (``program.fbs``, identifier ``ET12``): operators, delegates, segments.

Kernels are found by an operator's name in the runtime; a delegate is handed its blob, which can be a compiled program.
Segments lie behind the program, where the extended header (``eh00``, ``extended_header.h``) says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import binary as rules
from chainguard_ml.rules import protobuf as shared
from chainguard_ml.scan.formats.flatbuffer import Buffer, FlatbufferError, VisitsError
from chainguard_ml.scan.protobuf import content
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.flatbuffer import Table
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "executorch"
EXAMINES = "offsets and segments; operators and delegates that the runtime does not have; files in constants and blobs"

_IDENTIFIER = re.compile(rb"ET\d\d")
_PLANS, _CONSTANTS, _INLINE, _SEGMENTS, _NAMED = 1, 2, 3, 4, 7  # fields of Program
_OPERATORS, _DELEGATES = 6, 7  # fields of ExecutionPlan
_HEADER = 32  # bytes of the extended header up to the segments' base
# Namespaces of ExecuTorch's own kernels, and the delegates in its repository (1.5).
_NAMESPACES = frozenset(
    {
        "aten",
        "prim",
        "executorch_prim",
        "dim_order_ops",
        "et_copy",
        "quantized_decomposed",
        "cadence",
        "cortex_m",
        "llama",
    }
    | {"et_vk", "torchao", "channels_last", "executorch", "executorch_cuda", "qnn_custom", "tosa", "quantized", "_"}
)
_BACKENDS = frozenset(
    {
        "XnnpackBackend",
        "CoreMLBackend",
        "MPSBackend",
        "VulkanBackend",
        "QnnBackend",
        "NeuropilotBackend",
        "NeuronBackend",
    }
    | {"EthosUBackend", "ArmBackend", "VgfBackend", "TOSABackend", "OpenvinoBackend", "EnnBackend", "NeutronBackend"}
    | {"MLXBackend", "CoreAIBackend", "NativeBackend", "XNNPACKBackend", "CadenceBackend"}
)
_COMPILED = frozenset({"AotiBackend", "CudaBackend", "MetalBackend"})  # load a shared library from their blob


class _Segments(NamedTuple):
    """Where segments start, and the spans that the program lists."""

    base: int
    spans: list[tuple[int, int]]


def recognise(blob: Blob) -> bool:
    """Return whether the file identifier stands behind the first offset."""
    return _IDENTIFIER.fullmatch(blob.read(4, 8)) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk the program; where it breaks, what precedes the break counts."""
    try:
        yield from _examine(blob, examination)
    except VisitsError as error:
        yield blob.gap(GapReason.BUDGET, f"{error}; the rest is not examined", error.offset)
    except FlatbufferError as error:
        yield _bounds(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, "the program cannot be read to its end", error.offset)


def _bounds(blob: Blob, text: str, offset: int, *, grave: bool = True) -> Finding:
    return rules.FLATBUFFER_BOUNDS.finding(
        blob.subject, blob.location.at(offset), text, key=(text,), severity=Severity.HIGH if grave else None
    )


def _examine(blob: Blob, examination: Examination) -> Observations:
    root = Buffer(blob.data).root()
    said: set[str] = set()
    for plan in root.tables(_PLANS):
        for operator in plan.tables(_OPERATORS):
            yield from _operator(blob, operator, said)
        for delegate in plan.tables(_DELEGATES):
            yield from _delegate(blob, delegate, said)
    for field in (_CONSTANTS, _INLINE):
        for part in root.tables(field):
            if span := part.span(0):
                yield from content.examine_bytes(blob, "(data)", span, examination)
    segments = _segments(blob, root)
    names = {entry.number(1, "I"): entry.text(0) for entry in root.tables(_NAMED)}
    for number, (start, stop) in enumerate(segments.spans):
        if stop > blob.size:
            yield _bounds(blob, f"segment {number} reaches {stop - blob.size:,} bytes beyond the file", start)
        member = f"(segment {number}{': ' + printable(names[number], 80) if number in names else ''})"
        yield from content.examine_bytes(blob, member, (min(start, blob.size), min(stop, blob.size)), examination)


def _operator(blob: Blob, operator: Table, said: set[str]) -> Observations:
    name = operator.text(0)
    if name in said or name.partition("::")[0] in _NAMESPACES:
        return
    said.add(name)
    what = f"the operator '{printable(name, 80)}' is none of ExecuTorch's kernels"
    yield _custom(blob, what, name, operator.position)


def _delegate(blob: Blob, delegate: Table, said: set[str]) -> Observations:
    name = delegate.text(0)
    if name in said or name in _BACKENDS:
        return
    said.add(name)
    if name in _COMPILED:
        what = f"the delegate '{name}' loads the shared library that the program carries"
    else:
        what = f"the delegate '{printable(name, 80)}' is none that ExecuTorch has"
    yield _custom(blob, what, name, delegate.position, Severity.HIGH if name in _COMPILED else None)


def _custom(blob: Blob, what: str, name: str, offset: int, severity: Severity | None = None) -> Finding:
    return shared.CUSTOM_OPERATOR.finding(
        blob.subject, blob.location.at(offset), what, key=(name,), facts={"operator": name}, severity=severity
    )


def _segments(blob: Blob, root: Table) -> _Segments:
    """Return where the segments lie; without the extended header there are none."""
    head = blob.read(8, 8 + _HEADER)
    base = int.from_bytes(head[16:24], "little") if head[:4] == b"eh00" else 0
    spans = []
    for segment in root.tables(_SEGMENTS):
        offset = base + segment.number(0, "Q")
        spans.append((offset, offset + segment.number(1, "Q")))
    return _Segments(base, spans)
