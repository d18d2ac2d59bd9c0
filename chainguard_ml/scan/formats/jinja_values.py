"""What values of a Jinja template may be: known constants, texts with unknown parts, or anything.

A value is the few constants it may be. ``ANY`` inside a text stands for characters that are not known, so that
``u ~ 'class' ~ u`` keeps what matters even where ``u`` comes from outside. Filters and methods are those of Jinja 3.1
("List of Builtin Filters") and of Python's ``str`` that make texts of texts; all others give an unknown text.
"""

from __future__ import annotations

import html
import itertools
import re
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Constant: TypeAlias = Union[str, int, float, bool, "list[Constant]", "dict[str, Constant]", None]
"""A constant of a template; tuples are lists."""

Options: TypeAlias = list[Constant]
"""What a value may be; nothing known is an empty list."""

ANY = "\uffff"
"""Stands for unknown characters in a text."""

_MOST = 12  # options of a value
_PRODUCT = 48  # combinations that are tried
LONGEST = 400
"""Characters (or items) of a constant; what is longer ends with unknown ones."""

_FORMAT = re.compile(r"%(?:\((\w*)\))?[-+ #0]*\d{0,2}(?:\.\d{0,2})?([sdcxXrai%])")
_BRACES = re.compile(r"\{(\d{0,2}|[A-Za-z_]\w*)(?:![sra])?(?::([^{}]{0,20}))?\}")


def combine(function: Callable[..., Constant], *values: Options) -> Options:
    """Return what ``function`` makes of every combination of options; what it cannot do is left out."""
    result: Options = []
    for arguments in itertools.islice(itertools.product(*(value or [ANY] for value in values)), _PRODUCT):
        try:
            made = bounded(function(*arguments))
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, ArithmeticError):
            continue
        if made not in result:
            result.append(made)
    return result[:_MOST]


def union(*values: Options) -> Options:
    """Return the options of several values."""
    result: Options = []
    for option in itertools.chain(*values):
        if option not in result:
            result.append(option)
    return result[:_MOST]


def bounded(value: Constant) -> Constant:
    """Return a constant with its length limited."""
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + ANY
    if isinstance(value, list) and len(value) > LONGEST:
        return value[:LONGEST]
    return value


