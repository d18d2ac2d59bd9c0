"""skops: what the library writes is clean; forged nodes and types that the loader would run are found."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from chainguard_ml.model import Severity

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan, Told


def node(loader: str, full: str, **members: Any) -> dict[str, Any]:
    module, _, name = full.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **members}


def text(value: object) -> dict[str, Any]:
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def types(*names: str) -> dict[str, Any]:
    return node("ListNode", "builtins.list", content=[node("TypeNode", name) for name in names])


def items(*values: object) -> dict[str, Any]:
    return node("TupleNode", "builtins.tuple", content=[text(value) for value in values])


def look(scan: Scan, build: Build, root: dict[str, Any], **members: bytes) -> Told:
    return scan("m.skops", build.zip({"schema.json": json.dumps({**root, "protocol": 2}).encode(), **members}))


def generator(name: object) -> dict[str, Any]:
    state = node("DictNode", "builtins.dict", content={"bit_generator": text(name)}, key_types=types("builtins.str"))
    return node("RandomGeneratorNode", "numpy.random._generator.Generator", content={"bit_generator": state})


PCA = node("ObjectNode", "sklearn.decomposition._pca.PCA")
SOUND = [
    PCA,
    node("DictNode", "builtins.dict", content={"a": text(1)}, key_types=types("builtins.str")),
    node("MethodNode", "sklearn.decomposition._pca.PCA", content={"func": "fit", "obj": PCA}),
    node("FunctionNode", "numpy.log1p"),
    node("FunctionNode", "numpy.ufunc", content={"module_path": "scipy.special._ufuncs", "function": "expit"}),
    node("PartialNode", "functools.partial", content={"func": node("FunctionNode", "numpy.add"), "args": items(1)}),
    node("OperatorFuncNode", "operator.itemgetter", attrs=items(1)),
    node("CachedNode", "x.y", __id__=1),
    generator("PCG64"),
    node(
        "RandomGeneratorNode",
        "numpy.random._generator.Generator",
        content={"bit_generator": {"bit_generator": "MT19937"}},
    ),
]


@pytest.mark.parametrize("root", SOUND)
def test_sound_nodes_are_clean(scan: Scan, build: Build, root: dict[str, Any]) -> None:
    told = look(scan, build, root)
    assert told.clean, told
    assert told.format == "skops"


@pytest.mark.parametrize(
    ("root", "severity"),
    [
        (node("ObjectNode", "os.system"), Severity.CRITICAL),
        (node("TypeNode", "builtins.eval"), Severity.CRITICAL),
        (node("FunctionNode", "subprocess.run"), Severity.CRITICAL),
        (node("FunctionNode", "my.own.function"), Severity.HIGH),
        (node("ObjectNode", "my.own.Class"), Severity.HIGH),
        (node("ListNode", "subprocess.Popen", content=[]), Severity.CRITICAL),
        (node("TupleNode", "my.Named", content=[]), Severity.HIGH),
        (node("NdArrayNode", "os.system", type="numpy", file="1.npy"), Severity.CRITICAL),
        (node("ConstructorFromReduceNode", "os.system", content=items("echo seen")), Severity.CRITICAL),
        (node("RandomStateNode", "os.abort", content=text(1)), Severity.HIGH),
        (node("RandomGeneratorNode", "my.Generator", content=generator("PCG64")["content"]), Severity.HIGH),
        (node("DictNode", "builtins.dict", content={"echo": text(1)}, key_types=types("os.system")), Severity.CRITICAL),
        (node("FunctionNode", "numpy.log1p", content={"module_path": "os", "function": "system"}), Severity.CRITICAL),
        (
            node("PartialNode", "functools.partial", content={"func": node("FunctionNode", "os.system")}),
            Severity.CRITICAL,
        ),
        (node("LossNode", "os.system", content=text({})), Severity.CRITICAL),
    ],
)
def test_types_are_judged_by_what_the_loader_does(
    scan: Scan, build: Build, root: dict[str, Any], severity: Severity
) -> None:
    told = look(scan, build, root)
    assert told.rules == {"skops-untrusted-type"}
    assert max(finding.severity for finding in told.findings) >= severity


def test_a_type_that_is_only_harmless_as_a_name_must_not_be_called(scan: Scan, build: Build) -> None:
    keys = node("DictNode", "builtins.dict", content={"a": text(1)}, key_types=types("numpy.load"))
    assert "skops-untrusted-type" in look(scan, build, keys).rules


@pytest.mark.parametrize(
    "root",
    [
        node("OperatorFuncNode", "posix.system", attrs=items("echo seen")),
        node("OperatorFuncNode", "operator.call", attrs=items("echo seen")),
        node("OperatorFuncNode", "operator.attrgetter", attrs=items("__init__.__globals__")),
        node("MethodNode", "builtins.str", content={"func": "fit", "obj": PCA}),
        node("MethodNode", "sklearn.decomposition._pca.PCA", content={"func": "__reduce__", "obj": PCA}),
        node("MethodNode", "sklearn.decomposition._pca.PCA", content={"func": "fit"}),
        node("TreeNode", "os.system", content=text({})),
        node("JsonNode", "os.system", content="1"),
        node("MyNode", "builtins.str"),
        node("NdArrayNode", "numpy.ndarray", type="numpy", file="../../x.npy"),
        node("BytesNode", "builtins.bytes", file="/etc/passwd"),
        node("BytesNode", "builtins.bytes", file=["a"]),
        generator("seed"),
        generator(5),
        node("RandomGeneratorNode", "numpy.random._generator.Generator", content={"bit_generator": {"content": {}}}),
        node("TupleNode", "builtins.tuple", content=[{**PCA, "__id__": 7}, {**text(1), "__id__": 7}]),
    ],
)
def test_forged_nodes_are_found(scan: Scan, build: Build, root: dict[str, Any]) -> None:
    told = look(scan, build, root)
    assert "skops-forged-node" in told.rules
    assert max(finding.severity for finding in told.findings) >= Severity.HIGH


def test_bytes_of_a_model_are_data_unless_they_are_a_file(scan: Scan, build: Build) -> None:
    name = "37a53c41-803e-4806-a641-3e5481af2f9d.bin"
    root = node("BytesNode", "builtins.bytes", file=name)
    assert look(scan, build, root, **{name: b"anything"}).clean
    assert look(scan, build, root, **{name: build.payload}).payload


@pytest.mark.oracle
def test_what_skops_writes_of_every_estimator_is_clean(scan: Scan) -> None:
    skops = pytest.importorskip("skops.io")
    np = pytest.importorskip("numpy")
    sklearn = pytest.importorskip("sklearn.utils")
    features = np.abs(np.random.default_rng(0).normal(size=(24, 3)))
    target = (features[:, 0] > 0.7).astype(int)
    seen = 0
    for name, estimator in sklearn.all_estimators()[3::9]:
        try:
            fitted = estimator().fit(features, target)
            data = skops.dumps(fitted)
        except (TypeError, ValueError, AttributeError, Warning, skops.exceptions.UnsupportedTypeException):
            continue
        if len(data) < 2_000_000:
            seen += 1
            assert scan("m.skops", data).clean, name
    assert seen > 10


@pytest.mark.oracle
def test_what_skops_writes_of_values_is_clean(scan: Scan) -> None:
    skops = pytest.importorskip("skops.io")
    np = pytest.importorskip("numpy")
    bunch = pytest.importorskip("sklearn.utils").Bunch
    value = {
        "random": np.random.default_rng(3),
        "old": np.random.RandomState(1),
        5: slice(1, 2),
        None: b"bytes",
        2.5: {1, 2},
        True: (1, bytearray(b"y")),
        "objects": np.array([1, "a", None], dtype=object),
        "masked": np.ma.MaskedArray([1, 2], [0, 1]),
        "type": np.dtype("f4"),
        "bunch": bunch(a=1),
        "function": np.log1p,
    }
    data = skops.dumps(value)
    assert scan("m.skops", data).clean
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "schema.json" in names
