"""YAML from strangers: the JSON subset of YAML 1.2, bounded, without object tags.

Only the parser's events are used; values are built here, without recursion. Scalars follow the core schema (YAML
1.2.2, section 10.3.2): ``on``, ``yes``, ``2024-01-31`` and ``1_000`` are strings, ``true``, ``0x1f`` and ``1e3`` are
not. What JSON cannot hold stays the text that was written: ``.nan``, ``.inf``, numbers of more than 100 characters.

Refused, because two readers could understand it differently: duplicate keys, merge keys (``<<``), keys that are no
scalars, a second document, tags outside the JSON subset, an alias inside the node it names. Aliases count as often as
they are expanded, in nodes, text and depth, so that a small document stays a small value.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

    from chainguard_ml.model import Json

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LONGEST_NUMBER = 100  # characters; converting longer ones costs more than linear time


@dataclass(frozen=True, slots=True)
class Lines:
    """Where a value stands, and the values inside it.

    Attributes:
        line: Line, from 1: of the key for a value in a mapping, of the value itself elsewhere.
        inner: By key for a mapping, by index for a sequence; empty for a scalar.
    """

    line: int
    inner: dict[str | int, Lines] = field(default_factory=dict)

    def at(self, *path: str | int) -> int:
        """Return the line of the value at ``path``, or of the nearest one around it that exists."""
        place = self
        for step in path:
            if step not in place.inner:
                break
            place = place.inner[step]
        return place.line


def load(
    data: bytes | str, *, name: str, max_bytes: int = 1_000_000, max_depth: int = 50, max_nodes: int = 200_000
) -> Json:
    """Return the value of a YAML document; an empty one is ``None``.

    Args:
        data: UTF-8 bytes (a byte order mark is skipped), or text.
        name: How errors call it.
        max_bytes: Longest document, and most characters of text once aliases are expanded.
        max_depth: Most collections inside each other.
        max_nodes: Most values, once aliases are expanded.

    Raises:
        InputError: It is no YAML, leaves the subset of this module, or exceeds a limit; the message has the line.
    """
    return load_with_lines(data, name=name, max_bytes=max_bytes, max_depth=max_depth, max_nodes=max_nodes)[0]


def load_with_lines(
    data: bytes | str, *, name: str, max_bytes: int = 1_000_000, max_depth: int = 50, max_nodes: int = 200_000
) -> tuple[Json, Lines]:
    """Return as ``load``, and where each value stands.

    Raises:
        InputError: As ``load``.
    """
    builder = _Builder(name, max_characters=max_bytes, max_depth=max_depth, max_nodes=max_nodes)
    for event in _events(_text(data, name, max_bytes), name):
        builder.take(event)
    root = builder.root
    return (root.value, root.lines) if root else (None, Lines(1))


def _text(data: bytes | str, name: str, limit: int) -> str:
    try:
        encoded = data.encode() if isinstance(data, str) else data
        if len(encoded) > limit:
            raise InputError(f"'{printable(name)}' is larger than {limit:,} bytes")
        return encoded.decode("utf-8-sig")
    except UnicodeError:
        raise InputError(f"'{printable(name)}' is not UTF-8") from None


def _events(text: str, name: str) -> Iterator[yaml.Event]:
    import yaml

    # The loader is only asked for events; it never constructs a value.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"'{printable(name)}'{line}: {printable(str(error.problem))}") from None
    except yaml.YAMLError as error:
        raise InputError(f"'{printable(name)}' is not YAML: {printable(' '.join(str(error).split()))}") from None


@dataclass(slots=True)
class _Node:
    """A finished value with what it costs once expanded."""

    value: Json
    lines: Lines
    nodes: int = 1
    characters: int = 0
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A collection that is being read: ``items`` for a sequence, ``entries`` for a mapping."""

    node: _Node
    anchor: str | None
    items: list[Json] | None
    entries: dict[str, Json]
    expects_key: bool
    key: tuple[str, int] = ("", 0)