def text(value: Constant) -> str:
    """Return a constant as Jinja writes it; what it writes of collections is not known."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return ANY
    return str(value)


def add(left: Constant, right: Constant) -> Constant:
    """Return ``left + right``."""
    if ANY in (left, right):
        return text(left) + text(right)
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    return number(left) + number(right)


def number(value: Constant) -> int:
    """Return a whole number of a size that a template counts with."""
    if isinstance(value, int) and abs(value) < 1 << 64:
        return int(value)
    raise TypeError


def multiply(left: Constant, right: Constant) -> Constant:
    """Return ``left * right``; a text is repeated as often as it may be long."""
    if isinstance(right, str):
        left, right = right, left
    if isinstance(left, str):
        return left * max(0, min(number(right), LONGEST))
    return number(left) * number(right)


def remainder(left: Constant, right: Constant) -> Constant:
    """Return ``left % right``: of a text, the text formatted."""
    if isinstance(left, str):
        return percent(left, right if isinstance(right, list | dict) else [right])
    return number(left) % number(right)


def percent(pattern: str, arguments: Constant) -> str:
    """Return a text formatted in the way of ``printf``, without widths."""
    queue = list(arguments) if isinstance(arguments, list) else []
    named = arguments if isinstance(arguments, dict) else {}

    def one(match: re.Match[str]) -> str:
        name, kind = match.groups()
        if kind == "%":
            return "%"
        value = named.get(name, ANY) if name is not None else queue.pop(0) if queue else ANY
        return _formatted(value, kind)

    return _FORMAT.sub(one, pattern[:LONGEST])


def _formatted(value: Constant, kind: str) -> str:
    if kind == "c" and isinstance(value, int) and 0 <= value < 0x110000:
        return chr(value)
    if kind in "xX" and isinstance(value, int):
        return format(number(value), kind)
    return text(value)


def braces(pattern: str, positional: Sequence[Constant], named: Mapping[str, Constant]) -> str:
    """Return what ``str.format`` makes of a text whose fields are plain."""
    counter = itertools.count()

    def one(match: re.Match[str]) -> str:
        field, spec = match.groups()
        index = int(field) if field.isdecimal() else next(counter) if not field else -1
        value = named.get(field, ANY) if index < 0 else positional[index] if index < len(positional) else ANY
        return _formatted(value, "c" if spec == "c" else spec if spec in {"x", "X"} else "s")

    return _BRACES.sub(one, pattern[:LONGEST])


def item(container: Constant, key: Constant) -> Constant:
    """Return ``container[key]``; of a text that is not known, a character that is not."""
    if container == ANY:
        return ANY
    if isinstance(container, dict):
        return container[text(key)]
    if isinstance(container, str | list):
        return ANY if ANY in container[:] and isinstance(container, str) else container[number(key)]
    raise TypeError


def part(container: Constant, start: Constant, stop: Constant, step: Constant) -> Constant:
    """Return ``container[start:stop:step]``."""
    bounds = [None if value is None else number(value) for value in (start, stop, step)]
    if isinstance(container, str | list):
        return container[slice(*bounds)]
    raise TypeError


def listed(value: Constant) -> list[Constant]:
    """Return the items of a constant, as a loop sees them."""
    if isinstance(value, list):
        return value
    if isinstance(value, str | dict):
        return list(value)
    raise TypeError


def joined(value: Constant, separator: Constant = "") -> str:
    """Return the items as one text."""
    return text(separator).join(text(each) for each in listed(value))


def reversed_(value: Constant) -> Constant:
    """Return a text or the items backwards."""
    return value[::-1] if isinstance(value, str) else listed(value)[::-1]


def _replace(value: Constant, old: Constant, new: Constant, count: Constant = -1) -> str:
    return text(value).replace(text(old), text(new), number(count) if count is not None else -1)


def _split(value: Constant, separator: Constant = None) -> list[Constant]:
    return list(text(value).split(None if separator is None else text(separator)))


def _format(value: Constant, *arguments: Constant) -> str:
    return percent(text(value), list(arguments))


def _unescape(value: Constant) -> str:
    return html.unescape(re.sub(r"<[^<>]*>|<!--.*?-->", "", text(value)))


def _pairs(value: Constant) -> Constant:
    return [[name, each] for name, each in value.items()] if isinstance(value, dict) else ANY


def _number(value: Constant) -> Constant:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else number(value)


METHODS: dict[str, Callable[..., Constant]] = {
    "lower": lambda value: text(value).lower(),
    "upper": lambda value: text(value).upper(),
    "title": lambda value: text(value).title(),
    "capitalize": lambda value: text(value).capitalize(),
    "swapcase": lambda value: text(value).swapcase(),
    "casefold": lambda value: text(value).casefold(),
    "strip": lambda value, some=None: text(value).strip(some if isinstance(some, str) else None),
    "lstrip": lambda value, some=None: text(value).lstrip(some if isinstance(some, str) else None),
    "rstrip": lambda value, some=None: text(value).rstrip(some if isinstance(some, str) else None),
    "removeprefix": lambda value, some: text(value).removeprefix(text(some)),
    "removesuffix": lambda value, some: text(value).removesuffix(text(some)),
    "replace": _replace,
    "split": _split,
    "rsplit": _split,
    "join": lambda value, items: joined(items, value),
    "unescape": _unescape,
    "striptags": _unescape,
    "__add__": add,
    "__mod__": remainder,
    "items": _pairs,
    "keys": listed,
    "values": lambda value: list(value.values()) if isinstance(value, dict) else ANY,
    "get": lambda value, key, other=None: value.get(text(key), other) if isinstance(value, dict) else ANY,
    "decode": lambda value, *_: text(value),
    "encode": lambda value, *_: text(value),
}
"""Methods of texts and dictionaries; the first argument is the object itself."""

FILTERS: dict[str, Callable[..., Constant]] = {
    **{name: METHODS[name] for name in ("lower", "upper", "title", "capitalize", "replace", "striptags", "items")},
    "trim": METHODS["strip"],
    "string": text,
    "safe": text,
    "escape": text,
    "e": text,
    "forceescape": text,
    "format": _format,
    "join": joined,
    "reverse": reversed_,
    "list": listed,
    "first": lambda value: listed(value)[0],
    "last": lambda value: listed(value)[-1],
    "min": lambda value: min(text(each) for each in listed(value)),
    "max": lambda value: max(text(each) for each in listed(value)),
    "sort": lambda value, *_: sorted(listed(value), key=text),
    "unique": lambda value, *_: list(dict.fromkeys(text(each) for each in listed(value))),
    "select": lambda value, *_: listed(value),
    "reject": lambda value, *_: listed(value),
    "int": lambda value, *_: _number(value),
    "abs": lambda value: abs(number(value)),
    "length": lambda value: len(listed(value)),
    "count": lambda value: len(listed(value)),
    "center": lambda value, *_: text(value),
    "indent": lambda value, *_: text(value),
    "wordwrap": lambda value, *_: text(value),
    "truncate": lambda value, *_: text(value),
}
"""Filters that make constants of constants; the first argument is what is filtered."""
