"""What real libraries write has no finding and no gap, in every protocol and through joblib."""

# ruff: noqa: E501 (tables: one row is one kind of value)

from __future__ import annotations

import argparse
import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import io
import ipaddress
import pathlib
import pickle
import random
import re
import types
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scan.pickle.conftest import Look

PROTOCOLS = range(6)
NOW = dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
VALUES = {
    "nothing": None,
    "numbers": [True, False, 0, -1, 255, 65536, 1 << 31, -(1 << 70), 1 << 3000, 1.5, float("inf"), 1j],
    "texts": ["", "a", "ä", "\ud800", "\n", "x" * 300, "y" * 70_000, "c\nd\n", "class\nname\n", "gAAA"],
    "bytes": [b"", b"a", b"\x80\x04", b"x" * 300, bytearray(b"z" * 70_000), b"cos is a function\n"],
    "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], {}, {"a": {"b": [1]}}, {1, 2}, frozenset({1}), [[]] * 3],
    "many": [list(range(3000)), {str(number): number for number in range(3000)}, set(range(3000)), tuple(range(3000))],
    "collections": [collections.OrderedDict(a=1), collections.Counter("aab"), collections.defaultdict(list, a=[1]),
                    collections.defaultdict(int), collections.deque([1], 3), collections.ChainMap({1: 2})],
    "times": [NOW, NOW.date(), NOW.time(), NOW - NOW, dt.timezone(dt.timedelta(hours=1)), dt.UTC],
    "values": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=1), pathlib.PurePosixPath("a"), pathlib.Path("b")],
    "more values": [ipaddress.ip_address("::1"), array.array("d", [1.0]), re.compile("a+"), range(3), slice(1, 2, 3)],
    "objects": [types.SimpleNamespace(a=1), argparse.Namespace(a=1), random.Random(1), ValueError("x")],  # noqa: S311 (a value to pickle)
    "types": [int, str, list, dict, len, type(None), ..., NotImplemented],
    "keys": {None: 1, (1, 2): 2, 1.5: 3, b"b": 4, True: 5, frozenset(): 6},
    "special keys": {"__class__": 1, "__reduce__": 2, "shape": (1,), "formula": "y ~ print(1)"},
}  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", VALUES)
def test_values_of_the_standard_library_are_clean(look: Look, name: str, protocol: int) -> None:
    for data in (pickle.dumps(VALUES[name], protocol), pickle._dumps(VALUES[name], protocol)):  # type: ignore[attr-defined]  # pure Python
        seen = look(data)
        assert seen.clean, (data, seen.findings + seen.gaps)


def test_a_class_of_ones_own_is_unknown(look: Look) -> None:
    class Colour(enum.Enum):
        RED = 1

    Colour.__module__ = "mine.colours"
    data = b"\x80\x04\x8c\x0cmine.colours\x8c\x06Colour\x93K\x01\x85R."
    assert look(data).rules == {"unknown-global"}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner)
    | st.sets(st.integers()) | st.frozensets(st.text()),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(json, st.integers(0, 5))
def test_generated_data_is_clean(look: Look, value: object, protocol: int) -> None:
    seen = look(pickle.dumps(value, protocol))
    assert seen.clean, seen.findings + seen.gaps
    assert set(seen.names) <= {
        "_codecs.encode",
        "builtins.set",
        "builtins.frozenset",
        "builtins.bytearray",
        "builtins.bytes",
    }


def numpy_objects() -> list[object]:
    np = pytest.importorskip("numpy", reason="numpy is in the oracles group")
    return [
        np.arange(5.0), np.float64(1.5), np.int64(1), np.str_("a"), np.bytes_(b"a"), np.bool_(1), np.datetime64("2024"),
        np.dtype("f8"), np.dtype([("a", "O"), ("b", "i4", (2,))]), np.array([None, "x", [1]], object),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), np.ma.array([1, 2], mask=[0, 1]), np.array(["a", "bc"]),
        np.rec.array([(1, 2)], dtype=[("a", int), ("b", int)]), np.random.RandomState(1), np.random.default_rng(1),
        np.random.SeedSequence(1), np.random.Generator(np.random.Philox(1)), np.polynomial.Polynomial([1, 2]),
        np.log1p, np.mean, np.float32, np.zeros((2, 0)),
    ]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_is_clean(look: Look, protocol: int) -> None:
    for value in numpy_objects():
        seen = look(pickle.dumps(value, protocol))
        assert seen.clean, (value, seen.findings + seen.gaps)


