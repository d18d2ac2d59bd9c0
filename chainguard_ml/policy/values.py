"""Values that facts and parameters have, and the types that policies give them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from chainguard_ml.model import Json

Scalar: TypeAlias = str | int | float | bool

Value: TypeAlias = Scalar | tuple[Scalar, ...]
"""What an expression sees; a list is a tuple, so that a value can be a key."""

SCALARS = ("string", "int", "double", "bool")
TYPES = (*SCALARS, *(f"list<{scalar}>" for scalar in SCALARS))
"""The types, as CEL calls them."""

_INT64 = range(-(2**63), 2**63)
_NAMES = {"string": "text", "int": "a whole number of 64 bits", "double": "a number", "bool": "true or false"}


def element(type_: str) -> str:
    """Return the type of a list's elements, or an empty string for a scalar type."""
    return type_[len("list<") : -1] if type_.startswith("list<") else ""


def zero(type_: str) -> Value:
    """Return the value that a fact has where nothing states it: empty, zero, false."""
    zeros: dict[str, Value] = {"string": "", "int": 0, "double": 0.0, "bool": False}
    return zeros.get(type_, ())


def described(type_: str) -> str:
    """Return a type in words: ``a number``, ``a list of text``."""
    inner = element(type_)
    return f"a list, each {_NAMES[inner]}" if inner else _NAMES[type_]


def conform(value: Json, type_: str) -> Value:
    """Return a JSON value as one of ``type_``; a whole number is a double too.

    Raises:
        ValueError: It has another type, or is not representable; the message says what was expected.
    """
    inner = element(type_)
    if inner and isinstance(value, list):
        return tuple(_scalar(item, inner, type_) for item in value)
    return _scalar(value, type_, type_)


def _scalar(value: Json, type_: str, whole: str) -> Scalar:
    if type_ == "string" and isinstance(value, str):
        return wellformed(value)
    if type_ == "bool" and isinstance(value, bool):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value in _INT64:
        if type_ == "int":
            return value
        if type_ == "double":
            return float(value)
    if type_ == "double" and isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"must be {described(whole)}")


def parse(text: str, type_: str) -> Value:
    """Return what a user typed as a value of ``type_``; a list is separated by commas, or written as JSON.

    Raises:
        ValueError: As ``conform``.
    """
    inner = element(type_)
    if not inner:
        return conform(text if type_ == "string" else _number_or_bool(text), type_)
    if text.lstrip().startswith("["):
        return conform(_json(text), type_)
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    return conform([item if inner == "string" else _number_or_bool(item) for item in items], type_)


def _number_or_bool(text: str) -> Json:
    """Return a number, true or false; anything else stays text, which no such type takes."""
    value = _json(text)
    return value if isinstance(value, int | float) else text


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def wellformed(text: str) -> str:
    r"""Return text that is Unicode: bytes of a file name that were not UTF-8 (PEP 383) become ``\xff``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escaped(char) if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def shown(value: Value) -> str:
    """Return a value as a message shows it: ``true``, ``7.5``, ``a, b``."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
