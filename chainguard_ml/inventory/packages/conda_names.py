"""Packages of conda channels: what they ask for, how they are named, and which are the same project elsewhere.

https://docs.conda.io/projects/conda/en/latest/user-guide/concepts/pkg-specs.html (match specifications) and the
package URL type ``conda``: https://github.com/package-url/purl-spec/blob/main/types-doc/conda-definition.md
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from chainguard_ml.inventory.packages.naming import library
from chainguard_ml.model import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.model import Component, Digest, Json, Location

_LONGEST = 1_000  # characters of a match specification that are parsed
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9_.!+-]*\Z")
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,'\"\]]+))")
_FULL_PARTS = 3  # parts of a version that ``conda env export --no-builds`` writes after one "="

_WORDS = """
    absl-py accelerate aiobotocore aiohttp albumentations altair apache-airflow astropy attrs bentoml bokeh boto3
    botocore bottleneck cachetools catboost certifi cffi chardet charset-normalizer click cloudpickle cryptography cupy
    cython dask datasets diffusers dill django distributed evaluate fastai fastapi filelock flask fonttools fsspec
    gensim gradio grpcio gunicorn h5py httpx huggingface-hub hydra-core hyperopt idna imageio ipykernel ipython
    ipywidgets jax jaxlib jinja2 joblib jsonschema jupyter-server jupyterlab keras langchain librosa lightgbm lightning
    llvmlite lxml mako markdown markupsafe matplotlib mlflow nbconvert networkx nltk notebook numba numpy
    omegaconf onnx onnxruntime openai optuna orjson pandas paramiko peft pillow pip plotly polars protobuf
    psutil pyarrow pydantic pygments pyjwt pyopenssl pyspark pytorch-lightning pyyaml pyzmq requests
    rich s3fs safetensors scikit-image scikit-learn scipy seaborn sentence-transformers sentencepiece sentry-sdk
    setuptools shap simplejson skops spacy sqlalchemy starlette statsmodels streamlit sympy tensorboard tensorflow
    tiktoken timm tokenizers torchaudio torchvision tornado tqdm transformers triton urllib3 uvicorn wandb werkzeug
    wheel xgboost zipp
"""
_SAME = frozenset(_WORDS.split())
_OTHERWISE = {"pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "msgpack-python": "msgpack",
              "ray-core": "ray", "py-xgboost": "xgboost", "py-xgboost-cpu": "xgboost", "py-xgboost-gpu": "xgboost",
              "tensorflow-base": "tensorflow", "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow",
              "matplotlib-base": "matplotlib", "jupyter_server": "jupyter-server", "py-opencv": "opencv-python",
              "huggingface_hub": "huggingface-hub", "dask-core": "dask"}  # fmt: skip


class MatchSpec(NamedTuple):
    """What one line of an environment asks for: name, version constraint, build, channel; empty where not stated."""

    name: str
    version: str = ""
    build: str = ""
    channel: str = ""

    @property
    def exact(self) -> str | None:
        """The only version that can be meant, or ``None``.

        After one ``=`` stands a prefix (``1.26`` is ``1.26.*``), unless a build follows it. Exports without builds
        write ``numpy=1.26.4``; a version of three parts counts as one.
        """
        text = self.version
        if text.startswith("=="):
            text = text[2:].strip()
        elif text.startswith("=") and (self.build or text.count(".") >= _FULL_PARTS - 1):
            text = text[1:].strip()
        elif text[:1] in "=<>!~" or not self.build:
            return None
        return text if _VERSION.match(text) else None


def parse_spec(text: str) -> MatchSpec:
    """Return a match specification: ``channel::name=version=build``, ``name >=1,<2 build``, ``name[version='1']``.

    Raises:
        ValueError: It is none, or too long.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"it has {len(text):,} characters; {_LONGEST:,} are read")
    channel, _, rest = text.partition("#")[0].strip().rpartition("::")
    bare, bracket, attributes = rest.partition("[")
    name = _NAME.match(bare.strip())
    if name is None:
        raise ValueError("it names no package")
    version, build = _constraint(bare.strip()[name.end() :])
    stated = {match[1]: match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(attributes)}
    if bracket:
        version, build = stated.get("version", version), stated.get("build", build)
    return MatchSpec(name[0].lower(), version, build, (channel or stated.get("channel", "")).strip())


def _constraint(text: str) -> tuple[str, str]:
    """Return version and build of what follows the name."""
    text = re.sub(r"\s*([<>=!~,|])\s*", r"\1", text.strip())
    if text and text[0] not in "=<>!~ " and not _VERSION.match(text.split(" ")[0]) and text[0] != "*":
        raise ValueError("what follows the name is no version")
    words = text.split(" ")
    if len(words) > 1:
        return _spaced(words[0]), words[1]
    operator = re.match(r"=+", text)
    if operator:
        version, _, build = text[operator.end() :].partition("=")
        return (operator[0] if not build else "==") + version, build
    return _spaced(text), ""


def _spaced(version: str) -> str:
    """Return what stands apart from the name: a version without an operator is exact."""
    return f"=={version}" if _VERSION.match(version) else version


def pypi_name(name: str) -> str | None:
    """Return the name on Python's index of the project that a conda package is built from, where it is known."""
    lower = name.lower()
    return _OTHERWISE.get(lower) or (lower if lower in _SAME else None)


def conda_package(
    spec: MatchSpec,
    version: str | None,
    origin: Location,
    facts: dict[str, Json],
    *,
    digests: Iterable[Digest] = (),
    licences: tuple[str, ...] = (),
    scope: Scope = Scope.REQUIRED,
) -> Component:
    """Return the component of one conda package; the fact ``pypi`` names the same project on Python's index."""
    stated = {"build": spec.build, "channel": spec.channel.split("/")[0] if "://" not in spec.channel else ""}
    qualifiers = "&".join(f"{key}={quote(value, safe='.-_~')}" for key, value in stated.items() if _VALUE.match(value))
    purl = f"pkg:conda/{quote(spec.name, safe='.-_~')}" + (f"@{quote(version, safe='.-_~')}" if version else "")
    facts = {"pypi": pypi_name(spec.name), "specifier": spec.version, **facts}
    component = library(spec.name, version, origin, facts, digests=digests, licences=licences, scope=scope)
    return replace(component, purl=purl + (f"?{qualifiers}" if qualifiers else ""))


_VALUE = re.compile(r"[A-Za-z0-9_.-]+\Z")
