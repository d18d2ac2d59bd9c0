"""Calls of harmless types that fill the memory or never end: a few bytes of a pickle that stop the program.

Picklers write collections as lists of what they hold. So a collection that is made from another object's elements,
bytes that are made from a number, and a fraction made from a power of ten are no pickler's work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.values import LONGEST_TEXT, Global, Instance, Value, text_of

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.effects import Effect
    from chainguard_ml.scan.pickle.machine import Machine

_EXPANDS = "it is made from all that another object yields, which fills the memory or never ends"
_ALLOCATES = "it allocates as many bytes as a number says"
_COMPUTES = "it computes a number of very many digits"
_CONVERTS = "it is made from another object, by a method of that"
_MOST = 1 << 24  # bytes made from a number
_EXPONENT = re.compile(r"[eE][+-]?[\d_]{5,}")


def collects(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """Note a collection that is made from the elements of an object: a range, a network, another collection.

    Bytes that protocols below 3 write as text (``_codecs.encode``) are what they are.
    """
    for value in arguments or ():
        if isinstance(value, Instance) and value.of.name != "encode":
            machine.trace.note("misused", offset, _EXPANDS, target)
    return Instance(target)


def _bytes(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    if arguments and isinstance(arguments[0], int) and arguments[0] > _MOST:
        machine.trace.note("misused", offset, _ALLOCATES, target)
    return collects(machine, target, arguments, offset)


def _converts(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    for value in arguments or ():
        if isinstance(value, Instance) and value.of.name != "encode":
            machine.trace.note("misused", offset, _CONVERTS, target)
    return Instance(target)


def _number(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    for value in arguments or ():
        text = text_of(value, machine.data)
        if isinstance(value, Instance) or _EXPONENT.search(text) or len(text) == LONGEST_TEXT:
            machine.trace.note("misused", offset, _COMPUTES, target)
    return Instance(target)


EXPANDING: dict[tuple[str, str], Effect] = {
    **{("builtins", name): collects for name in ("frozenset", "list", "set", "tuple")},
    **{("collections", name): collects for name in ("UserList", "deque")},
    ("array", "array"): collects,
    ("torch", "Size"): collects,
    ("builtins", "bytearray"): _bytes,
    ("builtins", "bytes"): _bytes,
    **{("builtins", name): _converts for name in ("bool", "complex", "float", "str")},
    **{("numpy", name): _converts for name in ("bool", "bool_", "bytes_", "str_", "string_", "unicode_")},
    ("collections", "UserString"): _converts,
    **{
        ("ipaddress", f"IPv{version}{kind}"): _converts
        for version in "46"
        for kind in ("Address", "Interface", "Network")
    },
    ("builtins", "int"): _number,
    ("fractions", "Fraction"): _number,
    ("numpy", "void"): _bytes,
}
"""Effects by module and name, a part of ``effects.EFFECTS``."""
