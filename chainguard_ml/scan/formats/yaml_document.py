"""YAML documents that loaders act on: tags, targets, aliases, and what JSON configurations hold too.

YAML has no signature: the name says that a text may be YAML, or a tag of PyYAML or a target in a text that parses.
Documents without a construct that matters are data and not parsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import (
    config_targets,
    config_templates,
    configuration,
    encoded_values,
    keras_config,
    secrets,
    yaml_reader,
    yaml_tags,
)
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "yaml"
EXAMINES = (
    "tags that build objects, targets (Hydra, NeMo, Lightning), interpolations, aliases, MLflow loaders, "
    "templates, secrets"
)

_LIMIT = 4_000_000  # bytes that are parsed
_ELSEWHERE = 1_000_000  # bytes of a text whose name is not one of YAML
_SURE = re.compile(
    rb"!!python/|!!\S*%[0-9a-fA-F]{2}|tag:yaml\.org,2002:python/|(?:^|[{,])[ \t]*(?:- )?[\"']?_target_[\"']?[ \t]*:",
    re.MULTILINE,
)
_STRONG = re.compile(
    rb"!!|!<|%TAG|yaml\.org,2002|!(?:new|name|apply|applyref|module|obj|import|pkl|ruby|php|perl|js)[:/]"
    rb"|_target_|_component_|class_path|\(\)[\"']?[ \t]*:|loader_module|auto_map|trust_remote_code|custom_pipelines"
    rb"|chat_template|model_code_path|python_model|flavors:|py/"
)
_WEAK = re.compile(
    rb"\\[xuU]|[*][\w-]|\$\{|target[\"']?[ \t]*:|(?:imports?|download|backbone|head)[\"']?[ \t]*:"
    rb"|(?:^|[{,\[\s])\?\s|" + config_templates.MARK  # a key on a line of its own
)
_ALWAYS = 32_000  # bytes up to which a document is parsed whatever it holds
_OTHER_TEXT = frozenset({"md", "rst", "py", "ipynb", "html", "htm", "js", "ts", "patch", "diff", "tex", "csv", "tsv"})
_BOMB = 1_000_000  # values; anchors of real configurations give a few thousand
_GROWTH = 100


def recognise(blob: Blob) -> bool:
    """Return whether a text is called YAML, or is YAML with a construct that nothing else has."""
    if naming.extension(blob.name) in {"yaml", "yml"} or blob.name.rpartition("/")[2] == "MLmodel":
        return b"\0" not in blob.read(0, 512) or blob.read(0, 2) in {b"\xff\xfe", b"\xfe\xff"}
    if blob.size > _ELSEWHERE or naming.extension(blob.name) in _OTHER_TEXT or b"\0" in blob.read(0, 4096):
        return False
    if _SURE.search(blob.data) is None:
        return False
    reading = yaml_reader.read(yaml_reader.text_of(blob.read(0, blob.size)))
    return (not reading.broken or bool(reading.tags)) and any(
        isinstance(document, dict | list) for document in reading.documents
    )


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look at what loaders act on."""
    yield from secrets.examine_text(blob)
    yield from encoded_values.examine(blob, examination)
    wide = blob.read(0, 2) in {b"\xff\xfe", b"\xfe\xff"}
    strong = wide or _STRONG.search(blob.data) is not None
    if blob.size > _LIMIT:
        if strong or _WEAK.search(blob.data):
            yield blob.gap(GapReason.BUDGET, f"a configuration of {blob.size:,} bytes is not parsed")
        return
    if not (strong or blob.size <= _ALWAYS or config_targets.in_model(blob) or _WEAK.search(blob.data)):
        return
    reading = yaml_reader.read(yaml_reader.text_of(blob.read(0, blob.size)))
    yield from _aliases(blob, reading)
    documentation = _is_documentation(blob, reading.documents)
    yield from yaml_tags.examine_tags(blob, reading.tags, examination, documentation=documentation)
    for document in reading.documents:
        yield from configuration.examine_document(blob, document, examination)
        yield from keras_config.examine_document(blob, document, examination)
        yield from config_templates.examine_document(blob, document)
        yield from encoded_values.examine_escaped(blob, document, examination)
    if reading.limited:
        yield blob.gap(GapReason.BUDGET, reading.limited)
    elif reading.broken and config_targets.in_model(blob):
        yield blob.gap(GapReason.MALFORMED, f"it is no YAML: {reading.broken}")


def _is_documentation(blob: Blob, documents: list[Json]) -> bool:
    """Return whether it is the configuration of MkDocs, whose extensions are named with tags of PyYAML by design."""
    named = blob.name.rpartition("/")[2].lower().startswith("mkdocs")
    keyed = any(isinstance(document, dict) and {"site_name", "nav"} & document.keys() for document in documents)
    return (named or keyed) and not config_targets.in_model(blob)


def _aliases(blob: Blob, reading: yaml_reader.Reading) -> Observations:
    if reading.values <= max(_BOMB, reading.written * _GROWTH):
        return
    count = f"more than {10**12:,}" if reading.values >= 10**12 else f"{reading.values:,}"
    yield rules.YAML_EXPANSION.finding(
        blob.subject,
        blob.location,
        f"{plural(reading.written, 'value')} become {count} once the aliases are expanded",
        key=("aliases",),
        facts={"written": reading.written, "expanded": reading.values, "document": printable(blob.name, 100)},
    )
