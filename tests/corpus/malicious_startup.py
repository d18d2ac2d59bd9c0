"""Python that starts by itself, configurations of model servers, keys in source."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

from tests.corpus.frame import Malicious, malicious
from tests.corpus.reassemble import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS, STARTS, CODE, IMPORTED = (
    "startup-code-runs-commands",
    "startup-file-carries-code",
    "model-repository-carries-code",
    "repository-code-runs-on-import",
)
KEY = "BKIBZ7QX2VMWB4KTJ5RN".replace("B", "A")
LINES = {
    "system": "import os; os.system('echo seen')\n",
    "tab": "import\tos; os.system('echo seen')\n",
    "after-paths": "/opt/x\n./y\nimport os; os.system('echo seen')\n",
    "carriage-returns": "/opt/x\rimport os; os.system('echo seen')\r",
    "line-separator": "/opt/x\u2028import os; os.system('echo seen')",
    "encoded": "import base64;exec(base64.b64decode('cHJpbnQoMSk='))\n",
    "subprocess": "import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', 'print(1)'])\n",
    "dunder-import": "import sys; __import__('os').system('echo seen')\n",
    "byte-order-mark": "\ufeffimport os; os.system('echo seen')\n",
    "behind-a-known-line": "import _virtualenv; import os; os.system('echo seen')\n",
    "connects": "import urllib.request; urllib.request.urlopen('http://a.example/')\n",
    "native": "import ctypes; ctypes.CDLL('./x.so')\n",
}
PYTHON = "import os\nos.system('echo seen')\n"
TRITON = 'name: "x"\nmax_batch_size: 8\n'
TRITONS = {
    "python": 'backend: "python"\n',
    "adjacent": "backend: \"pyt\" 'hon'\n",
    "escaped": 'backend: "\\160ython"\n',
    "comment": "backend: # x\n 'python'\n",
    "library": 'backend: "own"\n',
    "platform": 'platform: "custom"\n',
    "runtime": 'runtime: "model.py"\n',
    "operators": 'model_operations { op_library_filename: ["ops.so"] }\n',
    "environment": 'parameters: { key: "EXECUTION_ENV_PATH" value: { string_value: "/x/e.tgz" } }\n',
    "environment-in-a-list": 'parameters [ { key: "EXECUTION_ENV_PATH", value < string_value: "/tmp/e.tgz" > } ]\n',
}


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def samples() -> Iterator[Malicious]:
    """Each line and file by itself; the same in archives."""
    for name, line in LINES.items():
        yield malicious(f"startup-pth-{name}", "evil.pth", line.encode(), RUNS)
    yield malicious("startup-pth-module", "evil.pth", b"import evil_module\n", STARTS)
    pickled = b"cos\nsystem\n(S'echo seen'\ntR.\nimport evil\n"
    yield malicious("startup-pth-and-pickle", "evil.pth", pickled, "dangerous-global", STARTS)
    for name in ("sitecustomize", "usercustomize"):
        yield malicious(f"startup-{name}", f"{name}.py", PYTHON.encode(), RUNS)
        yield malicious(f"startup-{name}-plain", f"{name}.py", b"import evil_module\n", STARTS)
    wheel = zipped(
        {"x/__init__.py": b"", "x-1.pth": LINES["encoded"].encode(), "x-1.dist-info/WHEEL": b"Wheel-Version: 1"}
    )
    yield malicious("startup-pth-in-a-wheel", "x-1-py3-none-any.whl", wheel, RUNS)
    yield malicious("startup-sitecustomize-in-tar", "x.tar", _tar({"a/sitecustomize.py": PYTHON.encode()}), RUNS)
    package = zipped({"lib/sitecustomize/__init__.py": PYTHON.encode()})
    yield malicious("startup-sitecustomize-package", "x.zip", package, RUNS)
    server = f"class TritonPythonModel:\n    def execute(self, requests):\n        return []\n\n{PYTHON}".encode()
    yield malicious("triton-model-runs", "model.py", server, IMPORTED)
    yield malicious("triton-model", "model.py", server.partition(b"import")[0], CODE)
    yield malicious(
        "sagemaker-inference", "inference.py", f"def model_fn(path):\n    pass\n{PYTHON}".encode(), IMPORTED
    )
    packed = gzip.compress(_tar({"model.joblib": b"\x80\x04N.", "code/inference.py": b"def model_fn(d): pass\n"}))
    yield malicious("sagemaker-archive", "model.tar.gz", packed, "model-archive-carries-code")
    for name, text in TRITONS.items():
        yield malicious(f"triton-{name}", "config.pbtxt", (TRITON + text).encode(), CODE)
    outside = TRITON + 'default_model_filename: "../../x/model.onnx"\n'
    yield malicious("triton-path", "config.pbtxt", outside.encode(), "config-path-escape")
    manifest = json.dumps({"model": {"handler": "handler.py", "modelName": "x"}}).encode()
    archive = zipped({"MAR-INF/MANIFEST.json": manifest, "handler.py": PYTHON.encode()})
    yield malicious("mar-handler-runs", "model.mar", archive, IMPORTED)
    weights = b"\x08\0\0\0\0\0\0\0{}      "
    for name in ("__init__", "conftest"):
        files = {"config.json": b'{"model_type": "x"}', "model.safetensors": weights, f"{name}.py": PYTHON.encode()}
        yield Malicious(f"repository-{name}-runs", files, frozenset({IMPORTED}))
    yield from _configurations()
    for name in ("train.py", "run.pyw", "serve.sh"):
        text = f"#!/bin/sh\nexport K={KEY}\n" if name.endswith("sh") else f"key = '{KEY}'\n"
        yield malicious(f"key-in-{name}", name, text.encode(), "secret-in-config")
    notebook = {"cells": [{"cell_type": "code", "source": [f"key = '{KEY}'\n"]}], "metadata": {}, "nbformat": 4}
    yield malicious("key-in-notebook", "train.ipynb", json.dumps(notebook).encode(), "secret-in-config")


def _configurations() -> Iterator[Malicious]:
    for name, implementation, rule in (
        ("own", "models.Own", CODE),
        ("dangerous", "os.system", "dangerous-config-target"),
        ("through", "mlserver_own", CODE),
    ):
        data = json.dumps({"name": "x", "implementation": implementation}).encode()
        yield malicious(f"mlserver-{name}", "model-settings.json", data, rule)
    yield malicious("bento-service", "bento.yaml", b"service: 'service:svc'\nname: x\nbentoml_version: 1.4.0\n", CODE)
    yield malicious("bento-module", "model.yaml", b"name: x\nmodule: mypackage.loader\napi_version: v1\n", CODE)
