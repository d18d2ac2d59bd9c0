"""TensorFlow operators that do more than compute, as the Flex delegate of TensorFlow Lite can run them.

Source: the operator registry of TensorFlow (``core/ops/*.cc``): operators with a file name, an address, a device or a
function of the host program among their inputs or attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import binary as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob

_DOES = {
    "reads files": """
        ReadFile MatchingFiles Restore RestoreSlice RestoreV2 ReaderRead ReaderReadV2 FixedLengthRecordReader
        FixedLengthRecordReaderV2 TextLineReader TextLineReaderV2 TFRecordReader TFRecordReaderV2 WholeFileReader
        WholeFileReaderV2 LMDBReader TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset
        FixedLengthRecordDatasetV2 LMDBDataset ExperimentalLMDBDataset CSVDataset CSVDatasetV2 ExperimentalCSVDataset
        SSTableDataset MatchingFilesDataset ExperimentalMatchingFilesDataset LoadDataset InitializeTableFromTextFile
        InitializeTableFromTextFileV2 LoadAndRemapMatrix GenerateVocabRemapping SqlDataset ExperimentalSqlDataset
        BigQueryReader CheckpointHasKey GenerateBigQueryReaderPartitions IndexFlatMapDataset
    """,
    "writes files": """
        WriteFile Save SaveV2 SaveSlices MergeV2Checkpoints SaveDataset SaveDatasetV2 SnapshotDataset SnapshotDatasetV2
        SnapshotDatasetReader CacheDataset CacheDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord
        CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary WriteScalarSummary WriteHistogramSummary
        WriteImageSummary WriteAudioSummary WriteGraphSummary WriteRawProtoSummary ImportEvent PrintV2
        DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary DebugNumericSummaryV2
    """,
    "calls Python functions of the host program": "PyFunc PyFuncStateless EagerPyFunc GeneratorDataset",
    "talks to other processes": """
        RpcClient RpcCall RpcServer RpcServerStart RpcServerRegister RpcGetValue Send Recv _Send _Recv _HostSend
        _HostRecv RemoteCall DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4
        RegisterDataset RegisterDatasetV2 CollectiveInitializeCommunicator PubSubDataset RemoteFusedGraphExecute
    """,
    "ends the process": "Abort",
    "changes how files are reached": "FileSystemSetConfiguration",
}
_BY_NAME = {name: does for does, names in _DOES.items() for name in names.split()}


def judge(blob: Blob, name: str, offset: int) -> Observations:
    """Report an operator that does more than compute; other operators of TensorFlow compute."""
    does = _BY_NAME.get(name)
    if does:
        yield rules.UNSAFE_OPERATOR.finding(
            blob.subject,
            blob.location.at(offset),
            f"TensorFlow's operator {printable(name, 80)} {does}",
            key=(name,),
            facts={"operator": name, "does": does},
        )
