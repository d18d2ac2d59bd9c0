"""Torch's and the servers' archives that carry programs: one technique each."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus.containers import PAYLOAD, tarred, zipped
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.corpus.frame import Malicious

CALL = "dangerous-global"
EMPTY = b"\x80\x02}."
MODULE = b"\x80\x02c__torch__\nNet\n)\x81}X\x08\0\0\0training\x89sb."


def script(source: str, **members: bytes) -> bytes:
    """Return a TorchScript archive with one source file."""
    head = {"net/data.pkl": MODULE, "net/version": b"3\n", "net/constants.pkl": b"\x80\x02)."}
    extra = {f"net/{name}": data for name, data in members.items()}
    return zipped({**head, "net/code/__torch__.py": source.encode(), **extra})


def method(body: str) -> str:
    """Return a class with one method."""
    head = "class Net(Module):\n  __parameters__ = []\n  training : bool\n"
    return f"{head}  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n    {body}\n    return x\n"


def package(members: Mapping[str, bytes], extern: str = "torch\n") -> bytes:
    """Return a torch.package archive."""
    data = {"p/.data/extern_modules": extern.encode(), "p/.data/python_version": b"3.11.7", "p/.data/version": b"6\n"}
    return zipped({**{f"p/{name}": content for name, content in members.items()}, **data})


def exported(document: object, **members: bytes) -> bytes:
    """Return an exported program."""
    head = {"m/archive_format": b"pt2", "m/archive_version": b"0", "m/.data/version": b"6\n"}
    extra = {f"m/{name}": data for name, data in members.items()}
    return zipped({**head, "m/models/model.json": json.dumps(document).encode(), **extra})


def node(target: str) -> dict[str, object]:
    """Return a graph with one node."""
    return {"graph_module": {"graph": {"nodes": [{"target": target, "inputs": [], "outputs": []}]}}}


def mar(manifest: object, members: Mapping[str, bytes]) -> bytes:
    """Return a TorchServe archive."""
    return zipped({"MAR-INF/MANIFEST.json": json.dumps(manifest).encode(), **members})


def samples() -> Iterator[Malicious]:
    """TorchScript, torch.package, torch.export, distributed checkpoints, servers."""
    yield from _scripts()
    yield from _packages()
    yield from _exports()
    yield from _servers()


def _scripts() -> Iterator[Malicious]:
    rule = "torchscript-touches-files"
    for label, body in {
        "save": 'torch.save(x, "/tmp/seen")',
        "from-file": 'y = torch.from_file("/etc/passwd", False, 10)',
        "ops-aten-save": 'ops.aten.save(x, "/tmp/seen")',
        "spaced": 'torch . save (x, "/tmp/seen")',
        "write-file": 'ops.image.write_file("/tmp/seen", x)',
        "read-file": 'y = ops.image.read_file("/etc/passwd")',
        "rpc": 'y = ops.prim.rpc_async("worker", f, (x,))',
    }.items():
        yield malicious(f"torchscript-{label}", "model.pt", script(method(body)), rule)
    custom = script(method("y = ops.evil.run(x)"))
    yield malicious("torchscript-custom-operator", "model.pt", custom, "torch-custom-operator", least=Severity.MEDIUM)
    lines = script(method("y = __torch__.torch.classes.evil.Box"))
    yield malicious("torchscript-custom-class", "model.pt", lines, "torch-custom-operator", least=Severity.MEDIUM)
    bytecode = b"\x80\x02X\x0a\0\0\0aten::saveX\0\0\0\0\x86."
    yield malicious("torchscript-mobile", "m.ptl", script(method("pass"), **{"bytecode.pkl": bytecode}), rule)
    yield malicious("torchscript-pickle", "m.pt", script(method("pass"), **{"extra/x": PAYLOAD}), CALL)
    yield malicious("torchscript-constants", "m.pt", script(method("pass"), **{"constants.pkl": PAYLOAD}), CALL)
    yield malicious("torchscript-debug", "m.pt", script(method("pass"), **{"code/x.py.debug_pkl": PAYLOAD}), CALL)


def _packages() -> Iterator[Malicious]:
    source = package({"model/model.pkl": EMPTY, "evil.py": b"print('seen')\n"})
    yield malicious("torch-package-source", "model.pt", source, "torch-package-carries-code")
    yield malicious("torch-package-pickle", "model.pt", package({"model/model.pkl": PAYLOAD}), CALL)
    yield malicious("torch-package-like-a-tensor", "model.pt", package({"data/0": PAYLOAD}), CALL)
    late = b"\x80\x02N0" + PAYLOAD[2:]
    yield malicious(
        "torch-package-late", "model.pt", package({"data/0": late, "data.pkl": EMPTY, "version": b"3"}), CALL
    )
    yield malicious("torch-package-own-os", "model.pt", package({"m/m.pkl": PAYLOAD, "os.py": b""}), CALL)
    yield malicious("torch-package-bytecode", "m.pt", package({"m.pyc": b"x"}), "torch-package-carries-code")


def _exports() -> Iterator[Malicious]:
    rule = "torch-export-expression"
    for label, text in {
        "import": "__import__('os').system('echo seen')",
        "eval": "eval(chr(49))",
        "attribute": "s0.__class__",
        "lambda": "(lambda: 1)()",
        "subscript": "[].append",
        "string": "exec('print(1)')",
        "brackets": "(exec)((chr)(112) + (chr)(114))",
        "operand": "Max(exec, 1)",
        "text-of-a-function": "Add('print(1)', 1)",
        "text-of-a-setting": "Max(1, 2, evaluate=print)",
        "comment": "s0 #",
        "keyword-of-no-name": "Max(**s0)",
        "text-of-a-symbol": "Symbol('s0', positive='print(1)', **{})",
    }.items():
        document = {"x": {"as_expr": {"expr_str": text, "hint": None}}}
        yield malicious(f"torch-export-{label}", "model.pt2", exported(document), rule)
        guards = {"guards_code": [text]}
        yield malicious(f"torch-export-guard-{label}", "model.pt2", exported(guards), rule)
    for label, name in {"call": "x=print('seen')", "quote": 'l.b")or print("seen', "line": "x:\n import os"}.items():
        for key, value in {"name": name, "forward_arg_names": [name], "tensor_values": {name: {}}}.items():
            yield malicious(f"torch-export-name-{label}-{key}", "model.pt2", exported({"graph": {key: value}}), rule)
    factory = {"default_factory_module": "this", "default_factory_name": "s"}
    enumeration = {"__enum__": True, "fqn": "this:X", "name": "Y"}
    for label, texts in {"key": ['a"+print()+"'], "factory": factory, "enumeration": enumeration}.items():
        leaf: dict[str, object] = {"type": None, "context": None, "children_spec": []}
        inner = {"type": "collections.defaultdict", "context": json.dumps(texts), "children_spec": [leaf]}
        spec = [1, {"type": "builtins.tuple", "context": "null", "children_spec": [leaf, inner]}]
        rules = (rule, "torch-export-foreign-target")
        yield malicious(f"torch-export-structure-{label}", "m.pt2", exported({"in_spec": json.dumps(spec)}), *rules)
    files = exported(node("torch.ops.aten.from_file.default"))
    yield malicious("torch-export-from-file", "model.pt2", files, "torchscript-touches-files")
    called = json.dumps({"x": {"expr_str": "exec('print(1)')"}}).encode()
    for label in ("models/model.JSON", "models/a/model.json", "Models/x", "models/b"):
        yield malicious(f"torch-export-{label}", "model.pt2", exported({}, **{label: called}), rule)
    for target in (
        "torch.os.system",
        "_operator.call",
        "_operator.attrgetter",
        "torch.hub.load",
        "torch.ops.os.system.x()",
        "_operator.x.y",
        "builtins.eval",
    ):
        name = f"torch-export-{target}"
        rules = ("torch-export-foreign-target", "torch-custom-operator")
        yield malicious(name, "model.pt2", exported(node(target)), *rules, least=Severity.MEDIUM)
    weights = exported({}, **{"data/constants/custom_obj_0": PAYLOAD})
    yield malicious("torch-export-constant", "model.pt2", weights, CALL)
    compiled = exported({}, **{"data/aotinductor/model/x.so": b"\x7fELF\2\1\1" + bytes(60)})
    yield malicious("torch-export-native", "model.pt2", compiled, "native-code-in-model")
    old = zipped({"version": b"8.2", "serialized_exported_program.json": json.dumps(node("torch.os.system")).encode(),
                  "serialized_state_dict.pt": b""})  # fmt: skip
    yield malicious("torch-export-old", "model.pt2", old, "torch-export-foreign-target")


def _servers() -> Iterator[Malicious]:
    rule = "model-archive-carries-code"
    own = {"model": {"handler": "handler.py", "serializedFile": "m.pt"}}
    yield malicious("mar-handler", "m.mar", mar(own, {"handler.py": b"print('seen')"}), rule)
    entry = {"model": {"handler": "service:handle"}}
    yield malicious("mar-handler-entry-point", "m.mar", mar(entry, {}), rule)
    built_in = {"model": {"handler": "image_classifier"}}
    yield malicious("mar-extra-source", "m.mar", mar(built_in, {"utils.py": b"", "requirements.txt": b"x"}), rule)
    yield malicious("mar-extra-wheel", "m.mar", mar(built_in, {"x.whl": zipped({"x.py": b""})}), rule)
    yield malicious("mar-pickle", "m.mar", mar(built_in, {"model.pt": PAYLOAD}), CALL)
    yield malicious(
        "mar-native", "m.mar", mar(built_in, {"x.bin": b"\x7fELF\2\1\1" + bytes(60)}), "native-code-in-model"
    )
    bento = {"bento.yaml": b"service: service:svc\n", "src/service.py": b"print('seen')"}
    yield malicious("bento", "m.bento", gzip.compress(tarred(bento)), rule)
    yield malicious("bento-pickle", "m.bento", tarred({"./bento.yaml": b"a: 1\n", "./models/x": PAYLOAD}), CALL)
    yield malicious("bento-zip", "m.zip", zipped(bento), rule)
    flow = {"MLmodel": b"flavors: {}\n", "code/x.py": b"print('seen')", "data/model.pkl": EMPTY}
    yield malicious("mlflow-zip", "m.zip", zipped(flow), rule)
    yield malicious("mlflow-tar", "m.tar.gz", gzip.compress(tarred({f"m/{n}": d for n, d in flow.items()})), rule)
    nemo = tarred({"model_config.yaml": b"a: 1\n", "model_weights.ckpt": PAYLOAD})
    yield malicious("nemo-checkpoint", "m.nemo", nemo, CALL)
    yield malicious("nemo-checkpoint-gzip", "m.nemo", gzip.compress(nemo), CALL)
