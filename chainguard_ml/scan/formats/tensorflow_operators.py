"""What TensorFlow's operators do beyond computing: files, addresses, Python, the process itself.

Judged by hand from the kernels' sources and ``api_def`` descriptions of TensorFlow 2.21; operators that are not here
compute only. Names that TensorFlow does not register are another question (``operators_tensorflow.json``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import protobuf as rules

if TYPE_CHECKING:
    from chainguard_ml.model import Rule


class Effect(NamedTuple):
    """What an operator does.

    Attributes:
        rule: The rule of its finding.
        what: The effect in words.
        path: Index of the input that is a path, or ``None``.
        severity: Severity wherever the path leads.
        outside: Severity if the path is a constant that leads out of the model's directory, or ``None`` if that makes
            no difference.
        training: Whether graphs of training hold it for good reasons: ``""`` never, ``fed`` where the path is computed
            or fed, ``any`` always.
        writes: Whether files are written.
        strict: Whether a path that the graph computes is as bad as a constant one that leads out; so it is of all that
            write.
    """

    rule: Rule
    what: str
    path: int | None = None
    severity: Severity | None = Severity.HIGH
    outside: Severity | None = None
    training: str = ""
    writes: bool = False
    strict: bool = False


def _files(what: str, path: int | None = 0, *, training: str = "") -> Effect:
    return Effect(rules.GRAPH_FILE_ACCESS, what, path, training=training)


def _records(what: str = "reads records from files", path: int | None = 0) -> Effect:
    """Input of a training graph: no model needs it to compute, and none is harmed by an ordinary relative name."""
    return Effect(rules.GRAPH_FILE_ACCESS, what, path, Severity.MEDIUM, Severity.HIGH, training="any")


def _checkpoint(path: int = 0) -> Effect:
    """Every saved model holds these for its own variables, with the path as input; only a fixed path is odd."""
    return Effect(rules.GRAPH_FILE_ACCESS, "writes a checkpoint", path, None, Severity.HIGH, writes=True)


_NETWORK = Effect(rules.GRAPH_NETWORK_ACCESS, "talks to a service", 0)
_DATA_SERVICE = Effect(rules.GRAPH_NETWORK_ACCESS, "takes data from a service", 2)
_PYTHON = Effect(carries_code.GRAPH_PYTHON, "calls a Python function of the process")
_CACHE = Effect(rules.GRAPH_FILE_ACCESS, "writes a cache", 1, None, Severity.HIGH, writes=True)
_TABLE = Effect(rules.GRAPH_FILE_ACCESS, "reads a table from a file", 1, None, Severity.HIGH, "any", strict=True)
_RESTORED = Effect(rules.GRAPH_FILE_ACCESS, "reads a checkpoint", 0, None, Severity.HIGH, "any", strict=True)
_GRAPH = Effect(
    rules.GRAPH_HARMFUL, "runs a graph that it is given as data", 0, Severity.MEDIUM, Severity.HIGH, strict=True
)

EFFECTS: dict[str, Effect] = {
    **dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"), _PYTHON),
    "ReadFile": _files("reads a file", training="fed"),
    "WriteFile": _files("writes a file"),
    "MatchingFiles": _files("lists files", training="any"),
    **dict.fromkeys(
        ("MatchingFilesDataset", "ExperimentalMatchingFilesDataset"), _files("lists files", training="any")
    ),
    **dict.fromkeys(("SaveDataset", "SaveDatasetV2"), _files("writes files", 1)),
    **dict.fromkeys(("DatasetToTFRecord", "ExperimentalDatasetToTFRecord"), _files("writes a file", 1)),
    "DistributedSave": _files("writes files through a service", 1),
    "LoadDataset": _files("reads files"),
    **dict.fromkeys(("SnapshotDataset", "SnapshotDatasetV2"), _files("writes and reads files", 1)),
    **dict.fromkeys(("SnapshotChunkDataset", "ListSnapshotChunksDataset"), _files("reads files")),
    **dict.fromkeys(("SnapshotDatasetReader", "SnapshotNestedDatasetReader"), _files("reads files")),
    **dict.fromkeys(("SqlDataset", "ExperimentalSqlDataset"), _files("queries a database", 1)),
    **dict.fromkeys(
        ("TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset"), _records()
    ),
    **dict.fromkeys(("FixedLengthRecordDatasetV2", "CSVDataset", "CSVDatasetV2", "ExperimentalCSVDataset"), _records()),
    **dict.fromkeys(("LMDBDataset", "ExperimentalLMDBDataset"), _records()),
    **dict.fromkeys(
        ("WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2"), _records(path=None)
    ),
    **dict.fromkeys(("TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader"), _records(path=None)),
    **dict.fromkeys(("FixedLengthRecordReaderV2", "LMDBReader", "RecordInput"), _records(path=None)),
    **dict.fromkeys(("CreateSummaryFileWriter", "CreateSummaryDbWriter"), _records("writes a log", 1)),
    **dict.fromkeys(("SaveV2", "Save", "SaveSlices"), _checkpoint()),
    "MergeV2Checkpoints": _checkpoint(1),
    **dict.fromkeys(("CacheDataset", "CacheDatasetV2"), _CACHE),
    **dict.fromkeys(("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"), _TABLE),
    **dict.fromkeys(("RestoreV2", "Restore", "RestoreSlice"), _RESTORED),
    **dict.fromkeys(("GenerateVocabRemapping", "LoadAndRemapMatrix"), _records("reads files", path=None)),
    "DatasetFromGraph": _GRAPH,
    "FileSystemSetConfiguration": _files("changes the settings of a file system"),
    **dict.fromkeys(("RpcClient", "RpcServer", "RpcServerStart", "RpcServerRegister", "RpcCall"), _NETWORK),
    **dict.fromkeys(("Rpc", "TryRpc", "RegisterDataset", "RegisterDatasetV2"), _NETWORK),
    **dict.fromkeys(("DataServiceDataset", "DataServiceDatasetV2"), _DATA_SERVICE),
    **dict.fromkeys(("DataServiceDatasetV3", "DataServiceDatasetV4"), _DATA_SERVICE),
    "Abort": Effect(rules.GRAPH_HARMFUL, "ends the process"),
    **dict.fromkeys(
        ("XlaCustomCall", "XlaCustomCallV2"),
        Effect(rules.CUSTOM_OPERATOR, "calls a native function by its name", None, Severity.MEDIUM),
    ),
}
"""Effects by operator."""

ATTRIBUTES = {
    "PrintV2": "output_stream",
    **dict.fromkeys(("DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount"), "debug_urls"),
    **dict.fromkeys(("DebugNumericSummary", "DebugNumericSummaryV2"), "debug_urls"),
    **dict.fromkeys(("DecodeProtoV2", "EncodeProto"), "descriptor_source"),
    "FixedUnigramCandidateSampler": "vocab_file",
}
"""Operators that are judged by an attribute, and which one."""


def of_attribute(operator: str, value: str) -> Effect | None:
    """Return what an operator does because of the value of its attribute."""
    if operator == "PrintV2":
        return _files("writes a file", None) if value.startswith("file:") else None
    if operator in {"DecodeProtoV2", "EncodeProto", "FixedUnigramCandidateSampler"}:
        inside = value in {"", "local://"} or value.startswith("bytes://")
        return None if inside else Effect(rules.GRAPH_FILE_ACCESS, "reads a file", None, Severity.MEDIUM, Severity.HIGH)
    if not operator.startswith("Debug") or not value:
        return None
    if value.startswith("file:"):
        return _files("writes tensors to files", None)
    if value.startswith("memcbk:") or "://" not in value:  # a callback inside the process
        return None
    return Effect(rules.GRAPH_NETWORK_ACCESS, "sends tensors to an address")
