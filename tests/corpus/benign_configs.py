# ruff: noqa: E501 (texts as they stand in real files)
"""Configurations of ordinary projects and models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.frame import Benign, benign

if TYPE_CHECKING:
    from collections.abc import Iterator


YAML = {
    "docker-compose.yml": "services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n    environment: {A: '${B}'}\n"
    "x-base: &base\n  restart: always\ndb:\n  <<: *base\n  image: postgres\n",
    "symbols.yaml": "a: !ruby/regexp /x/\nb: !ruby/symbol c\nd: !php/const A::B\ne: !php/enum Suit::Hearts\n",
    "now.yaml": "a: {_target_: datetime.datetime.now}\nb: {_target_: getpass.getuser}\nc: {_target_: math.log2, x: 2}\n",
    "inference.yaml": "imports: ['$import os', '$import glob']\nnetwork_def: {_target_: UNet}\n"
    "a: \"$lambda x: x['a']\"\nb: $@network.eval()\nc: $os.path.join('a', 'b')\nd: $torch.compile(@network)\n",
    "handlers.yaml": "handlers: {h: {class: logging.StreamHandler, stream: ext://sys.stdout}}\nroot: {type: a.b}\n",
    "logging.ini": "[handler_h]\nclass=FileHandler\nargs=('app.log', 'a')\n[handler_c]\nargs=(sys.stdout,)\n"
    "[handler_d]\nname=app\nargs=('%(here)s/%(name)s.log', 'a')\n",
    "trainer.toml": "[trainer]\nepochs = 3\n[nlp]\nlang = 'en'\n",
    "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\n",
    "values.yaml": "image: {{ .Values.image }}\n{{- if .Values.x }}\na: b\n{{- end }}\n",
    "workflow.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'echo ${{ github.sha }}'\n",
    "template.yaml": "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      Name: !Sub '${AWS::StackName}-b'\n"
    "      Ref: !Ref Other\n      List: !Join ['-', [!GetAtt A.Arn, !ImportValue x]]\n",
    "mkdocs.yml": "site_name: Docs\nmarkdown_extensions:\n  - pymdownx.emoji:\n"
    "      emoji_index: !!python/name:material.extensions.emoji.twemoji\n  - toc:\n"
    "      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\nedit: !ENV [A, b]\n",
    ".gitlab-ci.yml": "a:\n  script: !reference [.setup, script]\n",
    "playbook.yml": "- hosts: all\n  vars:\n    p: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6231\n",
    "openapi.yaml": "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      parameters:\n        - {name: target, in: query}\n",
    "hydra.yaml": "defaults: [_self_, model: mnist]\nmodel:\n  _target_: src.models.mnist_module.MNISTLitModule\n"
    "  optimizer: {_target_: torch.optim.Adam, _partial_: true, lr: 0.001}\n"
    "  net: {_target_: src.models.components.build_net}\n"
    "trainer: {_target_: lightning.pytorch.trainer.Trainer}\n"
    "callbacks:\n  a: {_target_: lightning.pytorch.callbacks.ModelCheckpoint, dirpath: '${paths.output_dir}'}\n"
    "paths: {root: '${oc.env:PROJECT_ROOT}', now: '${now:%Y-%m-%d}', n: '${eval:${a.b} * 2}'}\n"
    "logger: {_target_: lightning.pytorch.loggers.wandb.WandbLogger}\n"
    "size: {_target_: builtins.int, _args_: [3]}\nfile: {_target_: os.path.join, _args_: [a, b]}\n",
    "lightning.yaml": "seed_everything: 42\ntrainer:\n  logger:\n    class_path: lightning.pytorch.loggers.TensorBoardLogger\n"
    "    init_args: {save_dir: logs}\nmodel:\n  class_path: my_project.LitModel\n",
    "v1-inference.yaml": "model:\n  base_learning_rate: 1.0e-04\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n"
    "  params:\n    unet_config:\n      target: ldm.modules.diffusionmodules.openaimodel.UNetModel\n      params: {a: 1}\n"
    "    cond_stage_config:\n      target: torch.nn.Identity\n",
    "recipe.yaml": "model:\n  _component_: torchtune.models.llama3_1.llama3_1_8b\n"
    "optimizer:\n  _component_: torch.optim.AdamW\n",
    "hyperparams.yaml": "seed: 1234\n__set_seed: !apply:torch.manual_seed [!ref <seed>]\n"
    "encoder: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN\n  channels: [1, 2]\n"
    "pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer\n  loadables: {a: !ref <encoder>}\n"
    "activation: !name:torch.nn.LeakyReLU\n",
    "hparams.yaml": "lr: 0.001\nshape: !!python/tuple [3, 224, 224]\nclasses: !!python/object/apply:collections.OrderedDict\n"
    "- - - a\n    - 1\nmean: !!python/object/apply:numpy.core.multiarray.scalar\n"
    "- !!python/object/apply:numpy.dtype\n  args: [f8, false, true]\n  state: !!python/tuple [3, <, null, null, null]\n"
    "- !!binary |\n  AAAAAAAA8D8=\n",
    "logging.yaml": "version: 1\nhandlers:\n  console: {class: logging.StreamHandler, stream: 'ext://sys.stdout'}\n"
    "formatters:\n  f: {'()': uvicorn.logging.DefaultFormatter}\n",
    "environment.yml": "name: ml\nchannels: [conda-forge]\ndependencies: [python=3.11, pip: [torch==2.4.0]]\n",
    "dvc.yaml": "stages:\n  train:\n    cmd: python train.py\n    deps: [train.py]\n    outs: [model.pt]\n",
    "types.yaml": "a: !!set {x, y}\nb: !!omap [a: 1]\nc: !!binary aGk=\nd: !!timestamp 2024-01-31\ne: !!str 1\nf: ! x\n",
    "empty.yaml": "",
    "broken.yaml": "a: [b\nc: d: e\n",
}


JSON: dict[str, object] = {
    "config.json": {"architectures": ["LlamaForCausalLM"], "auto_map": None, "model_type": "llama", "vocab_size": 32000},
    "adapter_config.json": {"auto_mapping": None, "base_model_name_or_path": "/home/me/llama", "peft_type": "LORA"},
    "adapter_config.json ": {"auto_mapping": {"base_model_class": "X", "parent_library": "transformers.models.x"}},
    "generation_config.json": {"do_sample": True, "eos_token_id": [1, 2], "transformers_version": "4.44.0"},
    "model_index.json": {"_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.30.0",
                         "feature_extractor": [None, None], "force_zeros_for_empty_prompt": True,
                         "scheduler": ["diffusers", "EulerDiscreteScheduler"], "encoder": ["ace_step", "AceEncoder"],
                         "unet": ["diffusers", "UNet2DConditionModel"],
                         "text_encoder": ["transformers", "CLIPTextModel"],
                         "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]},
    "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                     {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
    "model.safetensors.index.json": {"metadata": {"total_size": 1}, "weight_map": {"a": "model-00001-of-00002.safetensors"}},
    "package.json": {"name": "a", "scripts": {"build": "tsc"}, "exports": {".": {"import": "./a.js"}}},
    "chain.json": {"lc": 1, "type": "constructor", "id": ["langchain_core", "prompts", "PromptTemplate"], "kwargs": {}},
    "vega.json": {"data": [{"type": "x.y", "path": "a"}], "target": "a.b", "params": [{"name": "grid"}]},
    "secrets.json": {"a": "AKIAIOSFODNN7EXAMPLE", "b": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "c": "hf_" + "x" * 34,
                     "d": "postgresql://user:password@db:5432/app", "e": "https://user:hunter2@host.org/x",
                     "f": "sk-" + "0" * 48, "g": "ghp_" + "a" * 36, "h": "postgres://app:${DB_PASSWORD}@db.corp.io/x",
                     "i": "git@github.com:a/b.git", "j": "YOUR_API_KEY", "k": "mailto://a:bbbbbbbbbbbbbb@example.org"},
}  # fmt: skip
TEXTS = {
    "tsconfig.json": '{\n  // a comment\n  "compilerOptions": {"target": "ES2022", "paths": {"@/*": ["./src/*"]}},\n}\n',
    "settings.toml": '[tool.x]\ntoken = "${TOKEN}"\npassword = "changeme"\n',
    ".env.example": "HF_TOKEN=hf_your_token_here\nOPENAI_API_KEY=sk-...\nAWS_SECRET_ACCESS_KEY=\nDB=postgres://a:b@db/x\n",
    "MLmodel": "artifact_path: model\nflavors:\n  python_function:\n    env: {conda: conda.yaml, virtualenv: python_env.yaml}\n"
    "    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    predict_fn: predict\n    python_version: 3.11.5\n"
    "  sklearn: {code: null, pickled_model: model.pkl, serialization_format: cloudpickle, sklearn_version: 1.4.0}\n"
    "mlflow_version: 2.14.0\nmodel_uuid: 0a1b\nrun_id: 1f2e\nutc_time_created: '2024-07-01 10:00:00.000000'\n",
    "python_env.yaml": "python: 3.11.5\nbuild_dependencies: [pip==24.0, setuptools]\ndependencies: [-r requirements.txt]\n",
}


_WEIGHTS = b"\x08\0\0\0\0\0\0\0{}      "
_TRAIN = b"import os, subprocess\nsubprocess.run(['nvidia-smi'], check=False)\nos.system('date')\n"
DIRECTORIES: dict[str, dict[str, bytes]] = {
    "hugging-face": {
        "config.json": json.dumps(JSON["config.json"]).encode(),
        "model.safetensors": _WEIGHTS,
        "README.md": b"---\nlicense: mit\n---\n# Model\n",
        "tokenizer_config.json": b'{"tokenizer_class": "LlamaTokenizer", "chat_template": "{{ messages }}"}',
    },
    "training": {
        "train.py": _TRAIN,
        "config.json": b'{"lr": 0.1}',
        "conf/model.yaml": b"_target_: src.model.Net\n",
        "src/model.py": b"import torch\n",
        "out/config.json": b'{"model_type": "bert"}',
        "out/model.safetensors": _WEIGHTS,
    },
    "beside-weights": {"config.json": b'{"model_type": "bert"}', "model.safetensors": _WEIGHTS, "train.py": _TRAIN},
    "mlflow": {
        "MLmodel": TEXTS["MLmodel"].encode(),
        "model.pkl": b"\x80\x02}X\x01\0\0\0aK\x01s.",
        "conda.yaml": b"dependencies: [python=3.11.5, pip: [mlflow==2.14.0]]\n",
        "requirements.txt": b"mlflow==2.14.0\n",
    },
    "sentences": {
        "modules.json": json.dumps(JSON["modules.json"]).encode(),
        "config.json": b'{"model_type": "bert"}',
        "model.safetensors": _WEIGHTS,
        "1_Pooling/config.json": b'{"word_embedding_dimension": 384}',
    },
}


def samples() -> Iterator[Benign]:
    """Files of ordinary projects and models that use what loaders could act on."""
    for name, text in YAML.items():
        yield benign(f"config-{name}", name, text.encode())
    for name, document in JSON.items():
        yield benign(f"config-{name}", name.strip(), json.dumps(document).encode())
    for name, text in TEXTS.items():
        yield benign(f"config-{name}", name, text.encode())
    for name, files in DIRECTORIES.items():
        yield Benign(f"directory-benign-{name}", files)
