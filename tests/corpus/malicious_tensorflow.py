"""TensorFlow: operators that reach files, addresses, Python and the process, in every place that a graph can have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chainguard_ml.model import Severity
from tests.corpus.encode import encode, field
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
FILES, NETWORK, PYTHON = "graph-file-access", "graph-network-access", "graph-calls-python"

READERS = {  # and what their inputs are: p is the path
    "TextLineDataset": "p x x",
    "TFRecordDataset": "p x",
    "CSVDatasetV2": "p x",
    "LMDBDataset": "p",
    "FixedLengthRecordDatasetV2": "p x",
    "CreateSummaryFileWriter": "x p",
    "CacheDatasetV2": "x p",
    "SaveDatasetV2": "x p",
    "LoadDataset": "p",
    "SnapshotDatasetV2": "x p",
    "SqlDataset": "d p q",
    "DatasetToTFRecord": "x p",
    "MatchingFilesDataset": "p",
    "DistributedSave": "x p a",
}


def node(name: str, operator: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    entries = [{"key": key, "value": value} for key, value in attributes.items()]
    return {"name": name, "op": operator, "input": list(inputs), "attr": entries}


def constant(name: str, *texts: bytes | str) -> dict[str, Any]:
    raw = [text if isinstance(text, bytes) else text.encode() for text in texts]
    return node(name, "Const", dtype={"type": 7}, value={"tensor": {"dtype": 7, "string_val": raw}})


def function(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    return {"signature": {"name": name}, "node_def": list(nodes)}


def graph(*nodes: Any, functions: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"node": list(nodes), "library": {"function": list(functions)}, "versions": {"producer": 1882}}


def meta(inner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    info = {"tags": ["serve"], "tensorflow_version": "2.21.0"}
    return {"meta_info_def": info, "graph_def": inner or graph(node("x", "Placeholder")), **more}


def saved(*metas: dict[str, Any]) -> bytes:
    return encode("tensorflow", "SavedModel", {"saved_model_schema_version": 1, "meta_graphs": list(metas)})


def frozen(*nodes: Any, functions: tuple[Any, ...] = ()) -> bytes:
    return encode("tensorflow", "GraphDef", graph(*nodes, functions=functions))


def _sample(name: str, *nodes: Any, rule: str = FILES, least: Severity = Severity.HIGH) -> Malicious:
    return malicious(f"tf-{name}", "saved_model.pb", saved(meta(graph(*nodes))), rule, least=least)


def _files() -> Iterator[Malicious]:
    secret, target = constant("p", "/etc/passwd"), constant("p", "/home/user/.bashrc")
    text = constant("t", "echo seen")
    yield _sample("read-file", secret, node("r", "ReadFile", "p"))
    yield _sample("read-file-fed", node("p", "Placeholder"), node("r", "ReadFile", "p"))
    yield _sample("write-file", target, text, node("w", "WriteFile", "p", "t"))
    yield _sample("matching-files", secret, node("m", "MatchingFiles", "p"))
    yield _sample("save-outside", target, node("s", "SaveV2", "p", "n", "s", "x"))
    yield _sample("save-old-outside", target, node("s", "Save", "p", "n", "x"))
    yield _sample("merge-outside", target, node("s", "MergeV2Checkpoints", "x", "p"))
    yield _sample("save-climbs", constant("p", "../../x"), node("s", "SaveV2", "p", "n", "s", "x"))
    yield _sample("save-address", constant("p", "gs://bucket/x"), node("s", "SaveV2", "p", "n", "s", "x"))
    joined = [constant("a", "/ho"), constant("b", "me/user/x"), node("p", "StringJoin", "a", "b")]
    yield _sample("save-joined", *joined, node("s", "SaveV2", "p", "n", "s", "x"))
    coded = [constant("b", "L2V0Yy94"), node("p", "DecodeBase64", "b")]
    yield _sample("save-computed", *coded, node("s", "SaveV2", "p", "n", "s", "x"))
    through = [secret, node("q", "PlaceholderWithDefault", "p"), node("i", "Identity", "q:0")]
    yield _sample("save-through", *through, node("s", "SaveV2", "i", "n", "s", "x"))
    for operator, inputs in READERS.items():
        yield _sample(operator.lower(), secret, node("d", operator, *inputs.split()))
    yield _sample("table-of-a-file", secret, node("i", "InitializeTableFromTextFileV2", "h", "p"))
    for operator in ("DecodeBase64", "RegexReplace"):
        made = [
            constant("b", "L2V0Yy94"),
            node("p", operator, "b"),
            node("i", "InitializeTableFromTextFileV2", "h", "p"),
        ]
        yield _sample(f"table-{operator}", *made)
    many = [constant(f"c{index}", "") for index in range(70)] + [secret]
    joined = node("j", "StringJoin", *(f"c{index}" for index in range(70)), "p")
    yield _sample("table-of-many-parts", *many, joined, node("i", "InitializeTableFromTextFileV2", "h", "j"))
    late = constant("p", *["beside"] * 500, "/etc/passwd")
    yield _sample("table-late", late, node("i", "InitializeTableFromTextFileV2", "h", "p"))
    for operator in ("RestoreV2", "Restore", "RestoreSlice"):
        yield _sample(operator.lower(), secret, node("r", operator, "p", "n", "s"))
    yield _sample("vocabularies", secret, node("r", "GenerateVocabRemapping", "p", "p"), least=Severity.MEDIUM)
    drawn = node("u", "FixedUnigramCandidateSampler", "x", vocab_file={"s": b"/etc/passwd"})
    yield _sample("vocabulary-of-a-sampler", drawn)
    run = [constant("b", "L2V0Yy94"), node("p", "DecodeBase64", "b"), node("d", "DatasetFromGraph", "p")]
    yield _sample("graph-computed", *run, rule="graph-harmful-operator")
    asset = [constant("a", "x"), *coded[:1], node("e", "DecodeBase64", "b"), node("p", "StringJoin", "a", "e")]
    whole = meta(graph(*asset, text, node("w", "WriteFile", "p", "t")))
    whole["asset_file_def"] = [{"tensor_info": {"name": "a:0"}, "filename": "x"}]
    yield malicious("tf-beside-an-asset", "saved_model.pb", saved(whole), FILES)
    yield _sample("print-to-file", node("w", "PrintV2", "x", output_stream={"s": b"file:///tmp/x"}))
    yield _sample("debug-to-file", node("w", "DebugIdentity", "x", debug_urls={"list": {"s": [b"file:///tmp/x"]}}))
    descriptor = {"descriptor_source": {"s": b"/etc/passwd"}}
    yield _sample("descriptor-of-a-file", node("w", "DecodeProtoV2", "x", **descriptor), least=Severity.MEDIUM)
    yield _sample("whole-file-reader", node("r", "WholeFileReaderV2"), least=Severity.MEDIUM)
    yield _sample("file-system", secret, node("f", "FileSystemSetConfiguration", "p", "k", "v"))


def _places() -> Iterator[Malicious]:
    read = node("r", "ReadFile", "p")
    inside = function("f", constant("p", "/etc/passwd"), node("i", "Identity", "p:output:0"), read)
    call = node("c", "StatefulPartitionedCall", "x", f={"func": {"name": "f"}})
    yield malicious("tf-in-function", "saved_model.pb", saved(meta(graph(call, functions=(inside,)))), FILES)
    writer = {
        **function("f", node("s", "SaveV2", "where", "n", "s", "x")),
        "signature": {"name": "f", "input_arg": [{"name": "x"}, {"name": "where"}]},
    }
    given = node("c", "StatefulPartitionedCall", "x", "p", f={"func": {"name": "f"}})
    data = saved(meta(graph(constant("p", "/etc/x"), given, functions=(writer,))))
    yield malicious("tf-save-through-argument", "saved_model.pb", data, FILES)
    branch = node("c", "If", "x", "x", "p", then_branch={"func": {"name": "f"}}, else_branch={"func": {"name": "f"}})
    data = saved(meta(graph(constant("p", "/etc/x"), branch, functions=(writer,))))
    yield malicious("tf-save-through-branch", "saved_model.pb", data, FILES)
    yield malicious("tf-in-unused-function", "saved_model.pb", saved(meta(graph(functions=(inside,)))), FILES)
    yield malicious("tf-second-meta-graph", "saved_model.pb", saved(meta(), meta(graph(read))), FILES)
    twice = [graph(node("x", "Placeholder")), graph(constant("p", "/etc/passwd"), read)]
    yield malicious("tf-graph-twice", "saved_model.pb", saved(meta(graph_def=twice)), FILES)
    libraries = {"node": [call], "library": [{"function": []}, {"function": [inside]}]}
    yield malicious("tf-library-twice", "saved_model.pb", saved(meta(libraries)), FILES)
    double = encode("tensorflow", "NodeDef", node("r", "Identity", "p")) + field(2, b"ReadFile")
    yield malicious("tf-operator-twice", "saved_model.pb", saved(meta(graph(double))), FILES)
    tenth = b"".join(field(2, b"NoOp") for _ in range(12)) + encode("tensorflow", "NodeDef", node("r", "ReadFile", "p"))
    yield malicious("tf-operator-often", "saved_model.pb", saved(meta(graph(tenth))), FILES)
    yield malicious("tf-frozen", "frozen.pb", frozen(constant("p", "/etc/passwd"), read), FILES)
    yield malicious("tf-frozen-without-name", "weights.bin", frozen(constant("p", "/etc/passwd"), read), FILES)
    yield malicious("tf-frozen-unknown-fields", "frozen.pb", field(900, b"x") * 9 + frozen(read), FILES)
    text = constant("t", "echo seen")
    checkpoint = encode("tensorflow", "MetaGraphDef", meta(graph(text, node("w", "WriteFile", "t", "t"))))
    yield malicious("tf-meta", "model.ckpt-1.meta", checkpoint, FILES)
    held = constant("g", frozen(constant("p", "/etc/passwd"), read, node("padding", "NoOp")))
    yield malicious(
        "tf-graph-in-constant", "saved_model.pb", saved(meta(graph(held, node("d", "DatasetFromGraph", "g")))), FILES
    )
    attribute = node("e", "NoOp", segment={"s": frozen(constant("p", "/etc/passwd"), read)})
    yield malicious("tf-graph-in-attribute", "saved_model.pb", saved(meta(graph(attribute))), FILES)
    both = encode("tensorflow", "GraphDef", {"node": [constant("p", "/etc/passwd"), read]}) + saved(meta())
    yield malicious("tf-two-messages-in-one", "model.pb", both, FILES)


def _at_load() -> Iterator[Malicious]:
    write = [constant("p", "/home/user/.bashrc"), constant("t", "echo seen"), node("w", "WriteFile", "p", "t")]
    start = node("init", "NoOp", "^w")
    for name in ("saved_model_main_op", "legacy_init_op"):
        entry = {"key": name, "value": {"node_list": {"value": ["init"]}}}
        data = saved(meta(graph(*write, start), collection_def=[entry]))
        yield malicious(f"tf-load-{name}", "saved_model.pb", data, FILES, least=Severity.CRITICAL)
    outputs = [{"key": "__saved_model_init_op", "value": {"name": "init"}}]
    signature = {"key": "__saved_model_init_op", "value": {"outputs": outputs}}
    data = saved(meta(graph(*write, start), signature_def=[signature]))
    yield malicious("tf-load-signature", "saved_model.pb", data, FILES, least=Severity.CRITICAL)
    call = node("init", "StatefulPartitionedCall", f={"func": {"name": "outer"}})
    outer = function("outer", node("c", "PartitionedCall", f={"func": {"name": "inner"}}))
    nested = graph(call, functions=(outer, function("inner", *write)))
    data = saved(meta(nested, signature_def=[signature]))
    yield malicious("tf-load-in-functions", "saved_model.pb", data, FILES, least=Severity.CRITICAL)
    branches = node("init", "If", "x", then_branch={"func": {"name": "inner"}}, else_branch={"func": {"name": "inner"}})
    data = saved(meta(graph(branches, functions=(function("inner", *write),)), signature_def=[signature]))
    yield malicious("tf-load-in-branch", "saved_model.pb", data, FILES, least=Severity.CRITICAL)
    objects = {
        "nodes": [
            {
                "children": [{"node_id": 1, "local_name": "table"}],
                "user_object": {"identifier": "_generic_user_object"},
            },
            {"children": [{"node_id": 2, "local_name": "_initialize"}], "resource": {}},
            {"function": {"concrete_functions": ["inner"]}},
        ]
    }
    data = saved(meta(graph(functions=(function("inner", *write),)), object_graph_def=objects))
    yield malicious("tf-load-of-object", "saved_model.pb", data, FILES, least=Severity.CRITICAL)


def _others() -> Iterator[Malicious]:
    for operator in ("PyFunc", "PyFuncStateless", "EagerPyFunc"):
        yield _sample(operator.lower(), node("f", operator, "x", token={"s": b"pyfunc_0"}), rule=PYTHON)
    urls = {"debug_urls": {"list": {"s": [b"grpc://host.example:6064"]}}}
    for operator in ("DebugIdentity", "DebugIdentityV3", "DebugNumericSummaryV2"):
        yield _sample(operator.lower(), node("d", operator, "x", **urls), rule=NETWORK)
    address = constant("a", "grpc://host.example:1")
    yield _sample("data-service", address, node("d", "DataServiceDatasetV4", "i", "m", "a"), rule=NETWORK)
    yield _sample("rpc", address, node("d", "RpcClient", "a"), rule=NETWORK)
    yield _sample("abort", node("d", "Abort"), rule="graph-harmful-operator")
    yield _sample("custom-operator", node("d", "RunCommand"), rule="custom-operator", least=Severity.MEDIUM)
    yield _sample("custom-namespace", node("d", "Evil>Run"), rule="custom-operator", least=Severity.MEDIUM)
    yield _sample("custom-call", node("d", "XlaCustomCallV2", "x"), rule="custom-operator", least=Severity.MEDIUM)
    for name in ("../../../etc/passwd", "/etc/passwd", "..\\x"):
        asset = {"tensor_info": {"name": "a:0"}, "filename": name}
        data = saved(meta(asset_file_def=[asset]))
        yield malicious(f"tf-asset-{name}", "saved_model.pb", data, "external-data-escapes")
    data = saved(meta(collection_def=[assets("../../x")]))
    yield malicious("tf-asset-in-collection", "saved_model.pb", data, "external-data-escapes")
    yield _sample("pickle-in-constant", constant("c", PAYLOAD), rule="dangerous-global")
    raw = node("c", "Const", value={"tensor": {"dtype": 4, "tensor_content": PAYLOAD}})
    yield _sample("pickle-in-content", raw, rule="dangerous-global")
    yield _sample("pickle-in-attribute", node("c", "NoOp", note={"s": PAYLOAD}), rule="dangerous-global")
    yield malicious("tf-pickle-behind", "saved_model.pb", saved(meta()) + PAYLOAD, "dangerous-global")
    held = [{"key": "x", "value": {"bytes_list": {"value": [PAYLOAD]}}}]
    yield malicious("tf-pickle-in-collection", "saved_model.pb", saved(meta(collection_def=held)), "dangerous-global")


def assets(name: str) -> dict[str, Any]:
    """The collection that release 1 lists assets in."""
    asset = encode("tensorflow", "AssetFileDef", {"tensor_info": {"name": "vocabulary:0"}, "filename": name})
    wrapped = {"type_url": "type.googleapis.com/tensorflow.AssetFileDef", "value": asset}
    return {"key": "saved_model_assets", "value": {"any_list": {"value": [wrapped]}}}


def layer(name: str, **more: Any) -> dict[str, Any]:
    text = json.dumps({"name": "layer", "class_name": name, "config": {"name": "layer"}, **more})
    return {"node_id": 1, "node_path": "root", "identifier": "_tf_keras_layer", "metadata": text}


def _keras() -> Iterator[Malicious]:
    data = encode("tensorflow", "KerasSavedMetadata", {"nodes": [layer("Dense"), layer("Lambda")]})
    yield malicious("tf-keras-lambda", "keras_metadata.pb", data, "keras-lambda-layer")
    deep = layer("Functional", config={"layers": [{"class_name": "Lambda", "config": {}}]})
    data = encode("tensorflow", "KerasSavedMetadata", {"nodes": [deep]})
    yield malicious("tf-keras-lambda-deep", "keras_metadata.pb", data, "keras-lambda-layer")
    user = {"identifier": "_tf_keras_layer", "metadata": layer("Lambda")["metadata"]}
    data = saved(meta(object_graph_def={"nodes": [{"user_object": user}]}))
    yield malicious("tf-keras-lambda-in-saved-model", "saved_model.pb", data, "keras-lambda-layer")


def samples() -> Iterator[Malicious]:
    """Every technique."""
    for part in (_files, _places, _at_load, _others, _keras):
        yield from part()
