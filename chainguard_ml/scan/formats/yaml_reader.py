"""YAML as loaders read it, from the parser's events: values, tags, what aliases would expand to.

Unlike ``chainguard_ml.yamlsafe``, which refuses what is not plain, this takes all that YAML 1.1 and 1.2 allow (tags,
merge keys, several documents, duplicate and complex keys), and keeps what came before a break. No object is built, and
no alias is expanded: an alias is the value it names, once more, so values can share parts and contain themselves.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.jsonsafe import SUPERSEDED
from chainguard_ml.text import printable

if TYPE_CHECKING:
    import yaml

    from chainguard_ml.model import Json

_DEPTH = 200  # collections inside each other; libyaml's cost grows with the square of it
_NODES = 400_000
_SLOW = 100_000  # characters that are read by a parser in Python
_ENOUGH = 10**12  # what is counted up to once aliases are expanded
_UNPRINTABLE_ASCII = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TRUE = re.compile(r"(?:true|yes|on)\Z", re.IGNORECASE)
_FALSE = re.compile(r"(?:false|no|off)\Z", re.IGNORECASE)
_MERGE = "tag:yaml.org,2002:merge"
_TEXTS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "value", "python/str", "python/unicode", "int", "float", "bool")
)
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, its directives and escapes resolved; the scalar that it stands before, if it does; its line, from 1."""

    name: str
    value: str
    line: int


@dataclass(slots=True)
class Reading:
    """What a text holds.

    Attributes:
        documents: The documents' values; one that breaks off is there as far as it goes.
        tags: Every explicit tag, in their order.
        values: Values once all aliases are expanded, up to a million million.
        written: Values as they are written.
        broken: What the parser complained about.
        limited: Which limit was hit.
    """

    documents: list[Json] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    values: int = 0
    written: int = 0
    broken: str = ""
    limited: str = ""


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    value: dict[str, Json] | list[Json]
    anchor: str | None
    text: bool = False  # its tag is that of a text: PyYAML takes the value of "=" for it
    key: str | None = None
    merges: list[Json] = field(default_factory=list)
    count: int = 1


def text_of(data: bytes) -> str:
    """Return the text of a YAML stream: UTF-16 with a byte order mark, else UTF-8, wrong bytes replaced."""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = data.decode(encoding, "replace")
    return (_UNPRINTABLE_ASCII if text.isascii() else _unprintable()).sub(" ", text)


@functools.cache
def _unprintable() -> re.Pattern[str]:
    """Return what YAML 1.2.2, section 5.1, does not let a stream hold; compiled late, because it takes 8 ms."""
    return re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(text: str) -> Reading:
    """Read a stream to its end, its break, or a limit.

    Where libyaml breaks off, PyYAML's own parser may go on (``%YAML 1.3``): what that reads comes in addition.
    """
    import yaml

    reading = _read(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if reading.broken and not reading.limited:
        if len(text) > _SLOW:
            reading.limited = f"it breaks off ({reading.broken}), and is too long to be read by another parser"
            return reading
        other = _read(text, yaml.SafeLoader)
        reading.documents += other.documents
        reading.tags += other.tags
    return reading


def _read(text: str, loader: type[yaml.SafeLoader]) -> Reading:
    """Read a stream with one of PyYAML's parsers, which is only asked for events."""
    import yaml

    reading = Reading()
    builder = _Builder(reading)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
            if reading.limited:
                break
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        reading.broken = f"{line}{printable(str(error.problem), 100)}"
    except (yaml.YAMLError, UnicodeError) as error:
        reading.broken = printable(" ".join(str(error).split()), 100)
    builder.close()
    return reading


class _Builder:
    """Builds values from events; shares what aliases name."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Json, int]] = {}

    def take(self, event: yaml.Event) -> None:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._tag(event.tag, event.value, event)
            value = "<<" if event.tag == _MERGE else _scalar(event)
            self._anchor(event.anchor, value, 1)
            self._put(value, 1, "<<" if event.tag == _MERGE else event.value)
        elif isinstance(event, yaml.AliasEvent):
            value, count = self._anchors.get(event.anchor or "", (None, 1))
            self._put(value, count, f"*{event.anchor}")
        elif isinstance(event, yaml.CollectionStartEvent):
            self._tag(event.tag, "", event)
            self._begin(event.anchor, {} if isinstance(event, yaml.MappingStartEvent) else [], event.tag)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()

    def close(self) -> None:
        """Put what is open where it belongs, as if the text ended here."""
        while self._stack:
            self._end()

    def _tag(self, tag: str | None, value: str, event: yaml.Event) -> None:
        if tag and tag != "!":
            self._reading.tags.append(Tag(tag, value[:1000], event.start_mark.line + 1 if event.start_mark else 0))

    def _anchor(self, anchor: str | None, value: Json, count: int) -> None:
        if anchor:
            self._anchors[anchor] = (value, count)

    def _begin(self, anchor: str | None, value: dict[str, Json] | list[Json], tag: str | None) -> None:
        self._anchor(anchor, value, 1)  # it may contain itself
        self._stack.append(_Open(value, anchor, tag in _TEXTS))
        if len(self._stack) > _DEPTH:
            self._reading.limited = f"collections are nested deeper than {_DEPTH}"

    def _end(self) -> None:
        done = self._stack.pop()
        if isinstance(done.value, dict):
            self._merge(done.value, done.merges)
        inside = done.value.get("=") if done.text and isinstance(done.value, dict) else None
        value = inside if isinstance(inside, str) else done.value
        self._anchor(done.anchor, value, done.count)
        self._put(value, done.count, value if isinstance(value, str) else "?")

    def _merge(self, value: dict[str, Json], merges: list[Json]) -> None:
        """Take over the entries of merged mappings; what is copied counts as written."""
        for merged in merges:
            for inner in merged if isinstance(merged, list) else [merged]:
                if isinstance(inner, dict) and not self._reading.limited:
                    self._written(len(inner))
                    for key, item in list(inner.items()):
                        value.setdefault(key, item)

    def _written(self, count: int) -> None:
        self._reading.written += count
        if self._reading.written > _NODES:
            self._reading.limited = f"there are more than {_NODES:,} values"

    def _put(self, value: Json, count: int, text: str) -> None:
        """Put a value into the collection around it; ``text`` is how it is called where it is a key."""
        self._written(1)
        if not self._stack:
            self._reading.documents.append(value)
            self._reading.values = min(_ENOUGH, self._reading.values + count)
            return
        top = self._stack[-1]
        top.count = min(_ENOUGH, top.count + count)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            top.key = text if isinstance(value, str | bool | None) else f"? {len(top.value)}"
            if isinstance(value, dict | list):
                top.value[f"{top.key} (key)"] = value
        else:
            _enter(top, top.key, value)
            top.key = None


def _enter(top: _Open, key: str, value: Json) -> None:
    entries = top.value
    if not isinstance(entries, dict):
        return
    if key == "<<":
        top.merges.append(value)
    if key in entries:
        superseded = entries.setdefault(SUPERSEDED, [])
        if isinstance(superseded, list):
            superseded.append({key: entries[key]})
    entries[key] = value


def _scalar(event: yaml.ScalarEvent) -> Json:
    """Resolve what matters here: truth, falsehood and null; numbers stay the text that was written."""
    text = event.value
    if event.tag is None and event.implicit[0]:
        if _NULL.match(text):
            return None
        if _TRUE.match(text):
            return True
        if _FALSE.match(text):
            return False
    return text
