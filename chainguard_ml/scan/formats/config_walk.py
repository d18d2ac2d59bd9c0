"""A walk through the objects of a configuration that may share parts, or contain itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Json


def objects(document: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield every object once, with its JSON pointer (RFC 6901), outermost first."""
    seen: set[int] = set()
    stack: list[tuple[str, Json]] = [("", document)]
    while stack:
        pointer, item = stack.pop()
        if not isinstance(item, dict | list) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            yield pointer, item
            stack += [(f"{pointer}/{_escaped(name)}", inner) for name, inner in reversed(item.items())]
        else:
            stack += [(f"{pointer}/{index}", inner) for index, inner in reversed(list(enumerate(item)))]


def strings(document: Json) -> Iterator[tuple[str, str]]:
    """Yield every text value of every object once, with its JSON pointer."""
    seen: set[int] = set()
    stack: list[tuple[str, Json]] = [("", document)]
    while stack:
        pointer, item = stack.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, dict | list) and id(item) not in seen:
            seen.add(id(item))
            inner = item.items() if isinstance(item, dict) else enumerate(item)
            stack += [(f"{pointer}/{_escaped(str(name))}", value) for name, value in inner]


def at(document: Json, path: list[str]) -> Json:
    """Return the value at a path of names and indexes, ``None`` where there is none."""
    value = document
    for name in path:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and len(name) < 9 and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def text(entries: Mapping[str, Json], name: str) -> str:
    """Return the text under a name, or an empty one."""
    value = entries.get(name)
    return value if isinstance(value, str) else ""


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
