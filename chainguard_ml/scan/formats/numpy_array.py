"""NumPy arrays: ``.npy`` versions 1.0 to 3.0 (NEP 1, ``numpy.lib.format``).

The header is a literal that names type, order and shape; with an object type the body is a pickle.
"""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING, TypeGuard

from chainguard_ml.model import GapReason
from chainguard_ml.rules import formats as rules
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "npy"
EXAMINES = "header as a literal, size; arrays of objects as pickles"

_MAGIC = b"\x93NUMPY"
_HEADER_LIMIT = 1 << 20  # a table of thousands of columns has a header of 100 kB
_DIMENSIONS = 64  # NumPy's own limit
_MOST = 1 << 63
_KEYS = {"descr", "fortran_order", "shape"}
_ERRORS = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)
_TYPE = re.compile(r"[<>|=]?([?bBhHiIlLqQpPuefdgFDGSaUVOmMc])(\d{0,9})(?:\[\d{0,9}[a-zA-Z]{1,2}(?:/\d{1,9})?\])?")
_SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "e": 2, "d": 8, "q": 8, "Q": 8, "D": 16, "m": 8, "M": 8}
_PYTHON2_LONG = re.compile(r"(?<=\d)L\b")


class _HeaderError(ValueError):
    """The header is not what NumPy writes."""


def recognise(blob: Blob) -> bool:
    """Return whether the bytes start as an array file."""
    return blob.read(0, 6) == _MAGIC


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine the array, and those that ``numpy.save`` wrote behind it into the same file."""
    position = 0
    while position < blob.size and blob.read(position, position + 6) == _MAGIC:
        try:
            start, has_objects, size = _header(blob, position)
        except _HeaderError as error:
            yield rules.NPY_BAD_HEADER.finding(
                blob.subject, blob.location.at(position), f"the header is wrong: {error}", key=("header",)
            )
            yield blob.gap(GapReason.MALFORMED, "nothing can be said about the array's body", position)
            yield from examination.nested(blob.window("(body)", _body(blob, position), blob.size))
            return
        if has_objects:  # the pickle says itself where it ends
            yield from examination.nested(blob.window("(objects)", start, blob.size))
            return
        position = start + size
        if position > blob.size:
            yield blob.gap(
                GapReason.MALFORMED, f"the array needs {size:,} bytes, {blob.size - start:,} are there", start
            )
    yield from trailing(blob, position, examination)


def _header(blob: Blob, position: int) -> tuple[int, bool, int]:
    """Return where the body starts, whether it is a pickle, and its length in bytes."""
    version = blob.read(position + 6, position + 8)
    if version not in {b"\1\0", b"\2\0", b"\3\0"}:
        raise _HeaderError(f"version {version.hex('.')} is not known")
    width = 2 if version[0] == 1 else 4
    start = position + 8 + width
    length = int.from_bytes(blob.read(position + 8, start), "little")
    if length > _HEADER_LIMIT or start + length > blob.size:
        raise _HeaderError(f"it claims {length:,} bytes")
    fields = _literal(blob.read(start, start + length), utf8=version[0] == 3)
    shape = fields["shape"]
    if not isinstance(shape, tuple):
        raise _HeaderError("the shape is no tuple")
    has_objects, size = _type(fields["descr"])
    return start + length, has_objects, min(size * _items(shape), _MOST)


def _body(blob: Blob, position: int) -> int:
    """Return where the body of an array starts whose header is wrong for us, but perhaps not for NumPy."""
    width = 2 if blob.read(position + 6, position + 7) == b"\1" else 4
    start = position + 8 + width
    length = int.from_bytes(blob.read(position + 8, start), "little")
    return start + length if start + length <= blob.size else min(position + 10, blob.size)


def _literal(text: bytes, *, utf8: bool) -> dict[str, object]:
    try:
        source = text.decode("utf-8" if utf8 else "latin-1").strip()
        value = ast.literal_eval(_PYTHON2_LONG.sub("", source))
    except _ERRORS as error:
        raise _HeaderError(f"it is no literal ({type(error).__name__})") from None
    if not isinstance(value, dict) or set(value) != _KEYS or not isinstance(value["fortran_order"], bool):
        raise _HeaderError("it does not have exactly descr, fortran_order and shape")
    return value


def _type(descr: object) -> tuple[bool, int]:
    """Return whether a type holds objects, and the bytes of one item."""
    if isinstance(descr, str):
        return _scalar(descr)
    if isinstance(descr, tuple) and len(descr) == 2:  # (type, shape of a sub-array)
        has_objects, size = _type(descr[0])
        return has_objects, size * _items(descr[1])
    if not isinstance(descr, list):
        raise _HeaderError("the type is no string, tuple or list")
    has_objects, size = False, 0
    for field in descr:
        if not (isinstance(field, tuple) and len(field) in {2, 3}):
            raise _HeaderError("a field of the type is wrong")
        inner, octets = _type(field[1])
        has_objects, size = has_objects or inner, size + octets * (_items(field[2]) if len(field) == 3 else 1)
    return has_objects, size


def _scalar(descr: str) -> tuple[bool, int]:
    match = _TYPE.fullmatch(descr)
    if not match:
        raise _HeaderError(f"the type '{printable(descr, 40)}' is not known")
    code, digits = match.groups()
    if code == "O":
        return True, 8
    size = int(digits) if digits and code not in "mM" else _SIZES.get(code)
    if size is None:
        raise _HeaderError(f"the type '{printable(descr, 40)}' has no size")
    return False, size * 4 if code == "U" else size


def _items(shape: object) -> int:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if len(sizes) > _DIMENSIONS or not all(_is_count(item) for item in sizes):
        raise _HeaderError("a shape is no tuple of whole numbers")
    return min(math.prod(sizes), _MOST)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
