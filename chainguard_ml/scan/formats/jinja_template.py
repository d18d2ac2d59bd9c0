"""Templates in files of their own (``chat_template.jinja``, ``prompt.template``): the name says that it is one.

Text has no signature. Under ``.txt`` a template is told by a way to Python's internals inside of an expression. What
holds a template can be a configuration as well (``values.yaml.template``), and is then examined as both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import chat_template, secrets, yaml_document

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "jinja"
EXAMINES = "ways to reach Python's internals, modules and functions that run something; secrets"

_LIMIT = 4_000_000
_BLOCK = re.compile(rb"\{[{%]")
_JINJA = frozenset({"jinja", "jinja2", "j2"})
_NAMED = frozenset({"template", "tmpl", "tpl", "prompt"})
_INTERNAL = re.compile(
    rb"\{[{%][^{}]{0,300}(?:__(?:class|base|bases|mro|subclasses|globals|builtins|import|init|getattribute)__|\|\s*attr\s*\()"
)


def recognise(blob: Blob) -> bool:
    """Return whether a file with a template's name contains an expression or a statement."""
    ending, last = naming.extension(blob.name), blob.name.rpartition("/")[2]
    if b"\0" in blob.read(0, 512):
        return False
    if ending in _JINJA | _NAMED or last == "chat_template" or (ending == "txt" and chat_template.is_chat(last)):
        return _BLOCK.search(blob.data, 0, _LIMIT) is not None
    return ending == "txt" and _INTERNAL.search(blob.data, 0, _LIMIT) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look for ways in which the template reaches for internals."""
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a template of more than {_LIMIT:,} bytes; the rest is unread")
    source = blob.read(0, _LIMIT).decode("utf-8", "replace")
    path = "/".join((blob.location.path, *blob.location.member))
    strict = chat_template.is_chat(path) or chat_template.is_conversation(source)
    certain = strict or naming.extension(blob.name) in _JINJA
    yield from chat_template.examine_source(blob, source, blob.name, strict=strict, certain=certain)
    if naming.extension(blob.name) in _NAMED:
        if yaml_document.recognise(blob):
            yield from yaml_document.examine(blob, examination)  # also for secrets
        else:
            yield from secrets.examine_text(blob)
