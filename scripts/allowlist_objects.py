"""Real objects of the installed frameworks, pickled: what ``scripts/allowlist.py`` learns names from."""

# ruff: noqa: E501 (tables: one row is one judgement or one object)

from __future__ import annotations

import contextlib
import enum
import importlib
import inspect
import io
import pickle
import pkgutil
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOLS = (0, 2, 4, 5)

# Old module: new module (scikit-learn 0.22, 0.24 and 1.x).
SKLEARN_MOVED = {
    "sklearn.ensemble.forest": "sklearn.ensemble._forest",
    "sklearn.ensemble.bagging": "sklearn.ensemble._bagging",
    "sklearn.ensemble.base": "sklearn.ensemble._base",
    "sklearn.ensemble.gradient_boosting": "sklearn.ensemble._gb",
    "sklearn.ensemble.iforest": "sklearn.ensemble._iforest",
    "sklearn.ensemble.voting": "sklearn.ensemble._voting",
    "sklearn.ensemble.voting_classifier": "sklearn.ensemble._voting",
    "sklearn.ensemble.weight_boosting": "sklearn.ensemble._weight_boosting",
    "sklearn.tree.tree": "sklearn.tree._classes",
    "sklearn.linear_model.base": "sklearn.linear_model._base",
    "sklearn.linear_model.bayes": "sklearn.linear_model._bayes",
    "sklearn.linear_model.coordinate_descent": "sklearn.linear_model._coordinate_descent",
    "sklearn.linear_model.huber": "sklearn.linear_model._huber",
    "sklearn.linear_model.least_angle": "sklearn.linear_model._least_angle",
    "sklearn.linear_model.logistic": "sklearn.linear_model._logistic",
    "sklearn.linear_model.omp": "sklearn.linear_model._omp",
    "sklearn.linear_model.passive_aggressive": "sklearn.linear_model._passive_aggressive",
    "sklearn.linear_model.perceptron": "sklearn.linear_model._perceptron",
    "sklearn.linear_model.ransac": "sklearn.linear_model._ransac",
    "sklearn.linear_model.ridge": "sklearn.linear_model._ridge",
    "sklearn.linear_model.sgd_fast": "sklearn.linear_model._sgd_fast",
    "sklearn.linear_model.stochastic_gradient": "sklearn.linear_model._stochastic_gradient",
    "sklearn.linear_model.theil_sen": "sklearn.linear_model._theil_sen",
    "sklearn.svm.classes": "sklearn.svm._classes",
    "sklearn.naive_bayes": "sklearn.naive_bayes",
    "sklearn.neighbors.classification": "sklearn.neighbors._classification",
    "sklearn.neighbors.regression": "sklearn.neighbors._regression",
    "sklearn.neighbors.unsupervised": "sklearn.neighbors._unsupervised",
    "sklearn.neighbors.nearest_centroid": "sklearn.neighbors._nearest_centroid",
    "sklearn.neighbors.lof": "sklearn.neighbors._lof",
    "sklearn.neighbors.kde": "sklearn.neighbors._kde",
    "sklearn.neighbors.kd_tree": "sklearn.neighbors._kd_tree",
    "sklearn.neighbors.ball_tree": "sklearn.neighbors._ball_tree",
    "sklearn.neighbors.dist_metrics": "sklearn.metrics._dist_metrics",
    "sklearn.neighbors._dist_metrics": "sklearn.metrics._dist_metrics",
    "sklearn.cluster.k_means_": "sklearn.cluster._kmeans",
    "sklearn.cluster.affinity_propagation_": "sklearn.cluster._affinity_propagation",
    "sklearn.cluster.bicluster": "sklearn.cluster._bicluster",
    "sklearn.cluster.birch": "sklearn.cluster._birch",
    "sklearn.cluster.dbscan_": "sklearn.cluster._dbscan",
    "sklearn.cluster.hierarchical": "sklearn.cluster._agglomerative",
    "sklearn.cluster.mean_shift_": "sklearn.cluster._mean_shift",
    "sklearn.cluster.spectral": "sklearn.cluster._spectral",
    "sklearn.decomposition.dict_learning": "sklearn.decomposition._dict_learning",
    "sklearn.decomposition.factor_analysis": "sklearn.decomposition._factor_analysis",
    "sklearn.decomposition.fastica_": "sklearn.decomposition._fastica",
    "sklearn.decomposition.incremental_pca": "sklearn.decomposition._incremental_pca",
    "sklearn.decomposition.kernel_pca": "sklearn.decomposition._kernel_pca",
    "sklearn.decomposition.nmf": "sklearn.decomposition._nmf",
    "sklearn.decomposition.online_lda": "sklearn.decomposition._lda",
    "sklearn.decomposition._online_lda": "sklearn.decomposition._lda",
    "sklearn.decomposition.pca": "sklearn.decomposition._pca",
    "sklearn.decomposition.sparse_pca": "sklearn.decomposition._sparse_pca",
    "sklearn.decomposition.truncated_svd": "sklearn.decomposition._truncated_svd",
    "sklearn.feature_extraction.hashing": "sklearn.feature_extraction._hash",
    "sklearn.feature_extraction.dict_vectorizer": "sklearn.feature_extraction._dict_vectorizer",
    "sklearn.feature_selection.rfe": "sklearn.feature_selection._rfe",
    "sklearn.feature_selection.from_model": "sklearn.feature_selection._from_model",
    "sklearn.feature_selection.univariate_selection": "sklearn.feature_selection._univariate_selection",
    "sklearn.feature_selection.variance_threshold": "sklearn.feature_selection._variance_threshold",
    "sklearn.gaussian_process.gpc": "sklearn.gaussian_process._gpc",
    "sklearn.gaussian_process.gpr": "sklearn.gaussian_process._gpr",
    "sklearn.impute._iterative": "sklearn.impute._iterative",
    "sklearn.preprocessing.data": "sklearn.preprocessing._data",
    "sklearn.preprocessing.label": "sklearn.preprocessing._label",
    "sklearn.preprocessing.imputation": "sklearn.impute._base",
    "sklearn.manifold.t_sne": "sklearn.manifold._t_sne",
    "sklearn.manifold.isomap": "sklearn.manifold._isomap",
    "sklearn.manifold.locally_linear": "sklearn.manifold._locally_linear",
    "sklearn.manifold.mds": "sklearn.manifold._mds",
    "sklearn.manifold.spectral_embedding_": "sklearn.manifold._spectral_embedding",
    "sklearn.mixture.gaussian_mixture": "sklearn.mixture._gaussian_mixture",
    "sklearn.mixture.bayesian_mixture": "sklearn.mixture._bayesian_mixture",
    "sklearn.neural_network.multilayer_perceptron": "sklearn.neural_network._multilayer_perceptron",
    "sklearn.neural_network.rbm": "sklearn.neural_network._rbm",
    "sklearn.covariance.elliptic_envelope": "sklearn.covariance._elliptic_envelope",
    "sklearn.covariance.empirical_covariance_": "sklearn.covariance._empirical_covariance",
    "sklearn.covariance.robust_covariance": "sklearn.covariance._robust_covariance",
    "sklearn.covariance.shrunk_covariance_": "sklearn.covariance._shrunk_covariance",
    "sklearn.cross_decomposition.pls_": "sklearn.cross_decomposition._pls",
    "sklearn.cross_decomposition.cca_": "sklearn.cross_decomposition._pls",
    "sklearn.semi_supervised.label_propagation": "sklearn.semi_supervised._label_propagation",
    "sklearn.metrics.scorer": "sklearn.metrics._scorer",
    "sklearn.utils": "sklearn.utils._bunch",
    "sklearn.model_selection._split": "sklearn.model_selection._split",
}


