"""Keras configurations: what a model may name, what it carries, what its arguments open."""

from __future__ import annotations

import base64
import json
import marshal
import pickle
import types
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.config import AllowedGlobal
from chainguard_ml.model import Evidence, Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist, scan_file
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import keras_config
from chainguard_ml.scan.interface import Blob
from chainguard_ml.scan.keras import arguments, names
from tests.corpus import hdf5_writer as hdf5
from tests.corpus.keras_parts import bytecode, dump, function, layer, model, old_layer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scan.conftest import Build, Scan


def objects(*layers: object) -> bytes:
    return dump(model(*layers))


def test_an_ordinary_architecture_is_clean(scan: Scan) -> None:
    inner = model(layer("Dense", units=2, activation=function("relu")), layer("Add", "keras.src.ops.numpy"))
    assert scan("model.json", objects(layer("TimeDistributed", layer=inner))).clean


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "Dense"),
        ("keras.src.layers.core.dense", "Dense"),
        ("tf_keras.layers", "Dense"),
        ("tf_keras.src.engine.functional", "Functional"),
        ("tensorflow.keras.layers", "Conv2D"),
        ("tensorflow.python.keras.engine.functional", "Functional"),
        ("keras.engine.sequential", "Sequential"),
        ("keras.src.engine.functional", "Functional"),
        ("keras.src.models.functional", "Functional"),
        ("keras.optimizers.schedules", "CosineDecay"),
        ("keras.src.backend.torch.optimizers.torch_adam", "Adam"),
        ("keras.src.trainers.compile_utils", "CompileLoss"),
        ("keras.random", "SeedGenerator"),
        ("keras.initializers", "GlorotUniform"),
        ("keras", "DTypePolicy"),
        ("keras_hub.src.models.bert.bert_backbone", "BertBackbone"),
        ("keras_cv.layers", "DropBlock2D"),
        ("keras.layers", "LayerOfTomorrow"),
    ],
)
def test_objects_of_keras_are_no_attack(scan: Scan, module: str, name: str) -> None:
    told = scan("model.json", objects(layer(name, module)))
    assert {item.rule for item in told.findings} <= {"keras-custom-object"}
    assert told.clean or name == "LayerOfTomorrow"


@pytest.mark.parametrize(
    ("module", "name", "rule", "severity"),
    [
        ("os", "system", "keras-foreign-class", Severity.CRITICAL),
        ("subprocess", "Popen", "keras-foreign-class", Severity.CRITICAL),
        ("kerasx.layers", "Dense", "keras-foreign-class", Severity.HIGH),
        ("my_package.layers", "Dense", "keras-foreign-class", Severity.HIGH),
        ("builtins", "eval", "keras-foreign-class", Severity.CRITICAL),
        ("keras.utils", "get_file", "keras-unsafe-callable", Severity.CRITICAL),
        ("keras.config", "enable_unsafe_deserialization", "keras-unsafe-callable", Severity.CRITICAL),
        ("keras.src.saving.saving_lib", "save", "keras-unsafe-callable", Severity.HIGH),
        ("keras", "utils.get_file", "keras-unsafe-callable", Severity.CRITICAL),
        ("tf_keras.utils", "get_file", "keras-unsafe-callable", Severity.CRITICAL),
        ("keras.layers", "deserialize", "keras-unsafe-callable", Severity.CRITICAL),
        ("keras.ops", "newly_made", "keras-unsafe-callable", Severity.HIGH),
    ],
)
def test_what_no_model_needs_is_reported(scan: Scan, module: str, name: str, rule: str, severity: Severity) -> None:
    for item in (layer(name, module), function(name, module)):
        told = scan("model.json", objects(item))
        assert [(found.rule, found.severity) for found in told.findings] == [(rule, severity)]
        assert told.findings[0].location.pointer == "/config/layers/0"


def test_a_type_specification_is_judged_by_its_own_name(scan: Scan) -> None:
    def spec(module: str, name: str) -> bytes:
        item = {"class_name": "__typespec__", "module": module, "spec_name": name, "config": [], "registered_name": ""}
        return objects(layer("InputLayer", type_spec=item))

    assert scan("m.json", spec("tensorflow.python.framework.tensor_spec", "TensorSpec")).clean
    assert scan("m.json", spec("os", "system")).rules == {"keras-foreign-class"}


