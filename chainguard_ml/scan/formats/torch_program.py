"""What TorchScript programs call: sources under ``code/``, and the operators of the mobile interpreter's bytecode.

The sources are TorchScript's own language (``torch/csrc/jit/serialization/python_print.cpp``): operators of the library
itself are ``torch.<name>``, others ``ops.<namespace>.<name>``. They are read as text; strings are not told apart from
code, so nothing hides in a quotation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import containers as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding
    from chainguard_ml.scan.interface import Blob

_CALL = re.compile(rb"\b(torch|ops)\s*\.\s*(\w+)(?:\s*\.\s*(\w+))?(?=[\s.]*\()")
_CLASS = re.compile(rb"\b__torch__\.torch\.classes\.(\w+)\.(\w+)")
_TEXT = re.compile(rb"X(.)\0\0\0|\x8c(.)|[VSU](?=[^\n]{3,200}\n)", re.DOTALL)  # opcodes that a text follows
_OPERATOR = re.compile(rb"([A-Za-z_]\w*)::([A-Za-z_]\w*)")
_LONGEST = 200
_SHOWN = 50

# Operators that read or write files, or call functions on other machines.
_FILES = {
    ("aten", "save"): "writes a file",
    ("aten", "from_file"): "maps a file",
    ("debugprims", "load_tensor"): "reads a file",
    ("image", "read_file"): "reads a file",
    ("image", "write_file"): "writes a file",
    ("torchaudio", "sox_io_load_audio_file"): "reads a file",
    ("torchaudio", "sox_io_save_audio_file"): "writes a file",
    ("torchaudio", "sox_effects_apply_effects_file"): "reads a file",
    ("video_reader", "read_video_from_file"): "reads a file",
    ("video_reader", "probe_video_from_file"): "reads a file",
    ("prim", "rpc_async"): "calls a function on another machine",
    ("prim", "rpc_sync"): "calls a function on another machine",
    ("prim", "rpc_remote"): "calls a function on another machine",
}
KNOWN = frozenset(
    {
        "aten",
        "prim",
        "prims",
        "quantized",
        "_quantized",
        "quantization",
        "sparse",
        "mkldnn",
        "mkldnn_prepacked",
        "onednn",
    }
    | {"prepacked", "xnnpack", "metal", "metal_prepacked", "vulkan", "vulkan_prepacked", "inductor", "inductor_prims"}
    | {"rngprims", "static_runtime", "_c10d_functional", "c10d", "profiler", "export", "higher_order", "onnx", "_nnapi"}
    | {"torchvision", "torchaudio", "image", "video_reader", "torchtext", "debugprims", "_dtensor", "mkl", "_native"}
)
"""Namespaces of operators that torch and its own domain libraries register."""

_CLASSES = KNOWN | {"rnn", "dist_rpc", "__backends__", "sparse", "coreml", "nnapi", "dnnl", "cuda"}


def examine_source(blob: Blob) -> Iterator[Finding]:
    """Yield what a source file calls that touches files, or that no library of torch's registers."""
    seen: dict[tuple[str, str], int] = {}
    for match in _CALL.finditer(blob.data):
        root, first, second = (part.decode(errors="replace") if part else "" for part in match.groups())
        operator = ("aten", first) if root == "torch" else (first, second)
        seen.setdefault(operator, match.start())
    for match in _CLASS.finditer(blob.data):
        namespace = match[1].decode(errors="replace")
        if namespace not in _CLASSES:
            seen.setdefault((namespace, match[2].decode(errors="replace")), match.start())
    yield from _judged(blob, seen)


def examine_bytecode(blob: Blob) -> Iterator[Finding]:
    """Yield the same about a bytecode's list of operators, found as ``namespace::name`` among the pickle's texts."""
    seen: dict[tuple[str, str], int] = {}
    for match in _TEXT.finditer(blob.data):
        length = (match[1] or match[2] or bytes([_LONGEST]))[0]
        text = blob.read(match.end(), match.end() + length)
        operator = _OPERATOR.fullmatch(text if match[1] or match[2] else text.partition(b"\n")[0].strip(b"'\""))
        if operator:
            seen.setdefault((operator[1].decode(), operator[2].decode()), match.start())
    yield from _judged(blob, seen)


def _judged(blob: Blob, seen: dict[tuple[str, str], int]) -> Iterator[Finding]:
    for (namespace, name), offset in seen.items():
        if (namespace, name) in _FILES:
            yield from judged(blob, namespace, name, offset)
    foreign = [(operator, offset) for operator, offset in seen.items() if operator[0] not in KNOWN]
    for (namespace, name), offset in foreign[:_SHOWN]:
        yield from judged(blob, namespace, name, offset)


def judged(blob: Blob, namespace: str, name: str, offset: int | None = None) -> Iterator[Finding]:
    """Yield the finding about an operator, if it touches files, or comes from a library that is not torch's own."""
    location = blob.location if offset is None else blob.location.at(offset)
    text = f"{printable(namespace, 80)}::{printable(name, 80)}"
    facts = {"operator": f"{namespace}::{name}"}
    effect = _FILES.get((namespace, name))
    if effect:
        message = f"the program calls {text}, which {effect}"
        yield rules.PROGRAM_FILES.finding(blob.subject, location, message, key=(namespace, name), facts={**facts})
    elif namespace not in KNOWN:
        message = f"the program needs the operator or class {text}, which no library of torch's own registers"
        yield rules.CUSTOM_OPERATOR.finding(blob.subject, location, message, key=(namespace, name), facts={**facts})
