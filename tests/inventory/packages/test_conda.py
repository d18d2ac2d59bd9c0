"""Conda: environments with their pip section, MLflow's files, the locks of conda-lock and pixi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.inventory.packages.conda_names import parse_spec, pypi_name
from chainguard_ml.model import Component, GapReason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = "ab" * 32
OTHER = "cd" * 32


@pytest.mark.parametrize(
    ("text", "spec", "exact"),
    [
        ("numpy", ("numpy", "", "", ""), None),
        ("numpy=1.26", ("numpy", "=1.26", "", ""), None),
        ("numpy=1.26.4", ("numpy", "=1.26.4", "", ""), "1.26.4"),
        ("numpy=1.26.*", ("numpy", "=1.26.*", "", ""), None),
        ("numpy==1.26", ("numpy", "==1.26", "", ""), "1.26"),
        ("numpy=1.26=py311_0", ("numpy", "==1.26", "py311_0", ""), "1.26"),
        ("numpy 1.26 py311_0", ("numpy", "==1.26", "py311_0", ""), "1.26"),
        ("numpy >=1.26, <2", ("numpy", ">=1.26,<2", "", ""), None),
        ("numpy >= 1.26,< 2 py*", ("numpy", ">=1.26,<2", "py*", ""), None),
        ("conda-forge::Numpy==1.26.4", ("numpy", "==1.26.4", "", "conda-forge"), "1.26.4"),
        ("numpy[version='==1.26', build='py_0', channel=conda-forge]",
         ("numpy", "==1.26", "py_0", "conda-forge"), "1.26"),
        ("numpy[version='>=1']", ("numpy", ">=1", "", ""), None),
        ("_libgcc_mutex=0.1=main", ("_libgcc_mutex", "==0.1", "main", ""), "0.1"),
        ("numpy  # why", ("numpy", "", "", ""), None),
        ("numpy 1.26", ("numpy", "==1.26", "", ""), "1.26"),
        ("numpy *", ("numpy", "*", "", ""), None),
        ("numpy * py_0", ("numpy", "*", "py_0", ""), None),
        ("numpy!=1.26", ("numpy", "!=1.26", "", ""), None),
    ],
)  # fmt: skip
def test_match_specifications(text: str, spec: tuple[str, ...], exact: str | None) -> None:
    found = parse_spec(text)
    assert (tuple(found), found.exact) == (spec, exact)


@pytest.mark.parametrize("text", ["", "::", "-x", "=1", "numpy/../x", "a" * 1001, "numpy@1"])
def test_what_is_no_match_specification(text: str) -> None:
    with pytest.raises(ValueError, match=r"it |no version"):
        parse_spec(text)


@given(st.text(alphabet="abc=<>!~,.|*[]'\" :#019_-", max_size=40))
def test_any_text_is_a_specification_or_none(text: str) -> None:
    try:
        spec = parse_spec(text)
    except ValueError:
        return
    assert spec.name
    assert spec.exact is None or spec.exact[0].isdigit()


def test_names_on_the_index() -> None:
    assert pypi_name("PyTorch") == "torch"
    assert pypi_name("numpy") == "numpy"
    assert pypi_name("redis") is None  # the server, and not the client of that name


def test_an_environment(collect: Callable) -> None:
    text = """name: ml
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - pytorch=2.3.0
  - conda-forge::numpy=1.26.4=py311h64a7726_0
  - pip
  - pip:
      - -r more.txt
      - "--extra-index-url https://u:p@index.example/simple"
      - transformers==4.40.0
      - accelerate>=0.30  # newer
      - -e .
      - "-x"
  - cran: [dplyr]
  - "@"
"""
    files = {"environment.yml": text, "more.txt": "mlflow==2.14.0\n", "pyproject.toml": ""}
    components, gaps = collect(files, {"environment.yml": "conda"})
    found = {(item.name, item.version, item.purl, str(item.origin)) for item in components}
    assert found == {
        ("python", None, "pkg:conda/python", "environment.yml:4"),
        ("pytorch", "2.3.0", "pkg:conda/pytorch@2.3.0", "environment.yml:5"),
        ("numpy", "1.26.4", "pkg:conda/numpy@1.26.4?build=py311h64a7726_0&channel=conda-forge", "environment.yml:6"),
        ("pip", None, "pkg:conda/pip", "environment.yml:7"),
        ("mlflow", "2.14.0", "pkg:pypi/mlflow@2.14.0", "more.txt:1"),
        ("transformers", "4.40.0", "pkg:pypi/transformers@4.40.0", "environment.yml:11"),
        ("accelerate", None, "pkg:pypi/accelerate", "environment.yml:12"),
    }
    facts = {item.name: item.facts for item in components}
    assert (facts["pytorch"]["pypi"], facts["python"].get("pypi")) == ("torch", None)
    assert facts["transformers"]["source"] == "conda"
    assert facts["mlflow"]["source"] == "requirements"
    (indexes,) = (item.facts["indexes"] for item in components if "indexes" in item.facts)
    assert indexes[0]["url"] == "https://****@index.example/simple"
    assert {(gap.reason, gap.location.line) for gap in gaps} == {
        (GapReason.MALFORMED, 14),
        (GapReason.UNSUPPORTED, 15),
        (GapReason.MALFORMED, 16),
    }


def test_what_mlflow_writes_beside_a_model(collect: Callable) -> None:
    files = {
        "m/conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11.5\n- pip<=24.0\n- pip:\n"
        "  - mlflow==2.14.0\n  - cloudpickle==3.0.0\nname: mlflow-env\n",
        "m/python_env.yaml": "python: 3.11.5\nbuild_dependencies:\n- pip==24.0\n- setuptools==69.0\n- wheel==0.43\n"
        "dependencies:\n- -r requirements.txt\n",
        "m/requirements.txt": "mlflow==2.14.0\ncloudpickle==3.0.0\n",
    }
    formats = {"m/conda.yaml": "conda", "m/python_env.yaml": "python-env", "m/requirements.txt": "requirements"}
    components, gaps = collect(files, formats)
    assert gaps == []
    places = [(item.name, item.version, str(item.origin)) for item in components]
    assert ("setuptools", "69.0", "m/python_env.yaml:4") in places
    assert places.count(("mlflow", "2.14.0", "m/requirements.txt:1")) == 1
    assert ("cloudpickle", "3.0.0", "m/conda.yaml:8") in places


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("conda", "dependencies: {a: b}\n"),
        ("conda", "[1]\n"),
        ("python-env", "dependencies: {a: b}\n"),
        ("python-env", "dependencies: [\n"),
        ("conda", "a: &a [*a]\n"),
        ("conda", "dependencies: !!python/object:os.system [x]\n"),
    ],
)
def test_another_shape_is_a_gap(form: str, text: str, collect: Callable) -> None:
    components, (gap,) = collect({"e.yaml": text}, {"e.yaml": form})
    assert (components, gap.reason) == ([], GapReason.MALFORMED)


def test_an_environment_without_packages(collect: Callable) -> None:
    assert collect({"e.yml": "name: x\ndependencies:\n"}, {"e.yml": "conda"}) == ([], [])


def test_conda_lock_names_each_package_once(collect: Callable) -> None:
    url = "https://channel.example/conda-forge/linux-64/numpy-1.26.4-py311_0.conda"
    text = f"""version: 1
