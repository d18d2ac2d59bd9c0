"""The bounded YAML loader: exact scalars, exact refusals, and nothing but our errors on any bytes."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.errors import InputError
from chainguard_ml.yamlsafe import Lines, load, load_with_lines

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cn", "Cs", "Zl", "Zp")), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment", None),
        ("\ufeffa: 1", {"a": 1}),
        ("on: yes", {"on": "yes"}),
        ("date: 2024-01-31", {"date": "2024-01-31"}),
        ("[true, False, TRUE, tRUE]", [True, False, True, "tRUE"]),
        ("[~, null, Null, nULL, '', ]", [None, None, None, "nULL", ""]),
        ("[0x1F, 0o17, 017, -12, +3, 1_000, 0b1]", [31, 15, 17, -12, 3, "1_000", "0b1"]),
        ("[1.5, .5, 1., 1e3, -2E-2, 1:30, .]", [1.5, 0.5, 1.0, 1000.0, -0.02, "1:30", "."]),
        ("[.inf, .nan, 1e999]", [".inf", ".nan", "1e999"]),
        ("9" * 101, "9" * 101),
        ("'12'", "12"),
        ("|\n  12\n", "12\n"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float '1.5'", 1.5),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!map {a: !!seq [1]}", {"a": [1]}),
        ("1: a\ntrue: b\n~: c", {"1": "a", "true": "b", "~": "c"}),
        ("'<<': 1", {"<<": 1}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert load(text, name="card") == value
    assert json.dumps(load(text.encode(), name="card")) == json.dumps(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: the key 'a' a second time"),
        ("1: x\n'1': y", "line 2: the key '1' a second time"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "line 3: a merge key"),
        ("? [1]\n: 2", "a key that is no scalar"),
        ("? {}\n: 2", "a key that is no scalar"),
        ("a: &x b\n*x : 2", "an alias as a key"),
        ("&x a: 1", "an anchor on a key"),
        ("!!int 1: a", "on a key"),
        ("a: 1\n---\nb: 2", "line 2: a second document"),
        ("a: &x [*x]", "names nothing that is complete"),
        ("a: &x 1\nb: &x [*x]", "names nothing that is complete"),
        ("!!python/object/apply:os.system [id]", "the tag tag:yaml.org,2002:python"),
        ("!!set {a}", "the tag tag:yaml.org,2002:set"),
        ("!!seq {}", "the tag"),
        ("!custom 1", "with the tag !custom"),
        ("!!timestamp 2024-01-31", "with the tag"),
        ("!!int x", "with the tag"),
        ("a: b: c", "line 1: mapping values are not allowed"),
        ("a:\n\t- b", "line 2"),
        ("[1", "'card' line"),
        ("a: \x00", "is not YAML"),
        ('"\\ud800"', "line 1"),
        ("\ud800", "is not UTF-8"),
        (b"\xff\xfea\x00", "is not UTF-8"),
        (b"a: \x80", "is not UTF-8"),
    ],
)
def test_what_two_readers_may_differ_about_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(text, name="card")
    assert message in str(caught.value)


def test_limits_hold_for_what_aliases_expand_to() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    with pytest.raises(InputError, match="more than 200,000 values"):
        load(bomb, name="card")
    text = "a: &a " + "x" * 500 + "\nb: [*a, *a, *a]"
    with pytest.raises(InputError, match="aliases expand to more than 1,000 characters"):
        load(text, name="card", max_bytes=1000)
    with pytest.raises(InputError, match="nested deeper than 50"):
        load("a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 30 + "*a" + "]" * 30, name="card")
    with pytest.raises(InputError, match="larger than 10 bytes"):
        load("a: 12345678", name="card", max_bytes=10)
    assert load("[" * 50 + "]" * 50, name="card") is not None
    with pytest.raises(InputError, match="nested deeper than 50"):
        load("[" * 51 + "]" * 51, name="card")
    assert load("[1, 2, 3]", name="card", max_nodes=4) == [1, 2, 3]
    with pytest.raises(InputError, match="more than 3 values"):
        load("[1, 2, 3]", name="card", max_nodes=3)


@pytest.mark.parametrize("hostile", ["[" * 500_000, "{" * 500_000, "- " * 400_000, "? " * 400_000, "&a " * 300_000])
def test_deep_nesting_is_refused_at_once(hostile: str) -> None:
    with pytest.raises(InputError):
        load(hostile, name="card")


def test_lines_point_at_keys_and_items() -> None:
    text = "on:\n  push: {}\njobs:\n  build:\n    steps:\n      - uses: a\n      -\n        run: |\n          b\n"
    value, lines = load_with_lines(text, name="workflow")
    assert value == {"on": {"push": {}}, "jobs": {"build": {"steps": [{"uses": "a"}, {"run": "b\n"}]}}}
    assert lines.at("on", "push") == 2
    assert lines.at("jobs", "build", "steps", 0, "uses") == 6
    assert lines.at("jobs", "build", "steps", 1, "run") == 8
    assert lines.at("jobs", "build", "absent", 7) == 4
    assert load_with_lines("", name="workflow") == (None, Lines(1))


def test_names_are_escaped_in_messages() -> None:
    with pytest.raises(InputError, match=r"'\\x1b\[31m' is not UTF-8"):
        load(b"\xff", name="\x1b[31m")


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_raise_only_our_errors(data: bytes | str) -> None:
    try:
        value = load(data, name="card")
    except InputError:
        return
    json.dumps(value, allow_nan=False)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#?, \n\t<%@`~01.x", max_size=80))
def test_texts_that_look_like_yaml_raise_only_our_errors(text: str) -> None:
    with contextlib.suppress(InputError):
        json.dumps(load(text, name="card"), allow_nan=False)


@given(JSON)
def test_what_another_writer_dumped_is_read_back(value: object) -> None:
    assert load(yaml.safe_dump(value, default_style='"'), name="card") == value


@given(JSON)
def test_json_is_yaml(value: object) -> None:
    assert load(json.dumps(value, ensure_ascii=False), name="card") == value
