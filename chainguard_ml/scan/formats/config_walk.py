"""Walks through a configuration that may share parts, or contain itself; for its objects ``jsonsafe.objects``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.jsonsafe import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chainguard_ml.model import Json


def strings(document: Json, part: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text that contains ``part``, with its JSON pointer; what is shared once."""
    seen: set[int] = set()
    stack: list[tuple[str, Json]] = [("", document)]
    while stack:
        pointer, item = stack.pop()
        if isinstance(item, str):
            yield pointer, item
        elif id(item) not in seen:
            seen.add(id(item))
            stack += [(f"{pointer}/{escaped(str(name))}", value) for name, value in _inner(item)
                      if isinstance(value, dict | list) or (isinstance(value, str) and part in value)]  # fmt: skip


def _inner(item: Json) -> Iterable[tuple[str | int, Json]]:
    if isinstance(item, dict):
        return item.items()
    return enumerate(item) if isinstance(item, list) else ()


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
