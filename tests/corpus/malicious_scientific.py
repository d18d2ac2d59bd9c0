"""MATLAB, ExecuTorch, compiled Core ML models, Snappy: what runs, and files where only numbers should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus import scientific_files as build
from tests.corpus.frame import malicious
from tests.corpus.reassemble import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
CODE, CLASS, GLOBAL, CUSTOM, PATH = (
    "matlab-carries-code",
    "matlab-unknown-class",
    "dangerous-global",
    "custom-operator",
    "external-data-escapes",
)
ELF = b"\x7fELF\2\1\1" + bytes(9) + b"\3\0\x3e\0\1\0\0\0" + bytes(200)


def samples() -> Iterator[Malicious]:
    """Each construct in each container."""
    yield from _matlab()
    yield from _executorch()
    yield from _coreml()
    yield malicious("snappy-pickle", "model.pkl.sz", build.snappy_stream(PAYLOAD), GLOBAL)
    yield malicious("snappy-zip", "model.sz", build.snappy_stream(zipped({"a.pkl": PAYLOAD})), GLOBAL)
    skipped = b"\xff\x06\0\0sNaPpY\x80" + len(PAYLOAD).to_bytes(3, "little") + PAYLOAD
    yield malicious("snappy-skipped", "model.sz", skipped, GLOBAL)


def _matlab() -> Iterator[Malicious]:
    text = build.element(16, b"@(x)system('echo seen')")
    workspace = build.array(build.STRUCT, build.fields("function"), build.array(build.CHAR, text))
    handle = build.array(build.FUNCTION, workspace, name="f")
    java = build.array(
        build.OPAQUE, build.numbers(b"\xac\xed\0\5sr\0\1x"), name="j", system="java", class_name="java.util.HashMap"
    )
    own = build.array(build.OPAQUE, build.numbers(b"\0"), name="o", system="MCOS", class_name="Evil")
    old = build.array(build.OBJECT, build.fields("a"), build.numbers(b"\1", ""), name="o", class_name="evil")
    for name, item, rule in (
        ("function", handle, CODE),
        ("java", java, CODE),
        ("class", own, CLASS),
        ("object", old, CLASS),
    ):
        least = Severity.MEDIUM if rule == CLASS else Severity.HIGH
        in_cell = build.array(build.CELL, build.numbers(b"\1", ""), item, name="c")
        in_structure = build.array(build.STRUCT, build.fields("a", "b"), build.numbers(b"\1", ""), in_cell, name="s")
        yield malicious(f"mat-{name}", "a.mat", build.mat5(build.numbers(bytes(8)), item), rule, least=least)
        yield malicious(f"mat-{name}-compressed", "a.mat", build.mat5(build.compressed(item)), rule, least=least)
        yield malicious(f"mat-{name}-inside", "a.mat", build.mat5(in_structure), rule, least=least)
        yield malicious(f"mat-{name}-renamed", "weights.bin", build.mat5(item), rule, least=least)
        subsystem = build.numbers(b"\0\1IM\0\0\0\0" + build.array(build.CELL, item), "")
        yield malicious(f"mat-{name}-subsystem", "a.mat", build.mat5(subsystem), rule, least=least)
    order = build.mat5(build.array(build.FUNCTION, name="f", order=">"), order=">")
    yield malicious("mat-other-order", "a.mat", order, CODE)
    yield malicious("mat-pickle", "a.mat", build.mat5(build.numbers(PAYLOAD)), GLOBAL)
    yield malicious("mat-pickle-compressed", "a.mat", build.mat5(build.compressed(build.numbers(PAYLOAD))), GLOBAL)
    yield malicious("mat-pickle-behind", "a.mat", build.mat5(build.numbers(b"a")) + PAYLOAD, GLOBAL)
    yield malicious("mat-cut-compressed", "a.mat", build.mat5(build.compressed(handle)[:-6]), CODE)
    yield malicious("mat-4-pickle", "a.mat", build.mat4("a", bytes(9)) + build.mat4("b", PAYLOAD, ">"), GLOBAL)
    yield malicious("mat-4-behind", "a.mat", build.mat4("a", bytes(9)) + PAYLOAD, GLOBAL)


def _executorch() -> Iterator[Malicious]:
    yield malicious("pte-operator", "m.pte", build.pte(["evil::run"]), CUSTOM, least=Severity.MEDIUM)
    yield malicious("pte-delegate", "m.pte", build.pte(delegates=["EvilBackend"]), CUSTOM, least=Severity.MEDIUM)
    yield malicious("pte-library", "m.pte", build.pte(delegates=["AotiBackend"]), CUSTOM)
    yield malicious("pte-constant", "m.pte", build.pte(constants=[b"abc", PAYLOAD]), GLOBAL)
    yield malicious("pte-segment", "m.pte", build.pte(segments=[b"abcdefgh", PAYLOAD]), GLOBAL)
    yield malicious("pte-native", "m.pte", build.pte(segments=[ELF]), "native-code-in-model")
    outside = build.pte(segments=[b"abcd"])[:-4]
    yield malicious("pte-beyond", "m.pte", outside, "flatbuffer-out-of-bounds")


def _coreml() -> Iterator[Malicious]:
    layers = [{"type": "convolution", "name": "a"}, {"type": "custom", "name": "b", "class_name": "Evil"}]
    document = {"storage": "model.espresso.weights", "format_version": 200, "layers": layers}
    text = json.dumps(document).encode()
    yield malicious("espresso-custom", "model.espresso.net", text, CUSTOM, least=Severity.MEDIUM)
    escaping = json.dumps({**document, "storage": "../../x.weights"}).encode()
    yield malicious("espresso-path", "model.espresso.net", escaping, PATH)
    head = "program(1.3)\n[buildInfo = dict<string, string>({})]\n{\n  func main<ios18>(tensor<fp32, [1]> x) {\n"
    custom = head + '    tensor<fp32, [1]> y = custom_layer(x = x)[name = string("y")];\n  } -> (y);\n}\n'
    yield malicious("mil-custom", "model.mil", custom.encode(), CUSTOM, least=Severity.MEDIUM)
    for name, path in (("new", 'string("@model_path/../../x.bin")'), ("old", 'tensor<string, []>("/x/weight.bin")')):
        value = f"tensor<fp16, [1]>(BLOBFILE(path = {path}, offset = uint64(64)))"
        weight = f"    tensor<fp16, [1]> w = const()[val = {value}];\n"
        yield malicious(f"mil-path-{name}", "model.mil", (head + weight).encode(), PATH)
