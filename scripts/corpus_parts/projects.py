"""What lies beside models in ordinary projects: MLflow models, settings, text."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import cloudpickle
import numpy as np
from sklearn.linear_model import LogisticRegression

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MLMODEL = """artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.1.0
model_size_bytes: 1234
model_uuid: 0123456789abcdef0123456789abcdef
prompts: null
run_id: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 1]}}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
type_hint_from_example: false
utc_time_created: '2024-01-02 03:04:05.678901'
"""
CONDA = """channels:
- conda-forge
dependencies:
- python=3.11.7
- pip<=24.0
- pip:
  - mlflow==3.1.0
  - cloudpickle==3.1.3
  - scikit-learn==1.9.1
name: mlflow-env
"""
PYTHON_ENV = """python: 3.11.7
build_dependencies:
- pip==24.0
- setuptools
- wheel
dependencies:
- -r requirements.txt
"""
HYDRA = """defaults:
  - _self_
  - model: resnet
  - override hydra/job_logging: colorlog
model:
  name: resnet18
  lr: ${optimizer.lr}
optimizer: {name: adam, lr: 1e-3, betas: [0.9, 0.999]}
paths:
  data: ${oc.env:DATA_DIR,data}
"""
COMPOSE = """services:
  serve:
    image: example/serve:1.0
    environment:
      - MODEL_DIR=/models
    ports: ["8080:8080"]
"""
DVC = """stages:
  train:
    cmd: python train.py --lr ${lr}
    deps: [train.py, data/raw]
    outs:
    - model.pkl
"""
ANCHORS = """base: &base
  lr: 0.1
  layers: [1, 2, 3]
train:
  <<: *base
  epochs: 3
date: 2024-01-02
text: |
  several
  lines
none: ~
"""


def _mlflow(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    (path / "MLmodel").write_text(MLMODEL)
    (path / "conda.yaml").write_text(CONDA)
    (path / "python_env.yaml").write_text(PYTHON_ENV)
    (path / "requirements.txt").write_text("mlflow==3.1.0\nscikit-learn==1.9.1\n")
    (path / "model.pkl").write_bytes(cloudpickle.dumps(fitted))
    (path / "input_example.json").write_text(json.dumps({"inputs": [[0.0]]}))
    (path / "serving_input_example.json").write_text(json.dumps({"inputs": [[0.0]]}))
    (path / "registered_model_meta").write_text("model_name: m\nmodel_version: '1'\n")


def _mlflow_torch(path: Path) -> None:
    import torch

    (path / "data").mkdir(parents=True, exist_ok=True)
    text = (
        MLMODEL.replace("mlflow.sklearn", "mlflow.pytorch")
        .replace("model_path: model.pkl", "data: data")
        .partition("  sklearn:")[0]
    )
    (path / "MLmodel").write_text(
        text + "  pytorch:\n    model_data: data\n    pytorch_version: 2.13.0\n    code: null\nmlflow_version: 3.1.0\n"
    )
    torch.save(torch.nn.Linear(2, 2), path / "data" / "model.pth")
    (path / "data" / "pickle_module_info.txt").write_text("mlflow.pytorch.pickle_module")


def _notebook() -> str:
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": [],
        "source": ["import numpy as np\n", "np.ones(3)"],
    }
    return json.dumps(
        {
            "cells": [cell, {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        indent=1,
    )


TEXTS = {
    "hydra.yaml": HYDRA, "docker-compose.yml": COMPOSE, "dvc.yaml": DVC, "anchors.yaml": ANCHORS, "params.yaml": "lr: 0.1\nepochs: 3\nseed: 42\n", "config.json": '{"lr": 0.1, "layers": [1, 2], "name": "résumé"}',
    "metrics.json": '{"accuracy": 0.9, "loss": NaN}', "data.jsonl": '{"text": "a"}\n{"text": "b"}\n', "labels.txt": "cat\ndog\n", "classes.names": "person\nbicycle\n", "README.md": "# Project\n\nRun `make`.\n",
    "requirements.txt": "numpy==2.4.6\ntorch>=2.0\n", "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n', "setup.cfg": "[metadata]\nname = x\n", "notebook.ipynb": _notebook(), "train.log": "2024-01-02 epoch 1 loss 0.5\n",
    ".env.example": "API_KEY=your-key-here\nDEBUG=1\n", "data.csv": "a,b\n1,2\n3,4\n", "schema.xml": '<?xml version="1.0"?>\n<schema><field name="a" type="float"/></schema>\n', "openapi.json": '{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}',
    "several.yaml": "---\na: 1\n---\nb: 2\n...\n", "types.yaml": "a: !!str 1\nb: !!float 2\nc: !!binary aGVsbG8=\nd: !!set {x, y}\ne: !!timestamp 2024-01-02\n", "environment.yml": CONDA, "Modelfile": "FROM ./model.gguf\nPARAMETER temperature 1\nSYSTEM You are helpful.\n",
    "index.html": "<!doctype html><title>Report</title><p>ok</p>\n", "LICENSE": "Apache License\nVersion 2.0, January 2004\n", "bom.txt": "\ufeffa text with a mark\n", "empty.json": "{}", "params.toml": "lr = 0.1\n[model]\nlayers = 3\n",
    "prompt.jinja": "Hello {{ name }}!\n{% for item in items %}- {{ item.title }}\n{% endfor %}", "prompt.j2": "{% if user %}{{ user | upper }}{% else %}nobody{% endif %}\n", "config.pbtxt": 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\ninput [{name: "x" data_type: TYPE_FP32 dims: [4]}]\n',
    "model.pmml": '<?xml version="1.0" encoding="UTF-8"?>\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header><Application name="x"/></Header><DataDictionary><DataField name="a" optype="continuous" dataType="double"/></DataDictionary></PMML>\n',
}  # fmt: skip


def samples() -> Iterator[Sample]:
    """Yield the files."""
    yield Sample("mlflow/sklearn", _mlflow)
    yield Sample("mlflow/pytorch", _mlflow_torch)
    for name, text in TEXTS.items():
        yield Sample(f"projects/{name}", lambda path, text=text: path.write_text(text, encoding="utf-8"))
    yield Sample("projects/word2vec.txt", lambda path: path.write_text("2 3\nthe 0.1 0.2 0.3\ncat 0.3 0.2 0.1\n"))
    yield Sample("projects/vocab.pkl", lambda path: path.write_bytes(pickle.dumps({"the": 0, "cat": 1})))
    yield Sample(
        "projects/idx-ubyte", lambda path: path.write_bytes(b"\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02" + bytes(4))
    )
    yield Sample("projects/image.png", _image)
    yield Sample("projects/empty.txt", lambda path: path.write_bytes(b""))


def _image(path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((8, 8, 3), "u1")).save(path)
