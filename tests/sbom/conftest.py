"""A small pipeline on disk, and contexts made by hand: what the inventory hands over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.config import WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.model import Artifact, ArtifactKind, Component, Digest, Location, Scope
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from pathlib import Path

MakeContext = Callable[..., Context]
MakeArtifact = Callable[..., Artifact]

CARD = """---
license: apache-2.0
language: [en, no]
pipeline_tag: text-classification
library_name: sklearn
datasets: [reviews, stanfordnlp/imdb]
base_model: org/base
tags: [sentiment]
co2_eq_emissions: {emissions: 12.5, source: measured}
model-index:
  - name: sentiment
    results:
      - task: {type: text-classification}
        dataset: {name: reviews, type: csv, split: test}
        metrics:
          - {type: accuracy, value: 0.91}
          - {type: f1, value: {macro: 0.9}}
---
# Sentiment

## Intended uses

Sorting   product reviews.
In English.

```
# not a heading
```

## Limitations

[More Information Needed]

## Bias, Risks, and Limitations

Short texts only.

## Ethical considerations

None known.
"""
DATA_CARD = """---
license: [cc-by-4.0, other]
license_name: house rules
license_link: LICENCE.md
pretty_name: Reviews of products
size_categories: n<1K
task_categories: [text-classification]
language: en
owners: [Example Ltd]
classification: public
sensitive_data: [none]
---
"""
FILES = {
    "pyproject.toml": '[project]\nname = "reviews-pipeline"\nversion = "1.0"\ndescription = "Sorts reviews."\n'
    'license = "MIT"\n',
    "models/sentiment/README.md": CARD,
    "models/sentiment/config.json": '{"model_type": "bert", "architectures": ["BertForSequenceClassification"], '
    '"hidden_size": 128, "hidden_act": "gelu", "vocab_size": null}',
    "models/sentiment/model.safetensors": "weights",
    "models/sentiment/modeling.py": "print()",
    "models/sentiment/tokenizer.json": "{}",
    "models/legacy.pkl": "pickle",
    "data/README.md": DATA_CARD,
    "data/reviews.csv": "text,label\n",
}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[MakeContext]:
    """Make a context in the test's directory."""
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        yield lambda *artifacts, components=(), root=tmp_path: Context(
            root, pool, artifacts=artifacts, components=components
        )


@pytest.fixture
def artifact(tmp_path: Path) -> MakeArtifact:
    """Write a file and return its artifact, hashed; ``text`` of ``None`` writes nothing."""

    def make(path: str, kind: ArtifactKind, text: str | bytes = "", **fields: object) -> Artifact:
        data = text if isinstance(text, bytes) else text.encode()
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        values = {"format": "", "size": len(data), "digest": Digest("sha256", hashlib.sha256(data).hexdigest())}
        return Artifact(kind, path, **(values | fields))

    return make


@pytest.fixture
def pipeline(context: MakeContext, artifact: MakeArtifact) -> Context:
    """A pipeline of two models, a data set, and packages of a lock and of a requirements file."""
    kinds = {
        "pyproject.toml": ArtifactKind.PROJECT,
        "models/sentiment/README.md": ArtifactKind.MODEL_CARD,
        "models/sentiment/model.safetensors": ArtifactKind.MODEL,
        "models/legacy.pkl": ArtifactKind.MODEL,
        "data/README.md": ArtifactKind.DATASET_CARD,
        "data/reviews.csv": ArtifactKind.DATASET,
    }
    formats = {"models/sentiment/model.safetensors": "safetensors", "models/legacy.pkl": "pickle"}
    made = [
        artifact(path, kinds.get(path, ArtifactKind.OTHER), text, format=formats.get(path, ""))
        for path, text in sorted(FILES.items())
    ]
    members = tuple(path for path in sorted(FILES) if path.startswith("models/sentiment/"))
    made.append(Artifact(ArtifactKind.MODEL_DIRECTORY, "models/sentiment", "huggingface", 0, members=members))
    return context(*sorted(made, key=lambda item: item.path), components=packages())


def packages() -> tuple[Component, ...]:
    """Two packages of a lock with its graph, one of them also in a requirements file, and one only there."""

    def lock(name: str, version: str, line: int, *requires: str) -> Component:
        facts = {"source": "uv", "pinned": True} | ({"requires": list(requires)} if requires else {})
        digest = Digest("sha256", hashlib.sha256(name.encode()).hexdigest())
        purl = f"pkg:pypi/{name}@{version}"
        origin = Location("uv.lock", line=line)
        return Component("library", name, version, purl, (digest,), ("BSD-3-Clause",), Scope.REQUIRED, origin, facts)

    flat = {"source": "requirements", "specifier": "==1.9.0", "marker": "python_version >= '3.11'", "extras": ["all"]}
    return (
        lock("numpy", "2.4.0", 12),
        lock("scikit-learn", "1.9.0", 40, "numpy"),
        Component("library", "scikit-learn", "1.9.0", "pkg:pypi/scikit-learn@1.9.0",
                  origin=Location("requirements.txt", line=3), facts=flat | {"pinned": True}),
        Component("library", "pytest", "9.0", "pkg:pypi/pytest@9.0", licences=("MIT License",), scope=Scope.DEVELOPMENT,
                  origin=Location("requirements.txt", line=4), facts={"source": "requirements", "editable": True}),
    )  # fmt: skip
