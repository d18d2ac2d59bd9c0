"""Other XML: entities that lead outside, and streams of Java objects. Its content is no model and is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import xml as rules
from chainguard_ml.scan.formats import xml_reader
from chainguard_ml.scan.formats.xml_findings import entity_message

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "xml"
EXAMINES = "entities that expand or lead outside; streams of Java objects (XMLEncoder)"

_PROLOG = (b"<?xml", b"<!DOCTYPE", b"<java", b"<\0?\0", b"\0<\0?")


def recognise(blob: Blob) -> bool:
    """Return whether an XML declaration or a document type stands before a first element."""
    head = blob.read(0, 64).removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    if not head.startswith(_PROLOG):
        return False
    root, entities = xml_reader.root_of(blob)
    return root is not None or bool(entities)


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Look at the prolog and the first element. Drawings declare entities that are only text; they are harmless."""
    root, entities = xml_reader.root_of(blob)
    for entity in entities:
        if entity.what != "expands to text":
            yield rules.XML_ENTITY.finding(
                blob.subject, blob.location.at(entity.offset), entity_message(entity), key=(entity.name,)
            )
    if root is not None and root.name == "java" and "XMLDecoder" in root.attributes.get("class", ""):
        yield rules.OBJECT_STREAM.finding(
            blob.subject, blob.location.at(root.offset), "XMLDecoder calls what the document names", key=("java",)
        )
