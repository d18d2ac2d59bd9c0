"""Texts among the arguments of a Keras configuration: paths, addresses, and files or bytecode in base64.

Layers open what their arguments name when they are built: a vocabulary, a saved model, a preset (CVE-2025-12058).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import keras as rules
from chainguard_ml.scan.formats import encoded
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_NO_PATHS = frozenset({"name", "class_name", "module", "registered_name", "keras_version", "backend", "date_saved",
                       "equation", "subscripts", "function_type", "output_shape_type"})  # fmt: skip
_FILES = frozenset({"vocabulary", "vocab", "vocabulary_file", "vocab_file", "filepath", "file_path", "filename"}
                   | {"handle", "preset", "proto", "merges", "saved_model_path", "model_path"})  # fmt: skip
_OUTSIDE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,20}:/|file:|/.|[A-Za-z]:[\\/]|\\\\.|~[\w-]*[/\\]|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL
)
_LONGEST = 4096
_SHORTEST = 24  # characters of something encoded
_CODE = re.compile(rb"[\x63\xe3][\s\S]\0\0\0[\s\S]\0\0\0[\s\S]\0\0\0")  # marshal: a code object, its three counts
_LEAST_CODE = 60


def examine(blob: Blob, pointer: str, item: Mapping[str, Json], examination: Examination) -> Observations:
    """Examine the texts of one object or dictionary at ``pointer``."""
    for key, text in _texts(item):
        place = replace(blob, location=replace(blob.location, pointer=f"{pointer}/{key}"))
        if finding := _file(place, key, text):
            yield finding
        if len(text) >= _SHORTEST:
            yield from _encoded(place, key, text, examination)


def _texts(item: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield texts by key, also those of a list: Keras 2 wrote a function as a list."""
    for key, value in item.items():
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, list | tuple):
            yield from ((f"{key}/{index}", text) for index, text in enumerate(value) if isinstance(text, str))


def _file(place: Blob, key: str, text: str) -> Finding | None:
    outside = key not in _NO_PATHS and "/" not in key and len(text) <= _LONGEST and _OUTSIDE.match(text) is not None
    if not outside and (key not in _FILES or not text):
        return None
    return rules.KERAS_FILE.finding(
        place.subject,
        place.location,
        f"the argument '{printable(key, 60)}' names '{printable(text, 200)}'",
        key=(key, text[:_LONGEST]),
        facts={"argument": key, "value": text[:_LONGEST]},
        severity=None if outside else Severity.MEDIUM,
    )


def _encoded(place: Blob, key: str, text: str, examination: Examination) -> Observations:
    raw = text.encode("latin-1", "replace")
    inner = place.inside(f"({key})", raw)
    inner = replace(inner, name="", location=replace(inner.location, pointer=None))
    if any(is_code(data) for _, data in encoded.forms(raw)) or is_code(_lines(raw)):
        yield carries_code.KERAS_LAMBDA.finding(
            place.subject,
            place.location,
            f"'{printable(key, 60)}' is the bytecode of a function",
            key=(place.location.pointer or "", "bytecode"),
            facts={"argument": key},
        )
    else:
        yield from encoded.examine(inner, examination)


def _lines(raw: bytes) -> bytes:
    """Return base64 as ``codecs.decode`` reads it, which skips whatever is none."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        return b""


def is_code(data: bytes) -> bool:
    """Return whether bytes are a marshalled code object of any CPython 3."""
    return len(data) >= _LEAST_CODE and _CODE.match(data) is not None
