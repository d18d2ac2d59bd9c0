"""Builders of small files in data formats of models, by the formats' specifications."""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
from typing import Any

from tests.corpus.build_flatbuffer import flatbuffer

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
CALL = "__import__('os').system('echo seen')"
TEMPLATE = "{{ ''.__class__.__mro__[1].__subclasses__() }}"


def _length(number: int) -> bytes:
    return b"L" + struct.pack(">q", number)


def _named(value: str) -> bytes:
    raw = value.encode()
    return _length(len(raw)) + raw


def ubjson(value: Any) -> bytes:
    """Write UBJSON as XGBoost does: typed arrays of numbers with a count, other arrays with a count."""
    if isinstance(value, dict):
        return b"{" + b"".join(_named(name) + ubjson(inner) for name, inner in value.items()) + b"}"
    if isinstance(value, list):
        kinds = {type(item) for item in value}
        if kinds in ({int}, {float}):
            mark, code = (b"l", "i") if kinds == {int} else (b"d", "f")
            return b"[$" + mark + b"#" + _length(len(value)) + struct.pack(f">{len(value)}{code}", *value)
        return b"[#" + _length(len(value)) + b"".join(ubjson(inner) for inner in value)
    plain = {str: lambda: b"S" + _named(value), int: lambda: b"l" + struct.pack(">i", value),
             float: lambda: b"d" + struct.pack(">f", value)}  # fmt: skip
    return plain[type(value)]()


TREE: dict[str, Any] = {
    "base_weights": [0.5, -0.5, 0.25],
    "categories": [],
    "categories_nodes": [],
    "categories_segments": [],
    "categories_sizes": [],
    "default_left": [0, 0, 0],
    "id": 0,
    "left_children": [1, -1, -1],
    "loss_changes": [1.5, 0.0, 0.0],
    "parents": [2147483647, 0, 0],
    "right_children": [2, -1, -1],
    "split_conditions": [0.5, 0.25, 0.125],
    "split_indices": [1, 0, 0],
    "split_type": [0, 0, 0],
    "sum_hessian": [2.0, 1.0, 1.0],
    "tree_param": {"num_deleted": "0", "num_feature": "2", "num_nodes": "3", "size_leaf_vector": "1"},
}


def xgboost(
    tree: dict[str, Any] | None = None,
    model: dict[str, Any] | None = None,
    counts: dict[str, str] | None = None,
    attributes: dict[str, str] | None = None,
    booster: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a model of one tree with what is to be otherwise."""
    forest = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
        "iteration_indptr": [0, 1],
        "tree_info": [0],
        "trees": [{**copy.deepcopy(TREE), **(tree or {})}],
        **(model or {}),
    }
    return {
        "learner": {
            "attributes": attributes or {"best_iteration": "4", "scikit_learn": '{"_estimator_type": "classifier"}'},
            "feature_names": ["a", "b"],
            "feature_types": ["float", "float"],
            "gradient_booster": booster or {"model": forest, "name": "gbtree"},
            "learner_model_param": {"base_score": "[4.4E-1]", "num_class": "0", "num_feature": "2", "num_target": "1",
                                    **(counts or {})},
            "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [3, 2, 0],
    }  # fmt: skip


def forest() -> dict[str, Any]:
    """Return the forest of the ordinary model."""
    inner: dict[str, Any] = xgboost()["learner"]["gradient_booster"]["model"]
    return inner


def linear(weights: int = 3) -> dict[str, Any]:
    """Return the booster of a linear model."""
    return {"model": {"boosted_rounds": 4, "weights": [0.5] * weights}, "name": "gblinear"}


def dart(weights: int = 1) -> dict[str, Any]:
    """Return a booster that drops trees."""
    return {"gbtree": {"model": forest(), "name": "gbtree"}, "name": "dart", "weight_drop": [1.0] * weights}


def _string(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def xgboost_binary(
    *,
    booster: str = "gbtree",
    objective: str = "binary:logistic",
    children: tuple[int, int] = (1, 2),
    feature: int = 1,
    nodes: int = 3,
    trees: int = 1,
    attribute: str = "a note",
    magic: bytes = b"binf",
    vector: int = 0,
) -> bytes:
    """Return a model of the old binary format."""
    data = magic + struct.pack("<fIii", 0.5, 2, 0, 1) + bytes(120) + _string(objective) + _string(booster)
    if booster == "gblinear":
        data += struct.pack("<Ii", 2, 1) + bytes(128) + struct.pack("<Q3f", 3, 1, 1, 1)
    else:
        data += struct.pack("<i", trees) + bytes(156)
        data += struct.pack("<6i", 1, nodes, 0, 0, 2, vector) + bytes(124)
        data += struct.pack("<3iIf", -1, *children, feature, 0.5)
        data += struct.pack("<3iIf", 0, -1, -1, 0, 0.5) * 2 + struct.pack("<3fi", 1, 1, 1, 0) * 3
        data += struct.pack("<Q2f", 2, 1, 1) if vector > 1 else b""
        data += struct.pack("<i", 0)
        data += struct.pack("<Qf", 1, 1.0) if booster == "dart" else b""
    data += struct.pack("<Q", 1) + _string("note") + _string(attribute)
    if objective == "count:poisson":
        data += _string("0.7")
    return data


LIGHTGBM = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=Column_0 Column_1 Column_2
feature_infos=[-2.5:2.7] [-2.4:2.3] none
tree_sizes=300 60

Tree=0
num_leaves=3
num_cat=1
split_feature=1 0
split_gain=69.1049 60.4854
threshold=0.32852404780880623 0
decision_type=2 1
left_child=1 -1
right_child=-2 -3
leaf_value=-0.41973348538831667 -0.1356425747580314 1e-05
leaf_weight=18.9 4.9 9.3
leaf_count=77 20 38
internal_value=-0.241162 -0.316843
internal_weight=49.28 34.9
internal_count=200 142
cat_boundaries=0 1
cat_threshold=2
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
leaf_value=0.25


end of trees

feature_importances:
Column_1=3
Column_0=2

parameters:
[boosting: gbdt]
[objective: binary]
[data: train.csv]
[valid: data/test.csv,data/other.csv]
[output_model: LightGBM_model.txt]
[machines: ]
[machine_list_filename: ]

end of parameters

pandas_categorical:[["x", "y", "z"], ["os", "eval"]]
"""


def skops_node(loader: str, full: str, **members: Any) -> dict[str, Any]:
    """Return a node of a skops schema."""
    module, _, name = full.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **members}


