"""JSON (RFC 8259) from strangers: no duplicate names, no NaN, a bounded depth, one error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json


LONGEST = 2048
"""Characters of a JSON pointer beyond which it is cut."""

_CONTAINERS = (dict, list)

SUPERSEDED = "(superseded)"
"""Name of a list of the values that a later one of the same name supersedes, each in an object of its own."""


class DuplicateNameError(InputError):
    """An object has the same name twice: readers take one or the other."""


def loads(data: bytes, *, lenient: bool = False) -> Json:
    """Return the JSON value of UTF-8 ``data``; ``lenient`` takes what Python's own reader takes.

    Where a name stands twice, the last value counts; ``lenient`` keeps the others under the name ``SUPERSEDED``.

    Raises:
        DuplicateNameError: An object has a name twice.
        InputError: It is not JSON, or nested too deeply.
    """
    try:
        text = data.decode("utf-8-sig")
        value: Json = (
            json.loads(text, object_pairs_hook=_with_superseded)
            if lenient
            else json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not JSON: {reason_of(error)}") from None
    return value


def _with_superseded(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) < len(pairs):
        result[SUPERSEDED] = [{name: value} for name, value in pairs if result.get(name) is not value]
    return result


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # adds
        raise DuplicateNameError(f"the name '{printable(twice)}' stands twice in one object")
    return result


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON number")


def objects(value: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield every object inside a JSON value with its JSON pointer (RFC 6901), outermost first."""
    for pointer, item in containers(value):
        if isinstance(item, dict):
            yield pointer, item


def containers(value: Json) -> Iterator[tuple[str, dict[str, Json] | list[Json]]]:
    """Yield every object and list inside a JSON value with its JSON pointer, outermost first.

    What stands in several places, as YAML's aliases make it, is visited in one of them: a few lines of aliases of
    aliases have more places than any machine can visit, and objects may even hold themselves. A pointer is cut at
    ``LONGEST`` characters: below a long name there can be very many objects.
    """
    seen: set[int] = set()
    stack: list[tuple[str, Iterator[tuple[str | int, Json]]]] = [("", iter((("", value),)))]
    while stack:
        pointer, inner = stack[-1]
        for name, item in inner:
            if not isinstance(item, _CONTAINERS) or id(item) in seen:
                continue
            seen.add(id(item))
            place = f"{pointer}/{escaped(str(name))}"[:LONGEST] if len(seen) > 1 else ""
            yield place, item
            if item:
                stack.append((place, iter(item.items()) if isinstance(item, dict) else enumerate(item)))
                break
        else:
            stack.pop()


def escaped(name: str) -> str:
    """Return a name as JSON pointers write it (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name
