"""Pickles inside the literals of pickles.

One row is one technique.
"""

# ruff: noqa: E501 (tables: one row is one technique)

from __future__ import annotations

import base64
import binascii
import gzip
import struct
import zlib
from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    DANGEROUS,
    MISUSED,
    TEXT_WHOLE,
    WHOLE,
    literal,
    long_text,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

STREAMS: dict[str, tuple[bytes, str]] = {
    # nested
    "nested-raw": (b"\x80\x03" + literal(WHOLE) + b".", DANGEROUS),
    "nested-raw-protocol-0": (b"\x80\x03" + literal(TEXT_WHOLE) + b".", DANGEROUS),
    "nested-in-bytearray": (b"\x80\x05\x96" + struct.pack("<Q", len(WHOLE)) + WHOLE + b".", DANGEROUS),
    "nested-in-string": (b"U" + bytes((len(TEXT_WHOLE),)) + TEXT_WHOLE + b".", DANGEROUS),
    "nested-in-quoted-string": (b"S" + repr(TEXT_WHOLE.decode()).encode() + b"\n.", DANGEROUS),
    "nested-in-unicode-line": (b"V" + TEXT_WHOLE.replace(b"\n", b"\\u000a") + b"\n.", DANGEROUS),
    "nested-in-text": (b"\x80\x04" + long_text(WHOLE.decode("latin-1").encode()) + b".", DANGEROUS),
    "nested-base64": (b"\x80\x04" + long_text(base64.b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-base64-protocol-0": (b"\x80\x04" + long_text(base64.b64encode(TEXT_WHOLE)) + b".", DANGEROUS),
    "nested-base64-lines": (b"\x80\x04" + long_text(base64.encodebytes(WHOLE * 3)) + b".", DANGEROUS),
    "nested-base64-url": (b"\x80\x04" + long_text(base64.urlsafe_b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-base64-bytes": (b"\x80\x04" + literal(base64.b64encode(WHOLE)) + b".", DANGEROUS),
    "nested-hexadecimal": (b"\x80\x04" + long_text(binascii.hexlify(WHOLE)) + b".", DANGEROUS),
    "nested-zlib": (b"\x80\x03" + literal(zlib.compress(WHOLE)) + b".", DANGEROUS),
    "nested-gzip": (b"\x80\x03" + literal(gzip.compress(WHOLE)) + b".", DANGEROUS),
    "nested-zlib-base64": (b"\x80\x03" + long_text(base64.b64encode(zlib.compress(WHOLE))) + b".", DANGEROUS),
    "nested-base64-repeated": (b"\x80\x04" + (long_text(base64.b64encode(WHOLE)) + b"0") * 2 + b"N.", DANGEROUS),
    "nested-twice": (b"\x80\x03" + literal(b"\x80\x03" + literal(WHOLE) + b".") + b".", DANGEROUS),
    "nested-in-loads": (b"\x80\x03cpickle\nloads\n" + literal(WHOLE) + b"\x85R.", DANGEROUS),
    "nested-in-load-from-bytes": (b"\x80\x03ctorch.storage\n_load_from_bytes\n" + literal(WHOLE) + b"\x85R.", DANGEROUS),
    "nested-in-load-from-bytes-as-text": (
        b"\x80\x02ctorch.storage\n_load_from_bytes\nc_codecs\nencode\n" + long_text(WHOLE.decode("latin-1").encode())
        + b"X\x06\0\0\0latin1\x86R\x85R.", DANGEROUS),
    "load-from-bytes-of-junk": (
        b"\x80\x03ctorch.storage\n_load_from_bytes\n" + literal(b"\xfe no format at all") + b"\x85R.", MISUSED),
    "load-from-bytes-hidden": (b"\x80\x03ctorch.storage\n_load_from_bytes\n]R.", MISUSED),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(STREAMS)
