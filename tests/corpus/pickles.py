"""Pieces of which the corpus assembles its pickles. What they would run only prints; nothing is ever loaded."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.corpus.frame import Malicious

SYSTEM = b"cos\nsystem\n"
ARGUMENT = b"\x8c\x09echo seen"
RUN = SYSTEM + ARGUMENT + b"\x85R"
WHOLE = b"\x80\x02" + RUN + b"."
TEXT_WHOLE = b"cos\nsystem\n(S'echo seen'\ntR."
OD = b"ccollections\nOrderedDict\n"

DANGEROUS = "dangerous-global"
UNKNOWN = "unknown-global"
UNRESOLVED = "unresolved-global"
PATH = "attribute-path-global"
OVERWRITTEN = "overwritten-global"
MISUSED = "misused-global"
MALFORMED = "malformed-pickle"
CODE = "pickle-carries-code"

MEDIUM = frozenset({"empty-name", "persistent-line"})
"""Techniques that run nothing by themselves."""


def glob(module: str, name: str) -> bytes:
    """Return GLOBAL."""
    return f"c{module}\n{name}\n".encode("utf-8", "surrogatepass")


def stack_global(module: bytes, name: bytes) -> bytes:
    """Return two short texts and STACK_GLOBAL."""
    return b"\x8c" + bytes((len(module),)) + module + b"\x8c" + bytes((len(name),)) + name + b"\x93"


def long_text(raw: bytes) -> bytes:
    """Return BINUNICODE."""
    return b"X" + struct.pack("<I", len(raw)) + raw


def text(value: str) -> bytes:
    """Return a text as BINUNICODE."""
    return long_text(value.encode("utf-8", "surrogatepass"))


def literal(raw: bytes) -> bytes:
    """Return BINBYTES."""
    return b"B" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    """Return LONG1, which all protocols from 2 on read."""
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes((len(raw),)) + raw


def call(target: bytes, *arguments: bytes) -> bytes:
    """Return a call by REDUCE."""
    return target + b"(" + b"".join(arguments) + b"tR"


def dictionary(**items: bytes) -> bytes:
    """Return a dictionary with these keys."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def whole(*parts: bytes, protocol: int = 2) -> bytes:
    """Return a stream."""
    return b"\x80" + bytes((protocol,)) + b"".join(parts) + b"."


def table(streams: Mapping[str, tuple[bytes, str]], prefix: str = "pickle") -> Iterator[Malicious]:
    """Yield each row of a table, a stream and the rule that finds it, as a file."""
    for name, (data, rule) in streams.items():
        least = Severity.MEDIUM if name in MEDIUM else Severity.HIGH
        yield malicious(f"{prefix}-{name}", "model.pkl", data, rule, least=least)
