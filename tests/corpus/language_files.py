"""Builders of word vectors, tokenizers, and models of older frameworks, by the formats' specifications."""

from __future__ import annotations

import json
import struct
from typing import Any


def fasttext(
    *, words: int = 1, labels: int = 1, columns: int = 4, rows: int = 2, pruned: int = -1, word: bytes = b"cat\0"
) -> bytes:
    """Return a dense model of two entries."""
    data = struct.pack("<2i12id", 793712314, 12, 4, *([1] * 11), 1e-4)
    data += struct.pack("<3i2q", words + labels, words, labels, 10, pruned)
    data += word + struct.pack("<qB", 3, 0) + b"__label__a\0" + struct.pack("<qB", 2, 1)
    data += struct.pack("<2i", 1, 0) * min(max(0, pruned), 9)
    matrix = struct.pack("<2q", rows, columns) + bytes(32)
    return data + b"\0" + matrix + b"\0" + matrix


def fasttext_quantized(*, parts: int = 2, normed: bool = True) -> bytes:
    """Return a quantized model of one word."""
    data = struct.pack("<2i12id", 793712314, 12, 4, *([1] * 11), 1e-4)
    data += struct.pack("<3i2q", 1, 1, 0, 10, -1) + b"cat\0" + struct.pack("<qB", 3, 0)

    def quantizer(size: int, several: int) -> bytes:
        return struct.pack("<4i", size, several, 2 if size > 1 else 1, 2 if size > 1 else 1) + bytes(size * 1024)

    matrix = struct.pack("<B2qi", normed, 1, 4, 2) + bytes(2) + quantizer(4, parts)
    matrix += bytes(1) + quantizer(1, 1) if normed else b""
    return data + b"\1" + matrix + b"\1" + matrix


def word2vec(*, words: int = 2, newline: bytes = b"\n", width: int = 4) -> bytes:
    """Return the vectors of two words."""
    vector = struct.pack("<4f", 0.5, -0.25, 1e-3, 2)
    return b"%d %d\n" % (words, width) + b"cat " + vector + newline + b"hello " + vector + newline


def _field(number: int, content: bytes) -> bytes:
    tag = number << 3 | 2
    head = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return head + length + bytes([size]) + content


def sentencepiece(*, trainer: bytes = b"corpus.txt", more: bytes = b"") -> bytes:
    """Return a model of three pieces."""
    pieces = [_field(1, text) + b"\x15" + struct.pack("<f", -1.5) for text in (b"<unk>", b"<s>", "▁the".encode())]
    pieces[0] += b"\x18\x02"
    body = b"".join(_field(1, piece) for piece in pieces)
    return body + _field(2, _field(1, trainer) + b"\x18\1") + _field(3, _field(2, bytes(300))) + more


def ggjt(magic: bytes = b"tjgg", *, kind: int = 0, items: int = 8, words: int = 2, data: bytes | None = None) -> bytes:
    """Return a model of LLaMA before GGUF."""
    body = magic if magic == b"lmgg" else magic + struct.pack("<I", 3)
    body += struct.pack("<7I", words, 8, 8, 1, 1, 8, 0)
    for text in (b"a", b"bc"):
        body += struct.pack("<I", len(text)) + text + (b"" if magic == b"lmgg" else struct.pack("<f", 0.5))
    body += struct.pack("<3i", 1, 1, kind) + struct.pack("<i", items) + b"w"
    body += bytes(-len(body) % 32) if magic == b"tjgg" else b""
    return body + (bytes(32) if data is None else data)


def ggla() -> bytes:
    """Return an adapter of llama.cpp."""
    body = b"algg" + struct.pack("<3i", 1, 8, 16) + struct.pack("<5i", 2, 1, 1, 4, 4) + b"w"
    return body + bytes(-len(body) % 32) + bytes(32)


def whisper(*, rows: int = 2, tensor: bytes | None = None) -> bytes:
    """Return a model of whisper.cpp."""
    body = b"lmgg" + struct.pack("<11i", *([51864] + [4] * 10)) + struct.pack("<2i", rows, 3) + bytes(24)
    body += struct.pack("<I", 1) + struct.pack("<I", 3) + b"the"
    return body + (struct.pack("<4i", 1, 1, 1, 4) + b"w" + bytes(8) if tensor is None else tensor)


def mxnet_parameters(*, extent: int = 2, flag: int = 0, magic: int = 0xF993FAC9, data: bytes | None = None) -> bytes:
    """Return one array with its name."""
    array = struct.pack("<Ii", magic, 0) + struct.pack("<i2q", 2, extent, 2) + struct.pack("<3i", 1, 0, flag)
    array += bytes(16) if data is None else data
    return struct.pack("<3Q", 0x112, 0, 1) + array + struct.pack("<2Q", 1, 5) + b"arg:w"


def mxnet_symbol(node: dict[str, Any] | None = None, **members: Any) -> bytes:
    """Return a symbol of three nodes."""
    nodes: list[dict[str, Any]] = [
        {"op": "null", "name": "data", "inputs": []},
        {"op": "null", "name": "w", "attrs": {"__shape__": "(4, 2)"}, "inputs": []},
        {"op": "FullyConnected", "name": "fc", "attrs": {"num_hidden": "4"}, "inputs": [[0, 0, 0], [1, 0, 0]],
         **(node or {})},
    ]  # fmt: skip
    graph = {"nodes": nodes, "arg_nodes": [0, 1], "node_row_ptr": [0, 1, 2, 3], "heads": [[2, 0, 0]], **members}
    return json.dumps(graph).encode()


def caffe(*layers: tuple[str, str, bytes], name: bytes = b"net") -> bytes:
    """Return a net of layers with a name, a type and further fields."""
    body = _field(1, name)
    for label, kind, rest in layers:
        body += _field(100, _field(1, label.encode()) + _field(2, kind.encode()) + rest)
    return body


def caffe_python(module: str = "os", layer: str = "system") -> tuple[str, str, bytes]:
    """Return a layer that names Python."""
    return "p", "Python", _field(130, _field(1, module.encode()) + _field(2, layer.encode()))


PROTOTXT = """# a net
name: "net"
layer {
  name: "conv"
  type: "Convolution"
  convolution_param { num_output: 4 kernel_size: 3 }
}
"""
PYTHON_LAYER = """layer {
  name: "p"
  type: "Python"
  python_param { module: "os" layer: "system" param_str: "echo seen" }
}
"""
SPACY = """[paths]
train = null

[nlp]
lang = "en"
pipeline = ["tok2vec", "tagger"]

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.001
"""