def legacy_modules(module: str) -> list[str]:
    """Return the names that a module had in older releases."""
    return [old for old, new in SKLEARN_MOVED.items() if new == module and old != new]


def streams() -> Iterator[bytes]:
    """Yield each object pickled in several protocols, and by joblib."""
    seen = 0
    for item in objects():
        for protocol in PROTOCOLS:
            with contextlib.suppress(Exception):
                yield pickle.dumps(item, protocol)
                seen += 1
        with contextlib.suppress(Exception):
            import joblib

            stream = io.BytesIO()
            joblib.dump(item, stream)
            yield stream.getvalue()
    print(f"{seen} streams")


def objects() -> Iterator[object]:
    """Yield real objects of whatever is installed."""
    for make in (standard, numpy_objects, sklearn_objects, scipy_objects, pandas_objects, torch_objects, boosters,
                 statsmodels_objects, transformers_objects):  # fmt: skip
        count = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                for item in make():
                    count += 1
                    yield item
            except ImportError as error:
                print(f"{make.__name__}: {error}")
        print(f"{make.__name__}: {count} objects")


def standard() -> Iterator[object]:
    """Yield values of the standard library."""
    import argparse
    import array
    import datetime as dt
    import decimal
    import fractions
    import ipaddress
    import pathlib
    import random
    import re
    import types
    import uuid
    import zoneinfo

    now = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    yield [
        None,
        True,
        1,
        1 << 80,
        1.5,
        1j,
        "a",
        b"b",
        bytearray(b"c"),
        (1,),
        {1},
        frozenset({1}),
        {1: 2},
        range(3),
        slice(1, 2),
    ]
    yield [OrderedDict(a=1), Counter("aab"), defaultdict(list, a=[1]), defaultdict(int), deque([1], 3)]
    yield [
        now,
        now.date(),
        now.time(),
        now - now,
        dt.timezone(dt.timedelta(hours=1)),
        zoneinfo.ZoneInfo("UTC"),
    ]
    yield [
        decimal.Decimal("1.5"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=1),
        pathlib.PurePosixPath("a"),
        pathlib.Path("b"),
    ]
    yield [ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8"), array.array("d", [1.0]), re.compile("a+")]
    yield [
        types.SimpleNamespace(a=1),
        argparse.Namespace(a=1),
        random.Random(1),  # noqa: S311 (a value to pickle, not a secret)
        ValueError("x"),
        KeyError("k"),
        io.BytesIO(b"x"),
    ]
    yield [int, float, str, list, dict, len, max, type(None), ..., NotImplemented]


def numpy_objects() -> Iterator[object]:
    """Yield arrays, scalars, types and generators."""
    import numpy as np

    for code in "?bBhHiIlLqQefdgFDG":
        yield np.zeros((2, 3), code)
        yield np.ones(1, code)[0]
    yield [np.array(["a", "bc"]), np.array([b"x"]), np.array([None, "x"], object), np.asfortranarray(np.ones((2, 3)))]
    yield [np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8", (2,))]), np.dtype("f8"), np.dtype([("a", "O")])]
    yield [
        np.datetime64("2024-01-01"),
        np.timedelta64(1, "D"),
        np.array(["2024"], "M8[D]"),
        np.str_("a"),
        np.bytes_(b"a"),
    ]
    yield [np.ma.array([1, 2], mask=[0, 1]), np.matrix([[1]]), np.rec.array([(1, 2)], dtype=[("a", int), ("b", int)])]
    yield [
        np.array((1, 2.0), dtype=[("a", "i4"), ("b", "f8")])[()],
        np.polynomial.Polynomial([1, 2]),
        np.poly1d([1, 2]),
    ]
    yield [np.random.RandomState(1), np.random.default_rng(1), np.random.SeedSequence(1)]
    yield [
        np.random.Generator(kind(1))
        for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)
    ]
    yield [np.log1p, np.exp, np.mean, np.float32, np.int64, np.linalg.norm]
    basis = np.polynomial
    yield [basis.Chebyshev([1]), basis.Hermite([1]), basis.HermiteE([1]), basis.Laguerre([1]), basis.Legendre([1])]
    yield [np.ma.masked, np.char.array(["a"]), np.ma.array([(1, 2.0)], mask=[(0, 1)], dtype=[("a", int), ("b", float)])]
    with contextlib.suppress(AttributeError):
        yield np.array(["a"], dtype=np.dtypes.StringDType())


def _data() -> tuple[object, object, object, object]:
    import numpy as np

    random = np.random.RandomState(0)
    features = np.abs(random.rand(60, 5)) + 0.1
    return features, (features[:, 0] > 0.6).astype(int), features[:, 0] * 3 + random.rand(60), random.rand(60, 2)


def sklearn_objects(most: int = 100) -> Iterator[object]:
    """Yield every estimator, unfitted and, where one of several targets suits it, fitted: at most ``most`` of each."""
    from sklearn.utils import all_estimators
    from sklearn.utils._test_common.instance_generator import _construct_instances

    data = _data()
    for _, kind in all_estimators():
        instances = []
        with contextlib.suppress(Exception):
            instances = list(_construct_instances(kind))
        with contextlib.suppress(Exception):
            instances.append(kind())
        for estimator in instances[:most]:
            yield estimator
            yield from islice(_fitted(estimator, data), most)
    yield from _composed(data)
    yield from _others()


def _fitted(estimator: object, data: tuple[object, object, object, object]) -> Iterator[object]:
    from sklearn.base import clone

    features, classes, numbers, several = data
    texts = ["a cat", "a dog", "the bird"] * 20
    for arguments in ((features, classes), (features, numbers), (features, several), (features,), (texts,), (classes,),
                      (numbers, classes), ([{"a": 1}],)):  # fmt: skip
        with contextlib.suppress(Exception):
            made = clone(estimator)
            made.fit(*arguments)
            yield made


def _composed(data: tuple[object, object, object, object]) -> Iterator[object]:
    """Yield variants whose state has classes that defaults do not have."""
    from sklearn import (
        calibration,
        compose,
        ensemble,
        feature_extraction,
        gaussian_process,
        impute,
        linear_model,
        metrics,
        model_selection,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        svm,
        tree,
    )

    features, classes, numbers, _ = data
    kernels = gaussian_process.kernels
    kernel = kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel() + kernels.Matern() + kernels.DotProduct()
    kernel = kernel + kernels.RationalQuadratic() + kernels.ExpSineSquared() ** 2 + kernels.PairwiseKernel()
    classifiers = [
        *(linear_model.SGDClassifier(loss=loss) for loss in ("hinge", "squared_hinge", "modified_huber", "log_loss", "perceptron")),
        *(ensemble.GradientBoostingClassifier(loss=loss, n_estimators=2) for loss in ("log_loss", "exponential")),
        ensemble.HistGradientBoostingClassifier(max_iter=2, early_stopping=True, categorical_features=[0]),
        gaussian_process.GaussianProcessClassifier(kernels.RBF()),
        *(neighbors.KNeighborsClassifier(algorithm=name, metric=metric) for name in ("kd_tree", "ball_tree", "brute")
          for metric in ("euclidean", "manhattan", "chebyshev")),
        *(neighbors.KNeighborsClassifier(algorithm="ball_tree", metric=metric) for metric in
          ("canberra", "braycurtis", "hamming", "jaccard", "dice", "russellrao", "rogerstanimoto", "sokalsneath")),
        neighbors.KNeighborsClassifier(metric="minkowski", p=3, algorithm="ball_tree"),
        tree.DecisionTreeClassifier(monotonic_cst=[1, 0, 0, 0, 0]),
        tree.ExtraTreeClassifier(),
        svm.SVC(probability=True, kernel="rbf"),
        neural_network.MLPClassifier(max_iter=5, solver="sgd"),
        neural_network.MLPClassifier(max_iter=5, early_stopping=True),
        calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), method="isotonic", cv=2),
        calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), method="sigmoid", cv=2),
        *(model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [1, 2]}, cv=cv, scoring=scoring) for cv, scoring in (
            (2, None), (model_selection.StratifiedKFold(2), "f1"), (model_selection.KFold(2), metrics.make_scorer(metrics.f1_score)),
            (model_selection.ShuffleSplit(2), "roc_auc"))),
        model_selection.RandomizedSearchCV(linear_model.LogisticRegression(), {"C": [1, 2, 3]}, n_iter=2, cv=2),
        pipeline.make_pipeline(
            compose.make_column_transformer(
                (preprocessing.StandardScaler(), [0, 1]), (preprocessing.OneHotEncoder(handle_unknown="ignore"), [2]), remainder="passthrough"),
            pipeline.make_union(preprocessing.MinMaxScaler(), preprocessing.PolynomialFeatures()),
            impute.SimpleImputer(), linear_model.LogisticRegression()),
        ensemble.StackingClassifier([("a", tree.DecisionTreeClassifier()), ("b", linear_model.LogisticRegression())], cv=2),
        ensemble.VotingClassifier([("a", tree.DecisionTreeClassifier()), ("b", linear_model.LogisticRegression())]),
        ensemble.AdaBoostClassifier(n_estimators=2), ensemble.BaggingClassifier(n_estimators=2),
        model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), cv=2),
        model_selection.FixedThresholdClassifier(linear_model.LogisticRegression()),
    ]  # fmt: skip
    regressors = [
        *(linear_model.SGDRegressor(loss=loss) for loss in ("squared_error", "huber", "epsilon_insensitive",
                                                            "squared_epsilon_insensitive")),
        *(ensemble.GradientBoostingRegressor(loss=loss, n_estimators=2) for loss in ("squared_error", "absolute_error", "huber", "quantile")),
        *(ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=2, quantile=0.5) for loss in
          ("squared_error", "absolute_error", "gamma", "poisson", "quantile")),
        *(linear_model.TweedieRegressor(power=power) for power in (0, 1, 1.5, 2, 3)),
        linear_model.PoissonRegressor(), linear_model.GammaRegressor(),
        gaussian_process.GaussianProcessRegressor(kernel),
        compose.TransformedTargetRegressor(linear_model.LinearRegression(), func=_import("numpy", "log1p"), inverse_func=_import("numpy", "expm1")),
        ensemble.RandomForestRegressor(n_estimators=2, criterion="absolute_error"),
        ensemble.RandomForestRegressor(n_estimators=2, random_state=_import("numpy.random", "RandomState")(0)),
    ]  # fmt: skip
    for made, target in ((classifiers, classes), (regressors, numbers)):
        for estimator in made:
            with contextlib.suppress(Exception):
                estimator.fit(features, target)
            yield estimator
    text = feature_extraction.text
    for vectorizer in (text.CountVectorizer(), text.TfidfVectorizer(ngram_range=(1, 2)), text.HashingVectorizer()):
        yield pipeline.make_pipeline(vectorizer, linear_model.LogisticRegression()).fit(
            ["one two", "three four"] * 5, [0, 1] * 5
        )
    yield [preprocessing.FunctionTransformer(_import("numpy", name)) for name in ("log1p", "exp", "sqrt", "abs", "log")]
    yield [getattr(metrics, name) for name in dir(metrics) if name.endswith(("_score", "_loss", "_error"))]
    yield [metrics.get_scorer(name) for name in metrics.get_scorer_names()]


