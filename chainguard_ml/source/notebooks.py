"""Jupyter notebooks (nbformat 3 and 4): their code cells as Python, their shell lines as shell.

https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.source.interface import Place, Reporter, read
from chainguard_ml.source.names import Names
from chainguard_ml.source.python import examined, parse
from chainguard_ml.source.scripts import insecure
from chainguard_ml.source.shell import downloads
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chainguard_ml.model import Finding, Json
    from chainguard_ml.source.interface import Record

_MAGIC = re.compile(r"([ \t]*+)(?:[%!?].*|[\w.]++\?{1,2}[ \t]*+)\Z")
_ASSIGNED = re.compile(r"([\w, \t]++=[ \t]*+)[%!].*\Z")
_SHELL_LINE = re.compile(r"(?:[\w, \t]++=)?[ \t]*+!(.*)\Z")
_CELL_MAGIC = re.compile(r"\s*%%(\S*)[^\n]*\n?")
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "memit", "mprun", "heat"})
_SHELL_MAGICS = frozenset({"bash", "sh", "!", "script", "system", "sx"})


@dataclass(frozen=True, slots=True)
class _Cell:
    """A code cell: its JSON pointer and its text."""

    pointer: str
    text: str

    def place(self, _line: int = 1, scope: str = "") -> Place:
        """Return a place in the cell. A line of the cell is none of the file, so the pointer has to do."""
        return Place(None, self.pointer, scope)


def examine(argument: Mapping[str, Json]) -> Iterator[Record]:
    """Yield the findings about one notebook, and a gap for each cell that is no Python."""
    data, reporter = read(argument), Reporter(str(argument["path"]))
    if isinstance(data, Gap):
        yield data
        return
    try:
        notebook = json.loads(data)
        cells = list(_cells(notebook))
    except (ValueError, RecursionError, InputError) as error:
        yield reporter.gap(GapReason.MALFORMED, f"it is no notebook: {reason_of(error)}")
        return
    language = _language(notebook)
    if cells and language != "python":
        yield reporter.gap(GapReason.UNSUPPORTED, f"code in {printable(language)} is not read")
        return
    yield from _read(cells, reporter)


def _read(cells: Sequence[_Cell], reporter: Reporter) -> Iterator[Record]:
    trees: list[tuple[_Cell, ast.Module]] = []
    for cell in cells:
        try:
            trees.append((cell, parse(_python(cell.text))))
        except InputError as error:
            yield reporter.gap(GapReason.MALFORMED, error.message, cell.place())
    # What one cell imports, another one uses.
    names = Names(node for _, tree in trees for node in ast.walk(tree))
    for cell, tree in trees:
        yield from examined(tree, names, reporter, cell.place)
    for cell in cells:
        yield from _commands(cell, reporter)


def _commands(cell: _Cell, reporter: Reporter) -> Iterator[Finding]:
    for found in downloads(_shell(cell.text)):
        yield insecure(reporter, found, cell.place())


def _cells(notebook: Json) -> Iterator[_Cell]:
    """Yield the code cells; ``InputError`` where there is no place for any."""
    if not isinstance(notebook, dict):
        raise InputError("it is not an object")
    sheets = notebook.get("worksheets")
    if isinstance(notebook.get("cells"), list):
        yield from _listed(notebook["cells"], "/cells", "source")
    elif isinstance(sheets, list):
        for number, sheet in enumerate(sheets):
            cells = sheet.get("cells") if isinstance(sheet, dict) else None
            yield from _listed(cells, f"/worksheets/{number}/cells", "input")
    else:
        raise InputError("it has no cells")


def _listed(cells: Json, pointer: str, key: str) -> Iterator[_Cell]:
    for number, cell in enumerate(cells if isinstance(cells, list) else ()):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get(key)
            lines = source if isinstance(source, list) else [source]
            text = "".join(line for line in lines if isinstance(line, str))
            yield _Cell(f"{pointer}/{number}/{key}", text)


def _language(notebook: Mapping[str, Json]) -> str:
    """Return the language of the code in lower case; Python where none is stated."""
    metadata = notebook.get("metadata")
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        stated = metadata.get(part) if isinstance(metadata, dict) else None
        value = stated.get(key) if isinstance(stated, dict) else None
        if isinstance(value, str) and value:
            return "python" if value.lower().startswith(("python", "ipython")) else value.lower()
    return "python"


def _python(text: str) -> str:
    """Return the Python of a cell, line by line: what IPython understands and Python does not is blanked."""
    magic = _CELL_MAGIC.match(text)
    if magic:
        if magic[1] not in _PYTHON_MAGICS:
            return ""
        text = "\n" + text[magic.end() :]
    return "\n".join(_blanked(line) for line in text.split("\n"))


def _blanked(line: str) -> str:
    if match := _MAGIC.match(line):
        return f"{match[1]}pass"
    match = _ASSIGNED.match(line)
    return f"{match[1]}None" if match else line


def _shell(text: str) -> str:
    """Return the shell commands of a cell, each on the line where it stands."""
    magic = _CELL_MAGIC.match(text)
    if magic:
        return "\n" + text[magic.end() :] if magic[1] in _SHELL_MAGICS else ""
    matches = (_SHELL_LINE.match(line) for line in text.split("\n"))
    return "\n".join(match[1] if match else "" for match in matches)
