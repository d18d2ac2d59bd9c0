"""JSON documents that loaders act on: chat templates, ``auto_map``, targets, Keras architectures, skops schemas.

Other JSON is data. Documents are read as Python's ``json`` reads them, because that is what the loaders use: in UTF-8,
16 or 32, the last of several values with one name (the others are looked at as well).
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import (
    config_templates,
    configuration,
    coreml_compiled,
    coreml_manifest,
    encoded_values,
    keras_config,
    mxnet,
    paddle_document,
    protobuf_text,
    secrets,
    skops_schema,
    tree_documents,
    yaml_document,
    zarr,
)

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "json"
EXAMINES = (
    "chat templates, code of repositories (auto_map …), targets, files in base64, Keras architectures, skops, secrets"
)

_SPACE = rb"[ \t\r\n]*+"
_LIST = rb'(?:[\]\[{"\-\d]|(?:true|false|null|NaN|Infinity)' + _SPACE + rb"[,\]])"
_START = re.compile(  # not the braces of a template
    rb"(?:\xef\xbb\xbf)?%b(?:\{%b[\"}]|\[%b%b)" % (_SPACE, _SPACE, _SPACE, _LIST)
)
_ALWAYS = 1_000_000  # bytes up to which a document is parsed whatever it holds
_OF_INTEREST = (
    re.compile(rb'chat_template(?:s|_jinja)?"'),
    re.compile(
        rb'"(?:instruction_template|template_format|auto_map|class_name|__loader__|_target_|_component_|class_path'
        rb"|base_code|itemInfoEntries|ir_version|irVersion|modelTopology"
        rb'|custom_pipelines|trust_remote_code|weight_map|lc|py/\w+|\(\))"'
    ),
    re.compile(rb"\\u00(?:3\d|[46][1-9A-Fa-f]|[57][\dAa]|5[Ff])"),  # what no writer escapes: letters, digits, "_"
)
# What a configuration can have beside; a name may also be written with escapes.
_CONFIGURED = re.compile(
    rb'"(?:target|storage|idx|flavors|auto_mapping|_class_name|implementation|custom_code|custom_generate|custom_pipeline|_?attn_implementation|megatron_core|custom_imports|dataset_reader|network_def|initialize)"|\$\{|\{\{\$|\\u00|\\/|'
    rb'"(?:os|posix|nt|subprocess|builtins|sys|importlib|shutil|runpy|pty|socket|ctypes|code|pickle|marshal)[.:/]|'
    + config_templates.MARK
)
_YAML = frozenset({"yaml", "yml"})  # of which JSON is a part
_CONTAINERS = 1_000_000  # objects and lists of one document that is parsed; the largest tokenizers have 600,000
_LARGE = 20_000_000  # bytes up to which a document is parsed if a key that a configuration has stands in it
_SMALL = 32_000  # bytes of a document that is a configuration, whatever it holds
_PLAIN = 100_000  # of a document that holds nothing of interest


def recognise(blob: Blob) -> bool:
    """Return whether an object or an array starts the text."""
    return _START.match(blob.data) is not None or _is_wide(blob)


def _is_wide(blob: Blob) -> bool:
    """Return whether it is JSON in UTF-16 or UTF-32 (RFC 4627, section 3, as ``json.detect_encoding`` has it)."""
    head = blob.read(0, 4)
    if b"\0" not in head:
        return False
    encoding = json.detect_encoding(head)
    return encoding != "utf-8" and _wide_start(encoding, little=head[:1] == b"\xff").match(blob.data) is not None


@functools.cache
def _wide_start(encoding: str, *, little: bool) -> re.Pattern[bytes]:
    """Return what an object or an array starts with in an encoding; ``little`` is the order that a mark says."""
    exact = encoding if encoding[-2:] in {"le", "be"} else f"{encoding}-{'le' if little else 'be'}"

    def one_of(characters: str) -> bytes:
        return b"(?:%s)" % b"|".join(re.escape(character.encode(exact)) for character in characters)

    space = one_of(" \t\r\n") + b"*+"
    inside = b"(?:%s|%s)" % (
        one_of("{") + space + one_of('"}'),
        one_of("[") + space + one_of('][{"-0123456789tfnNI'),
    )
    return re.compile(one_of("\ufeff") + b"?" + space + inside)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look at what loaders act on; large documents without such a key are data and not parsed."""
    yield from secrets.examine_text(blob)
    yield from encoded_values.examine(blob, examination)
    wanted = _is_wide(blob) or any(pattern.search(blob.data) for pattern in _OF_INTEREST)
    if not wanted and tree_documents.is_large(blob):
        yield from tree_documents.examine_large(blob, examination)
        return
    wanted = wanted or tree_documents.may_be_model(blob)
    is_yaml = _is_yaml(blob)
    configured = wanted or (blob.size <= _LARGE and _CONFIGURED.search(blob.data) is not None)
    if blob.size > _ALWAYS and not configured:
        yield from yaml_document.examine(blob, examination) if is_yaml else ()
        return
    if blob.size > examination.budgets.header:
        yield blob.gap(GapReason.BUDGET, f"a configuration of {blob.size:,} bytes is not parsed")
        return
    data = blob.read(0, blob.size)
    count = data.count(b"{") + data.count(b"[")
    if count > _PLAIN and not configured:
        yield from yaml_document.examine(blob, examination) if is_yaml else ()
        return
    if count > _CONTAINERS:
        yield blob.gap(GapReason.BUDGET, f"a configuration of {count:,} objects and lists is not parsed")
    else:
        configured = configured or is_yaml or blob.size <= _SMALL
        yield from _examine(blob, data, examination, wanted=wanted, configured=configured)


def _examine(blob: Blob, data: bytes, examination: Examination, *, wanted: bool, configured: bool) -> Observations:
    """Parse a document and ask everybody who knows some.

    ``wanted`` if it has keys that somebody acts on; ``configured`` if it has such as configurations have beside.
    """
    try:
        document = jsonsafe.loads(_utf8(data), lenient=True)
    except InputError as error:
        if _is_yaml(blob):
            yield from yaml_document.examine(blob, examination)
        elif wanted and naming.extension(blob.name) == "json":
            yield blob.gap(GapReason.MALFORMED, str(error))
        return
    yield from encoded_values.examine_escaped(blob, document, examination)
    if configured:
        yield from configuration.examine_document(blob, document, examination)
        yield from config_templates.examine_document(blob, document)
    if keras_config.is_architecture(document):
        yield from keras_config.examine_text(blob, examination)
    if isinstance(document, dict):
        yield from skops_schema.examine_document(blob, document, examination)
        yield from coreml_manifest.examine_document(blob, document)
        yield from coreml_compiled.examine_document(blob, document)
        yield from paddle_document.examine_document(blob, document)
        yield from protobuf_text.examine_document(blob, document, examination)
        yield from tree_documents.examine_document(blob, document, examination)
        yield from zarr.examine_document(blob, document)
        yield from mxnet.examine_document(blob, document, examination)


def _is_yaml(blob: Blob) -> bool:
    """Return whether a loader of YAML takes it by its name."""
    return naming.extension(blob.name) in _YAML or blob.name.rpartition("/")[2] == "MLmodel"


def _utf8(data: bytes) -> bytes:
    """Return a document in UTF-8, as ``json.loads`` decodes bytes."""
    encoding = json.detect_encoding(data)
    return data if encoding.startswith("utf-8") else data.decode(encoding, "replace").encode("utf-8", "replace")
