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
_NO_NUMBERS = "its bounds are no plain numbers"
_EXPANDS_TO = "it stands for so many numbers that what converts it fills the memory"
_MOST = 1 << 24  # bytes made from a number, and numbers of a range
_SCALARS = tuple(
    """
    bool bool_ byte bytes_ cdouble cfloat clongdouble complex128 complex256 complex64 csingle datetime64 double float128
    float16 float32 float64 half int16 int32 int64 int8 int_ intc intp long longdouble longlong short single str_
    string_ timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp ulong ulonglong unicode_ ushort
    """.split()  # noqa: SIM905 (a table of names)
)
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


def _range(machine: Machine, target: Global, arguments: tuple[Value, ...] | None, offset: int) -> Value:
    """A range of very many numbers: whatever converts it, as many constructors do, makes all of them."""
    numbers = [value for value in arguments or () if isinstance(value, int)]
    whole = arguments is not None and len(numbers) == len(arguments) and 1 <= len(numbers) <= 3
    if not whole or (len(numbers) == 3 and not numbers[2]):
        machine.trace.note("misused", offset, _NO_NUMBERS, target)
    elif _count(*numbers) > _MOST:
        machine.trace.note("misused", offset, _EXPANDS_TO, target)
    return Instance(target)


def _count(start: int, stop: int | None = None, step: int = 1) -> int:
    """Return how many numbers a range has."""
    start, stop = (0, start) if stop is None else (start, stop)
    return max(0, -(-(stop - start) // step))


EXPANDING: dict[tuple[str, str], Effect] = {
    **{("builtins", name): collects for name in ("frozenset", "list", "set", "tuple")},
    **{("collections", name): collects for name in ("UserList", "deque")},
    ("array", "array"): collects,
    ("nltk.probability", "FreqDist"): collects,
    ("torch", "Size"): collects,
    ("builtins", "bytearray"): _bytes,
    ("builtins", "bytes"): _bytes,
    **{("builtins", name): _converts for name in ("bool", "complex", "float", "str")},
    **{("numpy", name): _converts for name in _SCALARS},
    ("builtins", "range"): _range,
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
