"""Templates in configurations and under other names: found where they are templates, left alone where they are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.scan.formats import jinja_lexer
from tests.corpus.malicious_unread import HIDDEN, INJECTION, RULE

if TYPE_CHECKING:
    from tests.scan.conftest import Scan


def test_every_template_of_a_document_is_said_with_its_place(scan: Scan) -> None:
    document = {"a": {"chat_template": HIDDEN}, "prompt": [INJECTION], "again": {"prompt": INJECTION}}
    told = scan("x.json", json.dumps(document).encode())
    places = {str(finding.facts["template"]) for finding in told.findings}
    assert places <= {"/a/chat_template", "/prompt/0", "/again/prompt"}
    assert len(places) == 2  # the same text once


def test_texts_of_other_languages_are_no_templates(scan: Scan) -> None:
    text = "{{ x.__class__ }} {% unknown %}"
    assert scan("x.json", json.dumps({"prompt": text}).encode()).clean
    assert scan("x.json", json.dumps({"chat_template": text}).encode()).rules == {RULE}
    assert scan("x.json", json.dumps({"prompt": "{{ x.__class__"}).encode()).clean
    assert scan("data.json", json.dumps({"text": "{{ x.__class__ }}"}).encode()).clean


def test_templates_beyond_the_limit_are_a_gap(scan: Scan) -> None:
    texts = [f"{{{{ a{number} }}}}" + " " * 900_000 for number in range(5)]
    document = json.dumps({"chat_template": dict(enumerate(texts))}).encode()
    assert scan("tokenizer_config.json", document).reasons == {"budget"}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", True),
        ("a {{ b }} {% if c %}{% endif %}{# d #}", True),
        ("{% raw %}{{ a{% endraw %}", True),
        ("{{ a", False),
        ("{{ 'a", False),
        ("{% a %}", False),
        ("{%%}", False),
        ("{%- for a in b -%}", True),
    ],
)
def test_what_compiles(text: str, whole: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert jinja_lexer.compiles(list(jinja_lexer.pieces(text))) is whole


def test_toml_is_read_where_it_matters(scan: Scan) -> None:
    assert scan("x.toml", b'a = "{{ b }}"\n').clean
    assert scan("x.toml", b'a = "{{ b }}" [').clean  # no reader takes it
    assert scan("x.toml", b"a = '{{' #\n" + b"#" * 1_000_001).reasons == {"budget"}
    assert scan("x.toml", f'prompt = "{INJECTION}"\n'.encode()).rules == {RULE}
    assert scan("x.ini", f"prompt = {INJECTION}\n".encode()).clean  # no template there


def test_binary_files_are_no_templates(scan: Scan) -> None:
    assert scan("x.template", b"\0{{ x.__class__ }}").clean


def test_secrets_in_templates_are_found(scan: Scan) -> None:
    key = "BKIBZ7QX2VMWB4KTJ5RN".replace("B", "A")
    assert scan("x.env.template", f"A={key}\nB={{{{ b }}}}\n".encode()).rules == {"secret-in-config"}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%#'\"_ab.[]()|~\\\n", max_size=80))
def test_any_text_only_gives_observations(text: str) -> None:
    found = list(jinja_lexer.pieces(text))
    assert jinja_lexer.compiles(found) in {True, False}
