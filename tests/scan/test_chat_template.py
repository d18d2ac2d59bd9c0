"""Chat templates: every way to Python's internals is found, ordinary templates are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Location, Subject
from chainguard_ml.scan.formats import chat_template
from chainguard_ml.scan.interface import Blob

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


@pytest.mark.parametrize(
    "template",
    [
        "{{ x[a ~ 'class'] }}{{ x['a' ~ b] }}{{ x[a][b]['c'].d[0][1:2] }}",
        "{{ 'a' * 3 }}{{ [1] * 2 }}{{ 'a' * n }}{{ 2 ** 3 ** 2 }}{{ -x }}{{ +1 }}{{ 7 // 2 - 1 }}{{ 1.5 / 2 }}",
        "{{ (1, 2)[0] }}{{ {'a': 1, 'b': [2]}.b }}{{ x.0 }}{{ () }}{{ (1,) }}{{ [] }}{{ {} }}",
        "{{ a if b }}{{ a if b else c if d else e }}{{ not a in b }}{{ a not in b }}{{ a is not none }}",
        "{{ x is divisibleby 3 }}{{ x is sameas(y) }}{{ x is defined and y is string }}{{ x is not divisibleby(2) }}",
        "{{ x.update(*a, **b) }}",
        "{{ ['b', 'a']|sort|first }}{{ 'ab'|list|last }}{{ 'a b'.split()[1] }}{{ ['a']|random }}{{ 'abc'|batch(2) }}",
        "{{ '%d %x %%'|format(1, 255) }}{{ '%s' % x }}{{ '%(a)s' % {'a': 1} }}{{ '{} {a}'.format(1, a=2) }}",
        "{{ 'a'|center(10)|indent|wordwrap(3)|truncate(2) }}{{ '3'|int }}{{ -3|abs }}{{ 'abc'|length }}{{ 'x'|max }}",
        "{{ {'a': 1}|items|list }}{{ {'a': 1}.keys() }}{{ {'a': 1}.values()|list }}{{ {'a': 1}.get('b', 2) }}",
        "{% macro a(b, c=1) %}{{ b }}{% endmacro %}{{ a(1, c=2) }}{{ a(b=1) }}{{ a() ~ 'x' }}",
        "{% set a, b = 1, 2 %}{% set (c, d) = x %}{% set e %}f{% endset %}",
        "{% for k, v in x.items() %}{{ k }}{% endfor %}",
        "{% for a in b if a recursive %}{{ loop(a) }}{% else %}{{ c }}{% endfor %}",
        "{% block b %}{{ super() }}{% endblock %}",
        "{{ range(3)|list }}{% for a in range(1, 9, 2) %}{% endfor %}{{ dict() }}{{ dict(a=1).a }}{{ namespace(a=1) }}",
        "{{ '_'|join }}{{ ['a', '_b']|join('_') }}{{ 'tool_' ~ name ~ '_class' }}{{ x['a_' ~ b] }}",
        "{{ messages|map('upper')|map(attribute='role')|list }}{{ x|sum(start=1) }}{{ x|min(attribute='a') }}",
        "{% autoescape true %}{{ a|safe|e }}{% endautoescape %}{% unknown a b=c %}{% trans %}x{% endtrans %}",
    ],
)
def test_expressions_of_every_kind_are_followed(scan: Scan, template: str) -> None:
    assert scan("chat_template.jinja", template.encode()).clean


@pytest.mark.parametrize(
    ("template", "severity"),
    [
        ("{{ helper(1) }}", "medium"),
        ("{{ messages[0].content.format(1) }}", "medium"),
        ("{% for x in range(1000000000) %}{% endfor %}", "medium"),
        ("{{ 'a' * 1000000000 }}", "medium"),
        ("{{ x._private }}", "high"),
        ("{{ x|attr('_private') }}", "high"),
        ("{{ x|map(attribute=y) }}", "high"),
        ("{{ x|attr }}", "high"),
        ("{% include x %}", "high"),
        ("{% debug %}", "high"),
        ("{{ lipsum() }}", "high"),
        ("{{ open('x') }}", "high"),
        ("{{ x.gi_frame }}", "critical"),
        ("{{ '{0._a}'.format(x) }}", "critical"),
    ],
)
def test_severities(scan: Scan, template: str, severity: str) -> None:
    assert {str(item.severity) for item in scan("chat_template.jinja", template.encode()).findings} == {severity}


@pytest.mark.parametrize(
    "template", ["{{ x.__class__.__name__ }}", "{{ x.__doc__ }}", "{{ x._a }}", "{% include 'a' %}", "{{ f() }}"]
)
def test_templates_that_are_no_chats_may_do_more(scan: Scan, template: str) -> None:
    assert scan("page.jinja2", template.encode()).clean
    assert scan("chat_template.jinja", template.encode()).findings


@pytest.mark.parametrize("template", ["{{ x.__class__.__mro__ }}", "{{ x.__name__[0] }}", "{{ x|attr('__class__') }}"])
def test_internals_are_found_in_every_template(scan: Scan, template: str) -> None:
    assert scan("page.jinja2", template.encode()).rules == {"chat-template-injection"}


BROKEN = ["{{ (" * 99, "{{ 1 +", "{% set %}", "{% macro %}", "{{ x. }}", "{{ {1 2} }}", "{{ [1 2] }}", "{{ x.f(1 2) }}",
          "{{ x[1:2:3:4] }}", "{{ x is }}", "{% for %}", "{{ a not b }}", "{% with a %}", "{% endset %}", "{% call %}",
          "{{ '\\xZZ' }}", "{{ 0x }}"]  # fmt: skip


@pytest.mark.parametrize("template", BROKEN)
def test_what_is_no_template_ends(scan: Scan, template: str) -> None:
    assert not scan("chat_template.jinja", template.encode()).findings


def test_a_template_of_very_many_tokens_is_a_gap(scan: Scan) -> None:
    assert scan("chat_template.jinja", b"{{ x }}" * 50_000).reasons == {"budget"}


@given(st.text(alphabet="{}%#-+()[]|~.,:='\"_ abclsx01\\\n*/", max_size=120))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read(text: str) -> None:
    blob = Blob(b"", Subject("x"), Location("x"), "x")
    list(chat_template.examine_source(blob, "{{ " + text, "x"))
    list(chat_template.examine_source(blob, text, "x", strict=False))
