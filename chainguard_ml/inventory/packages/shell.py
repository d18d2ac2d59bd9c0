"""Shell scripts: what their commands install."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.installing import Installing
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.shell_commands import installs
from chainguard_ml.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.codec import JsonObject

_LONGEST = 4_000_000  # bytes; a script is written by hand
_SEARCHED = 5_000  # characters of a command that are searched for a word


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages that a script installs, and those of the requirements files that it reads."""
    manifest = Manifest.of(argument)
    data = manifest.read(_LONGEST)
    if isinstance(data, Gap):
        yield data
        return
    installing = Installing(manifest, "shell")
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    number, counted = 1, 0
    for install in installs(text):
        number, counted = number + text.count("\n", counted, install.offset), install.offset
        installing.take(install, placed(text, install.offset, number))
    yield from installing.records()


def placed(text: str, start: int, first: int) -> Callable[[str], int]:
    """Return what tells the line of a word of the command that begins at ``start``, on the line ``first``."""

    def place(word: str) -> int:
        found = text.find(word, start, start + _SEARCHED)
        return first if found < 0 else first + text.count("\n", start, found)

    return place