def skops(root: dict[str, Any], members: dict[str, bytes] | None = None) -> bytes:
    """Return a skops file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in (members or {}).items():
            archive.writestr(zipfile.ZipInfo(name), data)
        schema = {**root, "protocol": 2, "_skops_version": "0.16.0"}
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema))
    return stream.getvalue()


def catboost(
    trees: dict[int, Any] | None = None, information: dict[str, str] | None = None, parts: tuple[str, ...] = ()
) -> bytes:
    """Return a model of two symmetric trees, of depth one and two, with what is to be otherwise."""
    fields: dict[int, Any] = {0: ("i", 1), 8: [0] * 6, 1: [0, 1, 2], 2: [1, 2], 3: [0, 1], **(trees or {})}
    pairs = {"params": json.dumps({"system_options": {"file_with_hosts": "hosts.txt"}, "train_dir": "catboost_info"}),
             "model_guid": "e39e1842-37ce2b2f-5f6939bb-6e4b66c7", **(information or {})}  # fmt: skip
    root: dict[int, Any] = {
        0: "FlabuffersModel_v1",
        1: {number: value for number, value in fields.items() if value is not None},
        2: [{0: key, 1: value} for key, value in pairs.items()],
    }
    if parts:
        root[3] = list(parts)
    core = flatbuffer(root, b"\0\0\0\0")
    return b"CBM1" + struct.pack("<I", len(core)) + core


def msgpack(value: Any) -> bytes:
    """Write MessagePack; ``(code, bytes)`` is an extension."""
    if isinstance(value, dict):
        return b"\xde" + struct.pack(">H", len(value)) + b"".join(msgpack(k) + msgpack(v) for k, v in value.items())
    if isinstance(value, list):
        return b"\xdc" + struct.pack(">H", len(value)) + b"".join(map(msgpack, value))
    if isinstance(value, tuple):
        return b"\xc9" + struct.pack(">Ib", len(value[1]), value[0]) + value[1]
    if isinstance(value, str):
        raw = value.encode()
        return (bytes([0xA0 + len(raw)]) if len(raw) < 32 else b"\xdb" + struct.pack(">I", len(raw))) + raw
    plain = {
        bytes: lambda: b"\xc6" + struct.pack(">I", len(value)) + value,
        int: lambda: b"\xd3" + struct.pack(">q", value),
        float: lambda: b"\xcb" + struct.pack(">d", value),
        bool: lambda: b"\xc3" if value else b"\xc2",
        type(None): lambda: b"\xc0",
    }
    return plain[type(value)]()


def flax_array(name: str = "float32", shape: tuple[int, ...] = (2, 3), data: bytes | None = None) -> tuple[int, bytes]:
    """Return an array as Flax writes it."""
    return 1, msgpack([list(shape), name, bytes(24) if data is None else data])
