"""Chat templates in the style of public models, and templates of web pages and deployments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

FOLDER = Path(__file__).parent / "chat_templates"
OTHER = {
    "page.jinja2": "{% extends 'base.html' %}{% import 'forms.html' as forms %}{% include 'nav.html' %}\n"
    "{{ url_for('index') }}{{ get_flashed_messages() }}{{ request.path }}{{ field.__class__.__name__ }}",
    "nginx.conf.j2": "{{ lookup('env', 'HOME') }}{{ hosts|map(attribute=key)|join(',') }}{{ item|attr(name) }}",
    "cookie.j2": "{{ cookiecutter._template }}{{ cookiecutter.__prefix }}",
}


def samples() -> Iterator[Benign]:
    """Each template in a file of its own and in a tokenizer's configuration."""
    for path in sorted(FOLDER.glob("*.jinja")):
        text = path.read_text(encoding="utf-8")
        yield benign(f"template-{path.stem}", "chat_template.jinja", text.encode())
        document = {"chat_template": [{"name": "default", "template": text}], "tokenizer_class": "LlamaTokenizerFast"}
        yield benign(f"template-{path.stem}-json", "tokenizer_config.json", json.dumps(document).encode())
    for name, text in OTHER.items():
        yield benign(f"template-{name}", name, text.encode())
