"""What first bytes give away: one table of formats, certain signatures first, guesses last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.inventory.interface import HEAD, Recognised
from chainguard_ml.inventory.names import promised
from chainguard_ml.model import ArtifactKind as Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.inventory.interface import File

Signature: TypeAlias = "Callable[[bytes, File], bool]"
"""Says whether the first bytes of a file are of its format."""

# A global at the start of a pickle of protocol 0 or 1, and an opcode that uses it; or a list or dict that is memoised.
_TEXT_PICKLE = re.compile(rb"c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n(?:p[0-9]+\n|q|\()|\(?[ld]p[0-9]+\n|[\]}]q[\x00-\xff]")
_TORCH_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_ONNX = re.compile(
    rb"\x08[\x01-\x14]\x12[\x01-\x40](?:pytorch|onnx|skl2onnx|tf2onnx|keras2onnx|OnnxMLTools|CNTK|chainer)"
)
_PMML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml[^<]*<)?(?:!--[^<]*<)*PMML\b")
_XGBOOST = re.compile(rb'\s*\{\s*"(?:learner|version)"\s*:\s*(?:\{\s*"|\[\d+,\s*\d+,\s*\d+\],\s*"learner")')
_FIRST_MEMBER = slice(30, 286)
_TORCH_MEMBER = re.compile(rb"[^/\x00]+/(?:data\.pkl|version|byteorder|constants\.pkl|code/|\.data/|\.format_version)")
_TORCH_TAR = re.compile(rb"(?:\./)?(?:sys_info|pickle|storages|tensors)\x00")
_MOST_SAFETENSORS_HEADER = 100_000_000  # bytes; the format's own limit


def _magic(*starts: bytes, at: int = 0) -> Signature:
    return lambda head, _: head.startswith(starts, at)


def _matches(pattern: re.Pattern[bytes]) -> Signature:
    return lambda head, _: pattern.match(head) is not None


def _is_safetensors(head: bytes, file: File) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length <= min(_MOST_SAFETENSORS_HEADER, file.size - 8)


def _is_pickle(head: bytes, _: File) -> bool:
    if len(head) > 2 and head[0] == 0x80 and head[1] in {2, 3, 4, 5}:
        # A frame, or an opcode that pushes or builds something.
        return head[2] in b"\x95(]})NIJKLMFGSTUVXPBCc\x8a\x8b\x8c\x8d\x8e\x8f\x88\x89\x96"
    return _TEXT_PICKLE.match(head) is not None


def _is_hdf5(head: bytes, _: File) -> bool:
    return any(head.startswith(b"\x89HDF\r\n\x1a\n", start) for start in (0, 512, 1024, 2048, 4096))


def _is_zip_of(*members: bytes) -> Signature:
    return lambda head, _: head.startswith(b"PK\x03\x04") and head[_FIRST_MEMBER].startswith(members)


def _is_torch_zip(head: bytes, _: File) -> bool:
    return head.startswith(b"PK\x03\x04") and _TORCH_MEMBER.match(head[_FIRST_MEMBER]) is not None


def _is_npz(head: bytes, _: File) -> bool:
    length = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\x03\x04") and head[30 : 30 + length].endswith(b".npy")


def _is_torch_tar(head: bytes, _: File) -> bool:
    return head.startswith(b"ustar", 257) and _TORCH_TAR.match(head) is not None


MODELS: tuple[tuple[str, Signature], ...] = (
    ("safetensors", _is_safetensors),
    ("gguf", _magic(b"GGUF")),
    ("ggml", _magic(b"tjgg", b"lmgg", b"fmgg")),
    ("npy", _magic(b"\x93NUMPY")),
    ("torch-legacy", _magic(_TORCH_LEGACY)),
    ("torch-zip", _is_torch_zip),
    ("torch-tar", _is_torch_tar),
    ("tflite", _magic(b"TFL3", at=4)),
    ("catboost", _magic(b"CBM1")),
    ("lightgbm", _magic(b"tree\nversion=")),
    ("xgboost", _matches(_XGBOOST)),
    ("pmml", _matches(_PMML)),
    ("onnx", _matches(_ONNX)),
    ("pickle", _is_pickle),
)
"""Formats that hold models, whatever the file is called."""

DATASETS: tuple[tuple[str, Signature], ...] = (
    ("parquet", _magic(b"PAR1")),
    ("arrow", _magic(b"ARROW1", b"FEA1")),
    ("avro", _magic(b"Obj\x01")),
    ("orc", _magic(b"ORC")),
)
"""Formats that hold data sets, whatever the file is called."""

CONTAINERS: tuple[tuple[str, Signature], ...] = (
    ("npz", _is_npz),
    ("keras", _is_zip_of(b"metadata.json", b"config.json", b"model.weights.h5")),
    ("hdf5", _is_hdf5),
    ("zip", _magic(b"PK\x03\x04", b"PK\x05\x06")),
    ("tar", _magic(b"ustar", at=257)),
    ("gzip", _magic(b"\x1f\x8b")),
    ("bzip2", _magic(b"BZh")),
    ("xz", _magic(b"\xfd7zXZ\x00")),
    ("zstd", _magic(b"\x28\xb5\x2f\xfd")),
    ("lz4", _magic(b"\x04\x22\x4d\x18")),
    ("7zip", _magic(b"7z\xbc\xaf\x27\x1c")),
    ("rar", _magic(b"Rar!\x1a\x07")),
)
"""Formats that hold anything: the name says what, and without its word they are archives."""

_MODEL_CONTAINERS = frozenset({"npz", "keras", "hdf5"})
_ZIPPED = frozenset({"skops", "keras"})  # formats that are zip archives, and are known by name only
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def signed(file: File) -> Recognised | None:
    """Return what the first bytes of a file are known by, or ``None``."""
    head = file.head[:HEAD]
    for kind, table in ((Kind.MODEL, MODELS), (Kind.DATASET, DATASETS)):
        for fmt, matches in table:
            if matches(head, file):
                return Recognised(kind, fmt)
    if head.startswith(_LFS_POINTER):
        promise = promised(file.name)
        return Recognised(promise.kind if promise else Kind.OTHER, "git-lfs-pointer")
    for fmt, matches in CONTAINERS:
        if matches(head, file):
            return _container(fmt, promised(file.name))
    return None


def _container(fmt: str, promise: Recognised | None) -> Recognised:
    """Let the name decide what a container holds."""
    kind = promise.kind if promise and promise.kind in {Kind.MODEL, Kind.DATASET} else None
    if promise and fmt in {"zip", "npz"} and promise.format in _ZIPPED:
        fmt = promise.format
    return Recognised(kind or (Kind.MODEL if fmt in _MODEL_CONTAINERS else Kind.ARCHIVE), fmt)
