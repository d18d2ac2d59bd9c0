"""TensorFlow: what the corpus does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.formats import tensorflow_graph
from chainguard_ml.scan.formats.tensorflow_operators import ATTRIBUTES, EFFECTS
from chainguard_ml.scan.protobuf import operators
from chainguard_ml.scan.protobuf.wire import Wire
from tests.corpus import benign_tensorflow, malicious_tensorflow
from tests.corpus.encode import encode, field
from tests.corpus.malicious_tensorflow import constant, frozen, function, graph, meta, node, saved

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

EVERY = [sample for module in (benign_tensorflow, malicious_tensorflow) for sample in module.samples()]
REMOVED = {"NumpyFunction", "Rpc", "TryRpc", "XlaCustomCall"}  # of other releases; the names stay judged


def test_judged_operators_are_tensorflows() -> None:
    assert (EFFECTS.keys() | ATTRIBUTES.keys()) - operators.known("tensorflow") <= REMOVED | {"XlaCustomCallV2"}


def test_cut_models_are_gaps_at_every_byte(scan: Scan) -> None:
    data = saved(meta(graph(node("y", "MatMul", "a", "b"), functions=(function("f", node("i", "Identity")),))))
    for end in range(1, len(data)):
        assert scan("saved_model.pb", data[:end]).gaps


def test_a_path_and_where_it_leads_are_shown(scan: Scan) -> None:
    told = scan("m.pb", frozen(constant("p", "/etc/passwd"), node("r", "ReadFile", "p")))
    assert told.findings[0].facts["paths"] == ["/etc/passwd"]
    assert told.findings[0].message == "the operator 'ReadFile' in the graph reads a file: '/etc/passwd'"
    assert told.format == "graph-def"


def test_a_function_is_named(scan: Scan) -> None:
    inner = function("f", constant("p", "/etc/passwd"), node("r", "ReadFile", "p:output:0"))
    told = scan("saved_model.pb", saved(meta(graph(functions=(inner,)))))
    assert told.findings[0].facts["function"] == "f"
    assert told.findings[0].facts["at_load"] is False


def test_assets_are_read_without_a_finding(scan: Scan) -> None:
    asset = [{"tensor_info": {"name": "a:0"}, "filename": "a.txt"}]
    nodes = [constant("a", "/build/a.txt"), node("r", "ReadFile", "a")]
    assert scan("saved_model.pb", saved(meta(graph(*nodes), asset_file_def=asset))).clean
    assert scan("saved_model.pb", saved(meta(graph(*nodes)))).rules == {"graph-file-access"}


def test_training_reads_its_examples(scan: Scan) -> None:
    def said(*nodes: object) -> list[str]:
        told = scan("model.meta", encode("tensorflow", "MetaGraphDef", meta(graph(*nodes))))
        return [str(item.severity) for item in told.findings]

    assert said(constant("p", "/data/a.tfrecord"), node("d", "TFRecordDataset", "p", "c", "b")) == []
    assert said(node("r", "ReadFile", "p")) == []
    assert said(constant("p", "/etc/passwd"), node("r", "ReadFile", "p")) == ["high"]


@pytest.mark.parametrize("name", ["model", "/abs", "a/../../b"])
def test_checkpoints_are_written_where_the_caller_says(scan: Scan, name: str) -> None:
    told = scan("m.pb", frozen(constant("p", name), node("s", "SaveV2", "p")))
    assert bool(told.findings) == (name != "model")


def test_loops_of_nodes_end(scan: Scan) -> None:
    nodes = [node("a", "Identity", "b"), node("b", "Identity", "a"), node("r", "ReadFile", "a")]
    assert scan("m.pb", frozen(*nodes)).rules == {"graph-file-access"}
    calls = [function("f", node("c", "g")), function("g", node("c", "f"))]
    start = {"key": "legacy_init_op", "value": {"node_list": {"value": ["r"]}}}
    data = saved(meta(graph(*nodes, node("c", "f"), functions=tuple(calls)), collection_def=[start]))
    assert [str(item.severity) for item in scan("saved_model.pb", data).findings] == ["critical"]


def test_an_attribute_without_effect_is_ordinary(scan: Scan) -> None:
    for item in (
        node("d", "DebugNanCount", "x", debug_urls={"list": {"s": [b"memcbk:///x"]}}),
        node("d", "DebugIdentity", "x", debug_urls={"list": {"s": [b""]}}),
        node("d", "EncodeProto", "x", descriptor_source={"s": b"bytes://\x0a"}),
    ):
        assert scan("m.pb", frozen(item)).clean


def test_a_join_with_a_separator_is_followed() -> None:
    join = node("j", "StringJoin", "a", "b", "^c", separator={"s": b"/"})
    data = frozen(constant("a", "x"), constant("b", "y"), join, node("s", "SaveV2", "j"))
    found = tensorflow_graph.Graph(Wire(data), (0, len(data)))
    assert found.resolve(found.nodes()["s"], 0).texts == ("x/y", "x", "y")
    assert found.resolve(found.nodes()["s"], 3).texts == ()


def test_great_many_nodes_and_steps_are_bounded(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_graph, "_MOST", 2)
    monkeypatch.setattr(tensorflow_graph, "_STEPS", 1)
    chain = [constant("a", "/x"), node("b", "Identity", "a"), node("c", "Identity", "b"), node("s", "SaveV2", "c")]
    assert scan("m.pb", frozen(*chain)).rules == {"graph-file-access"}  # what is not looked up may lead anywhere


def test_other_messages_under_their_names_are_gaps(scan: Scan) -> None:
    for name in ("fingerprint.pb", "other.pb", "saved_model.pb", "keras_metadata.pb"):
        assert scan(name, field(9, b"abc")).reasons == {"unsupported"}
        assert scan(name, b"\xff\xff").reasons == {"unsupported"}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(EVERY), st.data())
def test_changed_models_only_give_findings_and_gaps(scan: Scan, sample: object, data: st.DataObject) -> None:
    name, original = next(iter(sample.files.items()))  # type: ignore[attr-defined]  # both kinds of samples have files
    place = data.draw(st.integers(0, len(original) - 1))
    changed = original[:place] + data.draw(st.binary(max_size=4)) + original[place + data.draw(st.integers(0, 4)) :]
    if changed:
        scan(name, changed)


def test_a_great_many_attributes_are_a_gap(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_graph, "_ATTRIBUTES", 1)
    told = scan("m.pb", frozen(node("a", "NoOp", x={"i": 1}, y={"s": b"text"})))
    assert "budget" in told.reasons


def test_entries_in_any_order_are_read() -> None:
    value = field(2, b"/x")
    for entry in (
        field(2, value) + field(1, b"k"),
        field(1, b"k") + field(2, value) + field(2, value),
        field(1, b"k" * 300),
    ):
        data = field(5, entry)
        found = tensorflow_graph.read_node(Wire(data), 0, len(data)).attributes
        assert len(found) == entry.count(value)


def test_graphs_of_a_great_many_nodes_are_recognised(scan: Scan) -> None:
    many = [node(f"n{number}", "Relu", "x") for number in range(5000)]
    told = scan("m.pb", frozen(*many, node("r", "ReadFile", "p")))
    assert told.format == "graph-def"
    assert told.rules == {"graph-file-access"}
    assert scan("m.pb", b"\x08\x01" * 5000 + frozen(*many)).reasons == {"unsupported"}
