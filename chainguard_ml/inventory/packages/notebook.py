"""Notebooks: what their ``!pip install``, ``%pip`` and ``%conda`` lines, and their shell cells, install.

https://ipython.readthedocs.io/en/stable/interactive/magics.html
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.installing import Installing
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.shell_commands import installs
from chainguard_ml.inventory.packages.toml_lines import table
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.text import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chainguard_ml.codec import JsonObject

_LONGEST = 100_000_000  # bytes; pictures are kept in notebooks
_LINE = re.compile(
    r"[ \t]*+(?:[\w, \t]++=[ \t]*+)?(!!?|%(?=\s*(?:pip|conda|mamba|micromamba|uv)\b)|%(?:sx|system)\s)(.*)\Z", re.DOTALL
)
_CELL = re.compile(r"\s*%%(\S*)[^\n]*\n?")
_PYTHON = frozenset({"capture", "time", "timeit", "prun", "memit", "mprun", "heat"})
_SHELLS = frozenset({"bash", "sh", "!", "script", "system", "sx"})


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages that a notebook installs, and those of the requirements files that it reads."""
    manifest = Manifest.of(argument)
    data = manifest.read(_LONGEST)
    if isinstance(data, Gap):
        yield data
        return
    if b"install" not in data and b"\\u" not in data:
        return
    try:
        cells = list(_cells(table(json.loads(data))))
    except (ValueError, RecursionError) as error:
        yield manifest.gap(GapReason.MALFORMED, f"it is no notebook: {reason_of(error, 200)}")
        return
    places = _Places(data.decode("utf-8", "replace"))
    installing = Installing(manifest, "notebook")
    for cell in cells:
        lines = cell.split("\n")
        for text, number in _shell(cell):
            counted = 0
            for install in installs(text):
                number, counted = number + text.count("\n", counted, install.offset), install.offset  # noqa: PLW2901 (it moves on)
                installing.take(install, places.placed(lines[number]))
    yield from installing.records()


def _cells(notebook: Mapping[str, object]) -> Iterator[str]:
    """Yield the text of the code cells (nbformat 3 has them in worksheets)."""
    sheets = notebook.get("worksheets")
    lists = [
        notebook.get("cells"),
        *(table(sheet).get("cells") for sheet in (sheets if isinstance(sheets, list) else ())),
    ]
    for cells in lists:
        for cell in map(table, cells if isinstance(cells, list) else ()):
            source = cell.get("source", cell.get("input"))
            lines = source if isinstance(source, list) else [source]
            if cell.get("cell_type") == "code":
                yield "".join(line for line in lines if isinstance(line, str))


def _shell(cell: str) -> Iterator[tuple[str, int]]:
    """Yield the shell commands of a cell, each with the number of its line, from 0."""
    magic = _CELL.match(cell)
    if magic and magic[1] in _SHELLS:
        yield cell[magic.end() :], cell.count("\n", 0, magic.end())
        return
    if magic and magic[1] not in _PYTHON:
        return
    parts: list[str] = []
    for number, line in enumerate(cell.split("\n")):
        parts.append(line)
        if not line.endswith("\\"):
            match = _LINE.match("\n".join(parts))
            if match:
                yield match[2], number - len(parts) + 1
            parts = []


class _Places:
    """The lines of the notebook's file on which lines of its cells stand, as notebooks are written."""

    def __init__(self, text: str) -> None:
        self._numbers: defaultdict[str, deque[int]] = defaultdict(deque)
        for number, line in enumerate(text.split("\n"), 1):
            if "install" in line:
                written = line.strip().rstrip(",").removeprefix('"').removesuffix('"').removesuffix("\\n")
                self._numbers[written].append(number)

    def placed(self, text: str) -> Callable[[str], int]:
        """Return what tells the line of every word of a command that begins with the line ``text``."""
        number = self._line(text)
        return lambda _: number

    def _line(self, text: str) -> int:
        """Return the next line that holds ``text``; 1 where no line holds just that."""
        for ascii_only in (False, True):
            numbers = self._numbers.get(json.dumps(text, ensure_ascii=ascii_only)[1:-1])
            if numbers:
                return numbers.popleft() if len(numbers) > 1 else numbers[0]
        return 1
