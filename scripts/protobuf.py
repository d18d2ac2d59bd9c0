"""Regenerate what the scanner knows of protobuf models: messages' fields and operators' names.

Run it in an environment with the frameworks (none is imported by the package); each part is made if its framework is
there and left alone if not::

    python scripts/protobuf.py schemas operators
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "chainguard_ml" / "scan" / "protobuf"
ROOTS = {
    "onnx": (("onnx.onnx_pb", "ModelProto"), ("onnx.onnx_pb", "TensorProto")),
    "tensorflow": (
        ("tensorflow.core.protobuf.saved_model_pb2", "SavedModel"),
        ("tensorflow.core.protobuf.fingerprint_pb2", "FingerprintDef"),
        ("tensorflow.core.protobuf.tensor_bundle_pb2", "BundleEntryProto"),
        ("tensorflow.core.protobuf.tensor_bundle_pb2", "BundleHeaderProto"),
        ("tensorflow.core.protobuf.trackable_object_graph_pb2", "TrackableObjectGraph"),
        ("tensorflow.python.keras.protobuf.saved_metadata_pb2", "SavedMetadata"),
    ),
    "coreml": (("coremltools.proto.Model_pb2", "Model"),),
    "paddle": (("paddle.base.proto.framework_pb2", "ProgramDesc"),),
}
KINDS = {1: "double", 2: "float", 6: "fixed64", 7: "fixed32", 9: "string", 12: "bytes", 15: "fixed32", 16: "fixed64"}


PACKAGES = {"CoreML.Specification.": "coreml.", "third_party.tensorflow.python.keras.protobuf.": "keras.Keras"}


def full_name(message: Any) -> str:
    """Return a message's name; those of two packages that share names with others are changed."""
    for before, after in PACKAGES.items():
        if message.full_name.startswith(before):
            return after + message.full_name.removeprefix(before)
    return str(message.full_name)


def schema(root: Any, messages: dict[str, dict[str, list[str]]]) -> None:
    """Add the fields of a message and of all that it can hold: number, name, kind or message."""
    waiting = [root]
    while waiting:
        message = waiting.pop()
        if full_name(message) in messages:
            continue
        fields = messages[full_name(message)] = {}
        for field in sorted(message.fields, key=lambda item: item.number):
            inner = field.message_type
            kind = full_name(inner) if inner else KINDS.get(field.type, "varint")
            fields[str(field.number)] = [field.name, kind]
            waiting += [inner] if inner else []


def schemas() -> None:
    """Write one file for each framework that is installed."""
    for name, roots in ROOTS.items():
        messages: dict[str, dict[str, list[str]]] = {}
        try:
            for module, message in roots:
                schema(getattr(importlib.import_module(module), message).DESCRIPTOR, messages)
        except ImportError as error:
            print(f"{name}: left alone ({error})")
            continue
        write(DATA / f"schema_{name}.json", messages)


def write(path: Path, table: dict[str, Any]) -> None:
    """Write a table with one line for each entry, sorted."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(table[key], sort_keys=False)}" for key in sorted(table))
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{path.name}: {len(table)} entries, {path.stat().st_size:,} bytes")


def _onnx() -> dict[str, list[str]]:
    from onnx import defs

    domains: dict[str, set[str]] = {}
    for item in defs.get_all_schemas_with_history():
        domains.setdefault(item.domain or "ai.onnx", set()).add(item.name)
    return {domain: sorted(names) for domain, names in domains.items()}


def _onnxruntime() -> dict[str, list[str]]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    domains: dict[str, set[str]] = {}
    for item in state.get_all_operator_schema():
        domains.setdefault(item.domain or "ai.onnx", set()).add(item.name)
    return {domain: sorted(names) for domain, names in domains.items()}


def _tensorflow() -> dict[str, list[str]]:
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session as session

    operators = op_def_pb2.OpList.FromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    return {"tensorflow": sorted(item.name for item in operators.op)}


def _paddle() -> dict[str, list[str]]:
    from paddle.base import core

    return {"paddle": sorted(set(core.get_all_op_names()))}


def operators() -> None:
    """Add the operators of every framework that is installed to the lists; a list only grows."""
    for name, makers in {"onnx": (_onnx, _onnxruntime), "tensorflow": (_tensorflow,), "paddle": (_paddle,)}.items():
        path = DATA / f"operators_{name}.json"
        table: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for maker in makers:
            try:
                found = maker()
            except (ImportError, AttributeError) as error:
                print(f"{name}: {maker.__name__} left alone ({error})")
                continue
            for key, names in found.items():
                plain = {item for item in names if re.fullmatch(r"[\w.>-]+", item)}
                table[key] = sorted(plain.union(table.get(key, [])))
        if table:
            write(path, table)


if __name__ == "__main__":
    for part in sys.argv[1:]:
        {"schemas": schemas, "operators": operators}[part]()
