"""Torch's and the servers' archives as they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.containers import HARMLESS, tarred, zipped
from tests.corpus.frame import benign
from tests.corpus.malicious_programs import exported, mar, method, node, package, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

OWN = b"\x80\x02chelper\nNet\n)\x81}X\x01\0\0\0aK\x01sb."


def _dynamic() -> dict[str, object]:
    """What torch 2.13 writes of a program with dynamic sizes."""
    size = (
        "Add(Mul(Integer(4), Symbol('s60', positive=True, integer=True)), Mul(Integer(2), Symbol('u0', integer=True)))"
    )
    scaled = "Max(Integer(1), TruncToInt(Mul(Float('1.5', precision=53), ToFloat(Symbol('s27', integer=True)))))"
    leaf = {"type": None, "context": None, "children_spec": []}
    factory = {
        "default_factory_module": "builtins",
        "default_factory_name": "list",
        "dict_context": ["a key (of mine)"],
    }
    inputs = {"type": "collections.defaultdict", "context": json.dumps(factory), "children_spec": [leaf]}
    named = {"type": "builtins.dict", "context": '["flag"]', "children_spec": [leaf]}
    graph = {
        "inputs": [{"as_tensor": {"name": "p_l_weight"}}],
        "sym_int_values": {"sym_size_int_1": {"as_expr": {"expr_str": size, "hint": None}}, "x": {"expr_str": scaled}},
        "nodes": [{"target": "torch.ops.aten._assert_scalar.default", "outputs": [],
                   "inputs": [{"name": "assert_msg", "arg": {"as_string": "failed for 'u0' (>= 2)"}}],
                   "metadata": {"stack_trace": "f('x')"}}],
        "signature": {"input_specs": [{"parameter": {"parameter_name": "my layer.weight"}}]},
    }  # fmt: skip
    return {
        "graph_module": {"graph": graph, "module_call_graph": [{"fqn": "", "signature": {
            "in_spec": json.dumps([1, {"type": "builtins.tuple", "context": "null", "children_spec": [inputs, named]}]),
            "forward_arg_names": ["x", "flag"]}}]},
        "range_constraints": {"2*s60": {"min_val": 0, "max_val": None}},
        "guards_code": ["((4*L['y'].size()[0] + L['x']['q'].stride()[0]) % (2*L['y'].size()[0])) == 0",
                        "((1 + L['x'].size()[0]) // 2) != 1 and math.floor(L['x'].size()[0]/2) > 1"],
        "torch_version": "2.13.0+cpu",
    }  # fmt: skip


def samples() -> Iterator[Benign]:
    """Programs that only compute."""
    carried = ("torchscript-carries-code", "pickle-carries-code")
    body = (
        "y = torch.relu(torch.linear(x, x, None))\n    z = ops.quantized.add(y, y, 1., 0)\n    ops.prim.RaiseException"
    )
    yield benign("torchscript-ordinary", "m.pt", script(method(body)), *carried)
    vision = script(method("y = ops.torchvision.nms(x, x, 0.5)"))
    yield benign("torchscript-vision", "m.pt", vision, *carried)
    bytecode = b"\x80\x02X\x0c\0\0\0aten::linearX\0\0\0\0\x86."
    yield benign("torchscript-mobile-ordinary", "m.ptl", script(method("pass"), **{"bytecode.pkl": bytecode}), *carried)
    yield benign("torch-package-of-data", "m.pt", package({"model/model.pkl": HARMLESS, ".data/0.storage": bytes(8)}))
    own = package({"model/model.pkl": OWN, "helper.py": b"class Net: pass\n", "a/__init__.py": b""})
    yield benign("torch-package-of-code", "m.pt", own, "torch-package-carries-code")
    weights = {"data/weights/weight_0": bytes(32), "data/weights/model_weights_config.json": b'{"config": {}}'}
    yield benign("torch-export-ordinary", "m.pt2", exported(node("torch.ops.aten.linear.default"), **weights))
    sizes = [{"expr_str": text} for text in ("s0", "2*s0 + 1", "Max(1, s0 // 2)", "Eq(s0, 3)", "1.5*s1", "u0 <= 3")]
    yield benign("torch-export-sizes", "m.pt2", exported({"range_constraints": sizes, **node("_operator.add")}))
    yield benign("torch-export-dynamic", "m.pt2", exported(_dynamic()))
    shard = zipped({"archive/data.pkl": HARMLESS, "archive/version": b"3\n", "archive/data/0": bytes(16)})
    yield benign("distributed-checkpoint", "__0_0.distcp", shard * 5)
    yield benign("mar-ordinary", "m.mar", mar({"model": {"handler": "image_classifier"}}, {"model.pt": HARMLESS}))
    yield benign("mar-without-a-handler", "m.mar", mar([], {"model.pt": HARMLESS}))
    yield benign("mlflow-of-data", "m.zip", zipped({"MLmodel": b"flavors: {}\n", "model.pkl": HARMLESS}))
    yield benign(
        "nemo-ordinary", "m.nemo", tarred({"./model_config.yaml": b"a: 1\n", "./model_weights.ckpt": HARMLESS})
    )
