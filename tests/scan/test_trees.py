"""Models of trees: XGBoost (JSON, UBJSON, old binary) and LightGBM; counts and indices that do not fit are found."""

from __future__ import annotations

import copy
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.model import Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import tree_documents
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus.classical_files import (
    CALL,
    LIGHTGBM,
    TREE,
    dart,
    forest,
    linear,
    ubjson,
    xgboost,
    xgboost_binary,
)

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

CATEGORIES = {"categories": [1, 2], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [2]}
ORDINARY: list[dict[str, Any]] = [
    xgboost(),
    xgboost(tree=CATEGORIES),
    xgboost(booster=linear()),
    xgboost(booster=dart()),
    xgboost(model={"trees": [], "tree_info": [], "iteration_indptr": [0], "gbtree_model_param": {"num_trees": "0"}}),
    {"Config": {}, "Model": xgboost()},
    {"version": [3, 2, 0], "learner": {"gradient_booster": {"name": "dart", "gbtree": {"name": "gbtree"}}}},
]
BROKEN: list[dict[str, Any]] = [
    xgboost(tree={"left_children": [7, -1, -1]}),
    xgboost(tree={"left_children": [-5, -1, -1]}),
    xgboost(tree={"left_children": [0, -1, -1]}),
    xgboost(tree={"right_children": [1, -1, -1]}),
    xgboost(tree={"right_children": [2, 9, -1]}),
    xgboost(tree={"split_indices": [2, 0, 0]}),
    xgboost(tree={"split_indices": [-1, 0, 0]}),
    xgboost(tree={"split_indices": [1, 0]}),
    xgboost(tree={"split_conditions": [0.5]}),
    xgboost(tree={"sum_hessian": [0.5]}),
    xgboost(tree={"left_children": ["1", "x", "y"]}),
    xgboost(tree={"left_children": [0.5, 1.5, 2.5]}),
    xgboost(tree={"tree_param": {"num_nodes": "4000000000"}}),
    xgboost(tree={**CATEGORIES, "categories_sizes": [3]}),
    xgboost(tree={**CATEGORIES, "categories_nodes": [3]}),
    xgboost(tree={**CATEGORIES, "categories_nodes": []}),
    xgboost(tree={**CATEGORIES, "categories": "none"}),
    xgboost(model={"tree_info": [0, 0]}),
    xgboost(model={"tree_info": [-1]}),
    xgboost(model={"iteration_indptr": [0, 9]}),
    xgboost(model={"trees": [5]}),
    xgboost(model={"gbtree_model_param": {"num_trees": "9"}}),
    xgboost(counts={"num_feature": "99999999999"}),
    xgboost(counts={"num_class": "-1"}),
    xgboost(counts={"num_feature": "1e5"}),
    xgboost(booster={"name": "mine", "model": forest()}),
    xgboost(booster=linear(2)),
    xgboost(booster=dart(2)),
]


@pytest.mark.parametrize("document", ORDINARY)
def test_models_of_xgboost_are_clean(scan: Scan, document: dict[str, Any]) -> None:
    assert scan("x.json", json.dumps(document).encode()).clean
    told = scan("x.ubj", ubjson(document))
    assert told.clean
    assert told.format == "ubjson"


@pytest.mark.parametrize("document", BROKEN)
def test_what_does_not_fit_in_xgboost_is_reported(scan: Scan, document: dict[str, Any]) -> None:
    for name, data in (("x.json", json.dumps(document).encode()), ("x.ubj", ubjson(document))):
        told = scan(name, data)
        assert told.rules == {"model-bounds-broken"}
        assert told.findings[0].severity is Severity.HIGH


def test_texts_of_xgboost_are_examined(scan: Scan) -> None:
    document = xgboost(attributes={"note": CALL, "a" * 70 + CALL: "x"})
    assert scan("x.json", json.dumps(document).encode()).rules == {"code-in-metadata"}
    assert scan("x.ubj", ubjson(document)).rules == {"code-in-metadata"}
    assert scan("x.json", json.dumps({"tree_info": [], "feature_infos": {"a": CALL}}).encode()).rules


@pytest.mark.parametrize(
    "data",
    [
        b"{i\1a[$i#i\2\1\2i\1bC!i\1cU\7i\1dI\0\1i\1eD" + bytes(8) + b"i\1fTi\1gFi\1hZi\1iHi\0031.5}",
        b"{i\1a{$i#i\1i\1a\5}",
        b"{#i\1i\1ai\5",
        b"{i\1aN[NNi\1N]N}",
        b"{i\1a{}i\1b[]}",
        b"{i\1a[$S#i\1i\1x}",
        b"{i\1ai\1}" + bytes(9),
    ],
)
def test_forms_of_ubjson_are_read(scan: Scan, data: bytes) -> None:
    told = scan("x.ubj", data)
    assert told.clean, told
    assert told.format == "ubjson"