def _import(module: str, name: str) -> object:
    return getattr(importlib.import_module(module), name)


def _others() -> Iterator[object]:
    import numpy as np
    from sklearn import datasets, model_selection, neighbors
    from sklearn.metrics import DistanceMetric
    from sklearn.utils import Bunch

    points = np.random.RandomState(0).rand(20, 2)
    yield [datasets.load_iris(), Bunch(a=1)]
    for name in ("euclidean", "manhattan", "chebyshev", "haversine", "hamming", "canberra", "braycurtis", "jaccard", "dice",
                 "russellrao", "rogerstanimoto", "sokalsneath", "matching"):  # fmt: skip
        for dtype in (np.float64, np.float32):
            with contextlib.suppress(Exception):
                yield DistanceMetric.get_metric(name, dtype)
    yield [neighbors.KDTree(points), neighbors.BallTree(points)]
    for name in dir(model_selection):
        with contextlib.suppress(Exception):
            yield getattr(model_selection, name)()
        with contextlib.suppress(Exception):
            yield getattr(model_selection, name)(2)


def scipy_objects() -> Iterator[object]:
    """Yield sparse matrices, interpolators, distributions, rotations."""
    import numpy as np
    from scipy import integrate, interpolate, optimize, signal, sparse, spatial, stats

    eye = np.eye(3)
    for form in ("csr", "csc", "coo", "dia", "bsr", "lil", "dok"):
        yield getattr(sparse, f"{form}_matrix")(eye)
        yield getattr(sparse, f"{form}_array")(eye)
    x = np.linspace(0, 1, 8)
    yield [interpolate.interp1d(x, x), interpolate.CubicSpline(x, x), interpolate.BSpline(np.arange(8), np.ones(4), 3)]
    yield [
        interpolate.PchipInterpolator(x, x),
        interpolate.UnivariateSpline(x, x),
        interpolate.make_interp_spline(x, x),
    ]
    yield [interpolate.RegularGridInterpolator((x,), x), interpolate.PPoly(np.ones((2, 7)), x)]
    grid = np.random.RandomState(0).rand(30, 2)
    for make in (
        lambda: interpolate.Akima1DInterpolator(x, x), lambda: interpolate.CubicHermiteSpline(x, x, x), lambda: interpolate.KroghInterpolator(x, x),
        lambda: interpolate.BarycentricInterpolator(x, x), lambda: interpolate.InterpolatedUnivariateSpline(x, x), lambda: interpolate.make_smoothing_spline(x, x),
        lambda: interpolate.LinearNDInterpolator(grid, grid[:, 0]), lambda: interpolate.NearestNDInterpolator(grid, grid[:, 0]), lambda: interpolate.RBFInterpolator(grid, grid[:, 0]),
        lambda: interpolate.CloughTocher2DInterpolator(grid, grid[:, 0]), lambda: interpolate.RectBivariateSpline(x, x, np.ones((8, 8))), lambda: interpolate.SmoothBivariateSpline(grid[:, 0], grid[:, 1], grid[:, 0]),
        lambda: interpolate.BPoly(np.ones((2, 7)), x), lambda: interpolate.NdPPoly(np.ones((2, 2, 7, 7)), (x, x)), lambda: interpolate.interp1d(x, x, kind="cubic"), lambda: interpolate.interp1d(x, x, kind="nearest"),
        lambda: interpolate.interp1d(x, x, kind="previous"), lambda: interpolate.Rbf(x, x), lambda: interpolate.LSQUnivariateSpline(x, x, x[2:-2]), lambda: interpolate.splrep(x, x),
        lambda: stats.gaussian_kde(x), lambda: stats.multivariate_normal(np.zeros(2)), lambda: stats.dirichlet([1, 2]), lambda: stats.rv_histogram(np.histogram(x)), lambda: stats.ecdf(x),
        lambda: stats.ttest_ind(x, x), lambda: stats.describe(x), lambda: stats.qmc.Sobol(2), lambda: stats.qmc.Halton(2), lambda: stats.boxcox(x + 1),
        lambda: optimize.Bounds([0], [1]), lambda: optimize.LinearConstraint([1], 0, 1), lambda: optimize.minimize(lambda v: (v**2).sum(), [1.0]), lambda: optimize.root_scalar(lambda v: v, bracket=[-1, 1]),
        lambda: optimize.linprog([1], bounds=(0, 1)), lambda: optimize.curve_fit(lambda v, a: a * v, x, x), lambda: optimize.differential_evolution(lambda v: v[0], [(0, 1)], maxiter=1),
        lambda: signal.TransferFunction([1], [1, 1]), lambda: signal.StateSpace([[1]], [[1]], [[1]], [[1]]), lambda: signal.ZerosPolesGain([], [1], 1), lambda: signal.dlti([1], [1, 1]), lambda: signal.butter(2, 0.1),
        lambda: integrate.solve_ivp(lambda _, y: -y, (0, 1), [1.0], dense_output=True), lambda: spatial.transform.Slerp([0, 1], spatial.transform.Rotation.random(2, random_state=0)), lambda: spatial.SphericalVoronoi(np.eye(3)),
        lambda: spatial.Voronoi(grid), lambda: spatial.HalfspaceIntersection(np.array([[1.0, 0, -1], [-1, 0, 0], [0, 1, -1], [0, -1, 0]]), np.array([0.5, 0.5])), lambda: sparse.linalg.aslinearoperator(eye), lambda: sparse.random(3, 3, 0.5),
    ):  # fmt: skip
        with contextlib.suppress(Exception):
            yield make()
    yield from _distributions()
    for kind in (spatial.KDTree, spatial.cKDTree, spatial.ConvexHull, spatial.Delaunay):
        with contextlib.suppress(Exception):
            yield kind(np.random.RandomState(0).rand(9, 2))
    for name in (
        "norm",
        "uniform",
        "expon",
        "gamma",
        "beta",
        "t",
        "chi2",
        "lognorm",
        "loguniform",
        "randint",
        "poisson",
        "binom",
    ):
        with contextlib.suppress(Exception):
            kind = getattr(stats, name)
            yield kind(*([2] * kind.numargs))
    yield spatial.transform.Rotation.from_euler("x", 1)
    from scipy.optimize import OptimizeResult

    yield OptimizeResult(x=1)


