"""What no format had read: templates in configurations of every syntax and under other names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

RULE = "chat-template-injection"
INJECTION = "{{ cycler.__init__.__globals__.os.popen('echo seen').read() }}"
HIDDEN = "{% set u = '_' %}{{ ''[u ~ u ~ 'class' ~ u ~ u] }}"

# Of any template, not only of chats.
PAGES = {
    "module": "{{ subprocess.check_output(['echo', 'seen']) }}",
    "module-run": "{{ subprocess.run('echo seen', shell=True) }}",
    "import-of-tornado": "{% import os %}{{ os.popen('echo seen').read() }}",
    "from-of-tornado": "{% from subprocess import check_output %}{{ check_output('echo') }}",
    "method-anywhere": "{{ tool.popen('echo seen') }}",
    "evaluated": "{{ eval('1') }}",
    "opened": "{{ open('/etc/hostname').read() }}",
    "context": "{{ self._TemplateReference__context }}",
    "configuration-of-flask": "{{ config.__class__.__init__.__globals__['os'].popen('echo seen').read() }}",
}
DOCUMENTS = {
    "chat_template": RULE,
    "chat_template_jinja": RULE,
    "default_chat_template": RULE,
    "instruction_template": RULE,
}


def samples() -> Iterator[Malicious]:
    """Templates by where they stand."""
    for name, text in PAGES.items():
        yield malicious(f"page-{name}", "report.template", text.encode(), RULE)
        yield malicious(f"page-{name}-jinja", "report.jinja2", text.encode(), RULE)
    for ending in ("template", "tmpl", "tpl", "prompt", "txt"):
        yield malicious(f"template-as-{ending}", f"prompt.{ending}", f"Hello {INJECTION}\n".encode(), RULE)
    yield malicious("template-without-ending", "chat_template", HIDDEN.encode(), RULE)
    yield malicious("template-as-text", "chat_template.txt", HIDDEN.encode(), RULE)
    for key in DOCUMENTS:
        yield malicious(f"template-in-yaml-{key}", "model.yaml", f"name: x\n{key}: |\n  a\n  {HIDDEN}\n".encode(), RULE)
        yield malicious(f"template-in-json-{key}", "model.json", json.dumps({"a": [{key: HIDDEN}]}).encode(), RULE)
        yield malicious(f"template-in-toml-{key}", "model.toml", f'[a]\n{key} = """\n{HIDDEN}"""\n'.encode(), RULE)
    yield malicious(
        "template-in-yaml-folded", "prompts.yml", f"system:\n  prompt_template: >-\n    {INJECTION}\n".encode(), RULE
    )
    yield malicious("template-in-yaml-quoted", "x.yaml", b'prompt: "\\x7b{ x.__class__ }}"\n', RULE)
    named = f"chat_template:\n  - name: a\n    template: >-\n      {INJECTION}\n"
    yield malicious("template-in-yaml-named", "x.yaml", named.encode(), RULE)
    yield malicious("template-in-yaml-anchored", "x.yaml", f'a: &t "{INJECTION}"\nchat_template: *t\n'.encode(), RULE)
    yield malicious("template-in-yaml-large", "x.yaml", b"a: 1\n" * 20_000 + f'prompt: "{INJECTION}"\n'.encode(), RULE)
    yield malicious(
        "template-in-json-any-key", "generation_config.json", json.dumps({"x": {"y": INJECTION}}).encode(), RULE
    )
    escaped = json.dumps({"prompt": INJECTION}).replace("{{", "\\u007b\\u007b").encode()
    yield malicious("template-in-json-escaped", "x.json", escaped, RULE)
    tagged = b"a: {{ x }}\nb: !!python/object/apply:os.system [echo seen]\n"
    yield malicious("tag-in-a-template", "values.yaml.template", tagged, "unsafe-yaml-tag")
    yield malicious("template-in-toml-target", "conf.toml", b'[a]\n_target_ = "os.system"\n', "dangerous-config-target")
    held = b"\x80\x02csklearn.preprocessing._function_transformer\nFunctionTransformer\n)\x81}X\x04\0\0\0func"
    held += b"cgensim.models.word2vec\nWord2Vec\nsb."
    yield malicious("pickle-keeps-a-model-that-opens-files", "model.pkl", held, "misused-global")
