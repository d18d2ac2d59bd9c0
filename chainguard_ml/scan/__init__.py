"""Scan: unsafe payloads in serialized models, recognised by content.

Adding a format is one file (see ``interface.Format``) and one line in ``FORMATS``.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, cast

from chainguard_ml.model import ArtifactKind, Component, Evidence, Subject
from chainguard_ml.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.config import AllowedGlobal
    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Observation, Observations
    from chainguard_ml.workers import TaskResult

FORMATS = (
    "chainguard_ml.scan.formats.gguf",
    "chainguard_ml.scan.formats.catboost_model",
    "chainguard_ml.scan.formats.data_files",
    "chainguard_ml.scan.formats.fasttext",
    "chainguard_ml.scan.formats.ggml_legacy",
    "chainguard_ml.scan.formats.mxnet",
    "chainguard_ml.scan.formats.numpy_array",
    "chainguard_ml.scan.formats.safetensors",
    "chainguard_ml.scan.hdf5",
    "chainguard_ml.scan.formats.seven_zip",
    "chainguard_ml.scan.formats.opaque:ARCHIVE",
    "chainguard_ml.scan.formats.opaque:PTE",
    "chainguard_ml.scan.formats.tflite",
    "chainguard_ml.scan.formats.ort_model",
    "chainguard_ml.scan.formats.rds",
    "chainguard_ml.scan.formats.tensorrt",
    "chainguard_ml.scan.formats.java_objects",
    "chainguard_ml.scan.formats.programs:ELF",
    "chainguard_ml.scan.formats.programs:PE",
    "chainguard_ml.scan.formats.programs:MACH_O",
    "chainguard_ml.scan.formats.programs:WASM",
    "chainguard_ml.scan.formats.programs:JAVA_CLASS",
    "chainguard_ml.scan.formats.programs:DEX",
    "chainguard_ml.scan.formats.programs:PYC",
    "chainguard_ml.scan.formats.programs:LLVM",
    "chainguard_ml.scan.formats.media",
    "chainguard_ml.scan.formats.openvino",
    "chainguard_ml.scan.formats.pmml",
    "chainguard_ml.scan.formats.images:PNG",
    "chainguard_ml.scan.formats.images:JPEG",
    "chainguard_ml.scan.formats.images:GIF",
    "chainguard_ml.scan.formats.compressed:GZIP",
    "chainguard_ml.scan.formats.compressed:BZIP2",
    "chainguard_ml.scan.formats.compressed:XZ",
    "chainguard_ml.scan.formats.zarr",
    "chainguard_ml.scan.formats.compressed:ZSTD",
    "chainguard_ml.scan.formats.compressed:LZ4",
    "chainguard_ml.scan.formats.compressed:ZFILE",
    "chainguard_ml.scan.formats.torch_distributed",
    "chainguard_ml.scan.formats.torch_package",
    "chainguard_ml.scan.formats.torch_export",
    "chainguard_ml.scan.formats.torch_zip:TORCHSCRIPT",
    "chainguard_ml.scan.formats.torch_zip:TORCH_ZIP",
    "chainguard_ml.scan.formats.zip_archive:KERAS",
    "chainguard_ml.scan.formats.zip_archive:SKOPS",
    "chainguard_ml.scan.formats.zip_archive:NPZ",
    "chainguard_ml.scan.formats.model_archive:MAR",
    "chainguard_ml.scan.formats.model_archive:MLFLOW_ZIP",
    "chainguard_ml.scan.formats.model_archive:BENTO_ZIP",
    "chainguard_ml.scan.formats.zip_archive:ZIP",
    "chainguard_ml.scan.formats.tar_archive:TORCH_TAR",
    "chainguard_ml.scan.formats.model_archive:MLFLOW_TAR",
    "chainguard_ml.scan.formats.model_archive:BENTO_TAR",
    "chainguard_ml.scan.formats.tar_archive:TAR",
    "chainguard_ml.scan.formats.torch_legacy",
    "chainguard_ml.scan.formats.torch7",
    "chainguard_ml.scan.formats.onnx:ONNX",
    "chainguard_ml.scan.formats.onnx:TENSOR",
    "chainguard_ml.scan.formats.tensorflow:SAVED_MODEL",
    "chainguard_ml.scan.formats.tensorflow:META_GRAPH",
    "chainguard_ml.scan.formats.tensorflow:GRAPH_DEF",
    "chainguard_ml.scan.formats.tensorflow:KERAS_METADATA",
    "chainguard_ml.scan.formats.tensorflow:FINGERPRINT",
    "chainguard_ml.scan.formats.tensorflow:DATASET_SPEC",
    "chainguard_ml.scan.formats.coreml",
    "chainguard_ml.scan.formats.coreml_weights",
    "chainguard_ml.scan.formats.paddle",
    "chainguard_ml.scan.formats.paddle_params",
    "chainguard_ml.scan.formats.tensorflow_table",
    "chainguard_ml.scan.formats.compressed:ZLIB",
    "chainguard_ml.scan.formats.compressed:LZMA",
    "chainguard_ml.scan.formats.sentencepiece",
    "chainguard_ml.scan.formats.caffe",
    "chainguard_ml.scan.formats.word_vectors",
    "chainguard_ml.scan.formats.msgpack_model",
    "chainguard_ml.scan.formats.xgboost_model",
    "chainguard_ml.scan.formats.xgboost_binary",
    "chainguard_ml.scan.formats.lightgbm_model",
    "chainguard_ml.scan.formats.onnx_text",
    "chainguard_ml.scan.formats.protobuf_text",
    "chainguard_ml.scan.formats.json_document",
    "chainguard_ml.scan.formats.spacy_config",
    "chainguard_ml.scan.formats.encoded_text",
    "chainguard_ml.scan.pickle",
    "chainguard_ml.scan.formats.jinja_template",
    "chainguard_ml.scan.formats.xml_document",
    "chainguard_ml.scan.formats.yaml_document",
    "chainguard_ml.scan.formats.settings_text",
    "chainguard_ml.scan.formats.scripts",
)
"""The formats in the order they are asked, ``module`` or ``module:object``: certain signatures first, guesses last."""

_BATCH_FILES = 64
_BATCH_BYTES = 64_000_000
_BATCHES_PER_WORKER = 4  # so that both cores have work until the end
_WORKER = "chainguard_ml.scan.worker:examine_files"


def examine(context: Context) -> Observations:
    """Examine every file of the inventory, whatever its name; ask the second engine about what it can read."""
    from chainguard_ml.scan import repository

    files = _files(context.artifacts)
    context.observer.stage("scan", len(files))
    allow = [dataclasses.asdict(item) for item in context.config.scan.allow]
    argument: JsonObject = {"root": str(context.root), "allow": allow, "listing": context.config.scan.globals}
    recognised: dict[str, str] = {}
    for item in _run(context, _WORKER, argument, files):
        if isinstance(item, Evidence) and item.kind == "scan":
            recognised[item.subject.name] = str(item.statement["format"])
        yield item
    yield from repository.examine(context)
    if "modelscan" in context.config.scan.engines:
        yield from _second_opinion(context, files, recognised)


def _second_opinion(context: Context, files: Sequence[Subject], recognised: Mapping[str, str]) -> Observations:
    from chainguard_ml.scan.engines import modelscan

    suited = [file for file in files if recognised.get(file.name) in modelscan.FORMATS]
    formats = {file.name: recognised[file.name] for file in suited}
    argument: JsonObject = {"root": str(context.root), "formats": formats}
    yield from modelscan.absent() or _run(context, modelscan.WORKER, argument, suited)


def scan_file(path: Path, allow: Sequence[AllowedGlobal] = ()) -> list[Observation]:
    """Examine one file in this process, without the isolation of worker processes, and return what was learnt.

    ``allow`` are globals accepted beside the shipped allow-list. Links are not followed below the file's directory;
    an unreadable file is a ``Gap``, not an error.
    """
    from chainguard_ml.scan import allowlist, worker

    judge = allowlist.make_judge([dataclasses.asdict(item) for item in allow])
    return list(worker.examine_file(path.parent, path.name, judge))


def _files(artifacts: Iterable[Artifact]) -> list[Subject]:
    """Return every file among the artifacts once, sorted: files, and members of directories."""
    files: dict[str, Subject] = {}
    for artifact in artifacts:
        if artifact.kind is ArtifactKind.ENVIRONMENT:
            continue  # installed packages are audited, not scanned
        if artifact.subject.kind == "file":
            files[artifact.path] = Subject(artifact.path, size=artifact.size)
        for member in artifact.members:
            files.setdefault(member, Subject(member))
    return [files[path] for path in sorted(files)]


def _run(context: Context, function: str, argument: JsonObject, files: Sequence[Subject]) -> Observations:
    """Examine files in batches; what a failed batch held is examined again, each file for itself."""
    subjects = {file.name: file for file in files}
    failed: list[str] = []
    for result in context.pool.run(_task(function, argument, batch) for batch in _batches(files, context.pool.size)):
        names = cast("list[str]", result.task.argument["files"])
        if result.failure and len(names) > 1:
            failed += names
        else:
            yield from _told(context, result)
    for result in context.pool.run(_task(function, argument, [subjects[name]]) for name in sorted(failed)):
        yield from _told(context, result)


def _told(context: Context, result: TaskResult) -> Observations:
    for name in cast("list[str]", result.task.argument["files"]):
        context.observer.advance(name)
    yield from (record for record in result.records if not isinstance(record, Component))


def _task(function: str, argument: JsonObject, batch: Sequence[Subject]) -> Task:
    return Task(function, {**argument, "files": [file.name for file in batch]}, batch[0])


def _batches(files: Sequence[Subject], workers: int) -> Iterator[list[Subject]]:
    """Yield runs of files, small enough that a failure costs little and every worker has some."""
    most = min(_BATCH_FILES, max(1, math.ceil(len(files) / (workers * _BATCHES_PER_WORKER))))
    batch: list[Subject] = []
    octets = 0
    for file in files:
        size = file.size or 0
        if batch and (len(batch) >= most or octets + size > _BATCH_BYTES):
            yield batch
            batch, octets = [], 0
        batch.append(file)
        octets += size
    if batch:
        yield batch
