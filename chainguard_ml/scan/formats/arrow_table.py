"""Tables of Apache Arrow and Parquet: types whose description is a pickle.

pyarrow before 14.0.1 unpickles the metadata of the extension type ``arrow.py_extension_type`` when it reads a schema
(CVE-2023-47248). In Arrow's files the schema stands as it is, in Parquet's footer in base64 under ``ARROW:schema``.
"""

from __future__ import annotations

import binascii
import itertools
import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import scientific as rules
from chainguard_ml.scan.formats.raw import payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "arrow"
EXAMINES = "the schema for types that are pickles; columns are not read"

_ARROW, _PARQUET = b"ARROW1", b"PAR1"
_TYPE = b"arrow.py_extension_type"
_ENDS = frozenset({b"PAR1", b"PARE"})
_SCHEMA = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")
_PICKLE = re.compile(rb"\x80[\x02-\x05]|c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")
_HEAD = 16_000_000  # bytes at either end in which a schema is looked for
_MOST = 64  # pickles of one schema


def recognise(blob: Blob) -> bool:
    """Return whether a signature is at the start; encrypted footers of Parquet end otherwise."""
    return blob.read(0, 8) == _ARROW + b"\0\0" or blob.read(0, 4) == _PARQUET


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look for the type in the schema, and for what it unpickles."""
    for schema in _schemas(blob):
        if _TYPE not in schema:
            continue
        yield _finding(blob)
        inner = blob.inside("(schema)", schema)
        for match in itertools.islice(_PICKLE.finditer(schema), _MOST):
            yield from payloads(examination.nested(inner.window("(type)", match.start(), len(schema))))


def _schemas(blob: Blob) -> Iterator[bytes]:
    start = max(0, blob.size - _HEAD)
    if blob.read(0, 4) == _PARQUET or blob.read(max(0, blob.size - 4), blob.size) in _ENDS:
        length = int.from_bytes(blob.read(max(0, blob.size - 8), blob.size - 4), "little")
        footer = blob.read(max(start, blob.size - 8 - length), blob.size)
        for match in _SCHEMA.finditer(footer) if b"ARROW:schema" in footer else ():
            try:
                yield binascii.a2b_base64(match[0])
            except binascii.Error:
                continue
        return
    yield blob.read(0, min(blob.size, _HEAD))
    if start:
        yield blob.read(start, blob.size)


def _finding(blob: Blob) -> Finding:
    return rules.UNSAFE_EXTENSION.finding(
        blob.subject,
        blob.location,
        "a column has a type that pyarrow restores by unpickling it",
        key=("type",),
        facts={"type": _TYPE.decode()},
    )