def _distributions() -> Iterator[object]:
    """Yield every distribution, as itself and frozen."""
    from scipy import stats

    for name in sorted(dir(stats)):
        kind = getattr(stats, name)
        if isinstance(kind, stats.rv_continuous | stats.rv_discrete):
            yield kind
            with contextlib.suppress(Exception):
                yield kind(*([2] * kind.numargs))
                yield kind(*([0.5] * kind.numargs))


def pandas_objects() -> Iterator[object]:
    """Yield tables of every column type, and their indexes."""
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, None], "d": pd.to_datetime(["2024", "2025"])})
    frame["e"] = frame["b"].astype("category")
    frame["f"] = pd.array([1, None], dtype="Int64")
    frame["g"] = pd.array([True, None], dtype="boolean")
    frame["h"] = pd.array(["a", None], dtype="string")
    frame["i"] = pd.array([1.5, None], dtype="Float64")
    frame["j"] = pd.period_range("2024", periods=2, freq="D")
    frame["k"] = pd.interval_range(0, 2)
    frame["l"] = pd.to_timedelta([1, 2])
    frame["m"] = pd.to_datetime(["2024", "2025"], utc=True)
    frame["n"] = pd.arrays.SparseArray([0, 1])
    yield frame
    yield frame["a"]
    yield from (frame[name] for name in frame)
    yield frame.groupby("a").sum(numeric_only=True)
    yield frame.set_index(["a", "b"])
    yield from (frame.set_index(name) for name in frame)
    yield [
        pd.Timestamp("2024"),
        pd.Timedelta(1),
        pd.Period("2024"),
        pd.NaT,
        pd.NA,
        pd.Interval(0, 1),
        pd.Categorical(["a"]),
    ]
    yield [
        pd.Timestamp("2024", tz="UTC"),
        pd.tseries.offsets.MonthEnd(),
        pd.tseries.offsets.BDay(),
        pd.date_range("2024", periods=3, freq="h"),
    ]
    yield [pd.api.types.CategoricalDtype(["a"]), pd.Index(["a"]), pd.RangeIndex(3), pd.MultiIndex.from_tuples([(1, 2)])]
    kinds = "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64 boolean string category object int8 float16 complex64 bool str"
    for name in kinds.split():
        with contextlib.suppress(Exception):
            made = pd.Series([1, 0], dtype=name)
            yield made
            yield made.dtype
            yield pd.Index(made)
    yield [
        pd.Series(pd.arrays.SparseArray([0, 1.5])),
        pd.Series(pd.interval_range(0, 2)),
        pd.PeriodIndex(["2024-01"], freq="M"),
        pd.timedelta_range("1D", periods=2),
    ]
    yield [
        pd.StringDtype("python"),
        pd.StringDtype(na_value=float("nan")),
        pd.DatetimeTZDtype("ns", "UTC"),
        pd.PeriodDtype("D"),
        pd.IntervalDtype("int64"),
        pd.SparseDtype("f8"),
    ]
    yield [
        pd.Grouper(freq="D"),
        pd.NamedAgg("a", "sum"),
        pd.Timestamp("2024", tz="Europe/Paris"),
        pd.DateOffset(months=1),
        pd.Timestamp.now("UTC").tzinfo,
    ]
    for name in sorted(dir(pd.offsets)):
        with contextlib.suppress(Exception):
            yield getattr(pd.offsets, name)(1)
    yield pd.DataFrame({"a": [1]}, index=pd.date_range("2024", periods=1, freq="D")).rename_axis("x").attrs
    yield pd.concat({"x": frame[["a", "c"]], "y": frame[["a", "c"]]}, axis=1)
    yield frame[["a", "c"]].describe()
    with contextlib.suppress(Exception):
        yield pd.crosstab(frame["a"], frame["b"])


