"""ONNX models: as exporters and converters write them."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOAT = TensorProto.FLOAT
VALUE = helper.make_tensor_value_info


def _model(
    nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray] | None = None, **more: object
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes, "main_graph", [VALUE("x", FLOAT, ["batch", 4])], [VALUE("y", FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )  # fmt: skip
    made = helper.make_model(graph, producer_name="pytorch", producer_version="2.13.0", **more)
    helper.set_model_props(made, {"author": "someone", "description": "a model", "hyper": '{"lr": 0.1}'})
    return made


def linear() -> onnx.ModelProto:
    """Return one layer."""
    return _model([helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1), helper.make_node("Relu", ["h"], ["y"])],
                  {"w": np.ones((3, 4), "f4"), "b": np.zeros(3, "f4")})  # fmt: skip


def _control_flow() -> onnx.ModelProto:
    def branch(name: str, number: float) -> onnx.GraphProto:
        value = helper.make_tensor("c", FLOAT, [1], [number])
        return helper.make_graph([helper.make_node("Constant", [], [f"{name}_c"], value=value),
                                  helper.make_node("Mul", ["x", f"{name}_c"], [f"{name}_out"])], name, [], [VALUE(f"{name}_out", FLOAT, None)])  # fmt: skip

    body = helper.make_graph(
        [helper.make_node("Identity", ["cond_in"], ["cond_out"]), helper.make_node("Add", ["state_in", "state_in"], ["state_out"])],
        "body", [VALUE("i", TensorProto.INT64, []), VALUE("cond_in", TensorProto.BOOL, []), VALUE("state_in", FLOAT, None)],
        [VALUE("cond_out", TensorProto.BOOL, []), VALUE("state_out", FLOAT, None)])  # fmt: skip
    scan = helper.make_graph(
        [helper.make_node("Add", ["s", "e"], ["s2"]), helper.make_node("Identity", ["s2"], ["o"])],
        "scan", [VALUE("s", FLOAT, None), VALUE("e", FLOAT, None)], [VALUE("s2", FLOAT, None), VALUE("o", FLOAT, None)])  # fmt: skip
    return _model([
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0), helper.make_node("Greater", ["sum", "zero"], ["cond"]),
        helper.make_node("If", ["cond"], ["h"], then_branch=branch("then", 1.0), else_branch=branch("else", 2.0)),
        helper.make_node("Loop", ["trips", "cond", "h"], ["l"], body=body),
        helper.make_node("Scan", ["l", "l"], ["fin", "y"], body=scan, num_scan_inputs=1),
    ], {"zero": np.float32(0), "trips": np.int64(3)})  # fmt: skip


def _functions() -> onnx.ModelProto:
    made = linear()
    function = helper.make_function(
        "pkg.onnxscript.torch_lib", "aten_gelu", ["x"], ["y"], [helper.make_node("Erf", ["x"], ["e"]), helper.make_node("Mul", ["x", "e"], ["y"])],
        [helper.make_opsetid("", 18)])  # fmt: skip
    made.functions.append(function)
    local = helper.make_function("this", "Layer", ["x"], ["y"], [helper.make_node("aten_gelu", ["x"], ["y"], domain="pkg.onnxscript.torch_lib")],
                                 [helper.make_opsetid("", 18), helper.make_opsetid("pkg.onnxscript.torch_lib", 1)], ["alpha"])  # fmt: skip
    made.functions.append(local)
    made.graph.node.append(helper.make_node("Layer", ["y"], ["z"], domain="this"))
    made.opset_import.extend([helper.make_opsetid("this", 1), helper.make_opsetid("pkg.onnxscript.torch_lib", 1)])
    return made


def _contrib() -> onnx.ModelProto:
    domain = "com.microsoft"
    nodes = [
        helper.make_node("FusedMatMul", ["x", "w"], ["a"], domain=domain, alpha=1.0), helper.make_node("Gelu", ["a"], ["b"], domain=domain),
        helper.make_node("BiasGelu", ["b", "bias"], ["c"], domain=domain), helper.make_node("FastGelu", ["c"], ["d"], domain=domain),
        helper.make_node("SkipLayerNormalization", ["d", "d", "bias", "bias"], ["e"], domain=domain, epsilon=1e-5),
        helper.make_node("EmbedLayerNormalization", ["ids", "", "w", "w", "", "bias", "bias"], ["f", "g"], domain=domain),
        helper.make_node("Attention", ["e", "w", "bias"], ["h"], domain=domain, num_heads=2),
        helper.make_node("MultiHeadAttention", ["h", "h", "h"], ["i"], domain=domain, num_heads=2),
        helper.make_node("GroupQueryAttention", ["i", "i", "i", "", "", "s", "t"], ["j"], domain=domain, num_heads=2, kv_num_heads=2),
        helper.make_node("MatMulNBits", ["j", "q", "scales"], ["k"], domain=domain, K=4, N=4, bits=4, block_size=32),
        helper.make_node("QLinearAdd", ["k"] * 8, ["l"], domain=domain), helper.make_node("FusedConv", ["l", "w"], ["m"], domain=domain, activation="Relu"),
        helper.make_node("DynamicQuantizeMatMul", ["m", "w", "bias"], ["n"], domain=domain),
        helper.make_node("SimplifiedLayerNormalization", ["n", "bias"], ["o"], axis=-1),
        helper.make_node("RotaryEmbedding", ["o", "ids", "bias", "bias"], ["p"], domain=domain), helper.make_node("Inverse", ["p"], ["y"], domain=domain),
        helper.make_node("NhwcConv", ["y", "w"], ["y2"], domain="com.microsoft.nhwc"), helper.make_node("ReorderInput", ["y2"], ["y3"], domain="com.microsoft.nchwc"),
    ]  # fmt: skip
    made = _model(nodes, {"w": np.ones((4, 4), "f4"), "bias": np.ones(4, "f4")})
    made.opset_import.extend(
        [
            helper.make_opsetid(name, 1)
            for name in (domain, "com.microsoft.nhwc", "com.microsoft.nchwc", "ai.onnx.ml", "com.ms.internal.nhwc")
        ]
    )
    return made


def _tensors() -> onnx.ModelProto:
    made = linear()
    for name in [
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float64",
        "bool",
        "complex64",
        "complex128",
    ]:
        made.graph.initializer.append(numpy_helper.from_array(np.ones((2, 2), name), f"t_{name}"))
    made.graph.initializer.append(helper.make_tensor("text", TensorProto.STRING, [2], [b"one", b"two"]))
    for kind in ("BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2"):
        made.graph.initializer.append(helper.make_tensor(f"t_{kind}", getattr(TensorProto, kind), [2], [1.0, 2.0]))
    made.graph.initializer.append(helper.make_tensor("ints", TensorProto.INT64, [3], [1, 2, 3]))
    made.graph.initializer.append(helper.make_tensor("empty", FLOAT, [0], []))
    for kind in ("INT4", "UINT4", "FLOAT4E2M1"):
        made.graph.initializer.append(helper.make_tensor(f"t_{kind}", getattr(TensorProto, kind), [4], [1, 2, 1, 0]))
    values, indices = (
        numpy_helper.from_array(np.ones(2, "f4"), "sparse"),
        numpy_helper.from_array(np.array([0, 3]), "sparse_indices"),
    )
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    return made


def _metadata() -> onnx.ModelProto:
    made = linear()
    made.doc_string, made.domain, made.model_version = "A linear model.\nSee https://example.com", "org.example", 3
    made.graph.doc_string = "graph"
    for node in made.graph.node:
        node.doc_string = 'File "/home/someone/model.py", line 12, in forward'
        node.metadata_props.add(
            key="pkg.torch.onnx.stack_trace",
            value='File "/usr/lib/python3/site-packages/torch/nn/modules/linear.py", line 134, in forward',
        )
        node.metadata_props.add(key="namespace", value=": torch.nn.Module/linear: torch.nn.Linear")
    made.graph.quantization_annotation.add(tensor_name="w").quant_parameter_tensor_names.add(
        key="SCALE_TENSOR", value="b"
    )
    return made


def _sequences() -> onnx.ModelProto:
    made = _model([helper.make_node("SequenceConstruct", ["x"], ["s"]), helper.make_node("ConcatFromSequence", ["s"], ["y"], axis=0),
                   helper.make_node("Optional", ["x"], ["o"]), helper.make_node("SequenceEmpty", [], ["e"], dtype=1)])  # fmt: skip
    made.graph.value_info.append(
        helper.make_value_info("s", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, [1])))
    )
    made.graph.output.append(
        helper.make_value_info(
            "m", helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(FLOAT, []))
        )
    )
    return made


def _ml() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Scaler", ["x"], ["s"], domain="ai.onnx.ml", offset=[0.0] * 4, scale=[1.0] * 4),
        helper.make_node("Normalizer", ["s"], ["n"], domain="ai.onnx.ml", norm="L2"),
        helper.make_node("LinearClassifier", ["n"], ["label", "scores"], domain="ai.onnx.ml", coefficients=[1.0] * 8, classlabels_ints=[0, 1]),
        helper.make_node("ZipMap", ["scores"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]),
        helper.make_node("LabelEncoder", ["label"], ["l"], domain="ai.onnx.ml", keys_int64s=[0, 1], values_strings=["cat", "dog"]),
    ]  # fmt: skip
    made = _model(nodes)
    made.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    return made


def _training() -> onnx.ModelProto:
    made = linear()
    step = made.training_info.add()
    step.algorithm.CopyFrom(
        helper.make_graph(
            [helper.make_node("Adam", ["r", "t", "w"], ["w2"], domain="ai.onnx.preview.training")], "adam", [], []
        )
    )
    step.update_binding.add(key="w", value="w2")
    return made


MODELS = {
    "linear": linear, "control_flow": _control_flow, "functions": _functions, "contrib": _contrib, "tensors": _tensors, "metadata": _metadata,
    "sequences": _sequences, "ml": _ml, "training": _training,
}  # fmt: skip


def _external(path: Path, **options: object) -> None:
    path.mkdir(parents=True, exist_ok=True)
    made = _model([helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "v"], ["y"])],
                  {"w": np.ones((4, 500), "f4"), "v": np.ones((500, 3), "f4")})  # fmt: skip
    onnx.save_model(made, path / "model.onnx", save_as_external_data=True, **options)


def _torch_export(path: Path, *, dynamo: bool, kind: str) -> None:
    import torch
    from torch import nn

    nets: dict[str, tuple[nn.Module, tuple[torch.Tensor, ...]]] = {
        "mlp": (nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 2)), (torch.ones(1, 4),)),
        "cnn": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (torch.ones(1, 1, 8, 8),)),
        "lstm": (nn.LSTM(4, 3, batch_first=True), (torch.ones(1, 5, 4),)),
        "attention": (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (torch.ones(1, 3, 4),)),
    }  # fmt: skip
    net, arguments = nets[kind]
    torch.onnx.export(net.eval(), arguments, str(path), dynamo=dynamo, verbose=False)


def _converted() -> Iterator[Sample]:
    import lightgbm
    import sklearn.cluster
    import sklearn.compose
    import sklearn.ensemble
    import sklearn.feature_extraction.text
    import sklearn.gaussian_process
    import sklearn.impute
    import sklearn.linear_model
    import sklearn.mixture
    import sklearn.naive_bayes
    import sklearn.neighbors
    import sklearn.neural_network
    import sklearn.pipeline
    import sklearn.preprocessing
    import sklearn.svm
    import sklearn.tree
    import xgboost
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType

    random = np.random.RandomState(0)
    features = random.rand(40, 4).astype("f4")
    labels, numbers = (features[:, 0] > 0.5).astype(int), features[:, 0] * 2

    def convert(path: Path, estimator: object, target: np.ndarray) -> None:
        estimator.fit(features, target)
        path.write_bytes(to_onnx(estimator, features[:1]).SerializeToString())

    classifiers = [
        sklearn.linear_model.LogisticRegression(), sklearn.ensemble.RandomForestClassifier(5), sklearn.ensemble.GradientBoostingClassifier(n_estimators=5),
        sklearn.ensemble.HistGradientBoostingClassifier(max_iter=5), sklearn.svm.SVC(probability=False), sklearn.neighbors.KNeighborsClassifier(),
        sklearn.neural_network.MLPClassifier(max_iter=5), sklearn.tree.DecisionTreeClassifier(), sklearn.naive_bayes.GaussianNB(),
        sklearn.ensemble.AdaBoostClassifier(n_estimators=3), sklearn.ensemble.BaggingClassifier(n_estimators=2), sklearn.linear_model.SGDClassifier(),
        sklearn.ensemble.VotingClassifier([("a", sklearn.linear_model.LogisticRegression()), ("b", sklearn.tree.DecisionTreeClassifier())]),
        sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.preprocessing.PolynomialFeatures(), sklearn.linear_model.LogisticRegression()),
    ]  # fmt: skip
    regressors = [
        sklearn.linear_model.LinearRegression(), sklearn.linear_model.Ridge(), sklearn.linear_model.Lasso(), sklearn.svm.SVR(), sklearn.ensemble.ExtraTreesRegressor(4),
        sklearn.gaussian_process.GaussianProcessRegressor(), sklearn.neighbors.KNeighborsRegressor(), sklearn.ensemble.IsolationForest(n_estimators=3),
        sklearn.cluster.KMeans(2, n_init=1), sklearn.mixture.GaussianMixture(2), sklearn.preprocessing.MinMaxScaler(), sklearn.impute.SimpleImputer(),
        sklearn.preprocessing.KBinsDiscretizer(3, encode="ordinal"), sklearn.preprocessing.Normalizer(), sklearn.preprocessing.PowerTransformer(),
    ]  # fmt: skip
    for group, target in ((classifiers, labels), (regressors, numbers)):
        for estimator in group:
            yield Sample(
                f"onnx/sklearn/{type(estimator).__name__}.onnx",
                lambda path, estimator=estimator, target=target: convert(path, estimator, target),
            )

    def text(path: Path) -> None:
        pipe = sklearn.pipeline.make_pipeline(
            sklearn.feature_extraction.text.TfidfVectorizer(), sklearn.linear_model.LogisticRegression()
        )
        pipe.fit(["a cat", "a dog"] * 5, [0, 1] * 5)
        path.write_bytes(to_onnx(pipe, initial_types=[("x", StringTensorType([None]))]).SerializeToString())

    yield Sample("onnx/sklearn/text_pipeline.onnx", text)

    def boosted(path: Path, kind: str) -> None:
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        types = [("x", FloatTensorType([None, 4]))]
        if kind == "xgboost":
            made = onnxmltools.convert_xgboost(
                xgboost.XGBClassifier(n_estimators=3).fit(features, labels), initial_types=types
            )
        else:
            made = onnxmltools.convert_lightgbm(
                lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(features, labels), initial_types=types
            )
        path.write_bytes(made.SerializeToString())

    for kind in ("xgboost", "lightgbm"):
        yield Sample(f"onnx/{kind}.onnx", lambda path, kind=kind: boosted(path, kind))

    def cat(path: Path) -> None:
        import catboost

        catboost.CatBoostClassifier(iterations=3, verbose=False, allow_writing_files=False).fit(
            features, labels
        ).save_model(str(path), format="onnx")

    yield Sample("onnx/catboost.onnx", cat)


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, make in MODELS.items():
        yield Sample(f"onnx/{name}.onnx", lambda path, make=make: path.write_bytes(make().SerializeToString()))
    for version in (7, 9, 11, 13, 17, 21):
        yield Sample(f"onnx/opset_{version}.onnx", lambda path, version=version: path.write_bytes(
            _model([helper.make_node("Relu", ["x"], ["y"])], opset_imports=[helper.make_opsetid("", version)]).SerializeToString()))  # fmt: skip
    yield Sample(
        "onnx/external_one_file",
        lambda path: _external(path, all_tensors_to_one_file=True, location="model.onnx_data", size_threshold=100),
    )
    yield Sample(
        "onnx/external_many_files", lambda path: _external(path, all_tensors_to_one_file=False, size_threshold=100)
    )
    yield Sample("onnx/checked.onnx", lambda path: onnx.save(onnx.shape_inference.infer_shapes(linear()), path))
    yield Sample("onnx/text.onnxtxt", lambda path: onnx.save(linear(), path, format="onnxtxt"))
    yield Sample("onnx/as_json.onnxjson", lambda path: onnx.save(linear(), path, format="json"))
    yield Sample("onnx/textproto.textproto", lambda path: onnx.save(linear(), path, format="textproto"))
    yield Sample(
        "onnx/tensor.pb",
        lambda path: path.write_bytes(numpy_helper.from_array(np.ones((2, 3), "f4"), "input_0").SerializeToString()),
    )
    for kind in ("mlp", "cnn", "lstm", "attention"):
        yield Sample(
            f"onnx/torch/{kind}_dynamo/model.onnx", lambda path, kind=kind: _torch_export(path, dynamo=True, kind=kind)
        )
        yield Sample(
            f"onnx/torch/{kind}_script.onnx", lambda path, kind=kind: _torch_export(path, dynamo=False, kind=kind)
        )
    yield from _converted()
