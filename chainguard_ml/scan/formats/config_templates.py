"""Jinja templates in configurations, whatever they are written in.

Chat templates stand under names of their own (``chat_template`` of ``transformers`` and vLLM, ``chat_template_jinja``
of Axolotl, ``instruction_template`` of text-generation-webui, ``template`` beside ``template_format: jinja2`` of
LangChain). Those are chats and judged as such. Other texts are rendered where their key calls them a template or a
prompt, or where they stand in what is called a configuration: there only ways to Python's internals count.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import chat_template, config_targets, config_walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob

MARK = rb"\{[{%]"
"""What a text with an expression or a statement of Jinja contains."""

_MARK = re.compile(r"\{[{%]")
_CHATS = ("chat_template", "default_chat_template", "chat_templates", "chat_template_jinja", "instruction_template",
          "custom_chat_template")  # fmt: skip
_RENDERED = re.compile(r"template|prompt|jinja|doc_to_", re.IGNORECASE)
_CONFIGURATION = re.compile(r"config|settings|params|template|prompt", re.IGNORECASE)
_MOST = 4_000_000  # characters of one document's templates


def examine_document(blob: Blob, document: Json) -> Observations:
    """Examine every template of a document; each text once."""
    said: set[str] = set()
    room = _MOST
    for pointer, source, certain in (*_chats(document), *_others(blob, document)):
        if source in said:
            continue
        said.add(source)
        room -= len(source)
        strict = certain or chat_template.is_conversation(source)
        if room < 0:
            yield blob.gap(GapReason.BUDGET, f"templates of more than {_MOST:,} characters; the rest is not examined")
            return
        yield from chat_template.examine_source(blob, source, pointer, strict=strict, certain=certain)


def _chats(document: Json) -> Iterator[tuple[str, str, bool]]:
    for pointer, item in jsonsafe.objects(document):
        for key in _CHATS:
            for name, source in _sources(item.get(key)):
                yield f"{pointer}/{key}{name}", source, True
        if item.get("template_format") == "jinja2" and isinstance(item.get("template"), str):  # LangChain's prompts
            yield f"{pointer}/template", str(item["template"]), True


def _sources(template: Json) -> Iterator[tuple[str, str]]:
    """Yield the templates of a value: one string, or several by name."""
    if isinstance(template, str):
        yield "", template
    elif isinstance(template, list | dict):
        for pointer, item in jsonsafe.objects(template):
            yield from ((f"{pointer}/{name}", text) for name, text in item.items() if isinstance(text, str))


def _others(blob: Blob, document: Json) -> Iterator[tuple[str, str, bool]]:
    if naming.extension(blob.name) == "ipynb":
        return  # cells show how templates are written
    everywhere = config_targets.in_model(blob) or _CONFIGURATION.search(blob.name.rpartition("/")[2]) is not None
    for pointer, text in config_walk.strings(document, "{"):
        if _MARK.search(text) and (everywhere or _RENDERED.search(pointer)):
            yield pointer, text, False
