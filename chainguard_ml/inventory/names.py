"""What names promise. The first table decides by itself; the others only where the content does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.inventory.interface import Recognised
from chainguard_ml.model import ArtifactKind as Kind

if TYPE_CHECKING:
    from chainguard_ml.inventory.interface import File

EXACT: dict[str, tuple[Kind, str]] = {
    "pyproject.toml": (Kind.PROJECT, "pyproject"),
    "pylock.toml": (Kind.LOCKFILE, "pylock"),
    "uv.lock": (Kind.LOCKFILE, "uv-lock"),
    "poetry.lock": (Kind.LOCKFILE, "poetry-lock"),
    "pdm.lock": (Kind.LOCKFILE, "pdm-lock"),
    "pipfile.lock": (Kind.LOCKFILE, "pipfile-lock"),
    "conda-lock.yml": (Kind.LOCKFILE, "conda-lock"),
    "pixi.lock": (Kind.LOCKFILE, "pixi-lock"),
    "python_env.yaml": (Kind.LOCKFILE, "python-env"),
    "dvc.yaml": (Kind.DVC, "dvc-pipeline"),
    "dvc.lock": (Kind.DVC, "dvc-lock"),
    "mlmodel": (Kind.CONFIGURATION, "mlmodel"),
    ".gitlab-ci.yml": (Kind.WORKFLOW, "gitlab-ci"),
    ".gitlab-ci.yaml": (Kind.WORKFLOW, "gitlab-ci"),
    "dockerfile": (Kind.DOCKERFILE, "dockerfile"),
    "containerfile": (Kind.DOCKERFILE, "dockerfile"),
}
"""Names, in lower case, that say everything."""

_PATTERNS: tuple[tuple[Kind, str, str], ...] = (
    (Kind.WORKFLOW, "github-workflow", r"\.github/workflows/[^/]+\.ya?ml"),
    (Kind.LOCKFILE, "pylock", r"pylock\.[^/]+\.toml"),
    (Kind.REQUIREMENTS, "requirements", r"(?:[^/]*[-_.])?(?:requirements|constraints)[^/]*\.(?:txt|in)"),
    (Kind.REQUIREMENTS, "requirements", r"requirements/[^/]+\.(?:txt|in)"),
    (Kind.LOCKFILE, "cyclonedx", r"[^/]+\.(?:cdx|cyclonedx)\.(?:json|xml)"),
    (Kind.LOCKFILE, "spdx", r"[^/]+\.spdx(?:\.json|3\.json)?"),
    (Kind.DVC, "dvc", r"[^/]+\.dvc"),
    (Kind.DOCKERFILE, "dockerfile", r"(?:docker|container)file\.[^/]+|[^/]+\.(?:docker|container)file"),
    (Kind.SOURCE, "python", r"(?!setup\.py)[^/]+\.pyw?"),
)
_PATTERN = re.compile(
    "(?:.*/)?(?:" + "|".join(f"(?P<p{number}>{regex})" for number, (_, _, regex) in enumerate(_PATTERNS)) + ")",
    re.IGNORECASE | re.DOTALL,
)


def _table(kind: Kind, formats: str) -> dict[str, tuple[Kind, str]]:
    """Return a table of extensions from ``extension`` or ``extension=format`` words."""
    pairs = (word.partition("=") for word in formats.split())
    return {extension: (kind, fmt or extension) for extension, _, fmt in pairs}


EXTENSIONS: dict[str, tuple[Kind, str]] = {
    **_table(
        Kind.MODEL,
        "pkl=pickle pickle p=pickle dill=pickle cloudpickle=pickle joblib pt=torch pth=torch ckpt=checkpoint bin "
        "safetensors gguf ggml npy npz onnx ort=onnx h5=hdf5 hdf5 keras pb=protobuf pbtxt=protobuf tflite skops "
        "msgpack=flax ot=torch mar=zip nemo=tar mlmodel=coreml pdmodel=paddle pdparams=paddle pdiparams=paddle "
        "caffemodel=caffe cbm=catboost ubj=ubjson xgb=xgboost pmml engine=tensorrt trt=tensorrt t7=torch7 "
        "llamafile",
    ),
    **_table(
        Kind.DATASET,
        "csv tsv parquet arrow feather=arrow avro orc jsonl ndjson=jsonl tfrecord tfrecords=tfrecord arff libsvm "
        "svmlight=libsvm h5ad=hdf5 nc=netcdf mat=matlab",
    ),
    **_table(Kind.NOTEBOOK, "ipynb=notebook"),
    **_table(Kind.SIGNATURE, "sig=signature sigstore=signature"),
    **_table(Kind.CONFIGURATION, "json yaml yml=yaml toml ini cfg=ini conf=ini"),
    **_table(Kind.SOURCE, "sh=shell bash=shell r jl=julia scala"),
    **_table(Kind.ARCHIVE, "zip whl=zip jar=zip tar tgz=gzip gz=gzip bz2=bzip2 xz zst=zstd lz4 7z=7zip rar"),
    **_table(Kind.OTHER, "md=markdown markdown txt=text rst=text png jpg=jpeg jpeg gif svg pdf html css js"),
}
"""Extensions in lower case: what a file is for whose content nothing recognises."""

_COMPRESSED = re.compile(r"\.(?:gz|gzip|bz2|xz|lzma|zst|lz4|z)\Z", re.IGNORECASE)
# What is called after a split is data; what is called after a split and a purpose is not.
_DATA_JSON = re.compile(
    r"(?!.*(?:config|results?|metrics|settings|params?|schema|info|args|state|report))"
    r"(?:train|test|valid|validation|val|dev|eval|data|dataset)(?:[-_.0-9].*)?\.json\Z",
    re.IGNORECASE | re.DOTALL,
)
_SHARD = re.compile(r".*\.data-[0-9]{5}-of-[0-9]{5}\Z")


def certain(file: File) -> Recognised | None:
    """Return what a file is whose name or path leaves no doubt; its content need not be looked at."""
    found = EXACT.get(file.name.lower())
    if found:
        return Recognised(*found)
    match = _PATTERN.fullmatch(f"{file.directory.place}/{file.name}")
    if match is None:
        return None
    kind, fmt, _ = _PATTERNS[int(str(match.lastgroup)[1:])]
    return Recognised(kind, fmt)


def promised(name: str) -> Recognised | None:
    """Return what the name of a file says that it is, its content aside.

    A compressed file is what the name under its compression says: ``model.pkl.gz`` is a model.
    """
    if _SHARD.match(name):
        return Recognised(Kind.MODEL, "tensorflow-checkpoint")
    if name.endswith(".sigstore.json"):
        return Recognised(Kind.SIGNATURE, "signature")
    if _DATA_JSON.match(name):
        return Recognised(Kind.DATASET, "json")
    if name == "model.tar.gz":  # how Amazon SageMaker hands models over
        return Recognised(Kind.MODEL, "gzip")
    stem = _COMPRESSED.sub("", name)
    inner = _by_extension(stem) if stem != name else None
    if inner and inner.kind in {Kind.MODEL, Kind.DATASET}:
        return inner
    return _by_extension(name)


def _by_extension(name: str) -> Recognised | None:
    stem, _, last = name.rpartition(".")
    found = EXTENSIONS.get(last.lower()) if stem else None
    return Recognised(*found) if found else None