def test_custom_objects_are_code_of_the_program(scan: Scan) -> None:
    for item in (
        layer("Mine", None, "pkg>Mine"),
        layer("Mine", "my_package.layers", "pkg>Mine"),
        function("my_loss"),
        old_layer("pkg>Mine"),
        old_layer("Mine"),
    ):
        told = scan("m.json", objects(item))
        assert told.rules == {"keras-custom-object"}
        assert told.findings[0].severity is Severity.MEDIUM


@pytest.mark.parametrize("registered", ["a>system", "a>Popen", ">Popen", "Popen"])
def test_a_registered_name_does_not_excuse_a_module_of_python(scan: Scan, registered: str) -> None:
    name = registered.rpartition(">")[2]
    told = scan("m.json", objects(layer(name, "os" if name == "system" else "subprocess", registered)))
    assert told.rules == {"keras-foreign-class"}


def test_names_that_libraries_register_are_listed(scan: Scan) -> None:
    for name in ("Custom>Adam", "keras_hub>BertBackbone", "Sequential", "Merge"):
        assert scan("m.json", objects(old_layer(name))).clean
    assert scan("m.json", objects(old_layer("deserialize"))).rules == {"keras-unsafe-callable"}
    assert scan("m.json", objects(old_layer("__tensor__", value=1))).clean


def test_what_the_operator_allows_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(objects(function("gelu", "my_package.activations")))
    allowed = AllowedGlobal(name="my_package.activations.gelu", may_be=("called",), reason="reviewed")
    assert [item.rule for item in scan_file(path) if isinstance(item, Finding)] == ["keras-foreign-class"]
    assert [item for item in scan_file(path, [allowed]) if isinstance(item, Finding)] == []


@pytest.mark.parametrize("name", ["Lambda", "__lambda__"])
@pytest.mark.parametrize("old", [True, False])
def test_a_function_at_any_depth_is_code(scan: Scan, name: str, *, old: bool) -> None:
    item = old_layer(name, function=[bytecode(), None, None]) if old else layer(name, value=bytecode())
    deep = layer("TimeDistributed", layer=model(layer("Wrapper", layer=item)))
    told = scan("model.json", objects(deep))
    assert told.rules == {"keras-lambda-layer"}
    assert [found.location.pointer for found in told.findings] == [
        "/config/layers/0/config/layer/config/layers/0/config/layer"
    ]


@pytest.mark.parametrize(
    "extra",
    [
        {"class_name": "Dense", "config": {"activation": [bytecode(), None, None]}},
        {"class_name": "Dense", "config": {"activation": bytecode().replace("\n", "")}},
        {"class_name": "Dense", "config": {"activation": marshal.dumps((lambda: 1).__code__).decode("latin-1")}},
        {"class_name": "Dense", "config": {"arguments": {"function_type": "lambda"}}},
        {"class_name": "Dense", "config": {"arguments": {"output_shape_type": "lambda"}}},
    ],
)
def test_bytecode_without_a_lambda_is_code(scan: Scan, extra: object) -> None:
    assert scan("model.json", objects(extra)).rules == {"keras-lambda-layer"}


def test_ordinary_texts_are_no_bytecode() -> None:
    assert not arguments.is_code(b"concatenate" * 10)
    assert not arguments.is_code(pickle.dumps([1, 2, 3] * 40))
    assert arguments.is_code(marshal.dumps(compile("x = 1\ny = 2", "<s>", "exec")))
    assert isinstance((lambda: 1).__code__, types.CodeType)


