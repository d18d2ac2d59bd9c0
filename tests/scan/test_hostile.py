"""Small files that ask for much work: what is done is counted, and what is left undone is a gap with its number."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Finding, Gap, Location, Observation, Subject
from chainguard_ml.scan import allowlist, examination
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob
from chainguard_ml.scan.protobuf import schema, wire
from chainguard_ml.scan.protobuf.wire import BYTES, Wire
from tests.corpus.containers import zipped
from tests.corpus.encode import encode, field
from tests.corpus.pickles import whole

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Format

NODE = field(1, encode("tensorflow", "NodeDef", {"name": "a", "op": "Add"}))
SYSTEM = b"cos\nsystem\n)R0"


def scanned(name: str, data: bytes) -> list[Observation]:
    return list(Session(allowlist.make_judge([])).nested(Blob(data, Subject(name), Location(name), name)))


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