def torch_classes() -> dict[tuple[str, str], tuple[frozenset[str], str]]:
    """Return the classes that torch's packages of layers, optimizers and schedulers define."""
    try:
        import torch
    except ImportError:
        return {}
    uses = frozenset({"newobj", "built"})
    entries = {}
    for package, what in (("torch.nn.modules", "layer"), ("torch.optim", "optimizer or schedule"), ("torch.ao.nn", "layer"),
                          ("torch.nn.utils.parametrizations", "layer"), ("torch.nn.parallel.data_parallel", "layer"),
                          ("torch.nn.utils.parametrize", "layer"), ("torch.distributions", "distribution"),
                          ("torch.nn.utils.prune", "hook of a layer"), ("torch.nn.utils.weight_norm", "hook of a layer"),
                          ("torch.nn.utils.spectral_norm", "hook of a layer"), ("torch.ao.quantization.observer", "layer"),
                          ("torch.ao.quantization.fake_quantize", "layer"), ("torch.ao.quantization.stubs", "layer"),
                          ("torch.ao.quantization.qconfig", "settings"), ("torch.ao.quantization.utils", "settings"),
                          ("torch.distributed.tensor.placement_types", "describes a tensor"),
                          ("torch.distributed.tensor._dtensor_spec", "describes a tensor")):  # fmt: skip
        root = importlib.import_module(package)
        names = [package, *(item.name for item in pkgutil.walk_packages(getattr(root, "__path__", []), f"{package}."))]
        for name in names:
            with contextlib.suppress(Exception):
                module = importlib.import_module(name)
                for key, item in vars(module).items():
                    if (
                        inspect.isclass(item)
                        and item.__module__ == name
                        and not issubclass(item, BaseException | tuple)
                    ):
                        entries[name, key] = (uses, f"{what} of torch {torch.__version__.partition('+')[0]}")
    return entries


