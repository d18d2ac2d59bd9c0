"""NumPy's types: their state decides which bytes of an array are taken for objects, and where its fields are.

``numpy.dtype.__setstate__`` (``arraydescr_setstate`` in NumPy's ``descriptor.c``) believes the flags, the size and the
offsets that it is given. A type of objects without its flags makes NumPy take bytes of the stream for addresses, and a
field behind the end of its item makes it write there: both are ways to run code while a pickle is loaded. NumPy itself
writes states whose parts agree, so any other is a misuse.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.scan.pickle.values import NONE, Dict, Global, Instance, Value, is_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.scan.pickle.machine import Machine

Extent: TypeAlias = tuple[int, bool, bool]
"""Where the last of some fields ends, whether one holds objects, whether some share bytes."""

# A type's code: a letter, and how many bytes or characters an item has.
_CODE = re.compile(r"[<>|=]?([?bBhHiIlLqQpPefdgFDGOSUVaMmcu])(\d{0,9})")

# Bytes of an item by the letter of its type, where the code has no number.
_SIZES = {"?": 1, "b": 1, "B": 1, "c": 1, "h": 2, "H": 2, "e": 2, "i": 4, "I": 4, "f": 4, "l": 8, "L": 8, "q": 8,
         "Q": 8, "p": 8, "P": 8, "d": 8, "F": 8, "D": 16, "u": 1, "g": 16, "G": 32, "M": 8, "m": 8, "O": 8}  # fmt: skip

_FLEXIBLE = "SUVa"  # letters of types whose items have as many bytes as their state says

_REFERENCES = 1  # NPY_ITEM_REFCOUNT
_POINTERS = _REFERENCES | 2  # NPY_LIST_PICKLE: the flags that no type without objects has
_OBJECTS = _POINTERS | 8  # NPY_NEEDS_INIT: those that every type with objects has
_FLAGS_FROM = 3  # the version of a state from which on it says the flags itself
_STRUCTURES = frozenset({("numpy", "record"), ("numpy", "void")})
_HIDDEN = "a type's state cannot be followed"
_AGAIN = "a type is changed after it was made"
CLOSED = "the fields of a type are changed after it was made"
_FLAGS = "a type's flags make NumPy take bytes for addresses of objects"
_OUTSIDE = "a field of a type lies outside of its item, where NumPy reads and writes then"


def set_state(machine: Machine, built: Instance, state: Value, offset: int) -> None:
    """Note a state that no type of NumPy has, and remember it."""
    wrong = _AGAIN if len(built.notes) > 1 else _wrong(built.notes, state)
    if wrong:
        machine.trace.note("misused", offset, wrong, built.of)
    built.notes = (*(built.notes[:1] or (NONE,)), state)


def _wrong(notes: Sequence[Value], state: Value) -> str:
    """Return what is wrong with a state ``(version, order, subtype, names, fields, size, alignment, flags, …)``."""
    letter = _letter(notes[0]) if notes else ""
    if not letter or not isinstance(state, tuple) or not 7 <= len(state) <= 9 or not isinstance(state[0], int):
        return _HIDDEN
    extent = _extent(state[2], state[4])
    if extent is None:
        return _HIDDEN
    end, holds, overlaps = extent
    if end and not (letter == "V" and isinstance(state[5], int) and end <= state[5]):
        return _OUTSIDE
    if holds and overlaps:
        return _FLAGS
    return "" if _flags_fit(state, holds=holds or letter == "O") else _FLAGS


def _letter(code: Value) -> str:
    """Return the letter of a type's code, of which structures have ``V``; nothing for what NumPy writes nowhere."""
    if isinstance(code, str):
        match = _CODE.fullmatch(code)
        if match and match.groups() == ("c", ""):  # texts of one byte, unless the state says more
            return "S"
        return match[1] if match else ""
    if isinstance(code, Global):
        return "V" if (code.module, code.name) in _STRUCTURES or code.module.startswith("ml_dtypes") else ""
    return ""


def _flags_fit(state: tuple[Value, ...], *, holds: bool) -> bool:
    """Return whether the flags say of objects what is there; states of old releases leave them to NumPy."""
    if len(state) < 8:
        return isinstance(state[0], int) and state[0] < _FLAGS_FROM
    flags = state[7]
    return isinstance(flags, int) and (flags & _OBJECTS == _OBJECTS if holds else not flags & _POINTERS)


def _extent(subtype: Value, fields: Value) -> Extent | None:
    """Return the extent of the fields, or of the items of a subarray; ``None`` where it cannot be known."""
    if subtype is not NONE:
        return _of_subarray(subtype) if fields is NONE else None
    if fields is NONE:
        return 0, False, False
    if not isinstance(fields, Dict):
        return None
    if not fields.closed:
        fields.closed, fields.extent = True, _of_fields(fields)
    return fields.extent


def _of_fields(fields: Dict) -> Extent | None:
    kinds = [(item(field[0]), field) for field in fields.fields or ()]
    if len(kinds) != fields.count:  # some are no types
        return None
    parts = {}
    for kind, field in kinds:
        if kind is None or not isinstance(field[1], int) or field[1] < 0:
            return None
        parts[id(field[0]), field[1]] = (field[1], field[1] + kind[1], kind[0])  # a title names its field again
    ordered = sorted(parts.values())
    overlaps = any(end > start for (_, end, _), (start, _, _) in itertools.pairwise(ordered))
    return max((end for _, end, _ in ordered), default=0), any(holds for _, _, holds in ordered), overlaps


def _of_subarray(subtype: Value) -> Extent | None:
    match subtype:
        case (Instance() as base, (int() | tuple()) as shape):
            kind = item(base)
            sizes = shape if isinstance(shape, tuple) else (shape,)
            counts = [size for size in sizes if isinstance(size, int) and size >= 0]
            if kind is not None and len(counts) == len(sizes):
                return kind[1] * math.prod(counts), kind[0], False
    return None


def item(kind: Value) -> tuple[bool, int] | None:
    """Return whether a type's items hold objects, and their bytes; ``None`` where that cannot be known."""
    if not is_type(kind) or not kind.notes:
        return None
    letter = _letter(kind.notes[0])
    state = kind.notes[1] if len(kind.notes) > 1 else None
    if not letter:
        return None
    if letter not in _FLEXIBLE or state is None:
        natural = _natural(letter, kind.notes[0])
        return None if natural is None else (letter == "O", natural)
    if not isinstance(state, tuple) or len(state) < 8:
        return None
    size, flags = state[5], state[7]
    return (bool(flags & _REFERENCES), size) if isinstance(size, int) and size >= 0 and isinstance(flags, int) else None


def _natural(letter: str, code: Value) -> int | None:
    """Return the bytes that a code says, or its letter."""
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    digits = match[2] if match and letter not in "mM" else ""
    if not digits:
        return _SIZES.get(letter)
    return int(digits) * (4 if letter == "U" else 1)
