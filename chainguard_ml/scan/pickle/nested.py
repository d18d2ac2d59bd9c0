"""Pickles inside the literals of a pickle: as they are, as text, in base64, in hexadecimal, compressed."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding
from chainguard_ml.rules import pickle as rules
from chainguard_ml.scan.pickle.recognition import is_pickle_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.pickle.trace import Nested

_BASE64 = re.compile(rb"[\w+/-]{11,}={0,2}", re.ASCII)
_HEX = re.compile(rb"(?:[\dA-Fa-f]{2}){11,}")
_SPACE = re.compile(rb"\s+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_CONTAINERS = re.compile(rb"PK\x03\x04|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ\0|x[\x01\x5e\x9c\xda]")


def examine_nested(blob: Blob, found: list[Nested], examination: Examination) -> Observations:
    """Examine the literals that are pickles, or that a callable of the stream loads as a file."""
    for item in found:
        if item.certain:
            yield from _loaded(blob, item, examination)
        else:
            for inner in _forms(blob, item):
                if is_pickle_inside(inner) or _CONTAINERS.match(inner.data):
                    # What only looks like a container is data, so only findings count.
                    yield from (thing for thing in examination.nested(inner) if isinstance(thing, Finding))


def _loaded(blob: Blob, item: Nested, examination: Examination) -> Observations:
    """Examine what the stream itself has loaded; bytes that nothing recognises are a misuse of the loader."""
    from chainguard_ml.scan.recognition import recognise

    inner = _plain(blob, item)
    if recognise(inner) is None:
        yield rules.MISUSED_GLOBAL.finding(
            blob.subject,
            blob.location.at(item.offset),
            "the stream loads bytes that are no known format",
            key=("loaded bytes", "unknown"),
        )
    yield from examination.nested(inner)


def _plain(blob: Blob, item: Nested) -> Blob:
    """Return the literal as bytes: text is what protocols below 3 write bytes as, in Latin-1."""
    span = item.span
    member = f"({'text' if span.text else 'bytes'}@{item.offset:#x})"
    if span.content is not None:
        return blob.inside(member, span.content)
    if not span.text:
        return blob.window(member, span.start, span.stop)
    raw = blob.read(span.start, span.stop)
    try:
        return blob.inside(member, raw.decode("utf-8", "surrogatepass").encode("latin-1"))
    except UnicodeError:
        return blob.inside(member, raw)


def _forms(blob: Blob, item: Nested) -> Iterator[Blob]:
    """Yield what the literal can mean."""
    plain = _plain(blob, item)
    yield plain
    text = _SPACE.sub(b"", bytes(plain.data)) if plain.read(0, 1).isascii() else b""
    if _HEX.fullmatch(text):
        yield plain.inside("(hexadecimal)", bytes.fromhex(text.decode("ascii")))
    if _BASE64.fullmatch(text):
        try:
            yield plain.inside("(base64)", binascii.a2b_base64(text.translate(_URL_SAFE).rstrip(b"=") + b"=="))
        except binascii.Error:
            return
