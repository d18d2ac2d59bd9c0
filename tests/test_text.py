from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.text import did_you_mean, plural, printable, size


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("model.pkl", "model.pkl"),
        ("Größe 模型", "Größe 模型"),
        ("a\x1b[31mRED", "a\\x1b[31mRED"),
        ("line\nbreak\ttab\x7f", "line\\x0abreak\\x09tab\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("\u2028", "\\u2028"),
    ],
)
def test_untrusted_text_is_escaped(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_long_text_is_cut_in_the_middle_and_says_so() -> None:
    assert printable("a" * 300 + "b" * 300, 10) == "aaaaa … 590 characters … bbbbb"


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_is_encodable_and_one_line(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


def test_small_words() -> None:
    assert (plural(1, "file"), plural(2, "file"), plural(0, "entry", "entries")) == ("1 file", "2 files", "0 entries")
    assert [size(value) for value in (0, 999, 1000, 4_290_000_000, 10**13)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "4.3 GB",
        "10.0 TB",
    ]
    assert did_you_mean("chek", ["check", "scan"]) == "; did you mean 'check'?"
    assert did_you_mean("xyzzy", ["check"]) == ""
