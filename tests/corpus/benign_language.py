"""Word vectors, tokenizers, and models of older frameworks."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tests.corpus.frame import benign
from tests.corpus.language_files import (
    PROTOTXT,
    SPACY,
    caffe,
    fasttext,
    fasttext_quantized,
    ggjt,
    ggla,
    mxnet_parameters,
    mxnet_symbol,
    sentencepiece,
    whisper,
    word2vec,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """What their tools write."""
    tokenizer = {"version": "1.0", "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?i:'s|'t)|\\p{L}+"}},
                 "model": {"type": "BPE", "vocab": {"eval(": 1, "__class__": 2}, "merges": ["a b"]}}  # fmt: skip
    for name, path, data in (
        ("fasttext", "model.bin", fasttext()),
        ("fasttext-quantized", "model.ftz", fasttext_quantized()),
        ("word2vec-binary", "vectors.bin", word2vec()),
        ("word2vec-gensim", "vectors.bin", word2vec(newline=b"")),
        ("word2vec-text", "vectors.vec", b"2 3\ncat 0.1 0.2 0.3\nos.system( 0.1 0.2 0.3\n"),
        ("glove", "glove.txt", b"the 0.418 0.24968\n, 0.013441 0.23682\n"),
        ("sentencepiece", "tokenizer.model", sentencepiece()),
        ("sentencepiece-spiece", "spiece.model", sentencepiece(trainer=b"/home/user/corpus.txt")),
        ("tokenizer-json", "tokenizer.json", json.dumps(tokenizer).encode()),
        ("vocab-txt", "vocab.txt", "[PAD]\n[UNK]\ncos\nsystem\n##ing\n▁the\n".encode()),
        ("merges-txt", "merges.txt", "#version: 0.2\nĠ t\nh e\n".encode()),
        ("tiktoken", "cl.tiktoken", b"".join(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))),
        ("ggml-llama", "ggml-model-q4_0.bin", ggjt()),
        ("ggml-llama-first", "ggml-model-f16.bin", ggjt(b"lmgg")),
        ("ggml-lora", "ggml-adapter-model.bin", ggla()),
        ("ggml-whisper", "ggml-base.en.bin", whisper()),
        ("mxnet-symbol", "net-symbol.json", mxnet_symbol()),
        ("mxnet-parameters", "net-0000.params", mxnet_parameters()),
        ("caffe", "net.caffemodel", caffe(("c", "Convolution", b""), ("r", "ReLU", b""))),
        ("caffe-text", "net.prototxt", PROTOTXT.encode()),
        ("darknet-cfg", "yolo.cfg", b"[net]\nbatch=64\n\n[convolutional]\nfilters=32\nactivation=leaky\n"),
        ("spacy-config", "config.cfg", SPACY.encode()),
        ("spacy-lookups", "vocab/lookups.bin", b"\x80"),
        ("lightgbm-data", "data.bin", b"______LightGBM_Binary_File_Token______\n" + bytes(range(256))),
    ):
        yield benign(f"language-{name}", path, data)
