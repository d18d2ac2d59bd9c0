# ruff: noqa: E501 (texts as they stand in real files)
"""Configurations of ordinary projects and models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

YAML = {
    "docker-compose.yml": "services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n    environment: {A: '${B}'}\n"
    "x-base: &base\n  restart: always\ndb:\n  <<: *base\n  image: postgres\n",
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


def samples() -> Iterator[Benign]:
    """Files of ordinary projects that use what loaders could act on."""
    for name, text in YAML.items():
        yield benign(f"config-{name}", name, text.encode())
