"""CycloneDX bills of materials, JSON and XML, specification 1.0 to 1.7.

https://cyclonedx.org/docs/1.6/json/ and https://cyclonedx.org/docs/1.6/xml/
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.bills import Bill, Entry
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.toml_lines import table, tables, text_of, texts
from chainguard_ml.model import Gap, GapReason, Scope
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.inventory.packages.toml_lines import Table

_NAMESPACE = "http://cyclonedx.org/schema/bom/"
_DEEPEST = 200  # elements inside each other
_LONGEST = 10_000  # characters of one element's text


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages of a bill; one of another major version is a gap. What the bill is about is none of them."""
    manifest = Manifest.of(argument)
    data = manifest.read()
    if isinstance(data, Gap):
        yield data
        return
    xml = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    try:
        version, bill = _from_xml(data) if xml else _from_json(data)
    except InputError as error:
        yield manifest.gap(GapReason.MALFORMED, error.message)
        return
    if version.split(".", maxsplit=1)[0] != "1":
        detail = f"version '{printable(version, 50)}' of CycloneDX is not read, only 1"
        yield manifest.gap(GapReason.UNSUPPORTED, detail)
        return
    yield from bill.records(manifest, data.decode("utf-8", "replace"))


def _from_json(data: bytes) -> tuple[str, Bill]:
    document = jsonsafe.loads(data)
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        raise InputError("it is no CycloneDX bill")
    bill = Bill("cyclonedx")
    waiting = list(reversed(tables(document.get("components"))))
    while waiting:
        component = waiting.pop()
        bill.entries.append(_entry(component))
        waiting.extend(reversed(tables(component.get("components"))))
    for dependency in tables(document.get("dependencies")):
        bill.needs[text_of(dependency, "ref") or ""].update(texts(dependency.get("dependsOn")))
    return str(document.get("specVersion")), bill


def _entry(component: Table) -> Entry:
    entry = Entry(text_of(component, "bom-ref") or "", text_of(component, "purl") or "")
    entry.digests = [
        (text_of(item, "alg") or "", text_of(item, "content") or "") for item in tables(component.get("hashes"))
    ]
    for item in tables(component.get("licenses")):
        licence = table(item.get("license"))
        stated = text_of(item, "expression") or text_of(licence, "id") or text_of(licence, "name")
        entry.licences += [stated] if stated else []
    entry.scope = _scope(text_of(component, "scope"))
    return entry


def _scope(stated: str | None) -> Scope:
    return {"optional": Scope.OPTIONAL, "excluded": Scope.DEVELOPMENT}.get(stated or "", Scope.REQUIRED)


def _from_xml(data: bytes) -> tuple[str, Bill]:
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")  # whatever it declares: another codec is more code
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(data, True)  # noqa: FBT003 (expat's shape)
    except (expat.ExpatError, ValueError) as error:
        raise InputError(f"it is not XML: {reason_of(error, 200)}") from None
    if not reader.version:
        raise InputError("it is no CycloneDX bill")
    return reader.version, reader.bill


class _Reader:
    """Takes what expat reports; entities need a document type, and that is refused."""

    def __init__(self) -> None:
        self.bill = Bill("cyclonedx")
        self.version = ""
        self._path: list[str] = []
        self._open: list[Entry] = []
        self._text: list[str] = []
        self._length = 0
        self._algorithm = ""
        self._needing: list[str] = []

    def refuse(self, *_: object) -> None:
        """Refuse a document type."""
        raise InputError("it has a document type, which no bill needs")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        namespace, _, local = name.rpartition(" ")
        if not self._path and local == "bom" and namespace.startswith(_NAMESPACE):
            self.version = namespace.removeprefix(_NAMESPACE)
        self._path.append(local)
        if len(self._path) > _DEEPEST:
            raise InputError(f"elements are nested deeper than {_DEEPEST}")
        self._text, self._length = [], 0
        if local == "component":
            self._open.append(Entry(attributes.get("bom-ref", "")))
        elif local == "hash":
            self._algorithm = attributes.get("alg", "")
        elif local == "dependency":
            if self._needing:
                self.bill.needs[self._needing[-1]].add(attributes.get("ref", ""))
            self._needing.append(attributes.get("ref", ""))

    def characters(self, text: str) -> None:
        """Take a piece of text."""
        self._length += len(text)
        if self._length <= _LONGEST:
            self._text.append(text)

    def end(self, _: str) -> None:
        """Take the end of an element."""
        local, text = self._path.pop(), "".join(self._text).strip()
        parent = self._path[-1] if self._path else ""
        self._text, self._length = [], 0
        if local == "dependency":
            self._needing.pop()
        elif local == "component":
            entry = self._open.pop()
            if "metadata" not in self._path:
                self.bill.entries.append(entry)
        elif self._open:
            self._property(self._open[-1], local, parent, text)

    def _property(self, entry: Entry, local: str, parent: str, text: str) -> None:
        if local == "purl" and parent == "component":
            entry.purl = text
        elif local == "scope" and parent == "component":
            entry.scope = _scope(text)
        elif local == "hash" and self._path[-2:] == ["component", "hashes"]:
            entry.digests.append((self._algorithm, text))
        elif (local == "expression" and parent == "licenses") or (local in {"id", "name"} and parent == "license"):
            entry.licences.append(text)