@pytest.mark.oracle
def test_names_of_numpy_1_are_clean(look: Look) -> None:
    for value in numpy_objects():
        data = pickle.dumps(value, 2).replace(b"numpy._core", b"numpy.core")
        assert look(data).clean, (value, look(data).findings)


def estimators() -> dict[str, Callable[[], object]]:
    """Estimators of many kinds, fitted."""
    np = pytest.importorskip("numpy", reason="numpy is in the oracles group")
    pytest.importorskip("sklearn", reason="scikit-learn is in the oracles group")
    from scipy import stats
    from sklearn import (
        cluster,
        compose,
        decomposition,
        ensemble,
        feature_extraction,
        gaussian_process,
        impute,
        isotonic,
        linear_model,
        manifold,
        metrics,
        mixture,
        model_selection,
        naive_bayes,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        svm,
        tree,
    )  # fmt: skip

    features = np.abs(np.random.RandomState(0).rand(60, 4)) + 0.1
    classes = (features[:, 0] > 0.6).astype(int)
    numbers = features[:, 0] * 3
    supervised = {
        "logistic": linear_model.LogisticRegression(), "sgd": linear_model.SGDClassifier(), "svc": svm.SVC(),
        "tree": tree.DecisionTreeClassifier(), "forest": ensemble.RandomForestClassifier(3),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=2),
        "histogram": ensemble.HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]),
        "bayes": naive_bayes.GaussianNB(), "neighbours": neighbors.KNeighborsClassifier(algorithm="ball_tree"),
        "kd tree": neighbors.KNeighborsClassifier(algorithm="kd_tree", metric="manhattan"),
        "process": gaussian_process.GaussianProcessClassifier(), "stack": ensemble.StackingClassifier(
            [("a", tree.DecisionTreeClassifier()), ("b", linear_model.LogisticRegression())], cv=2),
        "grid": model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [1, 2]}, cv=2, scoring="f1"),
        "random": model_selection.RandomizedSearchCV(
            linear_model.LogisticRegression(), {"C": stats.uniform(0.5, 2), "tol": stats.loguniform(1e-4, 1e-2)}, n_iter=2, cv=2),
        "pipeline": pipeline.make_pipeline(
            compose.make_column_transformer((preprocessing.StandardScaler(), [0]), (preprocessing.OneHotEncoder(
                handle_unknown="ignore"), [1]), remainder="passthrough"), impute.SimpleImputer(), linear_model.LogisticRegression()),
        "functions": pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), linear_model.LogisticRegression()),
        "scorer": model_selection.GridSearchCV(
            linear_model.LogisticRegression(), {"C": [1]}, cv=2, scoring=metrics.make_scorer(metrics.f1_score)),
    }  # fmt: skip
    regressors = {
        "linear": linear_model.LinearRegression(), "isotonic": isotonic.IsotonicRegression(),
        "svr": svm.SVR(), "ridge": linear_model.RidgeCV(), "boosting of numbers": ensemble.HistGradientBoostingRegressor(max_iter=2),
        "network": neural_network.MLPRegressor(hidden_layer_sizes=(3,), max_iter=2000, tol=1),
    }  # fmt: skip
    others = {
        "means": cluster.KMeans(2, n_init=1), "components": decomposition.PCA(2), "mixture": mixture.GaussianMixture(2),
        "embedding": manifold.Isomap(n_components=2), "trees for outliers": ensemble.IsolationForest(n_estimators=2),
    }  # fmt: skip
    made: dict[str, Callable[[], object]] = {
        name: lambda item=item: item.fit(features, classes) for name, item in supervised.items()
    }
    for name, item in regressors.items():
        made[name] = lambda item=item: item.fit(features[:, 0] if "isotonic" in str(type(item)) else features, numbers)
    made |= {name: lambda item=item: item.fit(features) for name, item in others.items()}
    texts = feature_extraction.text.TfidfVectorizer()
    made["texts"] = lambda: pipeline.make_pipeline(texts, naive_bayes.MultinomialNB()).fit(
        ["one two", "three"] * 5, [0, 1] * 5
    )
    return made


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_estimators_are_clean(look: Look) -> None:
    joblib = pytest.importorskip("joblib", reason="joblib is in the oracles group")
    for name, make in estimators().items():
        estimator = make()
        stream = io.BytesIO()
        joblib.dump(estimator, stream)
        for data in (*(pickle.dumps(estimator, protocol) for protocol in (0, 2, 4, 5)), stream.getvalue()):
            seen = look(data)
            assert seen.clean, (name, seen.findings + seen.gaps)


