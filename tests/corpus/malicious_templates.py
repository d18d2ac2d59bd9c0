"""Chat templates that reach for Python's internals, in every spelling that Jinja understands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

RULE = "chat-template-injection"

TEMPLATES = {
    "attribute": "{{ ''.__class__.__base__.__subclasses__() }}",
    "item": "{{ ''['__class__'] }}",
    "item-escaped": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "item-octal": "{{ ''['\\137\\137class\\137\\137'] }}",
    "item-named-character": "{{ ''['\\N{LOW LINE}_class__'] }}",
    "adjacent-literals": "{{ ''['__cl' 'ass__'] }}",
    "tilde": "{{ ''['__cl' ~ 'ass__'] }}",
    "plus": "{{ ''['__cl' + 'ass__'] }}",
    "repeated": "{{ ''['_' * 2 ~ 'class' ~ '_' * 2] }}",
    "percent": "{{ ''['%s%s' % ('__cl', 'ass__')] }}",
    "percent-characters": "{{ ''['%c%cclass%c%c' % (95, 95, 95, 95)] }}",
    "percent-named": "{{ ''['%(a)sclass%(a)s' % {'a': '__'}] }}",
    "format-filter": "{{ ''|attr('%s%s'|format('__cl', 'ass__')) }}",
    "format-method": "{{ ''|attr('{}{}'.format('__cl', 'ass__')) }}",
    "format-character": "{{ ''|attr('{0:c}{0:c}class{0:c}{0:c}'.format(95)) }}",
    "format-keyword": "{{ ''|attr('{u}class{u}'.format(u='__')) }}",
    "format-attribute": "{{ '{0.__class__.__init__.__globals__}'.format(range) }}",
    "format-attribute-built": "{{ ('{0.' ~ '__cl' ~ 'ass__}').format(range) }}",
    "join": "{{ ''|attr(['__cl', 'ass__']|join) }}",
    "join-separator": "{{ ''|attr(['', 'class', '']|join('__')) }}",
    "join-method": "{{ ''|attr(''.join(['__cl', 'ass__'])) }}",
    "reverse": "{{ ''|attr('__ssalc__'|reverse) }}",
    "slice-backwards": "{{ ''['__ssalc__'[::-1]] }}",
    "slice": "{{ ''['xx__class__yy'[2:-2]] }}",
    "slice-step": "{{ ''['_x_xcxlxaxsxsx_x_x'[::2]] }}",
    "replace": "{{ ''|attr('--class--'|replace('-', '_')) }}",
    "replace-method": "{{ ''|attr('..class..'.replace('.', '_')) }}",
    "lower": "{{ ''|attr('__CLASS__'|lower) }}",
    "lower-method": "{{ ''|attr('__CLASS__'.lower()) }}",
    "swapcase": "{{ ''|attr('__CLASS__'.swapcase()) }}",
    "trim": "{{ ''|attr(' __class__ '|trim) }}",
    "strip": "{{ ''|attr('xx__class__x'.strip('x')) }}",
    "unescape": "{{ ''|attr(('&#95;&#95;class&#95;&#95;'|safe).unescape()) }}",
    "striptags": "{{ ''|attr('&#95;&#95;cl<b>ass&#95;&#95;'|striptags) }}",
    "split": "{{ ''|attr('a,__class__,b'.split(',')[1]) }}",
    "dictionary-key": "{{ ''|attr(dict(__class__=1)|list|first) }}",
    "dictionary-keys-joined": "{{ ''|attr(dict(__cl=a, ass__=a)|join) }}",
    "dictionary-wide": "{{ ''|attr(dict(_\uff3fclass__=1)|first) }}",
    "dictionary-long-s": "{{ ''|attr(dict(__cla\u017f\u017f__=1)|first) }}",
    "dictionary-value": "{{ ''[{'k': '__class__'}['k']] }}",
    "dictionary-get": "{{ ''[{'k': '__class__'}.get('k')] }}",
    "list-item": "{{ ''[['a', '__class__'][1]] }}",
    "last": "{{ ''|attr(['a', '__class__']|last) }}",
    "condition": "{{ ''['__class__' if true else 'a'] }}",
    "default": "{{ ''[missing|default('__class__')] }}",
    "or": "{{ ''[missing or '__class__'] }}",
    "map-filter": "{{ ''|attr(['__CL', 'ASS__']|map('lower')|join) }}",
    "set": "{% set u = '_' %}{{ ''[u ~ u ~ 'class' ~ u ~ u] }}",
    "set-chained": "{% set a = '__cl' %}{% set b = a ~ 'ass__' %}{{ ''[b] }}",
    "set-several": "{% set a, b = '__cl', 'ass__' %}{{ ''[a ~ b] }}",
    "set-block": "{% set u %}__{% endset %}{{ ''[u ~ 'class' ~ u] }}",
    "with": "{% with u = '__' %}{{ ''[u ~ 'class' ~ u] }}{% endwith %}",
    "namespace": "{% set ns = namespace(u='__') %}{{ ''[ns.u ~ 'class' ~ ns.u] }}",
    "namespace-set": "{% set ns = namespace() %}{% set ns.u = '__cl' %}{{ ''[ns.u ~ 'ass__'] }}",
    "macro-argument": "{% macro f(n) %}{{ ''[n] }}{% endmacro %}{{ f('__cl' ~ 'ass__') }}",
    "macro-keyword": "{% macro f(n) %}{{ ''[n] }}{% endmacro %}{{ f(n='__cl' ~ 'ass__') }}",
    "macro-default": "{% macro f(n='__cl' ~ 'ass__') %}{{ ''[n] }}{% endmacro %}{{ f() }}",
    "macro-result": "{% macro u() %}__{% endmacro %}{{ ''[u() ~ 'class' ~ u()] }}",
    "call-block": "{% macro f() %}{{ ''[caller()] }}{% endmacro %}{% call f() %}__class__{% endcall %}",
    "loop-variable": "{% for n in ['__class__', '__base__'] %}{{ ''[n] }}{% endfor %}",
    "loop-built": "{% set ns = namespace(s='') %}{% for c in ['_', '_', 'cl', 'ass', '_', '_'] %}"
    "{% set ns.s = ns.s ~ c %}{% endfor %}{{ ''[ns.s] }}",
    "loop-pairs": "{% for a, b in {'__cl': 'ass__'}.items() %}{{ ''[a ~ b] }}{% endfor %}",
    "underscore-from-a-function": "{% set u = (lipsum|string)[18] %}{{ ''[u ~ u ~ 'class' ~ u ~ u] }}",
    "underscore-from-a-list": "{% set u = ([]|select|string|list)[24] %}{{ ''[u ~ u ~ 'class' ~ u ~ u] }}",
    "underscore-from-joiner": "{% set j = joiner('_') %}{{ ''[j() ~ j() ~ j() ~ 'class' ~ j() ~ j()] }}",
    "underscore-from-outside": "{% set u = messages[0].content[0] %}{{ ''[u ~ u ~ 'globals' ~ u ~ u] }}",
    "attr-of-a-variable": "{{ ''|attr(messages[0]['content']) }}",
    "attr-mapped": "{{ ['']|map('attr', '__cl' ~ 'ass__')|list }}",
    "map-attribute": "{{ ['']|map(attribute='__class__')|list }}",
    "map-attribute-path": "{{ ['']|map(attribute='__class__.__base__')|list }}",
    "map-attribute-computed": "{{ ['']|map(attribute='__cl' ~ 'ass__')|list }}",
    "selectattr": "{{ ['']|selectattr('__class__')|list }}",
    "groupby": "{{ ['']|groupby('__class__') }}",
    "sort-attribute": "{{ ['']|sort(attribute='__class__') }}",
    "sum-attribute": "{{ ['']|sum(attribute='__class__') }}",
    "unique-attribute": "{{ ['']|unique(attribute='__class__')|list }}",
    "filter-block": "{% filter attr('__class__') %}x{% endfilter %}",
    "test-argument": "{{ 1 is sameas ''.__class__ }}",
    "statement-if": "{% if ''.__class__ %}{% endif %}",
    "statement-for": "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "statement-for-filter": "{% for x in [1] if ''.__class__ %}{% endfor %}",
    "statement-set": "{% set x = ''.__class__ %}",
    "statement-do": "{% do ''.__class__ %}",
    "statement-elif": "{% if x %}{% elif ''.__class__ %}{% endif %}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('echo seen').read() }}",
    "joiner": "{{ joiner.__init__.__globals__['os'] }}",
    "namespace-class": "{{ namespace.__init__.__globals__ }}",
    "lipsum": "{{ lipsum.__globals__['os'].popen('echo seen').read() }}",
    "self-context": "{{ self._TemplateReference__context }}",
    "loop-class": "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "generator-frame": "{{ ([1]|map('abs')).gi_frame.f_globals }}",
    "generator-frame-item": "{{ ([1]|map('abs'))['gi_fr' ~ 'ame'] }}",
    "include": "{% include '/etc/hostname' %}",
    "import": "{% import 'x' as y %}",
    "from-import": "{% from 'x' import y %}",
    "extends": "{% extends 'x' %}",
    "after-a-raw-in-a-comment": "{# {% raw %} #}{{ ''.__class__ }}{# {% endraw %} #}",
    "after-a-comment-in-a-text": "{{ '{#' }}{{ ''.__class__ }}{{ '#}' }}",
    "after-braces-in-a-text": "{{ '}}' }}{{ ''.__class__ }}",
    "whitespace-control": "{%- if x -%}{{- ''.__class__ -}}{%- endif -%}",
    "line-breaks": "{{ ''\n.\n__class__ }}",
    "unfinished": "{{ ''.__class__",
    "method-of-a-module": "{{ helper.popen('echo seen') }}",
    "function-of-flask": "{{ url_for('x') }}",
}


def _run(first: str, second: str) -> str:
    """An expression that reaches a module by two names, and calls what it finds there as items."""
    return "{{ cycler[" + first + "][" + second + "]['os']['popen']('echo seen')['read']() }}"


# A template calls macros, functions of Jinja, and methods of texts, lists and dictionaries: nothing else.
_ONE, _TWO = "'__init__'", "'__globals__'"
_BOTH, _FIND = f"({_ONE}, {_TWO})", f"cycler[{_ONE}.ljust(0)][{_TWO}.ljust(0)]"
_FIELDS = "'{0.__init__.__globals__[os].environ}'"
CALLS = {
    "unknown-method": _run(f"{_ONE}.ljust(0)", f"{_TWO}.ljust(0)"),
    "unknown-filter": _run(f"({_ONE}|urlencode)", f"({_TWO}|urlencode)"),
    "more-arguments": "{% macro f() %}" + _run("varargs[0]", "varargs[1]") + "{% endmacro %}{{ f" + _BOTH + " }}",
    "macro-by-another-name": "{% macro f(a, b) %}"
    + _run("a", "b")
    + "{% endmacro %}{% set g = f %}{{ g"
    + _BOTH
    + " }}",
    "unpacked": "{% macro f(a, b) %}" + _run("a", "b") + "{% endmacro %}{{ f(*" + _BOTH + ") }}",
    "block": "{% block a %}__init__{% endblock %}{% block b %}__globals__{% endblock %}" + _run("self.a()", "self.b()"),
    "filtered-block": "{% set a | reverse %}__tini__{% endset %}{% set b | reverse %}__slabolg__{% endset %}"
    + _run("a", "b"),
    "in-place": "{% set d = [] %}{% set x = d.extend(" + _BOTH + ") %}" + _run("d[0]", "d[1]"),
    "many-brackets": "{{ " + "(" * 61 + _run(_ONE, _TWO)[3:-3] + ")" * 61 + " }}",
    "number-before-a-word": _run(f"{_ONE} if 1else 'x'", f"{_TWO} if 1else 'x'"),
    "called-by-variable": "{% set x = " + _FIND + "['os']['popen'] %}{{ x('echo seen') }}",
    "called-by-attribute": "{{ " + _FIND + "['subprocess'].run('echo seen') }}",
    "called-by-a-sort": "{% set x = " + _FIND + "['os']['popen'] %}{{ ['echo seen'].sort(key=x) }}",
    "format-by-attribute": "{{ (" + _FIELDS + " | attr('format'))(cycler) }}",
    "format-by-item": "{{ " + _FIELDS + "['format'](cycler) }}",
    "format-by-variable": "{% set f = " + _FIELDS + ".format %}{{ f(cycler) }}",
}


def samples() -> Iterator[Malicious]:
    """Each spelling in a template's file; the places where templates stand."""
    for name, text in {**TEMPLATES, **CALLS}.items():
        yield malicious(f"template-{name}", "chat_template.jinja", text.encode(), RULE)
    text = TEMPLATES["join"]
    places = {
        "text": ("tokenizer_config.json", {"chat_template": text}),
        "list": ("tokenizer_config.json", {"chat_template": [{"name": "default", "template": text}]}),
        "names": ("tokenizer_config.json", {"chat_template": {"default": text}}),
        "own-file": ("chat_template.json", {"chat_template": text}),
        "processor": ("processor_config.json", {"processor_class": "X", "chat_template": text}),
        "langchain": ("prompt.json", {"_type": "prompt", "template": text, "template_format": "jinja2"}),
    }
    for name, (path, document) in places.items():
        yield malicious(f"template-in-{name}", path, json.dumps(document).encode(), RULE)
    yield malicious("template-additional", "additional_chat_templates/tool_use.jinja", text.encode(), RULE)
