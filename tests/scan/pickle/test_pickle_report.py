"""What is said about a stream: severities, places, hints, evidence, breaks, limits, streams behind the end."""

from __future__ import annotations

import io
import json
import pickle
import struct
from typing import TYPE_CHECKING, cast

import pytest

from chainguard_ml.model import Confidence, Evidence, GapReason, Location, Severity, Subject
from chainguard_ml.rules import catalogue
from chainguard_ml.rules.pickle import RULES
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.interface import Blob, Budgets
from chainguard_ml.scan.pickle import trace, walk

if TYPE_CHECKING:
    from chainguard_ml.model import Json
    from tests.scan.pickle.conftest import Assembler, Look


def test_the_rules_are_in_the_catalogue() -> None:
    known = {rule.id for rule in catalogue()}
    for rule in RULES:
        assert rule.id in known
        assert {"CWE-502", "AML.T0011.000", "ML06:2023"} <= {reference.id for reference in rule.references}
        assert rule.family == "scan"
        assert rule.why
        assert rule.remediation


def test_a_dangerous_call(look: Look, asm: Assembler) -> None:
    (finding,) = look(asm.run()).findings
    assert finding.severity is Severity.CRITICAL
    assert finding.confidence is Confidence.HIGH
    assert finding.message.startswith("it calls os.system: ")
    assert finding.location.offset == 2
    assert finding.facts["uses"] == ["called", "referenced"]
    assert len(look(asm.run()[:-1] + b"0" + asm.run()[2:]).findings) == 1


@pytest.mark.parametrize(
    ("code", "severity", "verb"),
    [(b"", Severity.MEDIUM, "refers to"), (b")R", Severity.HIGH, "calls"), (b")\x81", Severity.HIGH, "constructs"),
     (b")\x81}b", Severity.HIGH, "constructs")],
)  # fmt: skip
def test_an_unknown_name(look: Look, code: bytes, severity: Severity, verb: str) -> None:
    finding = look(b"\x80\x02cmine.models\nNet\n" + code + b".").of("unknown-global")
    assert finding.severity is severity
    assert finding.message == f"it {verb} mine.models.Net"
    assert 'name = "mine.models.Net"' in finding.hint
    assert json.dumps(finding.facts["uses"]) in finding.hint


def test_names_are_printable(look: Look) -> None:
    finding = look("\x80".encode("latin-1") + b"\x02cevil\x1b[31m\nru\xe2\x80\xaen\n)R.").of("unknown-global")
    assert "\x1b" not in finding.message + finding.hint
    assert "\u202e" not in finding.message + finding.hint
    assert finding.facts["module"] == "evil\x1b[31m"


def test_fingerprints_do_not_depend_on_places(look: Look, asm: Assembler) -> None:
    one = look(asm.run()).findings[0]
    other = look(asm.proto(4) + b"N0" + asm.stack_global("os", "system") + b"(tR.").findings[0]
    assert one.fingerprint == other.fingerprint


def test_the_evidence_lists_every_name(look: Look, asm: Assembler) -> None:
    data = (
        asm.proto(4)
        + asm.stack_global("collections", "OrderedDict")
        + b"0"
        + asm.stack_global("builtins", "int")
        + b"."
    )
    (evidence,) = look(data + asm.proto(2) + b"N.").evidence
    assert evidence.kind == "pickle"
    assert evidence.statement == {"protocol": 4, "streams": 2, "globals": ["builtins.int", "collections.OrderedDict"]}


def test_many_names_are_counted(look: Look) -> None:
    data = b"\x80\x02" + b"".join(b"cmine\nname%d\n0" % number for number in range(1500)) + b"N."
    (evidence,) = look(data).evidence
    assert len(evidence.statement["globals"]) == 1000  # type: ignore[arg-type]  # a list
    assert evidence.statement["count"] == 1500


@pytest.mark.parametrize("data", [b"\x80\x04]\x94(K\x01", b"\x80\x02X\xff\0\0\0abc", b"\x80\x02N", b"\x80\x02h\x07.",
                                  b"\x80\x020.", b"\x80\x02\xff", b"\x80\x02\x80\x09.", b"\x80\x02J\1",
                                  b"\x80\x04\x95\x07\0\0\0\0\0\0\0X\xff\0\0\0ab"])  # fmt: skip
