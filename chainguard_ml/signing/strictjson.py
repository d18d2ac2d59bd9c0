"""JSON that every reader understands in the same way (RFC 8259, with the choices of I-JSON, RFC 7493).

Refused: duplicate names, ``NaN`` and ``Infinity``, text that is not UTF-8 or starts with a byte order mark, more
structure than a budget allows. What is built stays in proportion to the bytes read.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, TypeVar

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.signing.interface import MalformedError, UnverifiableError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection

    from chainguard_ml.codec import JsonObject

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "true or false", int: "a whole number"}
_T = TypeVar("_T")


def loads(data: bytes, what: str, structure: int) -> JsonObject:
    """Return the object in ``data``; ``what`` names it in errors.

    Raises:
        MalformedError: It is not JSON, not strict, or not an object.
        UnverifiableError: It has more than ``structure`` members and items: a budget.
    """
    if sum(map(data.count, (b"{", b"[", b","))) > structure:
        raise UnverifiableError(f"{what} has more than {structure:,} members", GapReason.BUDGET)
    if data.startswith(codecs.BOM_UTF8):
        raise MalformedError(f"{what} is not strict JSON: it starts with a byte order mark")
    try:
        value = jsonsafe.loads(data)
    except InputError as error:
        raise MalformedError(f"{what} is not strict JSON: {error.message}") from None
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not a JSON object")
    return value


def member(value: JsonObject, name: str, kind: type[_T]) -> _T:
    """Return the member called ``name``, which must be exactly of type ``kind``.

    Raises:
        MalformedError: It is missing or of another type.
    """
    found = value.get(name)
    if type(found) is not kind:
        fault = f"is not {_KINDS[kind]}" if name in value else "is missing"
        raise MalformedError(f"'{name}' {fault}")
    return found


def only(value: JsonObject, names: Collection[str], what: str) -> None:
    """Hold that an object has no members but these.

    Raises:
        MalformedError: It has; the message names the first.
    """
    if unknown := sorted(value.keys() - set(names)):
        raise MalformedError(f"{what} has the unknown member '{printable(unknown[0], 60)}'")
