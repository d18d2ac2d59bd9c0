"""What a name promises, against what the content is.

Content decides how bytes are examined; a name that promises something else is a finding of its own, and a model's
name over bytes that nothing recognises is a gap, never silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import binary
from chainguard_ml.rules import formats as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.model import Finding, Gap
    from chainguard_ml.scan.interface import Blob

MODEL_EXTENSIONS = frozenset(
    {"pkl", "pickle", "joblib", "dill", "cloudpickle", "pt", "pth", "ckpt", "bin", "skops", "npy", "npz", "safetensors"}
    | {"gguf", "onnx", "h5", "hdf5", "keras", "pb", "tflite", "ubj", "cbm", "msgpack"}
    | {"rds", "rda", "rdata", "ort", "engine", "trt", "pmml"}
    | {"pt2", "ptl", "mar", "distcp", "nemo", "bento", "pte", "t7"}
    | {"mlmodel", "pdmodel", "pdiparams", "cpb"}
    | {"caffemodel", "mnn", "rknn"}
)
"""Extensions under which frameworks save models, in lower case."""

BYTECODE = frozenset({"java-class", "dex", "pyc", "llvm"})
"""Names of the formats that are compiled for a virtual machine."""

NATIVE = frozenset({"elf", "pe", "mach-o", "wasm"}) | BYTECODE
"""Names of the formats that are compiled programs."""

PROGRAMS = NATIVE | {"script"}
"""Names of the formats that have no place inside of a model."""

PROTOBUF = frozenset(
    {"onnx", "onnx-tensor", "saved-model", "meta-graph", "graph-def", "keras-metadata", "fingerprint", "coreml"}
    | {"coreml-weights", "paddle", "paddle-params", "tensorflow-table"}
)
"""Names of the formats around protobuf: no signature at their start, so the same bytes can be something else too."""

TORCH = frozenset(
    {"torch-zip", "torchscript", "torch-legacy", "torch-tar", "torch-package", "torch-export", "torch-distributed"}
)
"""Names of the formats that torch writes."""

MODEL_FORMATS = frozenset(
    {*TORCH, "mar", "mlflow", "bento", "keras", "skops", "npz", "pickle"}
    | {"tflite", "ort", "executorch", "tensorrt", "openvino", "pmml", "rds"}
)
"""Names of the formats that hold a model and nothing else."""

_TEXT = frozenset(
    {
        "script",
        "xml",
        "json",
        "jinja",
        "yaml",
        "settings",
        "lightgbm",
        "encoded",
        "spacy-config",
        "python",
        "triton-config",
    }
)
_R = frozenset({"rds", "gzip", "bzip2", "xz", "zstd"})
IMAGES = frozenset({"png", "jpeg", "gif"})
"""Names of the formats that are images."""

_TORCH = TORCH | {"zip", "tar", "pickle", "safetensors"}

# What may stand behind an extension. Absent extensions promise nothing: .bin and .ckpt have been nearly everything.
_PROMISES: dict[str, frozenset[str]] = {
    "safetensors": frozenset({"safetensors"}),
    "gguf": frozenset({"gguf"}),
    "npy": frozenset({"npy"}),
    "npz": frozenset({"npz", "zip"}),
    "h5": frozenset({"hdf5"}),
    "hdf5": frozenset({"hdf5"}),
    "keras": frozenset({"keras", "zip", "hdf5"}),
    "onnx": frozenset({"onnx"}),
    "tflite": frozenset({"tflite"}),
    "mlmodel": frozenset({"coreml"}),
    "pdmodel": frozenset({"paddle"}),
    "pdiparams": frozenset({"paddle-params"}),
    **dict.fromkeys(("rds", "rda", "rdata"), _R),
    "pmml": frozenset({"pmml", "gzip"}),
    "skops": frozenset({"skops"}),
    **dict.fromkeys(("pt", "pth"), _TORCH | NATIVE | {"python-path"}),  # native code is a finding of its own
    **dict.fromkeys(("json", "txt", "md", "csv", "tsv", "yaml", "yml", "toml", "py", "jinja"), _TEXT),
    **dict.fromkeys(("png", "jpg", "jpeg", "gif"), IMAGES | {"media"}),
    **dict.fromkeys(("pdf", "mp4", "wav"), frozenset({"media"})),
    "ort": frozenset({"ort"}),
    **dict.fromkeys(("engine", "trt"), frozenset({"tensorrt"})),
}
KNOWN_EXTENSIONS = MODEL_EXTENSIONS | frozenset(_PROMISES)
"""Extensions that say something about the content."""

_DATA = frozenset(
    {"media", "arrow", "safetensors", "gguf", "npy", "hdf5", "mat", "mat-4", "tflite", *PROTOBUF, *IMAGES, *_TEXT}
)  # cannot run anything by themselves
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def extension(name: str) -> str:
    """Return the last extension of a name in lower case without the dot, or an empty string."""
    stem, dot, last = name.rpartition("/")[2].rpartition(".")
    return last.lower() if dot and stem else ""


def stem(name: str) -> str:
    """Return the last part of a path without its last extension."""
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last


def is_model(names: Iterable[str]) -> bool:
    """Return whether any of the names is one under which frameworks save models."""
    return any(extension(name) in MODEL_EXTENSIONS for name in names)


def fits(ending: str, found: str) -> bool:
    """Return whether what is behind an extension may be of the format ``found``."""
    is_medium = ending in MODEL_EXTENSIONS and (found == "media" or found in IMAGES)
    return not is_medium and found in _PROMISES.get(ending, {found})


def mismatch(blob: Blob, found: str) -> Finding | None:
    """Return the finding that a blob recognised as ``found`` has a name that promises something else."""
    promised = extension(blob.name)
    if not found or fits(promised, found):
        return None
    return rules.FORMAT_MISMATCH.finding(
        blob.subject,
        blob.location,
        f"the name promises .{printable(promised)}, the content is {found}",
        key=(promised, found),
        facts={"promised": promised, "found": found},
        severity=Severity.LOW if found in _DATA else None,
    )


def unrecognised(blob: Blob) -> Gap | None:
    """Return the gap that nothing recognises what stands under a model's name; other names promise nothing."""
    ending = extension(blob.name)
    if ending not in MODEL_EXTENSIONS:
        return None
    if blob.read(0, len(_LFS_POINTER)) == _LFS_POINTER:
        return blob.gap(GapReason.UNSUPPORTED, "this is a Git LFS pointer; the model itself is not here")
    if blob.name.rpartition("/")[2] == "coremldata.bin":
        return blob.gap(GapReason.UNSUPPORTED, "the compiler's own description of a Core ML model is not read")
    return blob.gap(GapReason.UNSUPPORTED, f"no known format is recognised in this .{ending} file")


def program(blob: Blob, found: str) -> Finding:
    """Return the finding that a program stands where a model should be."""
    if found == "script":
        rule, what = binary.SCRIPT, "a script"
    else:
        kind = "compiled code" if found in BYTECODE else "native machine code"
        rule, what = rules.NATIVE_CODE, f"{kind} ({found.upper()})"
    return rule.finding(
        blob.subject,
        blob.location,
        f"{what} stands where a model should be",
        key=(found,),
        facts={"format": found},
    )