def test_a_broken_stream_that_names_nothing_is_medium_and_a_gap(look: Look, data: bytes) -> None:
    seen = look(data)
    assert seen.of("malformed-pickle").severity is Severity.MEDIUM
    assert [gap.reason for gap in seen.gaps] == [GapReason.MALFORMED]


def test_a_stream_that_breaks_behind_a_harmless_name_is_high(look: Look) -> None:
    seen = look(b"\x80\x02ccollections\nOrderedDict\n)R")
    assert seen.rules == {"malformed-pickle"}
    assert seen.worst is Severity.HIGH
    assert not seen.gaps


FRAMES = {
    "operand crosses the end": b"\x80\x04\x95\x04" + bytes(7) + b"\x8c\x05alpha.",
    "line crosses the end": b"\x80\x04\x95\x05" + bytes(7) + b"V\\u00alpha\n.",
    "frame in a frame": b"\x80\x04\x95\x0f" + bytes(7) + b"\x95\x02" + bytes(7) + b"N0N0N.",
    "frame reaches behind the end": b"\x80\x04\x95\x05" + bytes(7) + b"N.N0N.",
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("size", [0, 70_000])
def test_frames_at_which_unpicklers_differ_are_high(look: Look, name: str, size: int) -> None:
    data = FRAMES[name][:2] + b"B" + struct.pack("<I", size) + bytes(size) + b"0" + FRAMES[name][2:]
    assert look(data).of("malformed-pickle").severity is Severity.HIGH


def test_a_pickle_behind_the_end_is_hidden(look: Look, asm: Assembler) -> None:
    harmless = b"\x80\x02ccollections\nOrderedDict\n)R."
    seen = look(b"\x80\x02N." + b"\xff some bytes \xff" + harmless)
    assert {"hidden-pickle", "trailing-data"} <= seen.rules
    assert look(b"\x80\x02N.\0\0\0" + harmless).clean
    assert look(b"\x80\x02N." + b"\xff some bytes").rules == {"trailing-data"}
    assert look(b"\x80\x02N.\n\n").clean


def test_places_behind_the_end_are_tried_within_a_budget(look: Look) -> None:
    seen = look(b"\x80\x02N.\xff" + b"\x80\x02B\x00\xff\0\0" * 30_000)
    assert any("places" in gap.detail for gap in seen.gaps)
    many = look(b"\x80\x02N.\xff" + b"\x80\x02\xff" * 110_000)
    assert any("places" in gap.detail for gap in many.gaps)


def test_streams_one_after_the_other_are_limited(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_STREAMS", 10)
    assert [gap.reason for gap in look(b"\x80\x02N." * 12).gaps] == [GapReason.BUDGET]
    assert look(b"\x80\x02N." * 10).clean


def test_limits_are_gaps(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MOST_GLOBALS", 3)
    monkeypatch.setattr(trace, "MOST_NOTES", 2)
    monkeypatch.setattr(trace, "MOST_NESTED", 1)
    names = b"".join(b"cmine\nname%d\n}b0" % number for number in range(9))
    literal = b"C\x12cos\nsystem\n(X\0tR..0"
    seen = look(b"\x80\x02" + names + literal * 3 + b"N.")
    assert {gap.reason for gap in seen.gaps} == {GapReason.BUDGET}
    assert len(seen.gaps) == 3
    lying = b"\x95\x02\0\0\0\0\0\0\0\x8c\x05alpha0"
    assert len(look(b"\x80\x04" + lying * 9 + b"N.").findings) == 2


def test_nesting_is_bounded(look: Look, asm: Assembler) -> None:
    data = asm.run()
    for _ in range(6):
        data = asm.proto(4) + asm.bytes(data) + b"."
    assert "dangerous-global" in look(data).rules
    deeper = look(
        asm.proto(4) + b"ctorch.storage\n_load_from_bytes\n" + asm.bytes(data) + b"\x85R.", budgets=Budgets(depth=0)
    )
    assert GapReason.BUDGET in {gap.reason for gap in deeper.gaps}


def test_a_nested_finding_says_where(look: Look, asm: Assembler) -> None:
    (finding,) = look(asm.proto(4) + asm.bytes(asm.run()) + b".").findings
    assert finding.location.member == ("(bytes@0x4)",)


def test_nested_data_is_data(look: Look) -> None:
    inner = pickle.dumps({"a": [1, 2, 3], "b": "text"}, 2)
    outer = pickle.dumps(
        [
            inner,
            inner.decode("latin-1"),
            "gAJ9cQAu" * 4,
            "Y2" + "A" * 19,
            "gAJ" + "x" * 14,
            "80026" * 9,
            "\x80\x04\u20ac" + "c" * 20,
            b"x\x9c" + bytes(30),
            b"\x1f\x8b\x08" + bytes(30),
        ]
    )
    assert look(outer).clean


def test_torchscript_names_are_one_finding(look: Look) -> None:
    data = b"\x80\x02c__torch__.a\nA\n)\x81c__torch__.b.c\nB\n)\x81\x86."
    (finding,) = look(data).findings
    assert finding.rule == "pickle-carries-code"
    assert finding.facts["classes"] == 2


def test_no_number_of_values_costs_more_than_its_bytes(look: Look) -> None:
    bombs = (
        b"\x80\x02)" + b"2\x86" * 20_000 + b".", b"\x80\x02K\x01" + b"\x85" * 50_000 + b".",
        b"\x80\x02" + b"(" * 50_000 + b"N.", b"\x80\x02N" + b"2" * 50_000 + b".",
        b"\x80\x02K\x01" + b"2\x862\x86" * 20_000 + b"Q.",
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\nq\0N" + b"h\0N\x87" * 20_000 + b"R.",
    )  # fmt: skip
    for bomb in bombs:
        assert look(bomb).evidence


def test_a_listing_says_how_every_global_is_judged(asm: Assembler) -> None:
    data = asm.call(asm.glob("collections", "OrderedDict")) + asm.run()
    session = Session(allowlist.make_judge([]), listing=True)
    told = list(session.nested(Blob(data, Subject("x.pkl"), Location("x.pkl"), "x.pkl")))
    (evidence,) = [item for item in told if isinstance(item, Evidence) and item.kind == "pickle"]
    listing = cast("dict[str, dict[str, Json]]", evidence.statement["listing"])
    assert listing["collections.OrderedDict"]["verdict"] == "allowed"
    assert listing["os.system"]["verdict"] == "dangerous"
    assert listing["os.system"]["uses"] == ["called", "referenced"]


def test_reconstructing_from_data_is_no_call(look: Look, asm: Assembler) -> None:
    made = asm.call(asm.glob("copyreg", "_reconstructor"), asm.glob("builtins", "object"), b"N", b"N")
    assert look(asm.proto(2) + made + b".").clean


def test_a_buffer_of_bytes_written_as_text_is_loaded(look: Look, asm: Assembler) -> None:
    """As protocol 2 writes ``_load_from_bytes(BytesIO(data))``."""
    text = (asm.proto(2) + asm.run()).decode("latin-1").encode()
    written = b"c_codecs\nencode\n" + b"X" + len(text).to_bytes(4, "little") + text + b"X\x06\0\0\0latin1\x86R"
    data = asm.proto(2) + b"ctorch.storage\n_load_from_bytes\nc_io\nBytesIO\n" + written + b"\x85R\x85R."
    assert "dangerous-global" in look(data).rules


def test_a_buffer_that_is_restored_with_bytes_written_as_text_is_loaded(look: Look, asm: Assembler) -> None:
    """As protocol 2 writes a ``BytesIO`` object: its bytes are in its state, as text."""
    inner = asm.proto(2) + asm.run()
    buffer = pickle.dumps(io.BytesIO(inner), protocol=2)
    data = asm.proto(2) + b"ctorch.storage\n_load_from_bytes\n" + buffer[2:-1] + b"\x85R."
    assert "dangerous-global" in look(data).rules