def test_objects_hide_in_lists_and_dictionaries(scan: Scan) -> None:
    item = function("system", "os")
    for document in ([item], {"x": {"y": [item]}}, [[item]], {"model_config": old_layer("Lambda")}):
        assert scan("m.json", dump(document)).rules & {"keras-foreign-class", "keras-lambda-layer"}
    assert scan("m.json", dump({"x": {"class_name": "__lambda__", "config": {}}})).rules == {"keras-lambda-layer"}
    assert scan("m.json", dump([{"class_name": "cat", "config": 1}, {"class_name": 3}])).rules == {
        "keras-custom-object"
    }
    assert scan("m.json", dump({"annotations": [{"class_name": "cat"}, {"class_name": "dog", "config": 0}]})).clean


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_the_encoding_does_not_matter(scan: Scan, build: Build, encoding: str) -> None:
    text = objects(layer("Lambda")).decode()
    archive = build.zip({"config.json": text.encode(encoding), "metadata.json": b"{}"})
    assert scan("m.keras", archive).rules == {"keras-lambda-layer"}


def test_both_values_of_a_name_that_stands_twice_are_judged(scan: Scan) -> None:
    for first, second in (("Lambda", "Dense"), ("Dense", "Lambda")):
        inner = f'{{"class_name": "{first}", "class_name": "{second}", "config": {{}}}}'
        text = f'{{"class_name": "Sequential", "config": {{"layers": [{inner}]}}}}'
        assert scan("m.json", text.encode()).rules == {"keras-lambda-layer"}


@pytest.mark.parametrize(
    ("symbol", "clean"),
    [
        ("math.add", True),
        ("__operators__.getitem", True),
        ("concat", True),
        ("compat.v1.nn.conv2d", True),
        ("keras.backend.mean", True),
        ("raw_ops.AddV2", True),
        ("io.read_file", False),
        ("io.write_file", False),
        ("py_function", False),
        ("numpy_function", False),
        ("raw_ops.ReadFile", False),
        ("load_op_library", False),
        ("print", False),
        ("keras.utils.get_file", False),
        ("", False),
    ],
)
def test_functions_of_tensorflow_are_judged(scan: Scan, symbol: str, *, clean: bool) -> None:
    for name, module in (("TFOpLambda", "keras.src.layers.core.tf_op_layer"), ("SlicingOpLambda", None)):
        told = scan("m.json", objects(layer(name, module, function=symbol)))
        assert told.clean == clean
        assert clean or told.rules == {"keras-unsafe-callable"}


def test_operators_and_class_methods_of_tensorflow_are_judged(scan: Scan) -> None:
    assert scan("m.json", objects(old_layer("TensorFlowOpLayer", node_def={"op": "AddV2"}))).clean
    assert not scan("m.json", objects(old_layer("TensorFlowOpLayer", node_def={"op": "ReadFile"}))).clean
    assert not scan("m.json", objects(old_layer("TensorFlowOpLayer", node_def="text"))).clean
    assert scan("m.json", objects(old_layer("ClassMethod", cls_symbol="RaggedTensor", method_name="x"))).clean
    assert not scan("m.json", objects(old_layer("ClassMethod", cls_symbol="io.gfile", method_name="remove"))).clean


@pytest.mark.parametrize(
    ("argument", "value", "severity"),
    [
        ("vocabulary", "/etc/passwd", Severity.HIGH),
        ("vocabulary", "https://example.org/words", Severity.HIGH),
        ("vocabulary", "../../words.txt", Severity.HIGH),
        ("vocabulary", "words.txt", Severity.MEDIUM),
        ("anything", "file:///etc/passwd", Severity.HIGH),
        ("anything", "C:\\Users\\x", Severity.HIGH),
        ("anything", "\\\\host\\share", Severity.HIGH),
        ("anything", "~/.ssh/id_rsa", Severity.HIGH),
        ("preset", "kaggle://a/b", Severity.HIGH),
    ],
)
def test_arguments_that_are_opened_are_reported(scan: Scan, argument: str, value: str, severity: Severity) -> None:
    told = scan("m.json", objects(layer("StringLookup", **{argument: value})))
    assert [(item.rule, item.severity) for item in told.findings] == [("keras-file-argument", severity)]
    assert told.findings[0].facts == {"argument": argument, "value": value}


def test_words_and_names_are_no_paths(scan: Scan) -> None:
    words = ["/etc/passwd", "https://example.org", "..", "", "[UNK]"]
    assert scan("m.json", objects(layer("StringLookup", vocabulary=words, name="/a/b"))).clean
    assert scan("m.json", objects(layer("EinsumDense", equation="a/b", pattern="/", split=" ", mode="a..b"))).clean


