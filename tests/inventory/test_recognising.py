"""Files are recognised by content as well as by name."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.model import ArtifactKind as Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tree = Callable[[dict[str, bytes | str]], Path]

PICKLE = pickle.dumps({"a": [1, 2]}, protocol=4)
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(40)
BUNDLE = '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}'


def tar(name: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name))
    return data.getvalue()


@pytest.mark.parametrize(
    ("path", "content", "kind", "form"),
    [
        # models by content, whatever they are called
        ("weights", PICKLE, Kind.MODEL, "pickle"),
        ("notes.txt", pickle.dumps([], protocol=2), Kind.MODEL, "pickle"),
        ("README.md", PICKLE, Kind.MODEL, "pickle"),
        ("old", pickle.dumps({"a": 1}, protocol=0), Kind.MODEL, "pickle"),
        ("command", b"cos\nsystem\n(S'echo'\ntR.", Kind.MODEL, "pickle"),
        ("old", pickle.dumps([1, 2], protocol=1), Kind.MODEL, "pickle"),
        ("m.bin", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", Kind.MODEL, "torch-legacy"),
        ("m", b"GGUF\x03\0\0\0", Kind.MODEL, "gguf"),
        ("m", b"tjgg\x03\0\0\0", Kind.MODEL, "ggml"),
        ("m.dat", b"\x93NUMPY\x01\0", Kind.MODEL, "npy"),
        ("m", b"\x1c\0\0\0TFL3", Kind.MODEL, "tflite"),
        ("m", HDF5, Kind.MODEL, "hdf5"),
        ("m.h5", bytes(512) + HDF5, Kind.MODEL, "hdf5"),
        ("m.keras", HDF5, Kind.MODEL, "hdf5"),
        ("m", b"CBM1....", Kind.MODEL, "catboost"),
        ("m.txt", "tree\nversion=v4\n", Kind.MODEL, "lightgbm"),
        ("m.json", '{"learner":{"attributes":{}}}', Kind.MODEL, "xgboost"),
        ("m.json", '{"version":[2,0,3],"learner":{}}', Kind.MODEL, "xgboost"),
        ("m.xml", '<?xml version="1.0"?>\n<PMML version="4.4">', Kind.MODEL, "pmml"),
        ("m", b"\x08\x07\x12\x07pytorch", Kind.MODEL, "onnx"),
        ("m", tar("storages"), Kind.MODEL, "torch-tar"),
        ("m.nemo", tar("./model_config.yaml"), Kind.MODEL, "tar"),
        # models by name, where the content says nothing
        ("m.onnx", b"?", Kind.MODEL, "onnx"),
        ("m.pkl", b"", Kind.MODEL, "pickle"),
        ("m.PT", b"?", Kind.MODEL, "torch"),
        ("variables.data-00000-of-00001", b"?", Kind.MODEL, "tensorflow-checkpoint"),
        ("m.pkl.gz", gzip.compress(PICKLE, mtime=0), Kind.MODEL, "gzip"),
        ("m.joblib", gzip.compress(PICKLE, mtime=0), Kind.MODEL, "gzip"),
        ("model.tar.gz", gzip.compress(b"", mtime=0), Kind.MODEL, "gzip"),
        ("m.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Kind.MODEL, "git-lfs-pointer"),
        ("notes", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Kind.OTHER, "git-lfs-pointer"),
        # data sets
        ("d", b"PAR1....", Kind.DATASET, "parquet"),
        ("d.bin", b"ARROW1\0\0", Kind.DATASET, "arrow"),
        ("d", b"Obj\x01", Kind.DATASET, "avro"),
        ("d", b"ORC", Kind.DATASET, "orc"),
        ("d.csv", "a,b\n1,2\n", Kind.DATASET, "csv"),
        ("d.csv.gz", gzip.compress(b"a,b\n", mtime=0), Kind.DATASET, "gzip"),
        ("d.h5ad", HDF5, Kind.DATASET, "hdf5"),
        ("d.jsonl", "{}\n", Kind.DATASET, "jsonl"),
        ("train.json", "[]", Kind.DATASET, "json"),
        ("data/points.json", '[{"a": 1}]', Kind.DATASET, "json"),
        ("points.json", '[{"a": 1}]', Kind.CONFIGURATION, "json"),
        ("data/config.json", "{}", Kind.CONFIGURATION, "json"),
        ("train_config.json", "{}", Kind.CONFIGURATION, "json"),
        ("eval_results.json", "{}", Kind.CONFIGURATION, "json"),
        ("test-00001.json", "[]", Kind.DATASET, "json"),
        # archives
        ("a.tar.gz", gzip.compress(b"", mtime=0), Kind.ARCHIVE, "gzip"),
        ("a", tar("x"), Kind.ARCHIVE, "tar"),
        ("a", b"BZh9", Kind.ARCHIVE, "bzip2"),
        ("a", b"\xfd7zXZ\0", Kind.ARCHIVE, "xz"),
        ("a", b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE, "7zip"),
        # what declares packages
        ("requirements.txt", "", Kind.REQUIREMENTS, "requirements"),
        ("requirements-dev.in", "", Kind.REQUIREMENTS, "requirements"),
        ("dev_requirements.txt", "", Kind.REQUIREMENTS, "requirements"),
        ("Requirements.txt", "", Kind.REQUIREMENTS, "requirements"),
        ("requirements/base.txt", "", Kind.REQUIREMENTS, "requirements"),
        ("constraints.txt", "", Kind.REQUIREMENTS, "requirements"),
        ("pylock.toml", "", Kind.LOCKFILE, "pylock"),
        ("pylock.dev.toml", "", Kind.LOCKFILE, "pylock"),
        ("uv.lock", "", Kind.LOCKFILE, "uv-lock"),
        ("poetry.lock", "", Kind.LOCKFILE, "poetry-lock"),
        ("pdm.lock", "", Kind.LOCKFILE, "pdm-lock"),
        ("Pipfile.lock", "{}", Kind.LOCKFILE, "pipfile-lock"),
        ("a.cdx.json", "{}", Kind.LOCKFILE, "cyclonedx"),
        ("bom.json", '{"bomFormat": "CycloneDX"}', Kind.LOCKFILE, "cyclonedx"),
        ("bom.xml", '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', Kind.LOCKFILE, "cyclonedx"),
        ("a.spdx", "SPDXVersion: SPDX-2.3", Kind.LOCKFILE, "spdx"),
        ("a.json", '{"spdxVersion": "SPDX-2.3"}', Kind.LOCKFILE, "spdx"),
        ("a.jsonld", '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', Kind.LOCKFILE, "spdx"),
        ("python_env.yaml", "python: 3.11\n", Kind.LOCKFILE, "python-env"),
        ("conda-lock.yml", "", Kind.LOCKFILE, "conda-lock"),
        ("dev-environment.yml", "dependencies: [a]\n", Kind.LOCKFILE, "conda"),
        ("environment.yml", "name: x\ndependencies:\n- python\n", Kind.LOCKFILE, "conda"),
        ("environment.yml", "stage: production\n", Kind.CONFIGURATION, "yaml"),
        ("pyproject.toml", "", Kind.PROJECT, "pyproject"),
        ("setup.py", "setup(install_requires=[])", Kind.PROJECT, "setup"),
        ("setup.py", "setup()", Kind.SOURCE, "python"),
        ("setup.cfg", "[options]\ninstall_requires =\n", Kind.PROJECT, "setup"),
        ("setup.cfg", "[flake8]\n", Kind.CONFIGURATION, "ini"),
        ("Pipfile", "[packages]\n", Kind.PROJECT, "pipfile"),
        # the pipeline
        (".github/workflows/train.yml", "", Kind.WORKFLOW, "github-workflow"),
        ("sub/.github/workflows/train.yaml", "", Kind.WORKFLOW, "github-workflow"),
        (".github/workflows/deeper/train.yml", "", Kind.CONFIGURATION, "yaml"),
        ("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n", Kind.WORKFLOW, "github-workflow"),
        ("ci.yml", '"on":\n  push:\njobs:\n  a:\n    uses: ./x\n', Kind.WORKFLOW, "github-workflow"),
        ("jobs.yml", "on: push\njobs: []\n", Kind.CONFIGURATION, "yaml"),
        ("action.yml", "name: x\nruns:\n  using: node20\n", Kind.WORKFLOW, "github-action"),
        ("action.yml", "goal: x\n", Kind.CONFIGURATION, "yaml"),
        (".gitlab-ci.yml", "", Kind.WORKFLOW, "gitlab-ci"),
        ("Dockerfile", "", Kind.DOCKERFILE, "dockerfile"),
        ("Dockerfile.gpu", "", Kind.DOCKERFILE, "dockerfile"),
        ("gpu.dockerfile", "", Kind.DOCKERFILE, "dockerfile"),
        ("dvc.yaml", "", Kind.DVC, "dvc-pipeline"),
        ("dvc.lock", "", Kind.DVC, "dvc-lock"),
        ("data.csv.dvc", "", Kind.DVC, "dvc"),
        ("n.ipynb", '\ufeff {"cells": []}', Kind.NOTEBOOK, "notebook"),
        ("n.ipynb", "not JSON", Kind.OTHER, "text"),
        ("train.py", PICKLE, Kind.SOURCE, "python"),
        ("train", "#!/usr/bin/env python3\n", Kind.SOURCE, "python"),
        ("train", "#!/bin/sh\n", Kind.SOURCE, "shell"),
        ("train.sh", "echo\n", Kind.SOURCE, "shell"),
        ("train", "#!/usr/bin/perl\n", Kind.OTHER, "text"),
        # signatures
        ("model.sig", BUNDLE, Kind.SIGNATURE, "sigstore-bundle"),
        ("model.sig", PICKLE, Kind.SIGNATURE, "signature"),
        ("m.onnx.sigstore.json", "{}", Kind.SIGNATURE, "signature"),
        ("m.sigstore", BUNDLE, Kind.SIGNATURE, "sigstore-bundle"),
        ("bundle.json", BUNDLE, Kind.SIGNATURE, "sigstore-bundle"),
        # the rest
        ("config.json", "{}", Kind.CONFIGURATION, "json"),
        ("config.toml", "", Kind.CONFIGURATION, "toml"),
        ("croissant.json", '{"conformsTo": "http://mlcommons.org/croissant/1.0"}', Kind.DATASET_CARD, "croissant"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0", Kind.OTHER, "png"),
        ("empty", "", Kind.OTHER, "empty"),
        ("something", b"\0\1\2", Kind.OTHER, "binary"),
        ("words", "cat\ndog\nbird\n", Kind.OTHER, "text"),
        (".hidden", "x", Kind.OTHER, "text"),
    ],
)
def test_a_file(tree: Tree, find: Callable, path: str, content: bytes | str, kind: Kind, form: str) -> None:
    artifacts, gaps, _ = find(tree({path: content}))
    assert gaps == []
    assert (artifacts[path].kind, artifacts[path].format) == (kind, form)
    assert artifacts[path].size == len(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    ("name", "members", "kind", "form"),
    [
        ("a", ["archive/data.pkl", "archive/version"], Kind.MODEL, "torch-zip"),
        ("a", ["m/byteorder"], Kind.MODEL, "torch-zip"),
        ("a.zip", ["metadata.json", "config.json", "model.weights.h5"], Kind.MODEL, "keras"),
        ("a.keras", ["other"], Kind.MODEL, "keras"),
        ("a.skops", ["1.npy", "schema.json"], Kind.MODEL, "skops"),
        ("a", ["x.npy"], Kind.MODEL, "npz"),
        ("a.pt", ["x"], Kind.MODEL, "zip"),
        ("a.zip", ["x"], Kind.ARCHIVE, "zip"),
        ("a.whl", ["x/__init__.py"], Kind.ARCHIVE, "zip"),
        ("a.zip", [], Kind.ARCHIVE, "zip"),
    ],
)
def test_a_zip_archive(
    tree: Tree, find: Callable, zipped: Callable, name: str, members: list[str], kind: Kind, form: str
) -> None:
    artifacts, _, _ = find(tree({name: zipped(*members)}))
    assert (artifacts[name].kind, artifacts[name].format) == (kind, form)


def test_safetensors_must_fit_its_header(tree: Tree, find: Callable, safetensors: bytes) -> None:
    artifacts, _, _ = find(tree({"a": safetensors, "b": b"\xff" + safetensors[1:]}))
    assert (artifacts["a"].kind, artifacts["a"].format) == (Kind.MODEL, "safetensors")
    assert artifacts["b"].kind is Kind.OTHER


def front(*keys: str) -> str:
    return "---\n" + "".join(f"{key}: x\n" for key in keys) + "---\n# Text\n\nlicense: none\npipeline_tag: none\n"


@pytest.mark.parametrize(
    ("files", "card", "kind"),
    [
        ({"README.md": front("pipeline_tag", "license")}, "README.md", Kind.MODEL_CARD),
        ({"README.md": front("task_categories", "size_categories")}, "README.md", Kind.DATASET_CARD),
        ({"README.md": front("datasets", "base_model", "pretty_name")}, "README.md", Kind.MODEL_CARD),
        ({"README.md": front("dataset_info").replace("\n", "\r\n"), "m.pkl": PICKLE}, "README.md", Kind.DATASET_CARD),
        ({"README.md": front("license"), "m.onnx": b"?"}, "README.md", Kind.MODEL_CARD),
        ({"README.md": "text", "d.csv": "a"}, "README.md", Kind.DATASET_CARD),
        ({"README.md": "text", "d.csv": "a", "m.pt": b"?"}, "README.md", Kind.MODEL_CARD),
        ({"README.md": "text", "train.py": ""}, "README.md", Kind.OTHER),
        ({"readme_de.markdown": front("model-index")}, "readme_de.markdown", Kind.MODEL_CARD),
        ({"MODEL_CARD.md": "text"}, "MODEL_CARD.md", Kind.MODEL_CARD),
        ({"model-card.md": "text"}, "model-card.md", Kind.MODEL_CARD),
        ({"datasheet.md": "text"}, "datasheet.md", Kind.DATASET_CARD),
        ({"DATA_CARD.md": "text"}, "DATA_CARD.md", Kind.DATASET_CARD),
        ({"notes.md": front("pipeline_tag"), "m.pt": b"?"}, "notes.md", Kind.OTHER),
    ],
)
def test_a_card(tree: Tree, find: Callable, files: dict[str, bytes | str], card: str, kind: Kind) -> None:
    artifacts, _, _ = find(tree(files))
    assert artifacts[card].kind is kind


def test_a_pipfile_with_its_lock_declares_nothing_more(tree: Tree, find: Callable) -> None:
    artifacts, _, _ = find(tree({"Pipfile": "", "Pipfile.lock": "{}"}))
    assert artifacts["Pipfile"].kind is Kind.CONFIGURATION


def test_what_is_above_the_root_is_known(tree: Tree, find: Callable) -> None:
    """Who asks about one workflow, or about its directory, must get the same answer."""
    workflow = tree({".github/workflows/a.yml": "{}"}) / ".github" / "workflows" / "a.yml"
    for root in (workflow.parent, workflow.parent.parent):
        artifacts, _, _ = find(root)
        assert [artifact.format for artifact in artifacts.values()] == ["github-workflow"]
        artifacts, _, _ = find(root, workflow)
        assert [artifact.format for artifact in artifacts.values()] == ["github-workflow"]


NAME = st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.sampled_from(["README.md", "a.json", "a.yml", "setup.py", "a.ipynb", "a.pt", "a.sig", "config.json", "MLmodel"]),
)  # fmt: skip
STARTS = [b"", b"\x80\x04", b"PK\x03\x04", b"---\n", b"{", b"\x89HDF\r\n\x1a\n", b"<?xml", b"c", b"#!", b"\x08\x07\x12"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=NAME.filter(lambda name: name not in {".", ".."}), start=st.sampled_from(STARTS), rest=st.binary(max_size=300)
)
def test_any_bytes_under_any_name_are_one_file(
    tmp_path: Path, find: Callable, name: str, start: bytes, rest: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(start + rest)
    try:
        artifacts, gaps, _ = find(tmp_path)
    finally:
        path.unlink()
    assert gaps == []
    assert {artifact.path for artifact in artifacts.values()} <= {name, "."}
    assert artifacts[name].size == len(start + rest)


def test_a_card_may_be_json_too(tree: Tree, find: Callable) -> None:
    content = json.dumps({"@context": {"cr": "http://mlcommons.org/croissant/"}})
    artifacts, _, _ = find(tree({"metadata.jsonld": content}))
    assert artifacts["metadata.jsonld"].kind is Kind.DATASET_CARD