def torch_objects() -> Iterator[object]:
    """Yield tensors, states, whole modules, optimizers, schedules."""
    import torch
    from torch import nn

    for dtype in (
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.bool,
        torch.complex64,
        torch.float8_e4m3fn,
    ):
        yield torch.zeros(3, dtype=dtype)
    yield [
        torch.nn.Parameter(torch.ones(2)),
        torch.eye(2).to_sparse(),
        torch.eye(2).to_sparse_csr(),
        torch.device("cpu"),
        torch.Size([1]),
    ]
    yield [
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        torch.Generator().get_state(),
        torch.float32,
        torch.strided,
    ]
    yield nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Dropout())
    yield nn.Sequential(nn.Linear(2, 3)).state_dict()
    yield [
        nn.LSTM(2, 3),
        nn.GRU(2, 3),
        nn.TransformerEncoderLayer(4, 2),
        nn.TransformerDecoderLayer(4, 2),
        nn.Embedding(3, 2),
    ]
    yield [
        nn.TransformerEncoderLayer(4, 2, activation="gelu"),
        nn.Transformer(4, 2, 1, 1, 4),
        nn.MultiheadAttention(4, 2),
    ]
    for name in dir(nn):
        for arguments in ((), (2,), (2, 2), (2, 2, 2), (1, 2, 3, 4)):
            with contextlib.suppress(Exception):
                yield getattr(nn, name)(*arguments)
                break
    model = nn.Linear(2, 1)
    optimizers = []
    for name in dir(torch.optim):
        with contextlib.suppress(Exception):
            made = getattr(torch.optim, name)(model.parameters(), lr=0.1)
            model(torch.ones(1, 2)).sum().backward()
            made.step()
            optimizers.append(made)
            yield made
            yield made.state_dict()
    scheduler = torch.optim.lr_scheduler
    momentum = torch.optim.SGD(nn.Linear(2, 2).parameters(), 0.1, momentum=0.9)
    for made in (
        scheduler.StepLR(optimizers[0], 1),
        scheduler.CosineAnnealingLR(optimizers[0], 3),
        scheduler.ReduceLROnPlateau(optimizers[0]),
        scheduler.CyclicLR(momentum, 0.1, 1),
        scheduler.CyclicLR(momentum, 0.1, 1, mode="exp_range"),
        scheduler.OneCycleLR(momentum, 1, 10),
        scheduler.OneCycleLR(momentum, 1, 10, anneal_strategy="linear"),
        torch.optim.swa_utils.SWALR(momentum, 0.1),
        torch.amp.GradScaler("cpu"),
        torch.optim.swa_utils.AveragedModel(model),
    ):
        yield made
        yield made.state_dict()
    yield torch.utils.data.TensorDataset(torch.ones(2))
    yield nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)).state_dict()
    yield [torch.utils.data.RandomSampler([1]), torch.utils.data.BatchSampler([1], 1, drop_last=False)]
    yield torch.utils.data.Subset(torch.utils.data.TensorDataset(torch.ones(2)), [0])
    with contextlib.suppress(Exception):
        yield torch.nested.nested_tensor([torch.ones(2)], layout=torch.jagged)
    for name in sorted(dir(torch.distributions)):
        for arguments in ((torch.ones(2),), (torch.ones(2), torch.ones(2)), (torch.eye(2)[0],)):
            with contextlib.suppress(Exception):
                yield getattr(torch.distributions, name)(*arguments)
                break