@pytest.mark.parametrize(
    ("data", "severe"),
    [
        (b"{L" + struct.pack(">q", 1) + b"aS" + b"L\x7f" + b"\xff" * 7, True),
        (b"{L" + struct.pack(">q", 1) + b"aS" + b"L\xff" + b"\xff" * 7, True),
        (b"{L" + struct.pack(">q", 1) + b"a[$d#L\x7f" + b"\xff" * 7, True),
        (b"{i\1a[$Z#l\x7f\xff\xff\xff", False),
        (b"{i\1a[$i\1}", False),
        (b"{i\1aSS\1a}", False),
        (b"{i\1a[?]}", False),
        (b"{i\1a" + b"[" * 200, False),
        (b"{i\1a[", False),
    ],
)
def test_broken_ubjson_is_reported(scan: Scan, data: bytes, *, severe: bool) -> None:
    told = scan("x.ubj", data)
    assert told.rules == {"model-bounds-broken"}
    assert told.reasons == {"malformed"}
    assert (told.findings[0].severity is Severity.HIGH) is severe


def test_names_that_stand_twice_are_reported(scan: Scan) -> None:
    assert scan("x.ubj", b"{i\1ai\1i\1ai\2}").rules == {"ambiguous-names"}


def test_bytes_behind_ubjson_are_examined(scan: Scan, build: Build) -> None:
    told = scan("x.ubj", b"{i\1ai\1}" + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


def test_text_in_braces_is_no_ubjson(scan: Scan) -> None:
    for text in (b"{id}", b"{Lorem ipsum}", b"{item of a list, and so on and on}", b"{U"):
        assert scan("x.txt", text).format != "ubjson"


@pytest.mark.parametrize(
    "data",
    [
        xgboost_binary(),
        xgboost_binary(magic=b""),
        xgboost_binary(booster="dart"),
        xgboost_binary(booster="gblinear"),
        xgboost_binary(objective="count:poisson"),
        xgboost_binary(vector=2),
        xgboost_binary() + struct.pack("<Q", 7) + b"logloss",
    ],
)
def test_old_models_of_xgboost_are_clean(scan: Scan, data: bytes) -> None:
    told = scan("x.bin", data)
    assert told.clean, told
    assert told.format == "xgboost-binary"


@pytest.mark.parametrize(
    "values",
    [{"children": (9, 2)}, {"children": (1, 1)}, {"children": (-7, 1)}, {"feature": 5}, {"nodes": 1 << 30},
     {"trees": -1}, {"trees": 1 << 30}],
)  # fmt: skip
def test_what_does_not_fit_in_old_models_is_reported(scan: Scan, values: dict[str, Any]) -> None:
    assert scan("x.bin", xgboost_binary(**values)).rules == {"model-bounds-broken"}


def test_attributes_and_ends_of_old_models_are_examined(scan: Scan, build: Build) -> None:
    assert scan("x.bin", xgboost_binary(attribute=CALL)).rules == {"code-in-metadata"}
    assert scan("x.bin", xgboost_binary() + build.payload).payload
    whole = xgboost_binary()
    for end in range(250, len(whole) - 4):
        assert not scan("x.bin", whole[:end]).clean


def test_models_of_lightgbm_are_clean(scan: Scan) -> None:
    told = scan("model.txt", LIGHTGBM.encode())
    assert told.clean, told
    assert told.format == "lightgbm"
    assert scan("model.lgb", LIGHTGBM.replace("\n", "\r\n").encode()).clean
    old = LIGHTGBM.replace("version=v4\n", "").replace("num_tree_per_iteration=1\n", "")
    assert scan("model.txt", old.replace("tree_sizes=300 60\n", "").replace("decision_type=2 1\n", "").encode()).clean


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("left_child=1 -1", "left_child=9 -1"),
        ("left_child=1 -1", "left_child=1 -9"),
        ("left_child=1 -1", "left_child=0 -1"),
        ("left_child=1 -1", "left_child=1"),
        ("left_child=1 -1", "left_child=1 x"),
        ("right_child=-2 -3", "right_child=-1 -3"),
        ("split_feature=1 0", "split_feature=7 0"),
        ("split_feature=1 0", "split_feature=-1 0"),
        ("num_leaves=3", "num_leaves=300"),
        ("num_leaves=3", "num_leaves=99999999999"),
        ("num_leaves=3", "num_leaves=-3"),
        ("threshold=0.32852404780880623 0", "threshold=0.3"),
        ("cat_boundaries=0 1", "cat_boundaries=0 99"),
        ("cat_boundaries=0 1", "cat_boundaries=0"),
        ("max_feature_idx=2", "max_feature_idx=99999999999"),
        ("max_feature_idx=2", "max_feature_idx=many"),
        ("tree_sizes=300 60", "tree_sizes=300"),
        ("tree_sizes=300 60", "tree_sizes=300 99999999999"),
    ],
)
def test_what_does_not_fit_in_lightgbm_is_reported(scan: Scan, before: str, after: str) -> None:
    told = scan("model.txt", LIGHTGBM.replace(before, after, 1).encode())
    assert told.rules == {"model-bounds-broken"}
    assert told.findings[0].severity is Severity.HIGH


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("objective=binary sigmoid:1", f"objective={CALL}", "code-in-metadata"),
        ("average_output", "", ""),
        ("shrinkage=1\n", f"shrinkage=1\nnote={CALL}\n", "code-in-metadata"),
        ("label_index=0", f"label_index=0\n{CALL}", "code-in-metadata"),
        ('[["x"', f'[["{CALL}"', "code-in-metadata"),
        ("[data: train.csv]", "[data: ../../etc/passwd]", "model-names-outside-resource"),
        ("[data: train.csv]", "[data: hdfs://host/x]", "model-names-outside-resource"),
        ("LightGBM_model.txt", "/etc/cron.d/x", "model-names-outside-resource"),
        ("[machines: ]", "[machines: 203.0.113.9:12400]", "model-names-outside-resource"),
    ],
)
def test_texts_of_lightgbm_are_examined(scan: Scan, before: str, after: str, rule: str) -> None:
    assert scan("model.txt", LIGHTGBM.replace(before, after).encode()).rules == ({rule} if rule else set())