def test_another_model_that_is_loaded_is_reported(scan: Scan) -> None:
    told = scan("m.json", objects(layer("TFSMLayer", filepath="model")))
    assert {item.rule for item in told.findings} == {"keras-file-argument"}
    assert max(item.severity for item in told.findings) is Severity.HIGH


def test_pickles_in_arguments_are_found(scan: Scan, build: Build) -> None:
    archive = build.torch(build.payload)
    text = base64.b64encode(archive).decode()
    told = scan("m.json", objects(layer("TorchModuleWrapper", module=text)))
    assert told.rules >= {"keras-carries-pickle", "dangerous-global"}
    for value in (base64.b64encode(build.payload).decode(), build.payload.hex(), build.payload.decode("latin-1")):
        assert scan("m.json", objects(layer("Dense", weights=value))).payload


@pytest.mark.parametrize("name", ["group_normalization", "global_average_pooling2d", "bidirectional_lstm_layer_1x"])
def test_names_of_layers_are_not_base64(scan: Scan, name: str) -> None:
    assert scan("m.h5", hdf5.file(hdf5.attribute("name", name))).clean
    assert scan("m.json", objects(layer("Dense", units=1, label=name * 2))).clean


def test_a_keras_archive(scan: Scan, build: Build) -> None:
    members = {"metadata.json": b"{}", "config.json": objects(layer("Lambda"))}
    told = scan("m.keras", build.zip(members))
    assert told.rules == {"keras-lambda-layer"}
    assert told.format == "keras"
    weights = hdf5.file(hdf5.external("w", "/etc/passwd"))
    told = scan("m.keras", build.zip({**members, "config.json": objects(), "model.weights.h5": weights}))
    assert told.rules == {"hdf5-external-file"}
    assert scan("m.keras", build.zip({**members, "config.json": b'{"class_name": '})).reasons == {"malformed"}


def test_configurations_in_hdf5(scan: Scan) -> None:
    text = json.dumps({"loss": function("x", "os"), "optimizer_config": old_layer("Custom>Adam")})
    told = scan("m.h5", hdf5.file(hdf5.attribute("training_config", text)))
    assert told.rules == {"keras-foreign-class"}
    assert told.findings[0].location.member == ("/@training_config",)


def test_metadata_of_a_saved_model_needs_no_custom_code(scan: Scan) -> None:
    document = {"class_name": "MyModel", "config": {}, "must_restore_from_config": False}
    assert scan("m.json", dump(document)).clean
    assert scan("m.json", dump({**document, "class_name": "Lambda"})).rules == {"keras-lambda-layer"}


def test_yaml_is_examined_too(scan: Scan) -> None:
    text = "class_name: Sequential\nconfig:\n  layers:\n  - class_name: Lambda\n    config: {name: x}\n"
    assert scan("model.yaml", text.encode()).rules == {"keras-lambda-layer"}


def test_every_listed_module_can_be_asked() -> None:
    assert names.split("a", "b.c") == ("a.b", "c")
    assert names.is_listed("keras.layers", "Dense")
    assert not names.is_listed("keras.layers", "Lambda")
    assert not any(names.is_class(name) for name in names.LAMBDAS | names.REFUSED)
    assert not any(names.is_function(name) for name in names.REFUSED | {"eval", "exec", "open", "print", "compile"})


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["class_name", "config", "module", "registered_name", "function", "node_def", "spec_name", "x"]
            ),
            inner | st.sampled_from(["Lambda", "function", "__typespec__", "TFSMLayer", "TFOpLambda", "ClassMethod"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_any_document_only_gives_observations(value: object) -> None:
    data = json.dumps(value).encode()
    blob = Blob(data, Subject("m"), Location("m"), "m")
    session = Session(allowlist.make_judge([]))
    told = [
        *keras_config.examine_text(blob, session),
        *keras_config.examine_document(blob, cast("None", value), session),
    ]
    assert all(isinstance(item, Finding | Gap | Evidence) for item in told)
