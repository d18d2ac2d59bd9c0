"""Techniques in flatbuffers, OpenVINO, PMML, R files, engines, native programs and scripts."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus.build_flatbuffer import flex_options, node_def, tflite
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.build_flatbuffer import Table
    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
_BOUNDS = "flatbuffer-out-of-bounds"


def samples() -> Iterator[Malicious]:
    """Everything of this area."""
    yield from _tflite_operators()
    yield from _tflite_structure()


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
    for op in ("ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "SaveV2", "PrintV2", "Abort", "RpcCall"):
        yield malicious(f"tflite-flex-{op}", "model.tflite", flex(f"Flex{op}", op, op), "unsafe-operator")
    yield malicious("tflite-flex-node-differs", "m.tflite", flex("FlexAdd", "Add", "ReadFile"), "unsafe-operator")
    yield malicious("tflite-flex-options-differ", "m.tflite", flex("FlexAdd", "WriteFile", "Add"), "unsafe-operator")
    extended = tflite([{3: ("i", 32), 1: "Evil"}])
    custom = "custom-native-operator"
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
        yield malicious(f"tflite-external-{name[:3]}", "m.tflite", data, "model-reference-outside")
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


_MEDIUM = Severity.MEDIUM
