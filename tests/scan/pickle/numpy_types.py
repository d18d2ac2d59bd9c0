"""Pieces of which tests assemble pickled types of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import call, glob, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping


def state(
    *,
    version: bytes = b"K\3",
    subtype: bytes = b"N",
    names: bytes = b"N",
    fields: bytes = b"N",
    size: bytes = b"J\xff\xff\xff\xff",
    flags: int | bytes = 0,
    length: int = 8,
) -> bytes:
    """Return the state of a type; of ``length`` parts the first."""
    last = number(flags) if isinstance(flags, int) else flags
    return b"(" + b"".join([version, text("|"), subtype, names, fields, size, b"K\1", last][:length]) + b"t"


def kind(code: str | bytes, made: bytes = b"") -> bytes:
    """Return a type: a call, and a state where there is one."""
    called = call(glob("numpy", "dtype"), text(code) if isinstance(code, str) else code, b"\x89", b"\x88")
    return called + (made and made + b"b")


I4 = kind("i4", state())
OBJECT = kind("O8", state(flags=63))


def fields(
    parts: Mapping[str, tuple[bytes, int | bytes]], *, code: str = "V8", size: int | bytes = 8, flags: int = 27
) -> bytes:
    """Return a structure: types and offsets by name."""
    items = [
        text(name) + each + (number(where) if isinstance(where, int) else where) + b"\x86"
        for name, (each, where) in parts.items()
    ]
    names = b"(" + b"".join(map(text, parts)) + b"t"
    length = number(size) if isinstance(size, int) else size
    return kind(code, state(names=names, fields=b"}(" + b"".join(items) + b"u", size=length, flags=flags))
