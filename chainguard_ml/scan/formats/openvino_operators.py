"""Layer types of OpenVINO's intermediate representation, in lower case.

Sources: ``openvino/opsets/opset1_tbl.hpp`` to ``opset17_tbl.hpp`` of OpenVINO 2026.4 with the names that serialization
gives (Const, ReLU, SoftMax …); the operators of openvino_tokenizers; the layers of representations before version 10.
"""

from __future__ import annotations

import re

_OPSETS = """
abs acos acosh adaptiveavgpool adaptivemaxpool add asin asinh assign atan atanh avgpool bgrtonv12 batchnorminference
batchtospace binaryconvolution bitwiseand bitwiseleftshift bitwisenot bitwiseor bitwiserightshift bitwisexor
broadcast bucketize ctcgreedydecoder ctcgreedydecoderseqlen ctcloss ceiling clamp col2im concat const constant convert
convertlike convertpromotetypes convolution convolutionbackpropdata cos cosh cumsum dft deformableconvolution
deformablepsroipooling depthtospace detectionoutput divide einsum elu embeddingbagoffsets embeddingbagoffsetssum
embeddingbagpacked embeddingbagpackedsum embeddingsegmentssum equal erf erfinv exp
experimentaldetectrondetectionoutput experimentaldetectrongenerateproposalssingleimage
experimentaldetectronpriorgridgenerator experimentaldetectronroifeatureextractor experimentaldetectrontopkrois
extractimagepatches eye fakeconvert fakequantize floor floormod grn grucell grusequence gather gatherelements
gathernd gathertree gelu generateproposals greater greaterequal gridsample groupconvolution
groupconvolutionbackpropdata groupnormalization groupedmatmul hsigmoid hswish hardsigmoid i420tobgr i420torgb idft
irdft istft identity if interpolate inverse isfinite isinf isnan lrn lstmcell lstmsequence less lessequal log
logsoftmax logicaland logicalnot logicalor logicalxor loop mvn matmul matrixnms maxpool maximum minimum mish mod
multiclassnms multinomial multiply nmsrotated nv12tobgr nv12torgb negative nonmaxsuppression nonzero normalizel2
notequal onehot prelu psroipooling pad parameter power priorbox priorboxclustered proposal rdft rgbtonv12 rnncell
rnnsequence roialign roialignrotated roipooling randomuniform range readvalue reducel1 reducel2 reducelogicaland
reducelogicalor reducemax reducemean reducemin reduceprod reducesum regionyolo relu reorgyolo reshape result reverse
reversesequence rmsnorm rms roll round stft scaleddotproductattention scatterelementsupdate scatterndupdate
scatterupdate searchsorted segmentmax select selu shapeof shufflechannels sigmoid sign sin sinh slice slicescatter
softplus softsign softmax spacetobatch spacetodepth sparsefillemptyrows split sqrt squareddifference squeeze
stridedslice stringtensorpack stringtensorunpack subtract swish tan tanh tensoriterator tile topk transpose unique
unsqueeze variadicsplit xor
"""
_TOKENIZERS = """
bpetokenizer bytefallback bytestochars casefold charsmapnormalization charstobytes combinesegments equalstr fuzeragged
lookup normalizeunicode raggedtensorpack raggedtodense raggedtoragged raggedtosparse regexnormalization regexsplit
sentencepiecedetokenizer sentencepiecestreamdetokenizer sentencepiecetokenizer specialtokenssplit stringtensorpack
stringtensorunpack stringtohashbucket trietokenizer truncate unigramtokenizer utf8validate vocabdecoder vocabencoder
wordpiecetokenizer
"""
_BEFORE_10 = """
activation argmax batchnormalization convolution copy crop deconvolution eltwise fill flatten fullyconnected gemm
grnmvn innerproduct input interp memory norm normalize permute pooling power quantize relu6 resample rnn scaleshift
sequence simplernms slice tanh uni upsampling
"""
_VERSIONS = re.compile(r"opset\d{1,2}|experimental|util|ie_internal_opset|internal")

STANDARD = frozenset((_OPSETS + _BEFORE_10).split())
TOKENIZERS = frozenset(_TOKENIZERS.split())


def is_known(kind: str, version: str) -> bool:
    """Return whether a layer's type and operator set are OpenVINO's own, or those of its tokenizers."""
    name = kind.lower()
    if version == "extension":
        return name in TOKENIZERS
    return name in STANDARD and (not version or _VERSIONS.fullmatch(version) is not None)
