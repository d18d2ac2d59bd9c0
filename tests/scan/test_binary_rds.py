"""Files of R: every item type is read, every cut is a gap, names and references are followed."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.formats import rds_reader
from tests.corpus import build_rds as r
from tests.fuzz.frame import scan as observe

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

RUN = r.call("system", r.strings("echo seen"))


def test_a_workspace_is_recognised_whatever_its_name(scan: Scan) -> None:
    assert scan("x.bin", r.workspace(("a", r.doubles(1.0)))).format == "rds"
    assert scan("x.rds", gzip.compress(r.rds(r.doubles(1.0)))).format == "gzip"
    assert scan("x.safetensors", r.rds(r.doubles(1.0))).rules == {"format-mismatch"}


@pytest.mark.parametrize(
    "text", [b"A\n2\n3\n4\n", b"A\n3\n300000\n9\n", b"X\nplain text", b"RDX9\n", b"B\n\1\0\0\0" + bytes(20)]
)
def test_texts_are_no_serializations(scan: Scan, text: bytes) -> None:
    assert scan("table.csv", text).format == ""


def test_every_cut_is_a_gap(scan: Scan) -> None:
    inner = r.vector(
        r.closure(RUN), r.environment(("a", r.promise(RUN))), r.altrep("wrap_real", "base", r.doubles(1.0))
    )
    for whole in (r.rds(inner), r.workspace(("m", inner)), r.ASCII_CALL):
        for stop in range(34, len(whole) - 4):
            told = scan("m.rds", whole[:stop])
            assert told.reasons in ({"malformed"}, {"unsupported"}), stop
        assert not scan("m.rds", whole).gaps


def test_what_precedes_a_break_counts(scan: Scan) -> None:
    told = scan("m.rds", r.rds(r.vector(r.promise(RUN), r.closure(RUN), r.integer(99))))
    assert (told.rules, told.reasons) == ({"r-promise", "r-carries-code"}, {"malformed"})


def test_old_and_unknown_versions_are_gaps(scan: Scan) -> None:
    assert scan("m.rda", b"RDX1\n" + bytes(30)).reasons == {"unsupported"}
    assert scan("m.rda", b"RDX3\nX\n" + r.integer(9, 1, 1)).reasons == {"unsupported"}
    assert scan("m.rda", b"RDX3\nX\n" + r.integer(3, 262913, 197888, 900)).reasons == {"malformed"}


@pytest.mark.parametrize(
    "item",
    [
        r.integer(99),  # no type
        r.integer(0x0FFFFFFF),  # a reference to nothing
        r.integer(255, 7),
        r.integer(1, 13, 0),  # a name that is no string
        r.integer(16, -5),
        r.integer(10, -2),
        r.integer(14, -1, 1 << 20, 0),  # a long vector of 2^52 items
        r.integer(19, -3),
        r.integer(249, 1, 1),  # names where none can be
        r.integer(249, 0, 9999),
        r.integer(21, 1) + r.NIL + r.integer(-4),
        r.integer(9, 5) + b"abc",
        r.integer(9, -7),
    ],
)
def test_broken_items_are_gaps(scan: Scan, item: bytes) -> None:
    assert scan("m.rds", r.rds(item)).reasons == {"malformed"}


def test_every_kind_of_item_is_read(scan: Scan) -> None:
    name = r.integer(249, 0, 2) + r.chars("stats") + r.chars("4.3.1")
    package = r.integer(248, 0, 1) + r.chars("package:stats")
    attributed = r.integer(9 | r.ATTRIBUTES, 1) + b"a" + r.NIL
    items = (
        name,
        package,
        r.integer(255, 1),
        r.integer(2 << 8 | 255),
        r.integer(10, 1, 1),
        r.integer(15, 1, 0, 0, 0, 0),
        r.integer(24, 3) + b"abc",
        r.integer(14, -1, 0, 1, 0, 0),  # one item, counted as a long vector
        r.integer(16, 2) + r.chars("x") + attributed,
        r.integer(16, 1, 9, -1),
        r.integer(9, -1),
        r.integer(7, 2) + b"if",
        r.integer(20, 1) + r.symbol("a"),
        r.integer(1, 9, -1),
        r.integer(25 | r.ATTRIBUTES) + r.pairs(("class", r.strings("P"))),
        r.integer(17) + r.NIL + r.NIL,
        r.environment(table=r.vector(r.pairs(("a", r.doubles(1.0))), r.NIL)),
    )
    assert scan("m.rds", r.rds(r.vector(*items))).clean


def test_references_to_symbols_name_functions(scan: Scan) -> None:
    again = r.integer(6) + r.integer(1 << 8 | 255) + r.NIL
    told = scan("m.rds", r.rds(r.vector(r.symbol("system"), again)))
    assert told.rules == {"r-unsafe-call"}
    assert "runs commands" in told.findings[0].message


def test_constants_of_bytecode_are_read(scan: Scan) -> None:
    lang = r.integer(244, 0, 6) + r.NIL + r.integer(0) + r.symbol("unlink") + r.integer(0) + r.NIL
    attributed = (
        r.integer(240) + r.pairs(("a", r.NIL)) + r.NIL + r.integer(0) + r.symbol("f") + r.integer(239) + r.NIL * 2
    )
    attributed += r.integer(0) + r.NIL + r.integer(2) + r.NIL + r.integer(0) + r.NIL + r.integer(0) + r.NIL
    inner = r.integer(21) + r.integer(13, 1, 1) + r.integer(1, 1) + r.symbol("system")
    code = r.bytecode(lang, r.integer(243, 0), attributed, inner, r.integer(14) + r.doubles(1.0))
    told = scan("m.rds", r.rds(r.vector(code, r.closure(code))))
    assert [item.rule for item in told.findings] == ["r-carries-code"]
    assert told.findings[0].facts == {"kinds": {"bytecode": 1, "closure": 1}, "calls": ["system", "unlink"]}


def test_objects_of_the_loading_program_are_gaps(scan: Scan) -> None:
    told = scan("m.rds", r.rds(r.integer(247, 0, 1) + r.chars("env::1")))
    assert told.reasons == {"unsupported"}


def test_trailing_data_are_told(scan: Scan) -> None:
    assert scan("m.rds", r.rds(r.doubles(1.0)) + b"more").rules == {"trailing-data"}


def test_depth_costs_no_recursion_and_has_a_limit(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = r.integer(19, 1) * 50_000 + r.NIL
    assert scan("m.rds", r.rds(deep)).clean
    monkeypatch.setattr(rds_reader, "_DEPTH", 1000)
    nested = r.integer(2) * 5000
    assert scan("m.rds", r.rds(nested)).reasons == {"budget"}


def test_calls_in_heads_count_and_names_of_variables_do_not(scan: Scan) -> None:
    variable = r.call("lm", r.call("~", r.symbol("system"), r.symbol("source")))
    assert scan("m.rds", r.rds(variable)).clean
    other = r.pairs(r.call("::", r.symbol("utils"), r.symbol("head")), r.symbol("system"), kind=6)
    assert scan("m.rds", r.rds(other)).clean


@pytest.mark.parametrize("text", [b"\\", b"\\0", b"ab", b"\\n\\", b"   "])
def test_broken_ascii_is_a_gap(scan: Scan, text: bytes) -> None:
    assert scan("m.rds", b"A\n2\n262146\n131840\n9\n5\n" + text).reasons == {"malformed"}
    assert scan("m.rds", b"A\n2\n262146\n131840\n13\nx\n" + text).reasons == {"malformed"}


def test_ascii_numbers_are_skipped(scan: Scan) -> None:
    body = b"19\n4\n10\n2\nNA\n1\n15\n1\n1.5\nNaN\n24\n2\nff\n0a\n14\n2\nInf\n-2e-3\n"
    assert scan("m.rds", b"A\n2\n262146\n131840\n" + body).clean
    assert scan("m.rds", b"A\n2\n262146\n131840\n13\nNA\n").reasons == {"malformed"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.binary(max_size=400), st.sampled_from([b"X\n\0\0\0\2\0\4\3\1\0\3\5\0", b"A\n2\n262146\n131840\n"]))
def test_any_bytes_only_give_findings_and_gaps(tail: bytes, head: bytes) -> None:
    observe("m.rds", head + tail)
