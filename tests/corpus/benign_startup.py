"""Path files that packages ship, servers' configurations without code, ordinary Python."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

from tests.corpus.frame import benign
from tests.corpus.reassemble import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

NAMESPACE = (
    "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals['sitedir'], "
    "*('mpl_toolkits',));importlib = has_mfs and __import__('importlib.util');has_mfs and "
    "__import__('importlib.machinery');m = has_mfs and sys.modules.setdefault('mpl_toolkits', "
    "importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('mpl_toolkits', [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault('mpl_toolkits', types.ModuleType('mpl_toolkits'));mp = (m or []) and "
    "m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)\n"
)
PATHS = {
    "distutils": "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack').add_shim(); \n",
    "virtualenv": "import _virtualenv",
    "editable": "import __editable___my_package_1_0_finder; __editable___my_package_1_0_finder.install()",
    "namespace": NAMESPACE,
    "paths": "# added by hand\n/opt/project/src\n../lib\nC:\\work\\x\n\n",
    "coverage": 'import sys; exec(\'import os\\n\\nif os.getenv("COVERAGE_PROCESS_START") or '
    'os.getenv("COVERAGE_PROCESS_CONFIG"):\\n try:\\n  import coverage\\n except:\\n  pass\\n else:\\n  '
    'coverage.process_startup(slug="pth")\')\n',
}
TRITON = """# Example
name: "densenet_onnx"
platform: "onnxruntime_onnx"
max_batch_size : 0
input [ { name: "data_0" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 224, 224 ]
  reshape { shape: [ 1, 3, 224, 224 ] } } ]
output [ { name: "fc6_1" data_type: TYPE_FP32 dims: [ 1000 ] label_filename: "densenet_labels.txt" } ]
instance_group [ { kind: KIND_CPU count: 1 }, { kind: KIND_GPU, gpus: [ 0, 1 ] } ]
parameters { key: "execution_mode" value: { string_value: "../x" } }
optimization { execution_accelerators { gpu_execution_accelerator : [ { name : "tensorrt"
  parameters { key: "precision_mode" value: "FP16" } } ] } }
dynamic_batching { }
"""
SERVED = {
    "model-settings.json": {"name": "x", "implementation": "mlserver_sklearn.SKLearnModel"},
    "settings.json": {"implementation": "anything.Else"},
}


def samples() -> Iterator[Benign]:
    """Each file by itself; in a wheel."""
    for name, text in PATHS.items():
        yield benign(f"startup-pth-{name}", f"{name}.pth", text.encode())
    wheel = zipped({"distutils-precedence.pth": PATHS["distutils"].encode(), "setuptools/__init__.py": b"import os\n"})
    yield benign("startup-pth-wheel", "setuptools-1-py3-none-any.whl", wheel)
    members = {"m/data.pkl": b"\x80\2}q\0.", "m/version": b"3\n", "m/extra/readme": b"\nimport torch\nimport os\n"}
    yield benign("startup-torch-archive", "model.pth", zipped(members, zipfile.ZIP_STORED))
    yield benign("triton-onnx", "config.pbtxt", TRITON.encode())
    yield benign("triton-backend", "config.pbtxt", b'backend: "pytorch"\nmax_batch_size: 4\n')
    for name, document in SERVED.items():
        yield benign(f"served-{name}", name, json.dumps(document).encode())
    yield benign("served-bento-model", "model.yaml", b"name: x\nmodule: bentoml.sklearn\napi_version: v1\n")
    yield benign(
        "python-module", "model.py", b"import os\n\n\nclass Model:\n    def fit(self):\n        os.system('x')\n"
    )
    yield benign("python-script", "train.py", b"#!/usr/bin/env python\nimport subprocess\nsubprocess.run(['git'])\n")
    yield benign("python-inference", "inference.py", b"def predict(path):\n    return path\n")
    yield benign("python-placeholder", "x.py", b'key = "AKIAIOSFODNN7EXAMPLE"\ntoken = "hf_your_token_here"\n')
