"""TOML manifests: parsed by the standard library, with the lines that it does not tell."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.model import Gap, GapReason
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chainguard_ml.inventory.packages.interface import Manifest
    from chainguard_ml.model import Json

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'')
Table = dict[str, object]
"""A TOML table."""


def load(manifest: Manifest) -> tuple[Table, str] | Gap:
    """Return the document and its text, or the gap that says why it cannot be had."""
    data = manifest.read()
    if isinstance(data, Gap):
        return data
    try:
        text = data.decode("utf-8-sig")
        return tomllib.loads(text), text
    except (ValueError, RecursionError) as error:
        return manifest.gap(GapReason.MALFORMED, f"not TOML: {reason_of(error, 200)}")


def table(value: object) -> Table:
    """Return ``value`` if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> list[Table]:
    """Return the tables among the items of ``value``."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the strings among the items of ``value``."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text_of(table: Mapping[str, object], key: str) -> str | None:
    """Return a table's string, or ``None``."""
    value = table.get(key)
    return value if isinstance(value, str) else None


class Strings:
    """Where each string literal of a document stands; asked again, the next occurrence."""

    def __init__(self, text: str) -> None:
        self._places: defaultdict[str, deque[int]] = defaultdict(deque)
        for number, line in enumerate(text.split("\n"), 1):
            for match in _STRING.finditer(line):
                self._places[match[1] or match[2] or ""].append(number)

    def line(self, value: str) -> int | None:
        """Return the line of the next literal with this value, the last one again, or ``None``."""
        places = self._places.get(value)
        if not places:
            return None
        return places.popleft() if len(places) > 1 else places[0]


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]|\Z)")
_HEADER = re.compile(r"\s*\[+([^\[\]]+)\]")
_KEY = re.compile(r"\s*(?:\"([^\"\\]+)\"|'([^']+)'|([A-Za-z0-9_-]+))\s*=")


def key_lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line of each key by the header of its table and its name, as far as lines begin with them."""
    lines: dict[tuple[str, str], int] = {}
    header = ""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _HEADER.match(line):
            header = found[1].replace('"', "").replace(" ", "")
        elif key := _KEY.match(line):
            lines.setdefault((header, key[1] or key[2] or key[3]), number)
    return lines


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file: the whole document, and its packages with their lines."""

    document: Table
    packages: tuple[tuple[Table, int | None], ...]


def load_lock(manifest: Manifest, array: str, version: tuple[str, ...], majors: tuple[str, ...]) -> Lock | Gap:
    """Return a lock whose packages are the tables ``[[array]]``, or the gap that says why it cannot be had.

    ``version`` is the path of the key that holds the lock's version; its major number must be one of ``majors``.
    """
    loaded = load(manifest)
    if isinstance(loaded, Gap):
        return loaded
    document, text = loaded
    place = document
    for key in version[:-1]:
        place = table(place.get(key))
    stated = str(place.get(version[-1]))
    if stated.split(".", maxsplit=1)[0] not in majors:
        detail = f"{version[-1]} '{printable(stated, 50)}' of the lock is not read, only {' and '.join(majors)}"
        return manifest.gap(GapReason.UNSUPPORTED, detail)
    packages = tables(document.get(array))
    return Lock(document, tuple(zip(packages, _headers(text, array, len(packages)), strict=True)))


def _headers(text: str, name: str, count: int) -> Iterator[int | None]:
    """Yield the line of each ``[[name]]``; ``None`` where the text does not show ``count`` of them."""
    pattern = re.compile(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)]
    yield from lines if len(lines) == count else [None] * count


def hashes(entries: Iterable[Mapping[str, object]], key: str = "hash") -> list[str]:
    """Return the digests as text, ``sha256:…``, that file entries of a lock hold."""
    return [value for entry in entries if isinstance(value := entry.get(key), str)]


def file_facts(wheels: Iterable[Mapping[str, object]], sources: Iterable[Mapping[str, object]]) -> dict[str, Json]:
    """Return the facts of a package's files: ``uploaded``, the last upload (RFC 3339), and ``source_only``.

    Times are TOML's, or text that begins with a date, under ``upload-time`` or ``upload_time``.
    """
    wheels, sources = list(wheels), [source for source in sources if source]
    times = [_time(file.get("upload-time", file.get("upload_time"))) for file in (*wheels, *sources)]
    known = [time for time in times if time]
    return {"uploaded": max(known) if known else None, "source_only": bool(sources and not wheels) or None}


def _time(value: object) -> str:
    if isinstance(value, datetime):
        try:
            value = value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
        except OverflowError:  # the first or the last day of all
            return ""
    return value if isinstance(value, str) and _DATE.match(value) else ""


def file_name_facts(files: Iterable[Mapping[str, object]]) -> dict[str, Json]:
    """Return the fact ``source_only`` of a package whose files a lock knows by their names (``file``)."""
    names = [name for file in files if isinstance(name := file.get("file"), str)]
    return {"source_only": bool(names and not any(name.endswith(".whl") for name in names)) or None}
