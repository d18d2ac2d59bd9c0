"""TorchScript's operators, torch.package, torch.export, distributed checkpoints, and the archives of model servers."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import torch_graph
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus.containers import HARMLESS, PAYLOAD, zipped
from tests.corpus.malicious_programs import exported, mar, method, node, package, script

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

SHARD = zipped({"archive/data.pkl": HARMLESS, "archive/version": b"3\n"})


@pytest.mark.parametrize("protocol", range(6))
def test_the_operators_of_bytecode_are_found_in_every_protocol(scan: Scan, protocol: int) -> None:
    code = pickle.dumps(("operators", (("aten::save", ""), ("evil::run", "out"), ("aten::add", "Tensor"))), protocol)
    told = scan("m.ptl", script(method("pass"), **{"bytecode.pkl": code}))
    assert {"torchscript-touches-files", "torch-custom-operator"} <= told.rules
    assert sum(item.rule == "torch-custom-operator" for item in told.findings) == 1


def test_operators_are_named_with_their_place(scan: Scan) -> None:
    source = method('torch.save(x, "/tmp/seen")\n    torch.save(x, "again")')
    found = [item for item in scan("m.pt", script(source)).findings if item.rule == "torchscript-touches-files"]
    assert len(found) == 1
    assert found[0].location.member == ("net/code/__torch__.py",)
    assert found[0].location.offset == source.index("torch.save")
    assert "aten::save" in found[0].message


def test_many_custom_operators_are_not_listed_one_by_one(scan: Scan) -> None:
    source = method("\n    ".join(f"y = ops.n{number}.run(x)" for number in range(200)))
    assert len(scan("m.pt", script(source)).findings) < 60


def test_compressed_sources_are_read(scan: Scan) -> None:
    members = {"n/data.pkl": HARMLESS, "n/version": b"3", "n/code/a.py": b"torch.from_file('x')"}
    assert "torchscript-touches-files" in scan("m.pt", zipped(members, 8)).rules


def test_names_of_the_package_are_code_and_others_are_judged(scan: Scan) -> None:
    own, other = b"\x80\x02chelper\nNet\n)\x81.", b"\x80\x02cother\nNet\n)\x81."
    sources = {"helper.py": b"", "sub/__init__.py": b""}
    assert scan("m.pt", package({"m/m.pkl": own, **sources})).rules == {"torch-package-carries-code"}
    assert "unknown-global" in scan("m.pt", package({"m/m.pkl": other, **sources})).rules
    assert "unknown-global" in scan("m.pt", package({"m/m.pkl": own, **sources}, "helper\n")).rules
    inside = b"\x80\x02csub\nNet\n)\x81."
    told = scan("m.pt", package({"m/m.pkl": inside, **sources}))
    assert told.rules == {"torch-package-carries-code"}
    assert told.findings[0].facts["extern_modules"] == ["torch"]
    assert told.format == "torch-package"


@pytest.mark.parametrize(
    "text", ["a.b", "f(x)", "x.__class__", "'a'", "[1]", "lambda: 0", "1 if x else 2;", "Max(x).y"]
)
def test_expressions_that_are_no_arithmetic_are_critical(scan: Scan, text: str) -> None:
    told = scan("m.pt2", exported([{"expr_str": text}, {"expr_str": text}]))
    found = [item for item in told.findings if item.rule == "torch-export-expression"]
    assert (len(found) == 1) == (text != "1 if x else 2;" or bool(found))
    assert found


@pytest.mark.parametrize("text", ["s0", "-1", "1.0e3", "2**s0", "Max(s0, 2)", "Mod(s0, 8)", "oo", "s0 & s1", "0.5*s0"])
def test_arithmetic_is_ordinary(scan: Scan, text: str) -> None:
    assert scan("m.pt2", exported({"expr_str": text})).clean


def test_graphs_that_cannot_be_read_are_gaps(scan: Scan) -> None:
    whole = {"m/archive_format": b"pt2", "m/models/model.json": b"{"}
    assert scan("m.pt2", zipped(whole)).reasons == {"malformed"}
    data = exported(node("torch.ops.aten.add.Tensor"))
    blob = Blob(data, Subject("m.pt2"), Location("m.pt2"), "m.pt2")
    told = list(Session(allowlist.make_judge([]), Budgets(header=10)).nested(blob))
    assert {item.reason.value for item in told if isinstance(item, Gap)} == {"budget"}


def test_shards_are_examined_archive_by_archive(scan: Scan) -> None:
    assert scan("a.distcp", SHARD * 3).clean
    assert scan("a.distcp", SHARD * 3).format == "torch-distributed"
    evil = zipped({"archive/data.pkl": PAYLOAD, "archive/version": b"3\n"})
    for data in (evil + SHARD + SHARD, SHARD + evil + SHARD, SHARD + SHARD + evil):
        assert scan("a.distcp", data).payload


@pytest.mark.parametrize("between", [b"x", bytes(4), PAYLOAD])
def test_other_archives_in_one_file_are_still_reported(scan: Scan, between: bytes) -> None:
    assert scan("a.distcp", SHARD + between + SHARD).findings
    assert scan("a.distcp", SHARD + zipped({"a": b"text"})).findings
    assert scan("a.distcp", b"x" * 40 + SHARD + SHARD).reasons == {"unsupported"}


def test_shards_are_bounded() -> None:
    blob = Blob(SHARD * 9, Subject("m"), Location("m"), "m")
    told = list(Session(allowlist.make_judge([]), Budgets(members=5)).nested(blob))
    assert [item.reason.value for item in told if isinstance(item, Gap)] == ["budget"]


def test_the_handler_is_named(scan: Scan) -> None:
    told = scan(
        "m.mar", mar({"model": {"handler": "my_handler.py:run"}}, {"my_handler.py": b"", "requirements.txt": b""})
    )
    assert told.rules == {"model-archive-carries-code"}
    facts = told.findings[0].facts
    assert (facts["handler"], facts["requirements"]) == ("my_handler.py:run", ["requirements.txt"])
    assert "my_handler.py:run" in told.findings[0].message


@pytest.mark.parametrize("manifest", [b"{", b"[]", b'{"model": 1}', b'{"model": {"handler": 1}}', b""])
def test_a_manifest_without_a_handler_is_ordinary(scan: Scan, manifest: bytes) -> None:
    told = scan("m.mar", zipped({"MAR-INF/MANIFEST.json": manifest, "m.pt": HARMLESS}))
    assert told.rules == set()
    assert told.format == "mar"


def test_structures_without_end_are_a_gap(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_graph, "_MOST", 3)
    assert scan("m.pt2", exported({"in_spec": json.dumps(["[1]"] * 2)})).clean
    assert scan("m.pt2", exported({"in_spec": json.dumps(["[1]"] * 3)})).reasons == {"budget"}


@pytest.mark.parametrize("depth", [100, 1500, 50_000])
def test_guards_of_any_depth_are_judged(scan: Scan, depth: int) -> None:
    told = scan("m.pt2", exported({"guards_code": ["L" + "[0]" * depth + ".size()[0] == 1"]}))
    assert not told.gaps
    assert told.rules <= {"torch-export-expression"}  # what Python's own parser does not take is refused