class _Builder:
    """Builds one value from events and counts as it goes."""

    def __init__(self, name: str, *, max_characters: int, max_depth: int, max_nodes: int) -> None:
        self.root: _Node | None = None
        self._name = name
        self._max_characters, self._max_depth, self._max_nodes = max_characters, max_depth, max_nodes
        self._characters = self._nodes = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._line = 1

    def take(self, event: yaml.Event) -> None:
        import yaml

        self._line = event.start_mark.line + 1 if event.start_mark else self._line
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "")
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event, mapping=isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._stack.pop()
            self._finish(done.node, done.anchor)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root:
            raise self._refusal("a second document")

    def _refusal(self, what: str) -> InputError:
        return InputError(f"'{printable(self._name)}' line {self._line}: {what}")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self._stack[-1] if self._stack else None
        self._count(1, len(event.value))
        if top and top.expects_key:
            top.node.nodes += 1
            top.node.characters += len(event.value)
            top.key, top.expects_key = self._key(event, top.entries), False
            return
        value = self._resolved(event)
        self._finish(_Node(value, Lines(self._line), characters=len(event.value)), event.anchor)

    def _key(self, event: yaml.ScalarEvent, entries: dict[str, Json]) -> tuple[str, int]:
        text = event.value
        if event.tag not in {None, "!", f"{_TAG}str"}:
            raise self._refusal(f"the tag {printable(event.tag)} on a key")
        if text == "<<" and event.implicit[0]:
            raise self._refusal("a merge key")
        if event.anchor:
            raise self._refusal("an anchor on a key")
        if text in entries:
            raise self._refusal(f"the key '{printable(text)}' a second time")
        return text, self._line

    def _resolved(self, event: yaml.ScalarEvent) -> Json:
        text, tag = event.value, event.tag
        if tag is None:
            return _core(text) if event.implicit[0] else text  # plain, not quoted and not a block
        if tag in {"!", f"{_TAG}str"}:
            return text
        value = _core(text)
        if tag.startswith(_TAG) and _type_name(value) == tag.removeprefix(_TAG):
            return value
        raise self._refusal(f"'{printable(text, 40)}' with the tag {printable(tag)}")

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            raise self._refusal(f"the alias '{printable(anchor)}', which names nothing that is complete")
        if self._stack and self._stack[-1].expects_key:
            raise self._refusal("an alias as a key")
        node = self._anchors[anchor]
        self._count(node.nodes, node.characters)
        if len(self._stack) + node.height > self._max_depth:
            raise self._refusal(f"collections nested deeper than {self._max_depth}")
        self._finish(node, None)

    def _begin(self, event: yaml.CollectionStartEvent, *, mapping: bool) -> None:
        if event.tag not in {None, "!", f"{_TAG}map" if mapping else f"{_TAG}seq"}:
            raise self._refusal(f"the tag {printable(event.tag)}")
        if self._stack and self._stack[-1].expects_key:
            raise self._refusal("a key that is no scalar")
        if len(self._stack) >= self._max_depth:
            raise self._refusal(f"collections nested deeper than {self._max_depth}")
        self._count(1, 0)
        if event.anchor:
            self._anchors.pop(event.anchor, None)  # the name now means this node, which is not complete
        entries: dict[str, Json] = {}
        items: list[Json] | None = None if mapping else []
        node = _Node(entries if mapping else items, Lines(self._line), height=1)
        self._stack.append(_Open(node, event.anchor, items, entries, expects_key=mapping))

    def _count(self, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > self._max_nodes:
            raise self._refusal(f"more than {self._max_nodes:,} values")
        if self._characters > self._max_characters:
            raise self._refusal(f"aliases expand to more than {self._max_characters:,} characters")

    def _finish(self, node: _Node, anchor: str | None) -> None:
        """Put a whole value where it belongs."""
        if anchor:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        if top.items is not None:
            top.node.lines.inner[len(top.items)] = node.lines
            top.items.append(node.value)
        else:
            key, line = top.key
            top.node.lines.inner[key] = Lines(line, node.lines.inner)
            top.entries[key] = node.value
            top.expects_key = True
        top.node.nodes += node.nodes
        top.node.characters += node.characters
        top.node.height = max(top.node.height, node.height + 1)


def _core(text: str) -> Json:
    """Resolve a plain scalar by the core schema."""
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text[0] in "tT"
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.match(text):
        # Only 0o and 0x are prefixes; a leading zero is decimal.
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _type_name(value: Json) -> str:
    """Return the core schema's name of a resolved scalar."""
    names = {bool: "bool", int: "int", float: "float", type(None): "null"}
    return names.get(type(value), "str")
