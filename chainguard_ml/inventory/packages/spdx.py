"""SPDX bills of materials: 2.2 and 2.3 as JSON and as tags with values, 3.0 as JSON-LD.

https://spdx.github.io/spdx-spec/v2.3/ and https://spdx.github.io/spdx-spec/v3.0.1/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.bills import Bill, Entry
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.toml_lines import tables, text_of, texts
from chainguard_ml.model import Gap, GapReason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.codec import JsonObject

_CONTEXT = re.compile(r"https://spdx\.org/rdf/(3\.[0-9.]+)/")
_TAG = re.compile(r"([A-Za-z]+):[ \t]*(.*)")
_NO_LICENCE = frozenset({"NOASSERTION", "NONE", ""})
_NEEDS = frozenset({"DEPENDS_ON", "DEPENDSON"})
_NEEDED = frozenset({"DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF"})


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages of a bill; one of another version is a gap."""
    manifest = Manifest.of(argument)
    data = manifest.read()
    if isinstance(data, Gap):
        yield data
        return
    text = data.decode("utf-8-sig", "replace")
    try:
        version, bill = _from_json(data) if text.lstrip().startswith("{") else _from_tags(text)
    except InputError as error:
        yield manifest.gap(GapReason.MALFORMED, error.message)
        return
    if not version.startswith(("SPDX-2.", "3.")):
        yield manifest.gap(
            GapReason.UNSUPPORTED, f"version '{printable(version, 50)}' of SPDX is not read, only 2 and 3"
        )
        return
    yield from bill.records(manifest, text)


def _from_json(data: bytes) -> tuple[str, Bill]:
    document = jsonsafe.loads(data)
    if isinstance(document, dict) and "spdxVersion" in document:
        return str(document["spdxVersion"]), _second(document)
    if isinstance(document, dict) and isinstance(document.get("@graph"), list):
        context = document.get("@context")
        contexts = [context] if isinstance(context, str) else texts(context)
        versions = [match[1] for text in contexts if (match := _CONTEXT.match(text))]
        if versions:
            return versions[0], _third(document)
    raise InputError("it is no SPDX bill")


def _second(document: Mapping[str, object]) -> Bill:
    bill = Bill("spdx")
    for package in tables(document.get("packages")):
        entry = Entry(text_of(package, "SPDXID") or "")
        for reference in tables(package.get("externalRefs")):
            if reference.get("referenceType") == "purl":
                entry.purl = text_of(reference, "referenceLocator") or ""
        for checksum in tables(package.get("checksums")):
            entry.digests.append((text_of(checksum, "algorithm") or "", text_of(checksum, "checksumValue") or ""))
        licence = text_of(package, "licenseDeclared") or ""
        entry.licences = [] if licence in _NO_LICENCE else [licence]
        bill.entries.append(entry)
    for relationship in tables(document.get("relationships")):
        one, other = text_of(relationship, "spdxElementId"), text_of(relationship, "relatedSpdxElement")
        _relate(bill, one or "", text_of(relationship, "relationshipType") or "", other or "")
    return bill


def _relate(bill: Bill, one: str, kind: str, other: str) -> None:
    if kind.upper() in _NEEDS:
        bill.needs[one].add(other)
    elif kind.upper() in _NEEDED:
        bill.needs[other].add(one)


def _third(document: Mapping[str, object]) -> Bill:
    bill = Bill("spdx")
    for element in tables(document.get("@graph")):
        kind = text_of(element, "type") or text_of(element, "@type")
        if kind == "software_Package":
            bill.entries.append(_element(element))
        elif kind in {"Relationship", "LifecycleScopedRelationship"}:
            target = element.get("to")
            for other in [target] if isinstance(target, str) else texts(target):
                _relate(bill, text_of(element, "from") or "", text_of(element, "relationshipType") or "", other)
    return bill


def _element(element: Mapping[str, object]) -> Entry:
    entry = Entry(text_of(element, "spdxId") or text_of(element, "@id") or "")
    entry.purl = text_of(element, "software_packageUrl") or ""
    for identifier in tables(element.get("externalIdentifier")):
        if not entry.purl and identifier.get("externalIdentifierType") == "packageUrl":
            entry.purl = text_of(identifier, "identifier") or ""
    for check in tables(element.get("verifiedUsing")):
        entry.digests.append((text_of(check, "algorithm") or "", text_of(check, "hashValue") or ""))
    return entry


def _from_tags(text: str) -> tuple[str, Bill]:
    bill, version = Bill("spdx"), ""
    entry: Entry | None = None
    for tag, value in _tags(text):
        if tag == "SPDXVersion":
            version = value
        elif tag in {"FileName", "SnippetSPDXID", "LicenseID"}:
            entry = None
        elif tag == "PackageName":
            entry = Entry("")
            bill.entries.append(entry)
        elif tag == "Relationship":
            words = value.split()
            if len(words) > 2:
                _relate(bill, words[0], words[1], words[2])
        elif entry is not None:
            _take(entry, tag, value)
    if not version:
        raise InputError("it is no SPDX bill")
    return version, bill


def _take(entry: Entry, tag: str, value: str) -> None:
    words = value.split()
    if tag == "SPDXID":
        entry.reference = value
    elif tag == "ExternalRef" and len(words) > 2 and words[1] == "purl":
        entry.purl = words[2]
    elif tag == "PackageChecksum":
        algorithm, _, digest = value.partition(":")
        entry.digests.append((algorithm.strip(), digest.strip()))
    elif tag == "PackageLicenseDeclared" and value not in _NO_LICENCE:
        entry.licences = [value]


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield tags with values; a value in ``<text>`` may have several lines, which hold no tags."""
    inside = False
    for line in text.splitlines():
        if inside:
            inside = "</text>" not in line
            continue
        match = _TAG.match(line)
        if match:
            inside = match[2].startswith("<text>") and "</text>" not in match[2]
            yield match[1], match[2].strip()
