"""TensorFlow models as TensorFlow writes them, built by hand: restoring, tables of assets, functions, control flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.encode import encode
from tests.corpus.frame import benign
from tests.corpus.malicious_tensorflow import assets, constant, frozen, function, graph, layer, meta, node, saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

SAVE = (
    node("StaticRegexFullMatch", "StaticRegexFullMatch", "file_prefix"),
    constant("Const", ".part"),
    constant("Const_1", "_temp/part"),
    node("Select", "Select", "StaticRegexFullMatch:output:0", "Const:output:0", "Const_1:output:0"),
    node("StringJoin", "StringJoin", "file_prefix", "Select:output:0"),
    node("ShardedFilename", "ShardedFilename", "StringJoin:output:0", "shard:output:0", "num_shards:output:0"),
    node("SaveV2", "SaveV2", "ShardedFilename:filename:0", "n:output:0", "s:output:0", "x"),
    node("prefixes", "Pack", "ShardedFilename:filename:0", "^SaveV2"),
    node("MergeV2Checkpoints", "MergeV2Checkpoints", "prefixes:output:0", "file_prefix"),
)


def samples() -> Iterator[Benign]:
    """Saved models of both versions, meta graphs of training, frozen graphs, Keras metadata."""
    saver = [
        constant("save/filename/input", "model"),
        node("save/filename", "PlaceholderWithDefault", "save/filename/input"),
        node("save/Const", "PlaceholderWithDefault", "save/filename"),
        constant("save/part", "_temp_0a1b/part"),
        node("save/join", "StringJoin", "save/Const", "save/part"),
        node("save/sharded", "ShardedFilename", "save/join", "i", "n"),
        node("save/SaveV2", "SaveV2", "save/sharded", "n", "s", "v"),
        node("save/Merge", "MergeV2Checkpoints", "x", "save/Const"),
        node("save/RestoreV2", "RestoreV2", "save/Const", "n", "s"),
    ]
    yield benign("tf-saver", "saved_model.pb", saved(meta(graph(node("v", "VarHandleOp"), *saver))))
    arguments = {"name": "save", "input_arg": [{"name": "file_prefix"}]}
    traced = {**function("save", *SAVE), "signature": arguments}
    call = node("c", "StatefulPartitionedCall", "saver_filename", f={"func": {"name": "save"}})
    model = saved(meta(graph(node("saver_filename", "Placeholder"), call, functions=(traced,))))
    yield benign("tf-saver-2", "saved_model.pb", model)
    asset = [{"tensor_info": {"name": "vocabulary:0"}, "filename": "vocabulary.txt"}]
    table = [
        constant("vocabulary", "/build/vocabulary.txt"),
        node("init", "InitializeTableFromTextFileV2", "h", "vocabulary"),
    ]
    first = {"key": "saved_model_main_op", "value": {"node_list": {"value": ["init"]}}}
    model = saved(meta(graph(*table, node("h", "HashTableV2")), asset_file_def=asset, collection_def=[first]))
    yield benign("tf-table-of-an-asset", "saved_model.pb", model)
    model = saved(meta(graph(*table, node("h", "HashTableV2")), collection_def=[first, assets("vocabulary.txt")]))
    yield benign("tf-table-of-an-asset-1", "saved_model.pb", model)
    body = function("f", node("i", "Identity", "x"), node("r", "MatMul", "i:output:0", "w"))
    calls = [node("c", "StatefulPartitionedCall", f={"func": {"name": "f"}}), node("o", "f", "x"),
             node("l", "While", cond={"func": {"name": "f"}}, body={"func": {"name": "f"}})]  # fmt: skip
    yield benign("tf-functions", "saved_model.pb", saved(meta(graph(*calls, functions=(body,)))))
    yield benign(
        "tf-prints", "saved_model.pb", saved(meta(graph(node("p", "PrintV2", output_stream={"s": b"stderr"}))))
    )
    text = [
        node("t", "FastWordpieceTokenizeWithOffsets"),
        node("a", "Addons>Resampler"),
        node("d", "SimpleMLInferenceOpWithHandle"),
    ]
    yield benign("tf-text-addons-forests", "saved_model.pb", saved(meta(graph(*text))))
    yield benign(
        "tf-debug-off", "saved_model.pb", saved(meta(graph(node("d", "DebugIdentity", "x", debug_urls={"list": {}}))))
    )
    yield benign(
        "tf-descriptors",
        "saved_model.pb",
        saved(meta(graph(node("d", "DecodeProtoV2", descriptor_source={"s": b"local://"})))),
    )
    yield benign(
        "tf-cache", "saved_model.pb", saved(meta(graph(constant("e", ""), node("d", "CacheDatasetV2", "x", "e"))))
    )
    yield benign("tf-frozen-graph", "frozen.pb", frozen(node("x", "Placeholder"), node("y", "Relu", "x")))
    training = [
        constant("save/Const", "model"),
        node("save", "SaveV2", "save/Const", "n", "s", "v"),
        node("g", "ApplyAdam"),
    ]
    yield benign("tf-training", "model.ckpt-1.meta", encode("tensorflow", "MetaGraphDef", meta(graph(*training))))
    yield benign(
        "tf-keras", "keras_metadata.pb", encode("tensorflow", "KerasSavedMetadata", {"nodes": [layer("Dense")]})
    )
    yield benign(
        "tf-fingerprint",
        "fingerprint.pb",
        encode("tensorflow", "FingerprintDef", {"saved_model_checksum": 1 << 63, "uuid": "123"}),
    )