def test_bytes_behind_lightgbm_are_examined(scan: Scan, build: Build) -> None:
    told = scan("model.txt", LIGHTGBM.encode() + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


def test_many_problems_are_cut(scan: Scan) -> None:
    section = "Tree=1\nnum_leaves=0\n\n"
    told = scan("model.txt", LIGHTGBM.replace("end of trees", section * 50 + "end of trees").encode())
    assert len(told.findings) <= 20


def examined(data: bytes, name: str, budgets: Budgets | None = None) -> list[object]:
    blob = Blob(data, Subject(name, size=len(data)), Location(name), name)
    return list(Session(allowlist.make_judge([]), budgets).nested(blob))


def test_what_is_beyond_the_budget_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = Budgets(expanded=100)
    assert [type(item) for item in examined(LIGHTGBM.encode(), "x.txt", budgets)] == [Gap]
    monkeypatch.setattr(tree_documents, "LARGE", 100)
    assert [type(item) for item in examined(json.dumps(xgboost()).encode(), "x.json", budgets)] == [Gap]


def test_large_models_are_read_tree_by_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_documents, "LARGE", 100)
    several = xgboost(model={"trees": [copy.deepcopy(TREE) for _ in range(5)]})
    assert examined(json.dumps(several, indent=1).encode(), "x.json") == []
    several["learner"]["gradient_booster"]["model"]["trees"][3]["left_children"] = [7, -1, -1]
    (finding,) = examined(json.dumps(several).encode(), "x.json")
    assert isinstance(finding, Finding)
    assert str(finding.location).endswith("trees/3")
    noted = xgboost(attributes={"note": CALL})
    assert {getattr(item, "rule", "") for item in examined(json.dumps(noted).encode(), "x.json")} == {
        "code-in-metadata"
    }
    cut = json.dumps(several)[:-20].encode()
    assert Gap in {type(item) for item in examined(cut, "x.json")}
    assert (
        examined(json.dumps({"learner": {"gradient_booster": {"name": "gblinear"}, "x": " " * 200}}).encode(), "x.json")
        == []
    )


@given(st.binary(max_size=200), st.sampled_from([b"{L\0\0\0\0\0\0\0\1a", b"{i\1a", b"tree\nversion=v4\n", b"binf"]))
def test_any_bytes_only_give_observations(data: bytes, start: bytes) -> None:
    for item in examined(start + data, "x.bin"):
        assert isinstance(item, Finding | Gap)
