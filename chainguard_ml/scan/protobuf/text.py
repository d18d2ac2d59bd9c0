"""The protobuf text format (protobuf.dev, "Text Format Language Specification"), written again in the wire format.

So what is asked of a message in bytes is asked of its text as well. Numbers are kept where they are whole; fields that
the schema does not know are left out, because readers refuse them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.scan.protobuf.wire import BYTES, FIXED32, FIXED64, LEVELS, VARINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Data
    from chainguard_ml.scan.protobuf.schema import Kind

_TOKEN = re.compile(
    rb"(?:\s|#[^\n]*+)*+(?:"
    rb"(?P<string>(?:(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+')\s*+)++)"
    rb"|(?P<name>[A-Za-z_][\w.]*+)|(?P<number>[-+]?[\d.][\w.+-]*+)"
    rb"|(?P<open>[{<])|(?P<close>[}>])|(?P<sign>[\[\]:,;/-])|(?P<end>\Z))",
    re.DOTALL,
)
_LITERAL = re.compile(rb"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_NAMED = re.compile(rb"(?:\s|#[^\n]*+)*+[:{<\[]")  # what follows a field's name
_DIGITS = 30  # of a number that is kept
_FIXED = {"float": (FIXED32, 4), "fixed32": (FIXED32, 4), "double": (FIXED64, 8), "fixed64": (FIXED64, 8)}


@dataclass(slots=True)
class _Frame:
    """A message that is open: its type (``None`` if unknown), the field it is for, and its bytes so far."""

    kind: Kind | None
    number: int
    body: bytearray = field(default_factory=bytearray)
    listed: bool = False  # it stands in a list of values
    name: bytes | None = None  # the field whose value comes next


def varint(value: int) -> bytes:
    """Return a number as base 128, negative ones as 64 bits in two's complement."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def add_bytes(body: bytearray, number: int, content: bytes | bytearray) -> None:
    """Add a field of bytes, text or a message."""
    body += varint(number << 3 | BYTES) + varint(len(content))
    body += content


def add_number(body: bytearray, kind: str, number: int, value: int) -> None:
    """Add a number; those with a fixed width and those that are not whole are zero."""
    wire, width = _FIXED.get(kind, (VARINT, 0))
    body += varint(number << 3 | wire) + (bytes(width) if width else varint(value))


def fields(data: Data, limit: int) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Yield every scalar of the first ``limit`` bytes of a text without a schema: path of names, text, offset.

    Ends where it is no text format; texts that follow each other are one, numbers and names are as they stand.
    """
    names: list[str] = [""]
    position, stop = 0, min(len(data), limit)
    listed = False
    while match := _TOKEN.match(data, position, stop):
        kind, token = match.lastgroup or "end", bytes(match[match.lastgroup or 0])
        position = match.end()
        if kind == "end" or (kind == "open" and len(names) > LEVELS) or (kind == "close" and len(names) == 1):
            return
        if kind == "open":
            names.append("")
            listed = False
        elif kind == "close":
            names.pop()
        elif kind == "sign":
            listed = token == b"[" or (listed and token != b"]")
        elif kind == "name" and not listed and _NAMED.match(data, position):
            names[-1] = token.decode("latin-1")
        else:
            parts = [_unescaped(part[1:-1]) for part in _LITERAL.findall(token)] if kind == "string" else [token]
            yield tuple(names), b"".join(parts).decode("utf-8", "replace"), match.start(kind)


def to_wire(data: Data, root: Kind) -> tuple[bytes, int | None]:
    """Return a text as a message, and the offset of what is no text format, if there is something."""
    stack = [_Frame(root, 0)]
    position, broken = 0, None
    while True:
        match = _TOKEN.match(data, position)
        kind = match.lastgroup if match else None
        if match is None or kind == "end" or not _take(stack, kind or "", bytes(match[kind or 0])):
            broken = None if kind == "end" and len(stack) == 1 else position
            break
        position = match.end()
    while len(stack) > 1:
        _close(stack)
    return bytes(stack[0].body), broken


def _take(stack: list[_Frame], kind: str, token: bytes) -> bool:
    """Take one token; return whether it may stand there."""
    frame = stack[-1]
    if kind == "open":
        return _open(stack)
    if kind == "close":
        if len(stack) == 1:
            return False
        _close(stack)
    elif kind == "sign":
        return _sign(frame, token)
    elif frame.name is None:
        frame.name = token
        return kind == "name"
    else:
        _value(stack, kind, token)
    return True


def _sign(frame: _Frame, token: bytes) -> bool:
    if token == b"[":
        frame.listed = frame.name is not None
        frame.name = frame.name or b""  # the name of an extension or of a type stands in brackets
    elif token == b"]":
        frame.name = None if frame.listed else b""
        frame.listed = False
    elif token in {b",", b";"} and not frame.listed:
        frame.name = None
    return True


def _open(stack: list[_Frame]) -> bool:
    frame = stack[-1]
    if frame.name is None or len(stack) > LEVELS:
        return False
    number = frame.kind.names.get(frame.name.decode("latin-1"), 0) if frame.kind else 0
    inner = frame.kind.inner.get(number) if frame.kind else None
    stack.append(_Frame(inner, number))
    return True


def _close(stack: list[_Frame]) -> None:
    done = stack.pop()
    frame = stack[-1]
    if done.kind is not None:
        add_bytes(frame.body, done.number, done.body)
    if not frame.listed:
        frame.name = None


def _value(stack: list[_Frame], kind: str, token: bytes) -> None:
    """Add a scalar; texts that follow each other are one."""
    frame = stack[-1]
    name = (frame.name or b"").decode("latin-1")
    number = frame.kind.names.get(name, 0) if frame.kind else 0
    what = frame.kind.kinds.get(number, "") if frame.kind else ""
    if kind == "string":
        if what in {"string", "bytes"}:
            parts = (part[1:-1] for part in _LITERAL.findall(token))
            add_bytes(frame.body, number, b"".join(_unescaped(part) for part in parts))
    elif what and what not in {"message", "string", "bytes"}:
        add_number(frame.body, what, number, _whole(token))
    if not frame.listed:
        frame.name = None


def _whole(token: bytes) -> int:
    """Return a number or a truth value; names of enumerations and fractions are zero."""
    if token.lower() in {b"true", b"t"}:
        return 1
    try:
        return int(token[:_DIGITS].rstrip(b"uUlL"), 0)
    except ValueError:
        return 0


def _unescaped(body: bytes) -> bytes:
    return _ESCAPE.sub(_unescape, body) if b"\\" in body else body


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, simple = match.groups()
    if octal or hexadecimal:
        return bytes([int(octal or hexadecimal, 8 if octal else 16) & 0xFF])
    if short or long:
        code = int(short or long, 16)
        return chr(code).encode("utf-8", "surrogatepass") if code < 0x11_0000 else b""
    return _SIMPLE.get(simple, simple)
