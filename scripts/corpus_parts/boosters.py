"""XGBoost, LightGBM, CatBoost: their own formats and their pickles."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import catboost
import joblib
import lightgbm
import numpy as np
import xgboost

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

R = np.random.RandomState(0)
F = R.rand(60, 5)
Y = (F[:, 0] > 0.5).astype(int)
N = F[:, 0] * 3
GROUPS = [30, 30]
TEXT = {
    "dictionaries": [{"dictionary_id": "words", "occurrence_lower_bound": "1"}],
    "feature_processing": {"default": [{"dictionaries_names": ["words"], "feature_calcers": ["BoW"]}]},
}


def _xgboost() -> dict[str, Any]:
    many = {"n_estimators": 3, "n_jobs": 1}
    return {
        "classifier": xgboost.XGBClassifier(**many).fit(F, Y), "multi": xgboost.XGBClassifier(**many).fit(F, np.arange(60) % 3), "regressor": xgboost.XGBRegressor(**many).fit(F, N),
        "ranker": xgboost.XGBRanker(**many).fit(F, Y, group=GROUPS), "linear": xgboost.XGBRegressor(booster="gblinear", **many).fit(F, N), "dart": xgboost.XGBRegressor(booster="dart", rate_drop=0.5, **many).fit(F, N),
        "forest": xgboost.XGBRFClassifier(n_estimators=3).fit(F, Y), "stopping": xgboost.XGBClassifier(early_stopping_rounds=1, **many).fit(F, Y, eval_set=[(F, Y)], verbose=False),
        "vector": xgboost.XGBRegressor(multi_strategy="multi_output_tree", tree_method="hist", **many).fit(F, np.c_[N, N]), "monotone": xgboost.XGBRegressor(monotone_constraints=(1, 0, 0, 0, 0), **many).fit(F, N),
        "quantile": xgboost.XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], **many).fit(F, N), "cox": xgboost.XGBRegressor(objective="survival:cox", **many).fit(F, N + 1),
        "categories": _categories(),
    }  # fmt: skip


def _categories() -> Any:
    import pandas as pd

    frame = pd.DataFrame({"a": F[:, 0], "b": pd.Categorical(["x", "y", "z"] * 20)})
    return xgboost.XGBClassifier(n_estimators=3, enable_categorical=True).fit(frame, Y)


def _lightgbm() -> dict[str, Any]:
    many: dict[str, Any] = {"n_estimators": 3, "verbose": -1, "n_jobs": 1, "min_child_samples": 5}
    return {
        "classifier": lightgbm.LGBMClassifier(**many).fit(F, Y), "multi": lightgbm.LGBMClassifier(**many).fit(F, np.arange(60) % 3), "regressor": lightgbm.LGBMRegressor(**many).fit(F, N),
        "ranker": lightgbm.LGBMRanker(**many).fit(F, Y, group=GROUPS), "dart": lightgbm.LGBMRegressor(boosting_type="dart", **many).fit(F, N), "linear": lightgbm.LGBMRegressor(linear_tree=True, **many).fit(F, N),
        "categories": lightgbm.LGBMClassifier(**many).fit(np.c_[F, np.arange(60) % 4], Y, categorical_feature=[5]), "forest": lightgbm.LGBMClassifier(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, **many).fit(F, Y),
    }  # fmt: skip


def _catboost() -> dict[str, Any]:
    many: dict[str, Any] = {
        "iterations": 3,
        "verbose": False,
        "allow_writing_files": False,
        "thread_count": 1,
        "random_seed": 1,
    }
    words = [["red", "blue"][index % 2] for index in range(60)]
    mixed = [[*row, word] for row, word in zip(F.tolist(), words, strict=True)]
    return {
        "classifier": catboost.CatBoostClassifier(**many).fit(F, Y), "multi": catboost.CatBoostClassifier(**many).fit(F, np.arange(60) % 3), "regressor": catboost.CatBoostRegressor(**many).fit(F, N),
        "categories": catboost.CatBoostClassifier(**many).fit(mixed, Y, cat_features=[5]), "text": catboost.CatBoostClassifier(**many, text_processing=TEXT).fit(mixed, Y, text_features=[5]),
        "ranker": catboost.CatBoostRanker(**many).fit(F, Y, group_id=np.repeat([0, 1], 30)), "depthwise": catboost.CatBoostRegressor(grow_policy="Lossguide", **many).fit(F, N),
    }  # fmt: skip


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, made in _xgboost().items():
        for suffix in ("json", "ubj", "deprecated"):
            yield Sample(f"xgboost/{name}.{suffix}", lambda path, made=made: made.save_model(path))
        yield Sample(f"xgboost/{name}.pkl", lambda path, made=made: path.write_bytes(pickle.dumps(made)))
        yield Sample(
            f"xgboost/{name}_booster.pkl", lambda path, made=made: path.write_bytes(pickle.dumps(made.get_booster()))
        )
        yield Sample(f"xgboost/{name}.joblib", lambda path, made=made: joblib.dump(made, path, compress=3))
        yield Sample(f"xgboost/{name}_dump.txt", lambda path, made=made: made.get_booster().dump_model(path))
        yield Sample(
            f"xgboost/{name}_dump.json", lambda path, made=made: made.get_booster().dump_model(path, dump_format="json")
        )
        yield Sample(
            f"xgboost/{name}_config.json", lambda path, made=made: path.write_text(made.get_booster().save_config())
        )
        yield Sample(
            f"xgboost/{name}_raw.bin", lambda path, made=made: path.write_bytes(made.get_booster().save_raw("ubj"))
        )
    yield Sample("xgboost/data.buffer", lambda path: xgboost.DMatrix(F, Y).save_binary(path))
    for name, made in _lightgbm().items():
        yield Sample(f"lightgbm/{name}.txt", lambda path, made=made: made.booster_.save_model(path))
        yield Sample(
            f"lightgbm/{name}.json",
            lambda path, made=made: path.write_text(__import__("json").dumps(made.booster_.dump_model())),
        )
        yield Sample(f"lightgbm/{name}.pkl", lambda path, made=made: path.write_bytes(pickle.dumps(made)))
        yield Sample(
            f"lightgbm/{name}_booster.pkl", lambda path, made=made: path.write_bytes(pickle.dumps(made.booster_))
        )
        yield Sample(f"lightgbm/{name}.joblib", lambda path, made=made: joblib.dump(made, path))
    yield Sample("lightgbm/data.bin", lambda path: lightgbm.Dataset(F, Y).construct().save_binary(path))
    for name, made in _catboost().items():
        for suffix, kind in (
            ("cbm", "cbm"),
            ("json", "json"),
            ("coreml", "coreml"),
            ("pmml", "pmml"),
            ("onnx", "onnx"),
            ("cpp", "cpp"),
            ("py", "python"),
        ):
            if suffix not in {"cbm", "json"} and name not in {"classifier", "regressor", "multi"}:
                continue  # other formats know numbers only, and one crashes
            yield Sample(
                f"catboost/{name}.{suffix}",
                lambda path, made=made, kind=kind: made.save_model(str(path), format=kind),
                "source code" if kind in {"cpp", "python"} else "",
            )
        yield Sample(f"catboost/{name}.pkl", lambda path, made=made: path.write_bytes(pickle.dumps(made)))
        yield Sample(f"catboost/{name}.joblib", lambda path, made=made: joblib.dump(made, path))
    yield Sample("catboost/pool.bin", _pool)


def _pool(path: Any) -> None:
    pool = catboost.Pool(F, Y)
    pool.quantize()
    pool.save(str(path))
