"""Whether a CycloneDX JSON document is valid and its references are sound.

The schemas are those of ECMA-424 as the CycloneDX library carries them; nothing is fetched. They accept identifiers
used twice and references to nothing, so those are looked for here.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from chainguard_ml.sbom.collector import paused
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
"""Versions of the specification that can be validated."""

_BASE = "http://cyclonedx.org/schema/"
_SHARED = ("spdx", "jsf-0.82", "cryptography-defs")
_MOST = 100  # problems reported
_LINKS = frozenset({"dependsOn", "provides", "assemblies", "dependencies", "vulnerabilities", "subjects"})
_NESTED = (dict, list)
_LEAVES = frozenset({"hashes", "properties", "dependsOn"})  # neither they nor what they hold have identifiers
_ENTRY = re.compile(r"/dependencies/[0-9]+/ref\Z")


@paused()
def validate(data: bytes) -> list[str]:
    """Return what is wrong with a document, at most 100 problems, each with a JSON pointer; empty if it is valid."""
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return [f"it is not JSON: {reason_of(error)}"]
    version = document.get("specVersion") if isinstance(document, dict) else None
    if version not in VERSIONS:
        return [f"#/specVersion: it is none of {', '.join(VERSIONS)}"]
    try:
        problems = [_problem(error) for error in islice(_schema(version).iter_errors(document), _MOST)]
    except (ValueError, RecursionError) as error:  # nested too deep, or text that is no Unicode
        return [f"it cannot be examined: {reason_of(error)}"]
    return problems or list(islice(_unsound(document), _MOST))


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _problem(error: jsonschema_rs.ValidationError) -> str:
    pointer = "".join(f"/{step}" for step in error.instance_path)
    return f"#{printable(pointer)}: {printable(error.message, 300)}"


@functools.cache
def _schema(version: str) -> jsonschema_rs.Draft7Validator:
    import jsonschema_rs

    shared = [(f"{_BASE}{name}.SNAPSHOT.schema.json", _resource(name)) for name in _SHARED]
    registry = jsonschema_rs.Registry(shared, draft=jsonschema_rs.Draft7)
    return jsonschema_rs.Draft7Validator(_resource(f"bom-{version}"), registry=registry, validate_formats=True)


def _resource(name: str) -> JsonObject:
    from importlib.resources import files

    text = files("cyclonedx.schema._res").joinpath(f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8")
    schema: JsonObject = json.loads(text)
    return schema


def _unsound(document: JsonObject) -> Iterator[str]:
    """Yield identifiers that are used twice and references to nothing."""
    identifiers: Counter[str] = Counter()
    links: list[tuple[str, str]] = []
    for pointer, value in _objects(document):
        if "bom-ref" in value:
            identifiers[str(value["bom-ref"])] += 1
        links.extend(_links(pointer, value))
    for identifier, count in sorted(identifiers.items()):
        if count > 1:
            yield f"#: the bom-ref '{printable(identifier, 300)}' is used {count} times"
    for pointer, link in links:
        if link not in identifiers and not link.startswith("urn:cdx:"):
            yield f"#{printable(pointer)}: '{printable(link, 300)}' refers to nothing"
    entries = Counter(link for pointer, link in links if _ENTRY.match(pointer))
    for ref, count in sorted(entries.items()):
        if count > 1:
            yield f"#/dependencies: '{printable(ref, 300)}' has {count} entries"


def _objects(document: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield every object of a document with its JSON pointer."""
    waiting: list[tuple[str, Json]] = [("", document)]
    inner: list[tuple[str, Json]] = []
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            yield pointer, value
            inner = [
                (f"{pointer}/{key}", item)
                for key, item in value.items()
                if isinstance(item, _NESTED) and key not in _LEAVES
            ]
        elif isinstance(value, list):
            inner = [(f"{pointer}/{index}", item) for index, item in enumerate(value) if isinstance(item, _NESTED)]
        waiting.extend(inner)


def _links(pointer: str, value: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the identifiers that an object refers to."""
    if isinstance(value.get("ref"), str):
        yield f"{pointer}/ref", str(value["ref"])
    for key in sorted(_LINKS.intersection(value)):
        items = value[key]
        if isinstance(items, list):
            yield from ((f"{pointer}/{key}", item) for item in items if isinstance(item, str))
