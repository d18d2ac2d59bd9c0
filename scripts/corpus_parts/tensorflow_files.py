"""TensorFlow: SavedModels, frozen graphs, checkpoints, TFLite files."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from corpus_parts.frame import SEED, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

tf.random.set_seed(SEED)
v1 = tf.compat.v1
SPEC = tf.TensorSpec


class Dense(tf.Module):
    """One layer."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones((4, 3)), name="w")
        self.b = tf.Variable(tf.zeros(3), name="b")

    @tf.function(input_signature=[SPEC([None, 4], tf.float32, name="x")])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Apply it."""
        return tf.nn.relu(x @ self.w + self.b)


class Flow(tf.Module):
    """Loops and branches."""

    @tf.function(input_signature=[SPEC([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Collect, branch and switch."""
        total = tf.TensorArray(tf.float32, 0, dynamic_size=True)
        for i in tf.range(tf.shape(x)[0]):
            if x[i] > 0:  # noqa: SIM108 (a branch of the graph)
                total = total.write(total.size(), x[i] * 2)
            else:
                total = total.write(total.size(), -x[i])
        y = tf.switch_case(tf.constant(1), [lambda: x, lambda: x + 1])
        return (
            tf.reduce_sum(total.stack())
            + tf.reduce_sum(tf.map_fn(lambda v: v * v, y))
            + tf.scan(lambda a, v: a + v, x, 0.0)[-1]
        )


class Strings(tf.Module):
    """Tables, texts, ragged and sparse tensors, parsing."""

    def __init__(self) -> None:
        super().__init__()
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
        self.mutable = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)

    @tf.function(input_signature=[SPEC([None], tf.string)])
    def __call__(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Look up, split, hash, replace, format."""
        words = tf.strings.split(tf.strings.lower(text))
        numbers = self.table.lookup(words.flat_values)
        self.mutable.insert(words.flat_values, tf.cast(numbers, tf.int64))
        parsed = tf.io.parse_example(
            text, {"a": tf.io.FixedLenFeature([], tf.float32, 0.0), "b": tf.io.VarLenFeature(tf.int64)}
        )
        return {
            "numbers": numbers, "clean": tf.strings.regex_replace(text, "[^a-z]", " "), "hash": tf.strings.to_hash_bucket_fast(text, 10),
            "join": tf.strings.reduce_join(text), "length": tf.strings.length(text, unit="UTF8_CHAR"), "dense": tf.sparse.to_dense(parsed["b"]),
            "ngrams": tf.strings.ngrams(words, 2).to_tensor(), "unicode": tf.strings.unicode_decode(text, "UTF-8").to_tensor(), "b64": tf.io.encode_base64(text),
        }  # fmt: skip


class Images(tf.Module):
    """Decoding of images, as serving models do it."""

    @tf.function(input_signature=[SPEC([None], tf.string, name="image_bytes")])
    def __call__(self, data: tf.Tensor) -> tf.Tensor:
        """Decode and resize each image."""
        return tf.map_fn(
            lambda item: tf.image.resize(tf.io.decode_image(item, channels=3, expand_animations=False), (4, 4)),
            data,
            fn_output_signature=tf.float32,
        )


class Vocabulary(tf.Module):
    """A table initialised from an asset file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.asset = tf.saved_model.Asset(str(path))
        self.table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
            self.asset, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), 1)  # fmt: skip

    @tf.function(input_signature=[SPEC([None], tf.string)])
    def __call__(self, words: tf.Tensor) -> tf.Tensor:
        """Look up."""
        return self.table.lookup(words)


class Texts(tf.Module):
    """Texts that only TensorFlow's own kernels know."""

    @tf.function(input_signature=[SPEC([None], tf.string)])
    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Clean and hash."""
        return tf.strings.to_hash_bucket_fast(tf.strings.regex_replace(tf.strings.lower(text), "[^a-z]", " "), 10)


class PyFunc(tf.Module):
    """Calls Python."""

    @tf.function(input_signature=[SPEC([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Call numpy."""
        return tf.numpy_function(lambda v: v * 2, [x], tf.float32)


