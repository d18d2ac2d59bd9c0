"""Chat templates: every way to Python's internals is found, ordinary templates are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


ATTACKS = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    '{{ ""["__cl" + "ass__"] }}',
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr(['__cla','ss__']|join) }}",
    "{{ ''|attr('__ssalc__'|reverse) }}",
    "{{ ''['__ssalc__'[::-1]] }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ''['\\u005f_class__'] }}",
    "{{ ''|attr('%s%s'|format('__cla', 'ss__')) }}",
    "{% set u = '_' %}{{ ''[u ~ u ~ 'globals' ~ u ~ u] }}",
    "{% set a = '__glo' %}{% set b = 'bals__' %}{{ x[a ~ b] }}",
    "{{ x|attr(messages[0]['content']) }}",
    "{{ [x]|map(attribute=name)|list }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'] }}",
    "{%- if x -%}{{- x.__init__ -}}{%- endif -%}",
    "{{ {'a': {'b': 1}} }}{{ x.__class__ }}",
    "{{ '}}' }}{{ x.__class__ }}",
    "{# comment #}{{ x.__class__ }}",
    "{{ x\n.\n__class__ }}",
    "{{ x.__class__",
]
ORDINARY = [
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '\n' }}{% endfor %}",
    "{%- set ns = namespace(found=false) -%}{%- set ns.found = true -%}",
    "{{ messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | join('\n') }}",
    "{{ raise_exception('Conversation roles must alternate user/assistant/') }}",
    "{{ tools | tojson(indent=4) }}{{ bos_token ~ eos_token }}",
    "text about __init__ and __class__ outside of any expression, don't mind the quote",
    "{# {{ x.__class__ }} #}",
    "{% raw %}{{ x.__class__ }}{% endraw %}",
    "{{ '__end_of_turn__' }}{{ message['__custom__'] }}",
    "{{ x|attr('name') }}{{ strftime_now('%d %b %Y') }}",
    "{{ 'it''s' }}{{ \"a \\\" b\" }}",
    "",
    "{{",
    "{{ ' }}",
    "{{ '\\x5' }}",
]


@pytest.mark.parametrize("template", ATTACKS)
@pytest.mark.parametrize("where", ["jinja", "json", "list", "nested"])
def test_attacks_are_found_wherever_the_template_stands(scan: Scan, template: str, where: str) -> None:
    if where == "jinja":
        told = scan("chat_template.jinja", template.encode())
    else:
        value = {"json": template, "list": [{"name": "x", "template": template}], "nested": {"default": template}}[
            where
        ]
        told = scan("tokenizer_config.json", json.dumps({"chat_template": value}).encode())
    assert told.rules == {"chat-template-injection"}
    assert max(finding.severity for finding in told.findings).name in {"HIGH", "CRITICAL"}


@pytest.mark.parametrize("template", ORDINARY)
def test_ordinary_templates_are_clean(scan: Scan, template: str) -> None:
    assert scan("chat_template.jinja", template.encode()).clean
    assert scan("tokenizer_config.json", json.dumps({"chat_template": template}).encode()).clean


def test_a_construct_is_said_once_for_each_template(scan: Scan) -> None:
    assert len(scan("t.jinja", b"{{ x.__class__ }}" * 50).findings) == 1


def test_a_template_beyond_the_limit_is_a_gap(scan: Scan) -> None:
    assert scan("t.jinja", b"{{ x }}" + b" " * 4_000_001).reasons == {"budget"}


def test_a_pickle_called_template_is_a_pickle(scan: Scan, build: Build) -> None:
    assert scan("t.jinja", build.payload.replace(b"echo seen", b"{{ x }}  ")).payload
