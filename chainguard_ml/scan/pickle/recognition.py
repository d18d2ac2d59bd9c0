"""Whether bytes are a pickle: by what a walk through them comes to, never by a name alone.

Pickles of protocol 2 and later say so. Older ones are opcodes that are also letters, so a text is only taken for one if
it runs to its end or calls something, which prose, source code, tables and word lists do not. A name under which
pickles are saved makes it easier to be taken for one, never harder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.walk import Walk, walk

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Blob

FIRST = b"(N)]}KMJGIFLSVUTXBCcP\x80\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97i"
"""Bytes that can begin a stream."""

_FIRST = frozenset(FIRST)
_NAMES = frozenset(
    {"pkl", "pickle", "joblib", "pt", "pth", "bin", "ckpt", "dat", "data", "dill", "cloudpickle", "p", "sav"}
)
_SHORTEST = 4  # bytes of an old pickle that is taken for one without a telling name
_HIGHEST = 5
_BINARY = re.compile(rb"[^\t\n\r\x20-\x7e]")  # what no prose in ASCII has
_LOOKED_AT = 64  # bytes behind a stream
_FRAME = 0x95


def walked(blob: Blob) -> Walk:
    """Return the walk through a blob, made once."""
    known = blob.memo.get("pickle")
    if not isinstance(known, Walk):
        known = walk(blob.data, blob.meter)
        blob.memo["pickle"] = known
    return known


def is_pickle(blob: Blob) -> bool:
    """Return whether the bytes are a pickle or the beginning of one."""
    head = blob.read(0, 3)
    if not head or head[0] not in _FIRST:
        return False
    hinted = blob.name.rpartition(".")[2].lower() in _NAMES
    if head[0] == 0x80:
        return len(head) > 1 and head[1] <= _HIGHEST and _is_protocol(blob, head, hinted=hinted)
    result = walked(blob)
    if result.trace.executed or (hinted and result.trace.names_globals):
        return True
    if not result.started:
        return False
    if hinted or (result.complete and blob.size >= _SHORTEST):
        return True
    return result.trace.names_globals and _BINARY.search(blob.read(result.end, result.end + _LOOKED_AT)) is not None


def _is_protocol(blob: Blob, head: bytes, *, hinted: bool) -> bool:
    """Return whether what follows the protocol's number can be a stream: random bytes break within a few opcodes."""
    if hinted or (len(head) > 2 and head[2] == _FRAME):
        return True
    result = walked(blob)
    cut = result.first >= blob.size
    return result.started or cut or result.trace.names_globals


def is_pickle_inside(blob: Blob) -> bool:
    """Return whether a literal is a pickle that names something, or has one inside; one of mere data is data."""
    head = blob.read(0, 1)
    if not head or head[0] not in _FIRST:
        return False
    result = walked(blob)
    return result.trace.names_globals or (result.started and bool(result.trace.nested))
