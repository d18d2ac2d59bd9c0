"""What converters and R write."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from tests.corpus import build_rds as r
from tests.corpus.build_flatbuffer import flatbuffer, tflite
from tests.corpus.frame import benign
from tests.corpus.malicious_binary import PROGRAMS, SCRIPTS, flex, layer, ort, pmml, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.build_flatbuffer import Table
    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Everything of this area."""
    yield from _tflite()
    yield from _r()
    yield from _xml()
    yield from _ort()
    yield from _neighbours()


def _tflite() -> Iterator[Benign]:
    yield benign("tflite-plain", "model.tflite", tflite())
    for name in ("TFLite_Detection_PostProcess", "edgetpu-custom-op", "LceBconv2d", "Convolution2DTransposeBias"):
        yield benign(f"tflite-{name}", "model.tflite", tflite([{0: ("b", 32), 1: name}]))
    yield benign("tflite-flex", "model.tflite", flex("FlexErf", "Erf", "Erf"))
    metadata = tflite(buffers=[{}, {0: b"\x10\0\0\0M001" + bytes(24)}], f6=[{0: "TFLITE_METADATA", 1: ("I", 1)}])
    yield benign("tflite-metadata", "model.tflite", metadata + zipped("labels.txt", b"cat\ndog\n"))
    weights = bytes(range(1, 65)) * 4
    yield benign("tflite-weights", "model.tflite", tflite(buffers=[{}, {0: weights}]))
    branch = tflite(
        [{0: ("b", 118)}, {0: ("b", 19)}],
        graphs=[
            {0: [{}, {}], 3: [{0: ("I", 0), 1: [0, -1], 2: [1], 3: ("B", 92), 4: {0: ("i", 1), 1: ("i", 1)}}]},
            {0: [{}, {}], 3: [{0: ("I", 1), 1: [0], 2: [1]}]},
        ],
        f7=[{4: ("I", 0)}],
    )
    yield benign("tflite-if", "model.tflite", branch)


def _r() -> Iterator[Benign]:
    formula = r.call("~", r.symbol("mpg"), r.call("log", r.symbol("wt")))
    attributes = r.pairs(("class", r.strings("lm")), ("terms", formula), ("source", r.strings("system('x')")))
    fitted = r.vector(
        r.doubles(1.5, -2.0), r.call("lm", ("formula", formula), ("data", r.symbol("d"))), attributes=attributes
    )
    for version in (2, 3):
        yield benign(f"rds-lm-{version}", "lm.rds", gzip.compress(r.rds(fitted, version), mtime=0))
    yield benign("rds-plain", "lm.rds", r.rds(fitted))
    yield benign("rdata-lm", "lm.RData", r.workspace(("fit", fitted), ("n", r.integer(13, 1, 3))))
    yield benign("rds-native", "n.rds", r.native(r.rds(r.integer(13, 2, 1, 2), 2)))
    yield benign("rds-ascii", "n.rds", b"A\n2\n262146\n131840\n16\n2\n262153\n5\na\\040\\nb\\\\\n9\n-1\n")
    used = r.environment(("x", r.promise(r.call("f"), r.doubles(1.0))), ("y", r.promise(r.symbol("z"))))
    yield benign("rds-environment-of-a-fit", "m.rds", r.rds(r.vector(formula, used)))
    yield benign("rds-sequence", "s.rds", r.rds(r.altrep("compact_intseq", "base", r.doubles(10, 1, 1))))
    pointer = r.integer(22) + r.NIL + r.NIL
    yield benign("rds-pointer-and-weak-reference", "p.rds", r.rds(r.vector(pointer, r.integer(23), r.integer(25))))
    family = r.vector(r.closure(r.call("exp", r.symbol("eta")), r.pairs(("eta", r.MISSING))))
    yield benign("rds-link-function", "glm.rds", r.rds(family), "r-carries-code")


