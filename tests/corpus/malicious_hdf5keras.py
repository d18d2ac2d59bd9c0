"""Keras and HDF5: what configurations name, carry and open, and what HDF5 files lead to or hide."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus import hdf5_writer as hdf5
from tests.corpus.frame import malicious
from tests.corpus.keras_parts import archive, bytecode, dump, function, layer, model, old_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

LAMBDA, FOREIGN, UNSAFE = "keras-lambda-layer", "keras-foreign-class", "keras-unsafe-callable"
FILE, TORCH, CUSTOM = "keras-file-argument", "keras-carries-pickle", "keras-custom-object"
OUTSIDE, FILTER, GLOBAL = "hdf5-external-file", "hdf5-unknown-filter", "dangerous-global"

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."


def lambda_function() -> object:
    return {"class_name": "__lambda__", "config": {"code": bytecode(), "defaults": None, "closure": None}}


def keras(name: str, *layers: object, rule: str, least: Severity = Severity.HIGH, **parts: object) -> Malicious:
    """A ``.keras`` archive of a model with these layers, and further parts beside its own."""
    whole = model(*layers)
    assert isinstance(whole, dict)
    return malicious(f"keras-{name}", "model.keras", archive(dump({**whole, **parts})), rule, least=least)


def attribute(name: str, key: str, value: object, rule: str, least: Severity = Severity.HIGH) -> Malicious:
    """An HDF5 file whose root group has one configuration."""
    return malicious(f"h5-{name}", "model.h5", hdf5.file(hdf5.attribute(key, json.dumps(value))), rule, least=least)


def sequential(*layers: object) -> object:
    return old_layer("Sequential", name="model", layers=list(layers))


def samples() -> Iterator[Malicious]:
    """Every technique that the field knows, in the forms in which loaders take it."""
    yield from _bytecode()
    yield from _bytecode_in_hdf5()
    yield from _named()
    yield from _named_by_detours()
    yield from _tensorflow()
    yield from _opened()
    yield from _carried()
    yield from _text()
    yield from _hdf5_elsewhere()
    yield from _hdf5_hidden()


def _bytecode() -> Iterator[Malicious]:
    yield keras("lambda", layer("Lambda", function=lambda_function()), rule=LAMBDA)
    inner = model(layer("Lambda", function=lambda_function()))
    yield keras("lambda-in-a-model", inner, rule=LAMBDA)
    yield keras("lambda-in-a-wrapper", layer("TimeDistributed", layer=layer("Lambda")), rule=LAMBDA)
    cell = layer("RNN", cell=layer("StackedRNNCells", cells=[layer("Lambda")]))
    yield keras("lambda-in-cells", cell, rule=LAMBDA)
    both = layer("Bidirectional", layer=layer("LSTM", units=1), backward_layer=layer("Lambda"))
    yield keras("lambda-backwards", both, rule=LAMBDA)
    yield keras("lambda-as-activation", layer("Dense", units=1, activation=lambda_function()), rule=LAMBDA)
    yield keras("lambda-as-initializer", layer("Dense", kernel_initializer=lambda_function()), rule=LAMBDA)
    yield keras("lambda-as-loss", rule=LAMBDA, compile_config={"optimizer": "adam", "loss": lambda_function()})
    yield keras("lambda-as-metric", rule=LAMBDA, compile_config={"metrics": [["mae", lambda_function()]]})
    yield keras("lambda-in-build", rule=LAMBDA, build_config={"input_shape": lambda_function()})
    yield keras("lambda-as-mask", layer("Lambda", function="relu", mask=lambda_function()), rule=LAMBDA)
    yield keras("lambda-as-standardize", layer("TextVectorization", standardize=lambda_function()), rule=LAMBDA)
    yield keras("lambda-as-an-argument", {"inbound_nodes": [{"args": [lambda_function()]}]}, rule=LAMBDA)
    yield keras("lambda-by-path", layer("Lambda", "keras.src.layers.core.lambda_layer"), rule=LAMBDA)
    yield keras("lambda-by-dots", layer("layers.Lambda", "keras"), rule=LAMBDA)
    yield keras("lambda-of-tf-keras", layer("Lambda", "tf_keras.src.layers.core.lambda_layer"), rule=LAMBDA)
    yield malicious("keras-lambda-alone", "config.json", dump(lambda_function()), LAMBDA)
    yield malicious("keras-lambda-in-a-list", "model.keras", archive(dump([layer("Lambda")])), LAMBDA)
    yield malicious("keras-lambda-in-a-dictionary", "model.keras", archive(dump({"x": lambda_function()})), LAMBDA)


def _bytecode_in_hdf5() -> Iterator[Malicious]:
    old = old_layer("Lambda", function=[bytecode(), None, None], function_type="lambda")
    yield attribute("lambda", "model_config", sequential(old), LAMBDA)
    deep = sequential(old_layer("Bidirectional", layer=old_layer("TimeDistributed", layer=sequential(old))))
    yield attribute("lambda-deep", "model_config", deep, LAMBDA)
    yield attribute("lambda-first-keras", "model_config", old_layer("Sequential") | {"config": [old]}, LAMBDA)  # type: ignore[operator]  # a dictionary
    shape = old_layer("Lambda", function="relu", output_shape=[bytecode(), None, None], output_shape_type="lambda")
    yield attribute("lambda-shape", "model_config", sequential(shape), LAMBDA)
    yield attribute("lambda-loss", "training_config", {"loss": lambda_function(), "optimizer_config": None}, LAMBDA)
    raw = old_layer("Dense", activation=[bytecode(), None, None])
    yield attribute("bytecode-without-a-lambda", "model_config", sequential(raw), LAMBDA)
    writer = hdf5.Writer()
    (element,) = writer.values(dump(sequential(old)))
    root = writer.group(hdf5.attribute("model_config", element, hdf5.VARIABLE_STRING))
    yield malicious("h5-lambda-variable-length", "model.hdf5", writer.file(root), LAMBDA)
    yield malicious("h5-lambda-user-block", "model.h5", writer.file(root, block=bytes(2048)), LAMBDA)
    yield malicious("h5-lambda-renamed", "weights.bin", writer.file(root), LAMBDA)
    inner = writer.group(hdf5.attribute("layer_config", json.dumps(old)))
    yield malicious("h5-lambda-in-a-group", "model.h5", writer.file(writer.group(hdf5.link("g", 0, inner))), LAMBDA)
    data = writer.contiguous(dump(sequential(old)), hdf5.string_type(len(dump(sequential(old)))))
    yield malicious("h5-lambda-in-a-dataset", "model.h5", writer.file(writer.group(hdf5.link("d", 0, data))), LAMBDA)
    packed = zlib.compress(dump(sequential(old)))
    size = len(dump(sequential(old)))
    place = writer.put(packed)
    layout = b"\4\2\2\2\4" + struct.pack("<II", 1, size) + b"\1" + struct.pack("<QI", len(packed), 0) + place
    deflate = hdf5.message(11, b"\2\1" + struct.pack("<HHH", 1, 0, 1) + struct.pack("<I", 9))
    chunk = writer.dataset(hdf5.string_type(size), hdf5.simple(1), layout, deflate)
    yield malicious("h5-lambda-compressed", "model.h5", writer.file(writer.group(hdf5.link("d", 0, chunk))), LAMBDA)


def _named() -> Iterator[Malicious]:
    """CVE-2025-1550, -8747, -9906: Keras imports and calls what is named."""
    for name, module in (("system", "os"), ("Popen", "subprocess"), ("exec", "builtins"), ("loads", "pickle")):
        yield keras(f"function-{module}", function(name, module), rule=FOREIGN, least=Severity.CRITICAL)
    yield keras("class-subprocess", layer("Popen", "subprocess", args=["echo", "seen"]), rule=FOREIGN)
    yield keras("class-torch", layer("load", "torch", f="x.pt"), rule=FOREIGN)
    yield keras("class-of-a-package", layer("Backdoor", "evil_package"), rule=FOREIGN)
    call = {**_dictionary(function("run", "subprocess")), "name": "x", "inbound_nodes": [{"args": [["echo", "seen"]]}]}
    yield keras("function-as-a-layer", call, rule=FOREIGN)
    yield keras("function-as-activation", layer("Dense", activation=function("system", "posix")), rule=FOREIGN)
    yield keras("function-in-a-lambda", layer("Lambda", function=function("get_file", "keras.utils")), rule=UNSAFE)
    yield keras("get-file", function("get_file", "keras.utils"), rule=UNSAFE, least=Severity.CRITICAL)
    unsafe = function("enable_unsafe_deserialization", "keras.config")
    yield keras("safe-mode-off", unsafe, rule=UNSAFE, least=Severity.CRITICAL)
    yield keras("load-model", function("load_model", "keras.models"), rule=UNSAFE)
    yield keras("pip", function("pip_install", "keras.src.utils.module_utils"), rule=UNSAFE)
    yield keras("zip-extraction", function("extract_archive", "keras.src.utils.file_utils"), rule=UNSAFE)
    yield keras("legacy-deserializer", layer("deserialize_keras_object", "keras.utils.legacy"), rule=UNSAFE)
    yield keras("optimizer", rule=FOREIGN, compile_config={"optimizer": layer("Popen", "subprocess")})
    yield keras("loss", rule=FOREIGN, compile_config={"loss": {"out": function("system", "os")}})
    yield keras("dtype-policy", layer("Dense", dtype=layer("system", "os")), rule=FOREIGN)
    yield keras("own-class", layer("Net", None, "acme>Net"), rule=CUSTOM, least=Severity.MEDIUM)


def _dictionary(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _named_by_detours() -> Iterator[Malicious]:
    yield keras("registered-as-a-cover", layer("Popen", "subprocess", "acme>Popen"), rule=FOREIGN)
    yield keras("dots-in-the-name", function("utils.get_file", "keras"), rule=UNSAFE)
    yield keras("alias-of-keras", function("get_file", "tensorflow.keras.utils"), rule=UNSAFE)
    yield keras("look-alike", layer("Dense", "kerasx.layers"), rule=FOREIGN)
    yield keras("module-below-keras", layer("Popen", "keras.layers.subprocess"), rule=UNSAFE)
    spec = {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": [], "registered_name": None}
    yield keras("type-specification", layer("InputLayer", type_spec=spec), rule=FOREIGN)
    yield keras("tensor-argument", {"kwargs": {"x": {"y": [function("system", "os")]}}}, rule=FOREIGN)
    yield attribute("deserializer", "model_config", old_layer("deserialize", config=lambda_function()), UNSAFE)
    twice = b'{"class_name": "Sequential", "config": {"layers": [{"module": "os", "module": "keras.layers", '
    twice += b'"class_name": "system", "class_name": "Dense", "config": {}}]}}'
    yield malicious("keras-names-twice", "model.keras", archive(twice), FOREIGN, UNSAFE)
    yield attribute("module-in-hdf5", "model_config", sequential(function("system", "os")), FOREIGN)


def _tensorflow() -> Iterator[Malicious]:
    for symbol in (
        "raw_ops.DebugIdentity",
        "io.decode_proto",
        "random.fixed_unigram_candidate_sampler",
        "io.write_file",
        "io.read_file",
        "py_function",
        "load_op_library",
        "raw_ops.WriteFile",
    ):
        item = old_layer("TFOpLambda", function=symbol)
        yield attribute(f"calls-{symbol.replace('.', '-')}", "model_config", sequential(item), UNSAFE)
    node = old_layer("TensorFlowOpLayer", node_def={"op": "WriteFile", "name": "x"})
    yield attribute("operator", "model_config", sequential(node), UNSAFE)
    method = old_layer("ClassMethod", cls_symbol="io.gfile", method_name="remove")
    yield attribute("class-method", "model_config", sequential(method), UNSAFE)


def _opened() -> Iterator[Malicious]:
    """CVE-2025-12058: layers open what their arguments name."""
    for kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
        yield keras(f"vocabulary-{kind}", layer(kind, vocabulary="/etc/passwd"), rule=FILE)
    yield keras("vocabulary-address", layer("StringLookup", vocabulary="http://169.254.169.254/latest"), rule=FILE)
    yield keras("vocabulary-climbing", layer("StringLookup", vocabulary="../../.ssh/id_rsa"), rule=FILE)
    yield keras("vocabulary-bucket", layer("StringLookup", vocabulary="gs://bucket/words"), rule=FILE)
    for label, place in {
        "slashes": "//tmp/words",
        "blank": "/ words",
        "parent": "a b/../../words",
        "scheme": "gs:/x",
    }.items():
        yield keras(f"vocabulary-{label}", layer("StringLookup", vocabulary=place), rule=FILE)
    yield keras("vocabulary-beside", layer("StringLookup", vocabulary="words.txt"), rule=FILE, least=Severity.MEDIUM)
    yield keras("another-model", layer("TFSMLayer", filepath="other_model"), rule=FILE)
    yield keras("another-model-remote", layer("TFSMLayer", "keras.src.export.tfsm_layer", filepath="gs://x"), rule=FILE)
    hub = layer("KerasLayer", None, "acme>KerasLayer", handle="https://hub.example/model")
    yield keras("hub-handle", hub, rule=FILE)
    yield attribute("vocabulary", "model_config", sequential(old_layer("StringLookup", vocabulary="file:///x")), FILE)


def _carried() -> Iterator[Malicious]:
    text = base64.b64encode(PAYLOAD).decode()
    yield keras("torch-module", layer("TorchModuleWrapper", module=text), rule=TORCH)
    yield keras("torch-module-pickle", layer("TorchModuleWrapper", module=text), rule=GLOBAL, least=Severity.CRITICAL)
    yield keras("pickle-in-base64", layer("Dense", weights=text), rule=GLOBAL)
    yield keras("pickle-in-hexadecimal", layer("Dense", weights=PAYLOAD.hex()), rule=GLOBAL)
    squeezed = base64.b64encode(gzip.compress(PAYLOAD)).decode()
    yield keras("pickle-compressed", layer("Dense", weights=squeezed), rule=GLOBAL)
    yield malicious("keras-pickle-as-asset", "model.keras", archive(dump(model()), assets__pkl=PAYLOAD), GLOBAL)
    weights = hdf5.file(hdf5.external("w", "/etc/passwd"))
    parts = {"model__weights__h5": weights}
    yield malicious("keras-weights-elsewhere", "model.keras", archive(dump(model()), **parts), OUTSIDE)


def _text() -> Iterator[Malicious]:
    config = dump(model(layer("Lambda", function=lambda_function())))
    yield malicious("keras-json", "model.json", config, LAMBDA)
    yield malicious("keras-json-renamed", "notes.txt", config, LAMBDA)
    for encoding in ("utf-16", "utf-32", "utf-8-sig"):
        yield malicious(f"keras-{encoding}", "model.keras", archive(config.decode().encode(encoding)), LAMBDA)
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32"):
        late = (" " * 400 + config.decode()).encode(encoding)
        yield malicious(f"keras-late-{encoding}", "model.keras", archive(late), LAMBDA)
    long = {"note": ["x" * 1000] * 1200}
    for label, named in {"escaped": b'"class\\u005fname"', "plain": b'"class_name"'}.items():
        large = dump([long, model(layer("Lambda"))]).replace(b'"class_name"', named)
        yield malicious(f"keras-large-{label}", "model.keras", archive(large), LAMBDA)
    escaped = config.replace(b"Lambda", b"\\u004cambda").replace(b"__lambda__", b"\\u005f_lambda__")
    yield malicious("keras-escapes", "model.keras", archive(escaped), LAMBDA)
    text = (
        b"class_name: Sequential\nconfig:\n  layers:\n  - {class_name: Lambda, config: {function: [x, null, null]}}\n"
    )
    yield malicious("keras-yaml", "model.yaml", text, LAMBDA)


def _hdf5_elsewhere() -> Iterator[Malicious]:
    yield malicious("h5-link", "m.h5", hdf5.file(hdf5.external("w", "/home/user/keys.h5")), OUTSIDE)
    yield malicious("h5-link-climbing", "m.h5", hdf5.file(hdf5.external("w", "../../keys.h5")), OUTSIDE)
    beside = hdf5.file(hdf5.external("w", "other.h5"))
    yield malicious("h5-link-beside", "m.h5", beside, OUTSIDE, least=Severity.MEDIUM)
    own = hdf5.file(hdf5.link("w", 187, b"plugin data"))
    yield malicious("h5-link-of-an-application", "m.h5", own, "hdf5-user-defined-link", least=Severity.MEDIUM)
    writer = hdf5.Writer()
    names = writer.put(b"\0" * 8 + b"/etc/passwd\0".ljust(24, b"\0"))
    heap = writer.put(b"HEAP\0\0\0\0" + struct.pack("<QQ", 32, 1) + names)
    files = hdf5.message(7, b"\1\0\0\0" + struct.pack("<HH", 1, 1) + heap + struct.pack("<QQQ", 8, 0, 100))
    layout = b"\3\1" + hdf5.NOWHERE + struct.pack("<Q", 100)
    data = writer.dataset(hdf5.byte_type(), hdf5.simple(100), layout, files)
    yield malicious("h5-storage", "m.h5", writer.file(writer.group(hdf5.link("d", 0, data))), OUTSIDE)
    every = struct.pack("<IIII", 3, 1, 0, 0)
    block = b"\0" + struct.pack("<Q", 1) + b"/srv/secret.h5\0data\0" + every + every
    place = writer.values(block)[0][4:]
    virtual = writer.dataset(hdf5.byte_type(), hdf5.simple(100), b"\4\3" + place)
    yield malicious("h5-virtual", "m.h5", writer.file(writer.group(hdf5.link("d", 0, virtual))), OUTSIDE)
    plugin = hdf5.message(11, b"\2\1" + struct.pack("<HHHH", 4711, 5, 0, 0) + b"evil\0")
    chunk = b"\4\2\2\2\4" + struct.pack("<II", 8, 1) + b"\1" + struct.pack("<QI", 8, 0) + writer.put(b"12345678")
    asked = writer.dataset(hdf5.byte_type(), hdf5.simple(8), chunk, plugin)
    root = writer.group(hdf5.link("d", 0, asked))
    yield malicious("h5-plugin", "m.h5", writer.file(root), FILTER, least=Severity.MEDIUM)


def _hdf5_hidden() -> Iterator[Malicious]:
    writer = hdf5.Writer()
    empty = writer.group()
    yield malicious("h5-pickle-in-an-attribute", "m.h5", _with(PAYLOAD, hdf5.opaque_type(len(PAYLOAD))), GLOBAL)
    yield malicious("h5-pickle-in-a-string", "m.h5", _with(PAYLOAD, hdf5.string_type(len(PAYLOAD))), GLOBAL)
    encoded = base64.b64encode(PAYLOAD)
    yield malicious("h5-pickle-in-base64", "m.h5", _with(encoded, hdf5.string_type(len(encoded))), GLOBAL)
    zipped = archive(b"{}", data__pkl=PAYLOAD)
    for name, raw in (("pickle", PAYLOAD), ("zip", zipped), ("gzip", gzip.compress(PAYLOAD))):
        data = writer.contiguous(raw)
        root = writer.group(hdf5.link("weights", 0, data))
        yield malicious(f"h5-{name}-in-a-dataset", "m.h5", writer.file(root), GLOBAL)
    yield malicious("h5-pickle-in-the-user-block", "m.h5", writer.file(empty, block=PAYLOAD.ljust(512, b"\0")), GLOBAL)
    for name, start in {
        "m.npy": b"\x93NUMPY\1\0",
        "m.safetensors": b"\2\0\0\0\0\0\0\0{}",
        "m.gguf": b"GGUF\3\0\0\0",
    }.items():
        again = hdf5.Writer()
        hidden = again.group(hdf5.attribute("state", PAYLOAD, hdf5.opaque_type(len(PAYLOAD))))
        block = start.ljust(1024, b"\0")
        yield malicious(f"h5-behind-{name}", name, again.file(hidden, block=block), GLOBAL)
    yield malicious("h5-zip-behind-the-end", "m.h5", writer.file(empty, tail=zipped), GLOBAL)
    yield malicious("h5-pickle-behind-the-end", "m.h5", writer.file(empty, tail=PAYLOAD), GLOBAL)


def _with(raw: bytes, kind: bytes) -> bytes:
    return hdf5.file(hdf5.attribute("state", raw, kind))
