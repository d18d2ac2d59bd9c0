"""Walks through a configuration that may share parts, or contain itself; for its objects ``jsonsafe.objects``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Json


def strings(document: Json, part: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text that contains ``part``, with its JSON pointer; what is shared once."""
    if isinstance(document, str):
        yield "", document
    for pointer, holder in jsonsafe.containers(document):
        for name, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(value, str) and part in value:
                yield f"{pointer}/{jsonsafe.escaped(str(name))}"[: jsonsafe.LONGEST], value


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