class EagerPyFunc(tf.Module):
    """Calls Python."""

    @tf.function(input_signature=[SPEC([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Call a Python function."""
        return tf.py_function(lambda v: v * 2, [x], tf.float32)


class Maths(tf.Module):
    """Linear algebra, sparse, random, gradients, signal."""

    def __init__(self) -> None:
        super().__init__()
        self.v = tf.Variable([1.0, 2.0])
        self.generator = tf.random.Generator.from_seed(1)

    @tf.function(input_signature=[SPEC([2, 2], tf.float32)])
    def __call__(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Compute many things."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(self.v))
        self.v.assign_sub(0.1 * tape.gradient(loss, self.v))
        return {
            "svd": tf.linalg.svd(x)[0], "inv": tf.linalg.inv(x + tf.eye(2)), "fft": tf.abs(tf.signal.rfft(x)), "top": tf.math.top_k(x)[0],
            "random": tf.random.uniform([2]) + self.generator.normal([2]), "unique": tf.unique(tf.reshape(x, [-1]))[0], "sparse": tf.sparse.to_dense(tf.sparse.from_dense(x)),
            "einsum": tf.einsum("ij,jk->ik", x, x), "check": tf.debugging.check_numerics(x, "bad"), "where": tf.cast(tf.where(x > 0), tf.float32),
        }  # fmt: skip

    @tf.function(input_signature=[SPEC([2], tf.float32)])
    def train(self, x: tf.Tensor) -> tf.Tensor:
        """A second signature with assertions and prints."""
        tf.debugging.assert_positive(x)
        return tf.custom_gradient(lambda v: (v * 2, lambda g: g * 2))(x)


def _saved(module: tf.Module, path: Path) -> None:
    function = module.__call__
    tf.saved_model.save(
        module, str(path), signatures=function if isinstance(function, tf.types.experimental.GenericFunction) else None
    )


def _vocabulary(path: Path) -> None:
    words = path.with_name("vocabulary.txt")
    words.write_text("a\nb\nc\n")
    _saved(Vocabulary(words), path)
    words.unlink()


def _graph() -> tuple[v1.Graph, v1.Session]:
    graph = v1.Graph()
    with graph.as_default():
        v1.set_random_seed(SEED)
        x = v1.placeholder(tf.float32, [None, 4], name="input")
        w = v1.get_variable("w", [4, 2])
        y = v1.nn.softmax(v1.matmul(x, w), name="output")
        v1.while_loop(lambda i: i < 3, lambda i: i + 1, [v1.constant(0)], name="loop")
        v1.cond(v1.reduce_sum(y) > 0, lambda: y, lambda: -y, name="cond")
        session = v1.Session(graph=graph)
        session.run(v1.global_variables_initializer())
    return graph, session


def _frozen(path: Path) -> None:
    graph, session = _graph()
    frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["output"])
    path.write_bytes(frozen.SerializeToString())


def _graph_def(path: Path) -> None:
    path.write_bytes(_graph()[0].as_graph_def().SerializeToString())


def _graph_text(path: Path) -> None:
    tf.io.write_graph(_graph()[0], str(path.parent), path.name, as_text=True)


def _meta(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    graph, session = _graph()
    with graph.as_default():
        v1.train.Saver().save(session, str(path / "model.ckpt"), global_step=1)


def _saver(path: Path, version: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    graph, session = _graph()
    with graph.as_default():
        v1.train.Saver(write_version=version).save(session, str(path / "model.ckpt"))


def _builder(path: Path) -> None:
    graph, session = _graph()
    with graph.as_default():
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.predict_signature_def(
            {"x": graph.get_tensor_by_name("input:0")}, {"y": graph.get_tensor_by_name("output:0")}
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()


def _text_builder(path: Path) -> None:
    graph, session = _graph()
    with graph.as_default():
        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(session, ["serve"])
        builder.save(as_text=True)


def _checkpoint(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    layer = Dense()
    tf.train.CheckpointManager(tf.train.Checkpoint(model=layer, step=tf.Variable(1)), str(path), 3).save()


def _records(path: Path) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for index in range(5):
            feature = tf.train.Feature(float_list=tf.train.FloatList(value=[float(index)]))
            writer.write(tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString())


def _keras(kind: str) -> tf.keras.Model:
    import keras

    x = keras.Input((3, 4))
    made = {
        "lstm": lambda: keras.layers.Dense(1)(keras.layers.LSTM(3, unroll=True)(x)), "conv": lambda: keras.layers.Conv1D(2, 2, activation="relu")(x),
        "dense": lambda: keras.layers.Dense(2)(keras.layers.Flatten()(x)), "gru": lambda: keras.layers.GRU(2, unroll=True)(x),
    }[kind]()  # fmt: skip
    return keras.Model(x, made)


def _tflite(path: Path, kind: str, *modes: str) -> None:
    made = _keras(kind)
    spec = [SPEC([1, 3, 4], tf.float32)]
    function = tf.function(made.call).get_concrete_function(*spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], made)
    if "int8" in modes:
        converter = tf.lite.TFLiteConverter.from_keras_model(made)
    _configure(converter, modes)
    path.write_bytes(converter.convert())


def _configure(converter: tf.lite.TFLiteConverter, modes: tuple[str, ...]) -> None:
    if "dynamic" in modes or "int8" in modes or "float16" in modes:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if "float16" in modes:
        converter.target_spec.supported_types = [tf.float16]
    if "int8" in modes:
        converter.representative_dataset = lambda: (
            [np.random.RandomState(i).rand(1, 3, 4).astype("f4")] for i in range(4)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if "select" in modes:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]


def _tflite_module(path: Path, module: tf.Module, *modes: str) -> None:
    function = module.__call__.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    _configure(converter, modes)
    path.write_bytes(converter.convert())


def _tflite_signatures(path: Path) -> None:
    directory = path.with_suffix(".dir")
    module = Dense()
    tf.saved_model.save(module, str(directory), signatures={"one": module.__call__, "two": module.__call__})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory))
    path.write_bytes(converter.convert())
    import shutil

    shutil.rmtree(directory)


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, kind in {
        "dense": Dense,
        "control_flow": Flow,
        "strings": Strings,
        "images": Images,
        "maths": Maths,
    }.items():
        yield Sample(f"tensorflow/saved_model_{name}", lambda path, kind=kind: _saved(kind(), path))
    yield Sample("tensorflow/saved_model_vocabulary", _vocabulary)
    yield Sample("tensorflow/saved_model_py_func", lambda path: _saved(PyFunc(), path), "py_func")
    yield Sample("tensorflow/saved_model_eager_py_func", lambda path: _saved(EagerPyFunc(), path), "py_func")
    yield Sample("tensorflow/saved_model_v1", _builder)
    yield Sample("tensorflow/saved_model_text", _text_builder)
    for kind in ("lstm", "conv"):
        yield Sample(
            f"tensorflow/saved_model_keras_{kind}",
            lambda path, kind=kind: _keras(kind).export(str(path), verbose=False),
        )
    yield Sample("tensorflow/frozen_graph.pb", _frozen)
    yield Sample("tensorflow/graph.pb", _graph_def)
    yield Sample("tensorflow/graph.pbtxt", _graph_text)
    yield Sample("tensorflow/checkpoint_v1", _meta)
    yield Sample("tensorflow/checkpoint_saver_v1", lambda path: _saver(path, 1))
    yield Sample("tensorflow/checkpoint_saver_v2", lambda path: _saver(path, 2))
    yield Sample("tensorflow/checkpoint_v2", _checkpoint)
    yield Sample("tensorflow/data.tfrecord", _records)
    for kind in ("dense", "lstm", "conv", "gru"):
        yield Sample(f"tflite/{kind}_float.tflite", lambda path, kind=kind: _tflite(path, kind))
    for mode in ("dynamic", "float16", "int8", "select"):
        yield Sample(f"tflite/dense_{mode}.tflite", lambda path, mode=mode: _tflite(path, "dense", mode))
    yield Sample("tflite/control_flow.tflite", lambda path: _tflite_module(path, Flow(), "select"))
    yield Sample("tflite/texts_select.tflite", lambda path: _tflite_module(path, Texts(), "select"))
    yield Sample("tflite/module.tflite", lambda path: _tflite_module(path, Dense()))
    yield Sample("tflite/signatures.tflite", _tflite_signatures)
