"""Operators of TensorFlow Lite models: which custom ones are known.

Sources: ``kernels/register.cc``, ``kernels/custom_ops_register.h`` and ``experimental/genai`` of TensorFlow Lite;
``util/tflite/operations`` of MediaPipe; TF.Text and TFLite Support; signal operators of TensorFlow Lite Micro; the
names under which compilers for accelerators (Edge TPU, Ethos-U, Neutron, Larq, XMOS, LiteRT) write their operator.
"""

from __future__ import annotations

import re

LAST_BUILTIN = 220
"""Highest number of a builtin operator; 209 in the schema of 2025, with room for those of the next releases."""

_CUSTOM = """
    AddN Atan2 AssignVariable AssignVariableOp AudioSpectrogram BroadcastArgs BroadcastTo Bucketize CallOnce
    CircularBuffer CIRCULAR_BUFFER Cast Complex ComplexAbs Conv3D Conv3DTranspose Cumsum
    Convolution2DTransposeBias DISPATCH_OP DynamicUpdateSlice ExtractFeatures FastBertNormalize
    FastSentencepieceTokenizer FastWordpieceTokenizeWithOffsets Gelu HashtableFind HashtableImport HashtableLookup
    HashtableSize HashtableV2 HashTableV2 Imag Irfft2d KmeansEmbeddingLookup Landmarks2TransformMatrix LayerNormLstm
    LookupTableFindV2 LookupTableImportV2 LookupTableSizeV2 MaxPoolWithArgmax MaxPoolingWithArgmax2D MaxUnpooling2D
    Mfcc Multinomial NeutronGraph Normalize NumericVerify Predict RaggedTensorToTensor RandomStandardNormal
    RandomUniform ReadVariable ReadVariableOp Real Relu1 Relu0To1 Resampler Rfft2d Roll Sign SignBit
    TFLite_Detection_PostProcess
    TFSentencepieceDetokenizeOp TFSentencepieceTokenizeOp TransformLandmarks TransformTensor TransformTensorBilinear
    TreeEnsembleClassifier UniversalSentenceEncoder UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
    UnsortedSegmentSum VarHandle VarHandleOp WhitespaceTokenizeWithOffsets aeq.hadamard_rotation edgetpu-custom-op
    ethos-u ngrams NGrams odml.scaled_dot_product_attention odml.update_external_kv_cache odml.update_kv_cache
    tftext:WhitespaceTokenizer tftext:WordpieceTokenizer tftext:NgramsTokenizer WhitespaceTokenizer
    SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank SignalFilterBankLog
    SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN
    SignalRfft SignalStacker SignalWindow
"""

_KNOWN = frozenset(_CUSTOM.split())
_FAMILIES = re.compile(r"(?:Lce|XC_|TFText>|odml\.|edgetpu-custom-op-|MTKEXT_|QNN_)[\w.>:-]{0,80}")


def is_known(name: str) -> bool:
    """Return whether a custom operator is one of the runtime's own extensions."""
    return name in _KNOWN or _FAMILIES.fullmatch(name) is not None