def boosters() -> Iterator[object]:
    """Yield fitted boosters."""
    import numpy as np

    features, classes, numbers, _ = _data()
    for module, kinds, options in (
        (
            "xgboost",
            ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker"),
            {"n_estimators": 2},
        ),
        ("lightgbm", ("LGBMClassifier", "LGBMRegressor", "LGBMRanker"), {"n_estimators": 2, "verbose": -1}),
        (
            "catboost",
            ("CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker", "CatBoost"),
            {"iterations": 2, "verbose": False, "allow_writing_files": False},
        ),
    ):
        with contextlib.suppress(ImportError):
            loaded = importlib.import_module(module)
            for name in kinds:
                made = getattr(loaded, name)(**options) if name != "CatBoost" else loaded.CatBoost(options)
                yield made
                with contextlib.suppress(Exception):
                    extra = {"group": np.array([60])} if name.endswith("Ranker") else {}
                    made.fit(features, classes if "Class" in name or extra else numbers, **extra)
                    yield made
                    yield getattr(made, "booster_", None) or made.get_booster()
    with contextlib.suppress(ImportError):
        import catboost

        yield catboost.Pool(features, classes)
    with contextlib.suppress(ImportError):
        import xgboost

        yield xgboost.train({"verbosity": 0}, xgboost.DMatrix(features, classes), 2)
    with contextlib.suppress(ImportError):
        import lightgbm

        yield lightgbm.train({"verbose": -1}, lightgbm.Dataset(features, classes), 2)


