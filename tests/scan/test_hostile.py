"""Small files that ask for much work: what is done is counted, and what is left undone is a gap with its number."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import jsonsafe
from chainguard_ml.model import Finding, Gap, Location, Observation, Subject
from chainguard_ml.scan import allowlist, examination
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob, Budgets, Meter
from chainguard_ml.scan.pickle.machine import Machine
from chainguard_ml.scan.pickle.trace import Trace
from chainguard_ml.scan.pickle.walk import walk
from chainguard_ml.scan.protobuf import schema, wire
from chainguard_ml.scan.protobuf.wire import BYTES, Wire
from tests.corpus.containers import zipped
from tests.corpus.encode import encode, field
from tests.corpus.pickles import whole

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Format

NODE = field(1, encode("tensorflow", "NodeDef", {"name": "a", "op": "Add"}))
SYSTEM = b"cos\nsystem\n)R0"


def scanned(name: str, data: bytes, budgets: Budgets | None = None) -> list[Observation]:
    return list(Session(allowlist.make_judge([]), budgets).nested(Blob(data, Subject(name), Location(name), name)))


def gaps(told: list[Observation]) -> list[str]:
    return [item.detail for item in told if isinstance(item, Gap)]


@pytest.fixture
def recognised(monkeypatch: pytest.MonkeyPatch) -> list[Blob]:
    """Return what is examined as something of its own, while the real examination goes on."""
    seen: list[Blob] = []
    real = examination.recognise

    def counting(blob: Blob) -> Format | None:
        seen.append(blob)
        return real(blob)

    monkeypatch.setattr(examination, "recognise", counting)
    return seen


def test_fields_are_read_up_to_a_number_that_the_gap_says() -> None:
    data = NODE + b"\x0a\x00" * 200_000
    most = wire.FREE_FIELDS + len(data)
    told = scanned("graph.pb", data)
    assert f"more than {most:,} fields; the rest is unread" in gaps(told)
    assert not [item for item in told if isinstance(item, Finding)], "what is unread is not called trailing"


def test_what_follows_a_message_is_found_though_its_own_fields_spent_the_budget() -> None:
    library = field(2, b"\x0a\x00" * 400_000)
    told = scanned("m.graphdef", NODE + library + zipped({"x.pkl": whole(SYSTEM, b"N")}))
    assert any(isinstance(item, Finding) and item.rule == "dangerous-global" for item in told)
    assert any("fields; the rest is unread" in gap for gap in gaps(told))


def test_numbers_in_a_row_are_one_field() -> None:
    """As forests have them: values that are not packed."""
    numbers = (b"\x38\x96\x01" + b"\x3d" + bytes(4) + b"\x39" + bytes(8)) * 20_000
    data = field(1, b"a") + numbers + field(3, b"b") + numbers + b"\x88\x01\x07" + field(4, b"c")
    reader = Wire(data)
    texts = [item for item in reader.messages(0, len(data)) if item[1] == BYTES]
    assert [data[first:last] for _, _, first, last in texts] == [b"a", b"b", b"c"]
    assert Wire(data).left - reader.left < 10
    assert not reader.problems


@pytest.mark.parametrize("tail", [b"\x3d\0\0", b"\x39\0", b"\x38\x96", b"\x38" + b"\xff" * 11, b"\x0a\x05a", b"\x07"])
def test_numbers_that_are_cut_are_noted(tail: bytes) -> None:
    data = b"\x38\x01" * 10_000 + tail
    reader = Wire(data)
    list(reader.messages(0, len(data)))
    assert reader.problems


def test_messages_count_for_more_than_their_field() -> None:
    graph = schema.load("tensorflow")["GraphDef"]
    data = b"\x0a\x00" * 100
    reader = Wire(data)
    assert sum(1 for _ in schema.walk(reader, graph, len(data))) == 101
    assert Wire(data).left - reader.left == 400


@pytest.mark.parametrize(
    "literal",
    [whole(SYSTEM, b"N"), b"cos\nsystem\n(tR.", gzip.compress(b"x" * 9), b"PK\3\4aaaaaaa"],
    ids=["pickle", "old", "gzip", "zip"],
)
def test_literals_are_examined_up_to_a_number(literal: bytes, recognised: list[Blob]) -> None:
    data = whole(*(b"C" + bytes([len(literal)]) + literal + b"0" for _ in range(8000)), b"N", protocol=4)
    told = scanned("m.pkl", data)
    assert len(recognised) < (8000 + 2 * max(1 << 16, len(data)) // 80) // 4  # of 8,000
    assert [gap for gap in gaps(told) if "more files in files" in gap], "a gap that a caller drops is told in the end"


def test_members_of_archives_are_all_examined(recognised: list[Blob]) -> None:
    data = zipped({f"{number}": b"x" for number in range(3000)})
    assert not gaps(scanned("m.zip", data))
    assert len(recognised) == 3001


def test_a_budget_is_told_once_for_a_whole_file() -> None:
    inner = whole(*(b"C\x10" + b"\x80\x04cos\nsystem\n)R." + b"0" for _ in range(5000)), b"N", protocol=4)
    told = scanned("m.zip", zipped({"a.pkl": inner, "b.pkl": inner}))
    assert len([gap for gap in gaps(told) if "more files in files" in gap]) == 1


def test_a_format_is_asked_once_about_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = schema.Shape.matches

    def counting(shape: schema.Shape, data: bytes, *, named: bool) -> bool:
        asked.append(shape.root.name)
        return real(shape, data, named=named)

    monkeypatch.setattr(schema.Shape, "matches", counting)
    scanned("a.txt", b"x" * 40)
    assert len(asked) == len(set(asked))


def test_the_machine_runs_as_many_opcodes_as_there_are_left() -> None:
    data = b"\x80\2" + b"ca\nb\n0" * 50 + b"N."
    meter = Meter(40)
    trace = Trace()
    end, whole = Machine(data, trace, meter=meter).run(0)
    assert (end, whole) == (2 + 39 // 2 * 6 + 5, False)
    assert meter.left == 0
    assert trace.seen, "what ran before counts"
    assert not trace.problems, "the stream does not break; it is not read"


def test_opcodes_are_counted_across_streams_candidates_and_second_readings() -> None:
    data = b"\x80\2ca\nb\n\x94." * 100 + b"\xff" + b"\x80\2cc\nd\n." * 100
    free = Meter()
    walk(data, free)
    used = (1 << 62) - free.left
    assert used == 100 * 4 + 99 * 4 + 100 * 3, "each stream alone, all but one after the others, each candidate"
    for most in (10, 300, used - 1):
        meter = Meter(most)
        walk(data, meter)
        assert -4 <= meter.left <= 0


def test_opcodes_are_counted_across_the_members_of_an_archive() -> None:
    member = b"\x80\2" + b"ca\nb\n0" * 2000 + b"N."
    data = zipped({f"{number}.pkl": member + b"%d" % number for number in range(20)}, zipfile.ZIP_DEFLATED)
    most = 10_000 + len(data)
    told = scanned("m.zip", data, Budgets(opcodes=10_000))
    assert [gap for gap in gaps(told) if gap == f"more than {most:,} opcodes of pickles; the rest is unread"]
    assert any(isinstance(item, Finding) and item.rule == "unknown-global" for item in told)
    assert not gaps(scanned("m.zip", zipped({"a.pkl": member})))


def test_pointers_of_json_are_cut() -> None:
    """A long name above very many objects would cost its length for each of them."""
    value = json.loads(json.dumps({"k" * 100_000: [{}] * 1000}))
    found = [pointer for pointer, _ in jsonsafe.objects(value)]
    assert len(found) == 1001
    assert max(map(len, found)) == jsonsafe.LONGEST


def test_documents_of_very_many_objects_are_not_parsed() -> None:
    inside = b"{}," * 1_000_001
    told = scanned("config.json", b'{"auto_map": 1, "a": [' + inside + b"{}]}")
    assert gaps(told) == ["a configuration of 1,000,004 objects and lists is not parsed"]
    assert not scanned("a.json", b"[" + b"{}," * 200_000 + b"1]"), "data that nobody acts on are no gap"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.msgpack", b"\x81\xa1a\xdd" + struct.pack(">I", 400_000) + b"\xc0" * 400_000),
        ("m.msgpack", b"\x81\xa1a\xdd" + struct.pack(">I", 100_000) + b"\xd4\x05\0" * 100_000),
        ("m.ubj", b"{L" + struct.pack(">q", 7) + b"learner[" + b"T" * 400_000 + b"]}"),
    ],
    ids=["scalars", "extensions", "ubjson"],
)
def test_values_of_binary_documents_are_read_up_to_a_number(name: str, data: bytes) -> None:
    assert f"more than {200_000 + len(data) // 4:,} values; the rest is unread" in gaps(scanned(name, data))


def test_paths_are_followed_back_through_a_number_of_nodes() -> None:
    def node(name: str, op: str, source: str) -> bytes:
        return field(1, encode("tensorflow", "NodeDef", {"name": name, "op": op, "input": [source]}))

    chain = b"".join(node(f"n{at}", "Identity", f"n{at - 1}") for at in range(300))
    readers = [node(f"r{at}", "ReadFile", "n299") for at in range(600)]
    told = scanned("m.graphdef", chain + b"".join(readers))
    assert gaps(told) == ["more than 100,000 nodes behind inputs; the rest is not followed"]
    assert sum(isinstance(item, Finding) for item in told) == 600
    assert not gaps(scanned("m.graphdef", chain + b"".join(readers[:300])))


def test_nodes_in_very_many_functions_name_their_own() -> None:
    call = field(3, encode("tensorflow", "NodeDef", {"name": "a", "op": "PyFunc"}))
    functions = b"".join(field(1, field(1, field(1, b"f%d" % at)) + call) for at in range(500))
    told = scanned("m.graphdef", NODE + field(2, functions))
    assert [item.facts["function"] for item in told if isinstance(item, Finding)] == [f"f{at}" for at in range(500)]