@pytest.mark.oracle
def test_cloudpickle_carries_code_and_nothing_worse(look: Look) -> None:
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle comes with joblib's own dependencies")
    seen = look(cloudpickle.dumps(lambda value: value + 1))
    assert seen.rules == {"pickle-carries-code"}
    assert not seen.gaps


TORCH = (
    b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x06\0\0\0weightq\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\0\0\0"
    b"storageq\x04ctorch\nFloatStorage\nq\x05X\x01\0\0\x000q\x06X\x03\0\0\0cpuq\x07K\x04tq\x08QK\x00K\x02K\x02\x86q\tK\x02K\x01\x86"
    b"q\n\x89h\x00)Rq\x0btq\x0cRq\rs}q\x0eX\x09\0\0\0_metadataq\x0fh\x00)Rq\x10X\x00\0\0\0q\x11}q\x12X\x07\0\0\0versionq\x13K\x01s"
    b"ssb."
)


def test_a_state_of_torch_is_clean(look: Look) -> None:
    seen = look(TORCH, "data.pkl")
    assert seen.clean, seen.findings + seen.gaps
    assert seen.names == ["collections.OrderedDict", "torch.FloatStorage", "torch._utils._rebuild_tensor_v2"]


@pytest.mark.parametrize(
    "identifier",
    [
        b"K\x05Q",
        b"P12\n",
        b"(X\x06\0\0\0modulectorch.nn.modules.linear\nLinear\nNNtQ)\x81}b",
        b"(ctorch.nn.modules.linear\nLinear\nNNtQ",
    ],
)
def test_identifiers_of_torch_are_known(look: Look, identifier: bytes) -> None:
    assert look(b"\x80\x02" + identifier + b".").clean


def test_simple_formulas_are_clean(look: Look) -> None:
    formula = b"y ~ a + C(b) + np.log(c) * 1.5"
    data = (
        b"\x80\x02cstatsmodels.base.data\nModelData\n)\x81}(X\x12\0\0\0restore_model_spec\x88X\x07\0\0\0formula"
        b"X" + bytes((len(formula),)) + b"\0\0\0" + formula + b"ub."
    )  # fmt: skip
    assert look(data).clean
    for hostile in (
        b"y ~ a + C(b) + np.lag(c) * 1.5",
        b"y ~ a . b                     ",
        b"y ~ __import__                ",
    ):
        assert look(data.replace(formula, hostile)).rules == {"pickle-carries-code"}


def test_keys_of_any_kind_are_kept(look: Look) -> None:
    assert look(b"\x80\x02(NK\x01K\x02K\x03X\x01\0\0\0aK\x04d.").clean


def test_a_bound_method_is_a_path(look: Look) -> None:
    lazy = b"\x80\x02cbuiltins\ngetattr\n(ctorch.nn.modules.linear\nLazyLinear\n)\x81X\x11\0\0\0_infer_parameterstR."
    assert look(lazy).clean, look(lazy).findings


def test_functions_as_old_numpy_writes_them_are_imports(look: Look) -> None:
    data = b"\x80\x02cnumpy.core\n_ufunc_reconstruct\nX\x05\0\0\0numpyX\x05\0\0\0log1p\x86R."
    assert look(data).clean
    assert look(data.replace(b"\x05\0\0\0numpyX\x05\0\0\0log1p", b"\x02\0\0\0osX\x06\0\0\0system")).rules == {
        "dangerous-global"
    }
    assert "dangerous-global" in look(data.replace(b"X\x05\0\0\0log1p", b"K\x01")).rules