def statsmodels_objects() -> Iterator[object]:
    """Yield fitted statistical models."""
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf
    from statsmodels.tsa.api import VAR, ExponentialSmoothing
    from statsmodels.tsa.arima.model import ARIMA

    features, classes, numbers, several = _data()
    frame = pd.DataFrame(features, columns=list("abcde")).assign(y=numbers, z=classes)
    made = [
        lambda: sm.OLS(numbers, sm.add_constant(features)).fit(),
        lambda: sm.WLS(numbers, features).fit(),
        lambda: sm.GLS(numbers, features).fit(),
        lambda: sm.OLS(frame["y"], frame[["a", "b"]]).fit(),
        lambda: smf.ols("y ~ a + b", frame).fit(),
        lambda: smf.logit("z ~ b", frame).fit(disp=False),
        lambda: sm.Logit(classes, features[:, 1:]).fit(disp=False),
        lambda: sm.Probit(classes, features[:, 1:]).fit(disp=False),
        lambda: sm.Poisson(classes, features[:, 1:]).fit(disp=False),
        lambda: sm.RLM(numbers, features).fit(),
        lambda: sm.QuantReg(numbers, features).fit(),
        *(
            (lambda family=family: sm.GLM(numbers, features, family=family()).fit())
            for family in (sm.families.Gaussian, sm.families.Poisson, sm.families.Gamma)
        ),
        lambda: sm.GLM(classes, features, family=sm.families.Binomial()).fit(),
        lambda: ARIMA(numbers, order=(1, 0, 1)).fit(),
        lambda: sm.tsa.SARIMAX(numbers, order=(1, 0, 0)).fit(disp=False),
        lambda: sm.tsa.AutoReg(numbers, 1).fit(),
        lambda: ExponentialSmoothing(numbers).fit(),
        lambda: sm.tsa.SimpleExpSmoothing(numbers).fit(),
        lambda: VAR(several).fit(1),
    ]
    for make in made:
        with contextlib.suppress(Exception):
            yield make()


def enumerations() -> dict[tuple[str, str], tuple[frozenset[str], str]]:
    """Return the enumerations of modules whose settings are pickled: members are looked up by calling the class."""
    uses = frozenset({"called", "built"})
    entries = {}
    for name in ("transformers.trainer_utils", "transformers.training_args", "transformers.utils.generic", "transformers.trainer_pt_utils",
                 "transformers.debug_utils", "accelerate.utils.dataclasses", "torch.nn.utils.parametrizations", "torch.distributed.checkpoint.metadata",
                 "torch.distributed.checkpoint.planner", "torch.amp.grad_scaler", "torch.ao.quantization.qconfig", "torch.ao.quantization.quant_type"):  # fmt: skip
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            for key, item in vars(module).items():
                if inspect.isclass(item) and item.__module__ == name and issubclass(item, enum.Enum) and len(item):
                    entries[name, key] = (uses, f"enumeration of {name.partition('.')[0]}: looks a member up by value")
    return entries


FAMILIES = (
    "albert bart bert blip camembert clip convnext deberta deberta_v2 deit detr distilbert electra falcon gemma gemma2 gpt2 gpt_neo "
    "gpt_neox gptj hubert layoutlm llama longformer m2m_100 marian mbart mistral mixtral mobilebert mpnet mpt opt pegasus phi "
    "phi3 qwen2 qwen3 resnet roberta segformer squeezebert swin t5 vit wav2vec2 whisper xlm_roberta xlnet"
)
"""Model families that are pickled whole; what is in their modules is listed class by class."""


def transformers_classes() -> dict[tuple[str, str], tuple[frozenset[str], str]]:
    """Return the layers, models and configurations that the modules of common model families define."""
    try:
        import transformers
        from torch import nn
    except ImportError:
        return {}
    bases = (nn.Module, transformers.PretrainedConfig)
    entries = {}
    names = [
        f"transformers.models.{name}.{kind}_{name}"
        for name in FAMILIES.split()
        for kind in ("modeling", "configuration")
    ]
    for name in (*names, "transformers.activations", "transformers.pytorch_utils", "transformers.modeling_layers"):
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            for key, item in vars(module).items():
                if inspect.isclass(item) and item.__module__ == name and issubclass(item, bases):
                    reason = f"layer, model or configuration of transformers {transformers.__version__}"
                    entries[name, key] = (frozenset({"newobj", "built"}), reason)
    return entries


def transformers_objects() -> Iterator[object]:
    """Yield settings and small models of transformers."""
    import transformers

    for name in (
        "BertConfig",
        "GPT2Config",
        "LlamaConfig",
        "T5Config",
        "DistilBertConfig",
        "RobertaConfig",
        "ViTConfig",
    ):
        with contextlib.suppress(Exception):
            yield getattr(transformers, name)()
    with contextlib.suppress(Exception):
        yield transformers.TrainingArguments(output_dir="unused", use_cpu=True)
        yield transformers.Seq2SeqTrainingArguments(output_dir="unused", use_cpu=True, lr_scheduler_type="cosine")
    with contextlib.suppress(Exception):
        import torch

        yield transformers.BatchEncoding({"input_ids": torch.ones(1, 2, dtype=torch.long)})
        yield transformers.modeling_outputs.BaseModelOutput(torch.ones(1, 2))
        layer = torch.nn.Linear(2, 2)
        optimizer = torch.optim.AdamW(layer.parameters())
        for name in ("get_linear_schedule_with_warmup", "get_cosine_schedule_with_warmup"):
            yield getattr(transformers, name)(optimizer, 1, 10)
        yield transformers.get_constant_schedule(optimizer)
    with contextlib.suppress(Exception):
        config = transformers.BertConfig(
            hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=20
        )
        yield transformers.BertModel(config)
        yield transformers.BertForSequenceClassification(config)
    with contextlib.suppress(Exception):
        config = transformers.GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=20, n_positions=8)
        yield transformers.GPT2LMHeadModel(config)
