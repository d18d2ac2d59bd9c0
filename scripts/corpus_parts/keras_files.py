"""Keras models in every format, with what configurations can hold."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import layers

from corpus_parts.frame import SEED, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

keras.utils.set_random_seed(SEED)
F = np.random.RandomState(0).rand(16, 4).astype("f4")
L = (F[:, 0] > 0.5).astype("f4")


def sequential() -> keras.Model:
    """Return a compiled and fitted stack."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(num_thresholds=5)])
    model.fit(F, L, epochs=1, verbose=0)
    return model


def functional() -> keras.Model:
    """Return a graph with shared layers, two inputs and outputs."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(
        3,
        kernel_regularizer=keras.regularizers.L2(0.01),
        kernel_constraint=keras.constraints.MaxNorm(2),
        kernel_initializer=keras.initializers.HeNormal(),
    )
    x = layers.concatenate([shared(a), shared(b)])
    y = layers.Multiply()([x, x]) + keras.ops.mean(x, axis=1, keepdims=True)
    z = keras.ops.reshape(y, (-1, 6)) * 2.0 - 1.0
    model = keras.Model([a, b], [layers.Dense(1, name="first")(y), layers.Dense(2, name="second")(z)])
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.9),
                  [keras.losses.Huber(delta=2.0), keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)], loss_weights=[1.0, 0.5])  # fmt: skip
    return model


def nested() -> keras.Model:
    """Return models inside models."""
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="inner_dense")], name="inner")
    middle_input = keras.Input((8,))
    middle = keras.Model(middle_input, inner(middle_input), name="middle")
    image = keras.Input((8,))
    return keras.Model(image, layers.Dense(1)(middle(image)), name="outer")


def convolutional() -> keras.Model:
    """Return an image model with preprocessing."""
    x = image = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(x)
    for layer in (layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.RandomContrast(0.1), layers.Conv2D(4, 3, padding="same"),
                  layers.BatchNormalization(), layers.ReLU(), layers.SeparableConv2D(4, 3), layers.DepthwiseConv2D(2), layers.MaxPooling2D(), layers.SpatialDropout2D(0.1),
                  layers.GroupNormalization(2), layers.UpSampling2D(), layers.Conv2DTranspose(2, 2), layers.LeakyReLU(), layers.PReLU(), layers.GlobalAveragePooling2D()):  # fmt: skip
        x = layer(x)
    return keras.Model(image, layers.Dense(2, dtype="float32")(x))


def recurrent() -> keras.Model:
    """Return recurrent layers and their wrappers."""
    x = text = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 4, mask_zero=True)(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="concat")(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    x = layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)], return_sequences=True)(x)
    x = layers.GRU(3, return_sequences=True)(x)
    x = layers.SimpleRNN(3)(x)
    return keras.Model(text, layers.Dense(1)(x))


def attention() -> keras.Model:
    """Return attention with normalisation."""
    x = keras.Input((5, 8))
    y = layers.MultiHeadAttention(2, 4)(x, x)
    y = layers.LayerNormalization()(x + y)
    y = layers.EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")(y)
    y = layers.Attention()([y, y])
    y = layers.AdditiveAttention()([y, y])
    return keras.Model(x, layers.GlobalMaxPooling1D()(y))


def preprocessing() -> keras.Model:
    """Return normalisation and look-ups over features."""
    norm = layers.Normalization()
    norm.adapt(F)
    number, word, integer = (
        keras.Input((4,), name="n"),
        keras.Input((1,), dtype="string", name="w"),
        keras.Input((1,), dtype="int64", name="i"),
    )
    x = layers.Concatenate()([
        norm(number), layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")(word), layers.IntegerLookup(vocabulary=[1, 2, 3], output_mode="multi_hot")(integer),
        layers.CategoryEncoding(4, output_mode="one_hot")(integer), layers.Hashing(3, output_mode="one_hot")(word), layers.Flatten()(layers.Discretization([0.5])(number) * 1.0),
    ])  # fmt: skip
    return keras.Model([number, word, integer], layers.Dense(1)(x))


def text() -> keras.Model:
    """Return a text model from strings to classes."""
    vectorizer = layers.TextVectorization(max_tokens=20, output_sequence_length=5, ngrams=2)
    vectorizer.adapt(["the cat sat", "the dog ran"])
    return keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            vectorizer,
            layers.Embedding(21, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )


def mixed() -> keras.Model:
    """Return layers with policies, activations and wrappers of every sort."""
    x = start = keras.Input((6,))
    for layer in (layers.Dense(6, dtype=keras.DTypePolicy("mixed_bfloat16")), layers.Activation("swish"), layers.Activation(keras.activations.gelu), layers.ELU(), layers.Softmax(),
                  layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.UnitNormalization(), layers.ActivityRegularization(0.01), layers.RepeatVector(3), layers.Permute((2, 1)),
                  layers.Reshape((9, 2)), layers.Conv1D(2, 2, padding="causal"), layers.AveragePooling1D(2), layers.ZeroPadding1D(1), layers.Cropping1D(1), layers.Masking(),
                  layers.SpectralNormalization(layers.Dense(2)), layers.Flatten(), layers.Identity()):  # fmt: skip
        x = layer(x)
    model = keras.Model(start, x)
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10), clipnorm=1.0),
        keras.losses.Poisson(),
        metrics=[keras.metrics.MeanSquaredError(), "mae"],
        jit_compile=False,
    )
    return model


def lambda_model() -> keras.Model:
    """Return a model with code in it."""
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])


def _lambda_nested() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model(x, keras.Sequential([layers.Lambda(lambda x: x + 1)], name="inner")(x))


@keras.saving.register_keras_serializable("corpus")
class Scale(layers.Layer):
    """A registered layer of a project's own: loading needs the project."""

    def call(self, x: object) -> object:
        """Scale."""
        return x * 2


