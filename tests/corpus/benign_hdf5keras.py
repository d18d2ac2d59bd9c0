"""Keras and HDF5 as frameworks write them, built by their formats; and two files that h5py wrote."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

from tests.corpus import hdf5_writer as hdf5
from tests.corpus.frame import benign
from tests.corpus.keras_parts import archive, bytecode, dump, function, layer, model, old_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

DATA = Path(__file__).parent.parent / "scan" / "data"


def samples() -> Iterator[Benign]:
    """Models, weights, architectures, and what carries code by design."""
    config = dump(_functional())
    yield benign("keras-functional", "model.keras", archive(config, model__weights__h5=_weights()))
    yield benign("keras-architecture", "model.json", config)
    yield benign("keras-architecture-yaml", "model.yaml", _yaml().encode())
    yield benign("keras-old-whole-model", "model.h5", _whole(_sequential()))
    yield benign("keras-old-graph", "model.hdf5", _whole(_graph()))
    yield benign("keras-weights", "model.weights.h5", _weights())
    yield benign("keras-words", "model.keras", archive(dump(model(_words()))))
    yield benign("keras-benign-lambda", "model.keras", archive(dump(model(_lambda()))), "keras-lambda-layer")
    yield benign("keras-benign-own-class", "model.keras", archive(dump(model(_own()))), "keras-custom-object")
    for layout in ("earliest", "latest"):
        content = lzma.decompress((DATA / f"h5py_{layout}.h5.xz").read_bytes())
        yield benign(f"h5py-{layout}", "data.h5", content)
    matlab = hdf5.Writer()
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(508, b" ") + b"\0\2IM"
    root = matlab.group(hdf5.attribute("MATLAB_class", "double"))
    yield benign("matlab-7.3", "data.mat", matlab.file(root, block=header))
    yield benign("h5-soft-link", "data.h5", hdf5.file(hdf5.link("again", 1, b"/weights")))


def _policy() -> object:
    return layer("DTypePolicy", "keras", name="float32")


def _functional() -> object:
    """What Keras 3 writes for a functional model that is compiled."""
    dense = layer("Dense", name="dense", units=4, activation="relu", dtype=_policy(),
                  kernel_initializer=layer("GlorotUniform", "keras.initializers", seed=None),
                  kernel_regularizer=layer("L2", "keras.regularizers", l2=0.01))  # fmt: skip
    history = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": ["dense", 0, 0]}}
    add = {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "add"}, "registered_name": "Add",
           "inbound_nodes": [{"args": [history, 2.0], "kwargs": {}}]}  # fmt: skip
    schedule = layer("ExponentialDecay", "keras.optimizers.schedules", initial_learning_rate=0.1, decay_steps=10)
    optimizer = layer("Adam", "keras.src.backend.torch.optimizers.torch_adam", "Adam", learning_rate=schedule)
    whole = model(layer("InputLayer", batch_shape=[None, 8], dtype="float32", name="input"), dense, add,
                  layer("Bidirectional", layer=layer("LSTM", units=4), merge_mode="concat"),
                  layer("RNN", cell=[layer("GRUCell", units=3), layer("LSTMCell", units=2)]),
                  layer("TimeDistributed", layer=model(layer("Conv2D", filters=2, activation=function("relu")))),
                  layer("Activation", activation=function("softmax", "keras.activations")))  # fmt: skip
    assert isinstance(whole, dict)
    losses = {"loss": layer("CategoricalCrossentropy", "keras.losses", axis=-1), "metrics": ["accuracy"]}
    return {**whole, "build_config": {"input_shape": None}, "compile_config": {"optimizer": optimizer, **losses}}


def _sequential() -> object:
    inner = old_layer("LSTM", units=4, kernel_initializer=old_layer("VarianceScaling", scale=1.0, mode="fan_avg"))
    layers = [old_layer("Conv2D", filters=8, activation="relu"), old_layer("Bidirectional", layer=inner)]
    return old_layer("Sequential", name="sequential", layers=[*layers, old_layer("BatchNormalization", axis=[3])])


def _graph() -> object:
    """What Keras 2 writes for functions of TensorFlow between its layers."""
    names = ("math.add", "__operators__.getitem", "concat", "nn.softmax", "compat.v1.transpose", "image.resize")
    layers = [old_layer("TFOpLambda", name=f"tf.{name}", function=name) for name in names]
    return old_layer("Functional", name="model", layers=[old_layer("InputLayer", name="input"), *layers])


def _words() -> object:
    words = ["", "[UNK]", "the", "/", "..", "https://example.org", "a" * 40]
    return layer("TextVectorization", vocabulary=words, standardize="lower_and_strip_punctuation", split="whitespace")


def _lambda() -> object:
    code = {"class_name": "__lambda__", "config": {"code": bytecode(), "defaults": None, "closure": None}}
    return layer("Lambda", name="double", function=code, arguments={})


def _own() -> object:
    return layer("Attention", None, "acme>Attention", units=3)


def _whole(config: object) -> bytes:
    """A whole model as Keras 2 saves it."""
    writer = hdf5.Writer()
    kernel = writer.contiguous(bytes(range(256)) * 8, hdf5.byte_type())
    training = {"loss": "mse", "metrics": ["mae"], "optimizer_config": old_layer("Custom>Adam", learning_rate=0.001)}
    group = writer.group(hdf5.link("kernel:0", 0, kernel), hdf5.attribute("weight_names", "dense/kernel:0"))
    attributes = {"model_config": json.dumps(config), "training_config": json.dumps(training), "backend": "tensorflow"}
    parts = [hdf5.attribute(name, value) for name, value in attributes.items()]
    return writer.file(writer.group(*parts, hdf5.link("model_weights", 0, group)))


def _weights() -> bytes:
    writer = hdf5.Writer()
    kernel = writer.contiguous(b"\x3f\x80\0\0" * 64)
    variables = writer.group(hdf5.link("0", 0, kernel), hdf5.link("1", 0, kernel))
    layers = writer.group(hdf5.link("dense", 0, writer.group(hdf5.link("vars", 0, variables))))
    return writer.file(writer.group(hdf5.link("layers", 0, layers)))


def _yaml() -> str:
    dense = "  - class_name: Dense\n    config: {name: dense, units: 2, activation: relu}\n"
    return (
        f"backend: tensorflow\nclass_name: Sequential\nconfig:\n  name: model\n  layers:\n{dense}keras_version: 2.2.4\n"
    )
