"""Torch's and the servers' archives as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.containers import HARMLESS, tarred, zipped
from tests.corpus.frame import benign
from tests.corpus.malicious_programs import exported, mar, method, node, package, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

OWN = b"\x80\x02chelper\nNet\n)\x81}X\x01\0\0\0aK\x01sb."


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
    shard = zipped({"archive/data.pkl": HARMLESS, "archive/version": b"3\n", "archive/data/0": bytes(16)})
    yield benign("distributed-checkpoint", "__0_0.distcp", shard * 5)
    yield benign("mar-ordinary", "m.mar", mar({"model": {"handler": "image_classifier"}}, {"model.pt": HARMLESS}))
    yield benign("mar-without-a-handler", "m.mar", mar([], {"model.pt": HARMLESS}))
    yield benign("mlflow-of-data", "m.zip", zipped({"MLmodel": b"flavors: {}\n", "model.pkl": HARMLESS}))
    yield benign(
        "nemo-ordinary", "m.nemo", tarred({"./model_config.yaml": b"a: 1\n", "./model_weights.ckpt": HARMLESS})
    )