package:
- name: numpy
  version: 1.26.4
  manager: conda
  platform: linux-64
  dependencies: {{libblas: '>=3.9.0', python: '*'}}
  url: {url}
  hash: {{md5: {"0" * 32}, sha256: {HASH}}}
  category: dev
  optional: true
- name: numpy
  version: 1.26.4
  manager: conda
  platform: osx-64
  url: {url}
  hash: {{sha256: {OTHER}}}
  category: main
  optional: false
- name: torch
  version: '2.3.0'
  manager: pip
  platform: linux-64
  dependencies: {{Numpy: '*'}}
  url: git+https://u:p@git.example/torch@main
  category: main
  optional: true
- name: ''
"""
    (torch, numpy), (gap,) = collect({"conda-lock.yml": text}, {"conda-lock.yml": "conda-lock"})
    assert (numpy.purl, numpy.scope) == ("pkg:conda/numpy@1.26.4?channel=conda-forge", Scope.REQUIRED)
    assert [digest.hex for digest in numpy.digests] == [HASH, OTHER]
    assert numpy.facts["requires"] == ["libblas", "python"]
    assert (torch.purl, torch.scope, torch.origin.line) == ("pkg:pypi/torch@2.3.0", Scope.OPTIONAL, 20)
    assert torch.facts["url"] == "git+https://****@git.example/torch@main"
    assert gap.reason is GapReason.MALFORMED


def test_pixi_locks(collect: Callable) -> None:
    conda = "https://channel.example/conda-forge/linux-64"
    text = f"""version: 6
environments: {{}}
packages:
- conda: {conda}/numpy-1.26.4-py311h64a7726_0.conda
  sha256: {HASH}
  license: BSD-3-Clause
  depends: ['libblas >=3.9', '@']
- conda: {conda}/odd.tar.bz2
- conda: ./sources
- pypi: https://files.example/torch-2.3.0-cp311-none-any.whl
  name: torch
  version: 2.3.0
  sha256: {OTHER}
  requires_dist: [numpy>=1, 'x ; extra == "y"']
- pypi: ./
  name: own
- pypi: https://files.example/x
- kind: conda
  name: zlib
  version: 1.3.1
  build: h4ab18f5_1
  url: {conda}/zlib-1.3.1-h4ab18f5_1.conda
- pypi: git+https://git.example/mine?rev=1
  name: mine
  version: 1.0.0
"""
    components, gaps = collect({"pixi.lock": text}, {"pixi.lock": "pixi-lock"})
    assert [(item.name, item.version) for item in components] == [
        ("torch", "2.3.0"), ("zlib", "1.3.1"), ("mine", "1.0.0"), ("numpy", "1.26.4"), ("odd", None),
    ]  # fmt: skip
    numpy = next(item for item in components if item.name == "numpy")
    assert (numpy.licences, numpy.facts["requires"]) == (("BSD-3-Clause",), ["libblas"])
    assert components[0].facts["requires"] == ["numpy"]
    assert components[2].facts["url"] == "git+https://git.example/mine?rev=1"
    assert [gap.location.line for gap in gaps] == [17]


@pytest.mark.parametrize("form", ["conda-lock", "pixi-lock"])
def test_a_lock_of_another_version_is_a_gap(form: str, collect: Callable) -> None:
    for text in ("version: 9\npackage: []\npackages: []\n", "version: 1\n", "version: 6\n"):
        components, (gap,) = collect({"lock": text}, {"lock": form})
        assert (components, gap.reason) == ([], GapReason.UNSUPPORTED)


def test_everything_is_a_component(collect: Callable) -> None:
    components, _ = collect({"e.yml": "dependencies: [1.5, true, null, [x]]\n"}, {"e.yml": "conda"})
    assert all(isinstance(item, Component) for item in components)
