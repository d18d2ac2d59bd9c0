"""XML without entities (XML 1.0, fifth edition; XInclude 1.0): elements with their place, nothing fetched or expanded.

The parser is expat, fed piece by piece. External entities are never read. A document type with entities that expand or
lead outside ends the reading: the visitor is told, and decides what it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.scan.interface import Blob

"""What a document can start with: a mark, an order mark, white space."""

_START = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+<[?!A-Za-z_]|\xff\xfe<\0|\xfe\xff\0<")
_PIECE = 1 << 16
_INCLUDE = "http://www.w3.org/2001/XInclude"


@dataclass(frozen=True, slots=True)
class Element:
    """An element's start: name and namespace, attributes by local name, place of its first byte."""

    name: str
    namespace: str
    attributes: Mapping[str, str]
    offset: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A declared entity that a model does not need: name, what it is, place."""

    name: str
    what: str
    offset: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Where and why a document is no XML."""

    text: str
    offset: int


class Visitor(Protocol):
    """Is told what a document consists of; what any method raises ends the reading."""

    def start(self, element: Element) -> None:
        """An element starts."""

    def end(self) -> None:
        """The last element that started ends."""

    def text(self, text: str) -> None:
        """Text inside of an element, perhaps one of several pieces."""

    def entity(self, entity: Entity) -> None:
        """An entity is declared, or another document is included."""


class Enough(Exception):  # noqa: N818 (no error: a visitor has seen what it wants)
    """Ends the reading."""


def could_be(blob: Blob) -> bool:
    """Return whether markup starts the bytes."""
    return _START.match(blob.data) is not None


def walk(blob: Blob, visitor: Visitor) -> Broken | None:
    """Tell ``visitor`` the whole document; return where it breaks, if it does."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        offset = parser.CurrentByteIndex
        if namespace == _INCLUDE and local == "include":
            visitor.entity(Entity(plain.get("href", ""), "includes another document", offset))
        visitor.start(Element(local, namespace, plain, offset))

    def declared(name: str, _parameter: bool, value: str | None, *_rest: object) -> None:  # noqa: FBT001 (expat's shape)
        visitor.entity(Entity(name, _what(value), parser.CurrentByteIndex))

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: visitor.end()
    parser.CharacterDataHandler = visitor.text
    parser.EntityDeclHandler = declared
    try:
        for position in range(0, blob.size, _PIECE):
            parser.Parse(blob.read(position, position + _PIECE), position + _PIECE >= blob.size)
    except expat.ExpatError as error:
        return Broken(expat.ErrorString(error.code) or "not well-formed", max(parser.ErrorByteIndex, 0))
    except Enough:
        return None
    return None


def _what(value: str | None) -> str:
    if value is None:
        return "leads to another document"
    return "expands to other entities" if "&" in value or "%" in value else "expands to text"


class _Root:
    """Waits for the first element."""

    def __init__(self) -> None:
        self.element: Element | None = None
        self.entities: list[Entity] = []

    def start(self, element: Element) -> None:
        self.element = element
        raise Enough

    def end(self) -> None:
        """No element ends before the first starts."""

    def text(self, text: str) -> None:
        """No text stands before the first element."""

    def entity(self, entity: Entity) -> None:
        self.entities.append(entity)


def root_of(blob: Blob) -> tuple[Element | None, list[Entity]]:
    """Return the first element, ``None`` if there is none, and the entities declared before it."""
    known = blob.memo.get("xml")
    if not isinstance(known, _Root):
        known = _Root()
        if could_be(blob):
            walk(blob, known)
        blob.memo["xml"] = known
    return known.element, known.entities