def _xml() -> Iterator[Benign]:
    constant = layer("Const", "opset1", '<data element_type="f32" shape="4, 300" offset="0" size="4800"/>')
    yield benign("openvino-constant", "model.xml", constant)
    packed = layer("Const", "opset1", '<data element_type="u4" shape="3" offset="8" size="2"/>')
    yield benign("openvino-packed-constant", "model.xml", packed)
    text = layer("Const", "opset1", '<data element_type="string" shape="3" offset="0" size="77"/>')
    yield benign("openvino-strings", "model.xml", text)
    for kind, version in (("ReLU", "opset1"), ("If", "opset8"), ("BPETokenizer", "extension"), ("Input", "")):
        yield benign(f"openvino-{kind}", "model.xml", layer(kind, version))
    fit = "PMMLPipeline(steps=[('s', StandardScaler()), ('c', LogisticRegression())])"
    build = f'<MiningBuildTask><Extension name="repr">{fit}</Extension></MiningBuildTask>'
    apply = '<DefineFunction name="f"><Apply function="log10"/></DefineFunction><Apply function="f"/>'
    yield benign("pmml-functions", "model.pmml", pmml(apply))
    yield benign("pmml-build-task", "model.pmml", pmml(build))
    drawing = (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY ns "http://ns.example/">]><svg><script>alert(1)</script></svg>'
    )
    yield benign("svg", "logo.svg", drawing)
    yield benign("html", "page.html", b"<!DOCTYPE html><html><script>alert(1)</script><br></html>")
    yield benign("annotations", "0001.xml", b"<annotation><object><name>cat</name></object></annotation>")
    plist = b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/a.dtd"><plist/>'
    yield benign("plist", "Info.plist", plist)


def _ort() -> Iterator[Benign]:
    nodes: list[Table] = [{5: "Add"}, {5: "FusedMatMul", 2: "com.microsoft"}, {5: "If", 10: [{7: {2: [{5: "Relu"}]}}]}]
    yield benign("ort-plain", "model.ort", ort(nodes, {0: [{4: bytes(64)}], 8: {}}, [{0: "author", 1: "me"}]))
    yield benign("ort-empty", "model.ort", flatbuffer({0: "6"}, b"ORTM"))
    sparse = ort([], {7: [{0: {4: bytes(8)}, 1: {4: bytes(8)}}, {}]})
    yield benign("ort-sparse", "model.ort", sparse)


NEIGHBOURS = {
    "clip.wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "photo.webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "scan.bmp": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    "scan.tif": b"II*\0\x08\0\0\0",
    "paper.pdf": b"%PDF-1.7\n",
    "film.mp4": b"\0\0\0\x20ftypisom",
    "film.webm": b"\x1aE\xdf\xa3\x9f",
    "song.ogg": b"OggS\0\2",
    "song.flac": b"fLaC\0\0\0\x22",
    "song.mp3": b"ID3\x04\0\0",
    "table.parquet": b"PAR1\x15\x04" + bytes(20) + b"PAR1",
    "table.arrow": b"ARROW1\0\0" + bytes(20),
    "table.feather": b"ARROW1\0\0" + bytes(20),
    "rows.avro": b"Obj\x01\x04",
    "rows.orc": b"ORC\n",
    "mlflow.db": b"SQLite format 3\0" + bytes(84),
    "font.ttf": b"\0\1\0\0\0\x11",
    "font.otf": b"OTTO\0\x0b",
    "font.woff2": b"wOF2\0\1\0\0",
    "icon.ico": b"\0\0\1\0\1\0\x10\x10",
    "scene.glb": b"glTF\2\0\0\0",
    "data.tfrecord": bytes(8) + b"\x12\x34\x56\x78" + bytes(40),
}


def _neighbours() -> Iterator[Benign]:
    """What stands beside models, and programs and scripts where they belong."""
    for name, data in NEIGHBOURS.items():
        yield benign(f"neighbour-{name}", name, data)
    for name, data in PROGRAMS.items():
        yield benign(f"program-beside-{name}", f"bin/{name}", data)
    for name, data in SCRIPTS.items():
        yield benign(f"script-beside-{name}", name, data)
    yield benign("source-with-an-interpreter", "train.py", b"#!/usr/bin/env python\nprint(1)\n")
    yield benign("notes-with-an-interpreter", "notes.txt", b"#!/bin/sh starts a script\n")
    yield benign("text-that-starts-with-mz", "MZ.txt", b"MZ is what executables start with. " * 4)
    yield benign("wheel-with-a-library", "ops.whl", zipped("ops.so", PROGRAMS["elf"]))
