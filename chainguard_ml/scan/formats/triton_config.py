"""Triton's ``config.pbtxt`` (``ModelConfig`` of ``model_config.proto``): what the server loads beside the weights.

The Python backend runs ``model.py`` of the model's directory, and unpacks the environment that ``EXECUTION_ENV_PATH``
names; other backends are shared libraries, which may lie in that directory; ``op_library_filename`` is a library with
operators of TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan.formats import secrets
from chainguard_ml.scan.formats.member_names import escape
from chainguard_ml.scan.protobuf.text import fields
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "triton-config"
EXAMINES = "backends that run code of the model's directory, libraries of operators, paths; secrets"

_LIMIT = 4_000_000
_BACKENDS = frozenset(
    {
        "tensorrt",
        "tensorflow",
        "tensorflow1",
        "tensorflow2",
        "onnxruntime",
        "pytorch",
        "openvino",
        "dali",
        "fil",
        "vllm",
    }
    | {"tensorrtllm", "identity", "repeat", "square", "paddle", "armnn_tflite", "ensemble", "caffe2", "sglang"}
)
_PLATFORMS = frozenset(
    {"tensorrt_plan", "tensorflow_graphdef", "tensorflow_savedmodel", "onnxruntime_onnx", "onnxv1_onnx"}
    | {"pytorch_libtorch", "caffe2_netdef", "ensemble", "torch_aoti", "tensorrt_llm"}
)
_FILES = frozenset({"default_model_filename", "value", "op_library_filename", "label_filename", "string_value"})
_ROOT = "$$TRITON_MODEL_DIRECTORY/"
_ENVIRONMENT = "EXECUTION_ENV_PATH"


def recognise(blob: Blob) -> bool:
    """Return whether a text has this name and a field of a model's configuration."""
    if blob.name.rpartition("/")[2] != "config.pbtxt" or b"\0" in blob.read(0, 512):
        return False
    known = {"name", "platform", "backend", "input", "output", "max_batch_size", "instance_group", "parameters"}
    return any(path[0] in known for path, _, _ in fields(blob.data, _LIMIT))


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Report what runs code, and files outside of the model's directory."""
    yield from secrets.examine_text(blob)
    key = ""
    for path, value, offset in fields(blob.data, _LIMIT):
        name = path[-1]
        if name == "key":
            key = value
        yield from _code(blob, path, key, value, offset)
        is_file = name in _FILES and (name != "string_value" or key == _ENVIRONMENT)
        if is_file and (how := escape(value.removeprefix(_ROOT))):
            yield _escapes(blob, value, how, offset)


def _code(blob: Blob, path: tuple[str, ...], key: str, value: str, offset: int) -> Iterator[Finding]:
    match path:
        case ("backend",) if value == "python":
            yield _finding(blob, "the backend 'python' runs a Python file of the model's directory", value, offset)
        case ("backend",) if value and value not in _BACKENDS:
            what = f"the backend '{printable(value, 80)}' is a library that may lie in the model's directory"
            yield _finding(blob, what, value, offset)
        case ("platform",) if value and value not in _PLATFORMS:
            what = f"the platform '{printable(value, 80)}' runs code of the model's directory"
            yield _finding(blob, what, value, offset)
        case ("runtime",) if value:
            yield _finding(blob, f"the runtime '{printable(value, 80)}' is a file of its own", value, offset)
        case ("model_operations", "op_library_filename"):
            yield _finding(blob, f"the library '{printable(value, 120)}' is loaded for its operators", value, offset)
        case ("parameters", "value", "string_value") if key == _ENVIRONMENT:
            yield _finding(blob, f"Python runs in the environment '{printable(value, 120)}'", value, offset)


def _finding(blob: Blob, what: str, value: str, offset: int) -> Finding:
    return carries_code.REPOSITORY_CODE.finding(
        blob.subject, blob.location.at(offset), what, key=(value,), facts={"value": value}
    )


def _escapes(blob: Blob, path: str, how: str, offset: int) -> Finding:
    return rules.PATH_ESCAPE.finding(
        blob.subject,
        blob.location.at(offset),
        f"'{printable(path, 120)}' leaves the model's directory: {how}",
        key=(path,),
        facts={"path": path},
    )
