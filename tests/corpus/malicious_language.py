"""Word vectors, tokenizers, and models of older frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.classical_files import CALL, PAYLOAD
from tests.corpus.frame import malicious
from tests.corpus.language_files import (
    PROTOTXT,
    PYTHON_LAYER,
    SPACY,
    caffe,
    caffe_python,
    fasttext,
    ggjt,
    mxnet_parameters,
    mxnet_symbol,
    sentencepiece,
    word2vec,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious


def samples() -> Iterator[Malicious]:
    """Every technique."""
    bounds, code, python, danger = "model-bounds-broken", "code-in-metadata", "graph-calls-python", "dangerous-global"
    for name, path, data, rule in (
        ("fasttext-matrix-overflow", "model.bin", fasttext(rows=1 << 62), bounds),
        ("fasttext-negative-labels", "model.bin", fasttext(words=5, labels=-3), bounds),
        ("fasttext-columns", "model.bin", fasttext(columns=5), bounds),
        ("fasttext-trailing-pickle", "model.bin", fasttext() + PAYLOAD, danger),
        ("word2vec-trailing-pickle", "vectors.bin", word2vec() + PAYLOAD, danger),
        ("sentencepiece-call", "tokenizer.model", sentencepiece(trainer=CALL.encode()), code),
        ("sentencepiece-unknown-field", "tokenizer.model", sentencepiece(more=b"\x3a\x40" + PAYLOAD.ljust(64, b"\0")),
         danger),
        ("sentencepiece-trailing-pickle", "tokenizer.model", sentencepiece() + PAYLOAD, danger),
        ("ggml-negative-shape", "ggml-model.bin", ggjt(items=-5), bounds),
        ("ggml-tensor-is-a-pickle", "ggml-model.bin", ggjt(data=PAYLOAD.ljust(32, b"\0")), danger),
        ("ggml-trailing-pickle", "ggml-model.bin", ggjt() + PAYLOAD, danger),
        ("mxnet-custom", "net-symbol.json", mxnet_symbol({"op": "Custom", "attrs": {"op_type": "mine"}}), python),
        ("mxnet-address", "net-symbol.json", mxnet_symbol({"op": "_Native", "attrs": {"info": "0x7f00"}}), python),
        ("mxnet-input-outside", "net-symbol.json", mxnet_symbol({"inputs": [[900, 0, 0]]}), bounds),
        ("mxnet-head-outside", "net-symbol.json", mxnet_symbol(heads=[[900, 0, 0]]), bounds),
        ("mxnet-attribute-call", "net-symbol.json", mxnet_symbol({"attrs": {"lambda": CALL}}), code),
        ("mxnet-shape-overflow", "net.params", mxnet_parameters(extent=1 << 62), bounds),
        ("mxnet-trailing-pickle", "net.params", mxnet_parameters() + PAYLOAD, danger),
        ("caffe-python-layer", "net.caffemodel", caffe(("c", "Convolution", b""), caffe_python()), python),
        ("caffe-python-first", "net.caffemodel", caffe(caffe_python("evil", "Layer")), python),
        ("caffe-unknown-field", "net.caffemodel", caffe(("c", "ReLU", b"")) + b"\x7a\x40" + PAYLOAD.ljust(64, b"\0"),
         danger),
        ("caffe-text-python-layer", "net.prototxt", (PROTOTXT + PYTHON_LAYER).encode(), python),
        ("spacy-value-call", "config.cfg", SPACY.replace("0.001", f'"{CALL}"').encode(), code),
    ):  # fmt: skip
        yield malicious(name, path, data, rule)