def _optimizers() -> Iterator[tuple[str, keras.Model]]:
    for name in [
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "Adamax",
        "Ftrl",
        "Lion",
        "Nadam",
        "RMSprop",
        "SGD",
        "Lamb",
        "Muon",
    ]:
        kind = getattr(keras.optimizers, name, None)
        if kind:
            model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
            model.compile(kind(), "mse")
            model.fit(F, F[:, :2], epochs=1, verbose=0)
            yield name, model


MODELS: dict[str, Callable[[], keras.Model]] = {
    "sequential": sequential, "functional": functional, "nested": nested, "convolutional": convolutional, "recurrent": recurrent, "attention": attention,
    "preprocessing": preprocessing, "text": text, "mixed": mixed,
}  # fmt: skip


def _losses() -> Iterator[tuple[str, keras.Model]]:
    for name in sorted(dir(keras.losses)):
        kind = getattr(keras.losses, name)
        if isinstance(kind, type) and kind is not keras.losses.Loss:
            model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
            model.compile("sgd", kind())
            yield name, model


def _legacy(path: Path, kind: str) -> None:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras

    tf_keras.utils.set_random_seed(SEED)
    made = (
        tf_keras.Sequential(
            [
                tf_keras.layers.Input((4,)),
                tf_keras.layers.Dense(3, activation="relu"),
                tf_keras.layers.LSTM(2) if kind == "rnn" else tf_keras.layers.Dense(1),
            ]
        )
        if kind != "rnn"
        else tf_keras.Sequential(
            [
                tf_keras.layers.Input((3, 4)),
                tf_keras.layers.Bidirectional(tf_keras.layers.LSTM(2)),
                tf_keras.layers.Dense(1),
            ]
        )
    )
    if kind == "functional":
        x = tf_keras.Input((4,))
        made = tf_keras.Model(
            x, tf_keras.layers.Dense(2)(tf_keras.layers.Concatenate()([x, tf_keras.layers.Dense(2)(x)])) * 2.0
        )
    made.compile("adam", "mse")
    if path.suffix == ".json":
        path.write_text(made.to_json())
    elif path.name.endswith(".weights.h5"):
        made.save_weights(path)
    else:
        made.save(path)


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, make in MODELS.items():
        made = make()
        yield Sample(f"keras/{name}.keras", lambda path, made=made: made.save(path))
        yield Sample(f"keras/{name}.h5", lambda path, made=made: made.save(path))
        yield Sample(f"keras/{name}.hdf5", lambda path, made=made: made.save(path))
        yield Sample(f"keras/{name}.weights.h5", lambda path, made=made: made.save_weights(path))
        yield Sample(f"keras/{name}.json", lambda path, made=made: path.write_text(made.to_json()))
        yield Sample(f"keras/{name}_indented.json", lambda path, made=made: path.write_text(made.to_json(indent=2)))
        if name not in {"recurrent", "convolutional", "mixed"}:  # seconds each
            yield Sample(f"keras/{name}_exported", lambda path, made=made: made.export(str(path), verbose=False))
    for name, made in _optimizers():
        yield Sample(f"keras/optimizer_{name}.keras", lambda path, made=made: made.save(path))
        if name != "Adafactor":  # keras itself fails
            yield Sample(f"keras/optimizer_{name}.h5", lambda path, made=made: made.save(path))
    for name, made in _losses():
        yield Sample(f"keras/losses/{name}.keras", lambda path, made=made: made.save(path))
    yield Sample(
        "keras/sharded",
        lambda path: (
            path.mkdir(exist_ok=True),
            convolutional().save_weights(path / "model.weights.json", max_shard_size=0.00001),
        ),
    )
    yield Sample("keras/unzipped", lambda path: sequential().save(path, zipped=False))
    yield Sample("keras/quantised.keras", lambda path: _quantised().save(path))
    yield Sample("keras/lora.keras", lambda path: _lora().save(path))
    yield Sample("keras/application.keras", lambda path: _application().save(path))
    yield Sample("keras/pickled.pkl", lambda path: __import__("pickle").dump(sequential(), path.open("wb")))
    yield Sample("keras/lambda.keras", lambda path: lambda_model().save(path), "Lambda")
    yield Sample("keras/lambda.h5", lambda path: lambda_model().save(path), "Lambda")
    yield Sample("keras/lambda.json", lambda path: path.write_text(lambda_model().to_json()), "Lambda")
    yield Sample("keras/lambda_nested.keras", lambda path: _lambda_nested().save(path), "Lambda")
    yield Sample(
        "keras/registered.keras",
        lambda path: keras.Sequential([keras.Input((2,)), Scale()]).save(path),
        "a project's own class",
    )
    for kind in ("dense", "rnn", "functional"):
        for suffix in (".keras", ".h5", ".json", ".weights.h5", "_saved"):
            if kind == "rnn" and suffix == "_saved":
                continue  # ten seconds
            yield Sample(f"keras/legacy_{kind}{suffix}", lambda path, kind=kind: _legacy(path, kind))


def _application() -> keras.Model:
    return keras.applications.MobileNetV2((32, 32, 3), 0.35, weights=None, classes=2)


def _quantised() -> keras.Model:
    made = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(2)])
    made.quantize("int8")
    return made


def _lora() -> keras.Model:
    made = keras.Sequential([keras.Input((4,)), layers.Dense(8)])
    made.layers[0].enable_lora(2)
    return made
