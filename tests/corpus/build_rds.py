"""Builders of R serializations: items as bytes in the XDR encoding, and the same in the two others."""

from __future__ import annotations

import struct

NIL, GLOBAL, BASE, UNBOUND, MISSING = (struct.pack(">i", kind) for kind in (254, 253, 241, 252, 251))
ATTRIBUTES, TAG, OBJECT = 0x200, 0x400, 0x100


def integer(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def chars(text: str) -> bytes:
    return integer(0x40009, len(text)) + text.encode()


def symbol(name: str) -> bytes:
    return integer(1) + chars(name)


def strings(*texts: str) -> bytes:
    return integer(16, len(texts)) + b"".join(map(chars, texts))


def doubles(*values: float) -> bytes:
    return integer(14, len(values)) + struct.pack(f">{len(values)}d", *values)


def vector(*items: bytes, attributes: bytes = b"") -> bytes:
    return integer(19 | (ATTRIBUTES if attributes else 0), len(items)) + b"".join(items) + attributes


def pairs(*items: bytes | tuple[str, bytes], kind: int = 2) -> bytes:
    """A pairlist, or with another kind a call and the like; labelled items are tuples."""
    parts = b""
    for item in items:
        if isinstance(item, tuple):
            parts += integer(kind | TAG) + symbol(item[0]) + item[1]
        else:
            parts += integer(kind) + item
        kind = 2
    return parts + NIL


def call(name: str, *arguments: bytes | tuple[str, bytes]) -> bytes:
    return pairs(symbol(name), *arguments, kind=6)


def promise(expression: bytes, value: bytes = UNBOUND, environment: bytes = GLOBAL) -> bytes:
    tag = environment if value == UNBOUND else b""
    return integer(5 | (TAG if tag else 0)) + tag + value + expression


def closure(body: bytes, formals: bytes = NIL, environment: bytes = GLOBAL) -> bytes:
    return integer(3 | TAG) + environment + formals + body


def environment(*frame: tuple[str, bytes], table: bytes = NIL, enclosure: bytes = GLOBAL) -> bytes:
    return integer(4, 0) + enclosure + (pairs(*frame) if frame else NIL) + table + NIL


def altrep(name: str, package: str, state: bytes) -> bytes:
    return integer(238) + pairs(symbol(name), symbol(package), integer(13, 1, 14)) + state + NIL


def bytecode(*constants: bytes) -> bytes:
    """Constants come with their type in front, as ``ReadBCConsts`` wants them."""
    return integer(21, 1) + integer(13, 2, 10, 1) + integer(len(constants)) + b"".join(constants)


def rds(item: bytes, version: int = 3) -> bytes:
    extra = integer(5) + b"UTF-8" if version == 3 else b""
    return b"X\n" + integer(version, 0x00040301, 0x00030500) + extra + item


def workspace(*bindings: tuple[str, bytes], version: int = 3) -> bytes:
    return b"RDX%d\n" % version + rds(pairs(*bindings), version)


def native(stream: bytes) -> bytes:
    """The same in the native encoding, for items of integers only: every four bytes turned round."""
    body = stream[2:]
    return b"B\n" + b"".join(body[at : at + 4][::-1] for at in range(0, len(body), 4))


ASCII_CALL = b"""A
3
262913
197888
5
UTF-8
1029
253
252
6
1
262153
6
system
2
16
1
262153
9
echo\\040seen
254
"""
"""A promise that calls ``system``, with words as numbers."""
