"""The graph as CycloneDX 1.6 JSON (ECMA-424), byte for byte the same for the same content.

Keys are sorted, the indent is two spaces, the text is UTF-8. The serial number is a UUID of version 5 (RFC 9562)
over the document without it. Every text is escaped with ``printable``: no control character, bidirectional mark or
undecodable byte of a file name reaches a reader.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

import chainguard_ml
from chainguard_ml.model import Scope
from chainguard_ml.sbom.collector import paused
from chainguard_ml.sbom.modelcard import data_of, model_card, properties
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Digest, Json, Location
    from chainguard_ml.sbom.graph import Bom, Completeness, Licence, Node

SPECIFICATION = "CycloneDX 1.6"
MEDIA_TYPE = "application/vnd.cyclonedx+json"

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:chainguard-ml:sbom")
_LONGEST = 100_000  # characters of one text
# CycloneDX's names of algorithms, and their digests' hexadecimal digits.
_ALGORITHMS = {
    ("md5", 32): "MD5",
    ("sha1", 40): "SHA-1",
    ("sha256", 64): "SHA-256",
    ("sha384", 96): "SHA-384",
    ("sha512", 128): "SHA-512",
    ("sha3256", 64): "SHA3-256",
    ("sha3384", 96): "SHA3-384",
    ("sha3512", 128): "SHA3-512",
    ("blake2b256", 64): "BLAKE2b-256",
    ("blake2b384", 96): "BLAKE2b-384",
    ("blake2b512", 128): "BLAKE2b-512",
    ("blake2b", 128): "BLAKE2b-512",
    ("blake3", 64): "BLAKE3",
}
_HEX = frozenset("0123456789abcdef")
# Development dependencies are no part of what runs: that is what the specification calls excluded.
_SCOPES = {Scope.REQUIRED: "required", Scope.OPTIONAL: "optional", Scope.DEVELOPMENT: "excluded"}
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@paused()
def write(bom: Bom) -> bytes:
    """Return the document, ending with a line feed."""
    members = {name: _canonical(value, "\n  ") for name, value in to_json(bom).items()}
    content = "".join(members[name] for name in sorted(members))
    serial = uuid.uuid5(_NAMESPACE, hashlib.sha256(content.encode()).hexdigest()).urn
    members["serialNumber"] = _encode(serial)
    lines = ",\n".join(f"  {_encode(name)}: {members[name]}" for name in sorted(members))
    return f"{{\n{lines}\n}}\n".encode()


def to_json(bom: Bom) -> JsonObject:
    """Return the document without its serial number."""
    metadata: JsonObject = {
        "component": _component(bom.pipeline),
        "lifecycles": [{"phase": "pre-build"}],
        "tools": {
            "components": [{"type": "application", "name": "chainguard-ml", "version": chainguard_ml.__version__}]
        },
    }
    if bom.timestamp:
        metadata["timestamp"] = bom.timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": [_component(node) for node in bom.nodes],
        "dependencies": [{"ref": ref, "dependsOn": list(targets)} for ref, targets in sorted(bom.edges.items())],
        "compositions": [_composition(item) for item in bom.completeness],
    }


def _canonical(value: Json, margin: str) -> str:
    """Return what ``json.dumps`` writes with sorted keys and an indent, in a third of its time."""
    if isinstance(value, str) or not value:
        return _encode(value)
    inner = f"{margin}  "
    if isinstance(value, dict):
        members = [f"{inner}{_encode(name)}: {_canonical(value[name], inner)}" for name in sorted(value)]
        return f"{{{','.join(members)}{margin}}}"
    if isinstance(value, list):
        return f"[{','.join([inner + _canonical(item, inner) for item in value])}{margin}]"
    return _encode(value)


def _component(node: Node) -> JsonObject:
    component: JsonObject = {"type": node.kind, "bom-ref": node.ref, "name": _text(node.name)}
    optional: JsonObject = {
        "version": _text(node.version) if node.version else None,
        "purl": node.purl,
        "description": _text(node.description) if node.description else None,
        "scope": _SCOPES[node.scope] if node.scope else None,
        "hashes": _hashes(node.digests),
        "licenses": _licences(node.licences),
        "evidence": {"occurrences": [_occurrence(origin) for origin in node.origins]} if node.origins else None,
        "properties": properties(node.properties),
        "tags": [_text(tag) for tag in node.tags],
        "pedigree": _pedigree(node.ancestors),
        "components": [_component(part) for part in node.parts],
    }
    if node.model:
        optional["modelCard"] = model_card(node.model)
        if node.model.card:
            url = quote(node.model.card, errors="surrogateescape")
            optional["externalReferences"] = [{"type": "model-card", "url": url}]
    if node.data:
        optional["data"] = [data_of(node, node.data)]
    component.update((name, value) for name, value in optional.items() if value)
    return component


def _pedigree(ancestors: Iterable[str]) -> JsonObject:
    found: list[Json] = [{"type": "machine-learning-model", "name": _text(name)} for name in ancestors]
    return {"ancestors": found} if found else {}


def _hashes(digests: Iterable[Digest]) -> list[JsonObject]:
    """Return the digests that CycloneDX has a name for and that are as long as their algorithm's."""
    hashes: list[JsonObject] = []
    for digest in digests:
        algorithm = digest.algorithm.lower().replace("-", "").replace("_", "")
        name = _ALGORITHMS.get((algorithm, len(digest.hex)))
        if name and _HEX.issuperset(digest.hex):
            hashes.append({"alg": name, "content": digest.hex})
    return hashes


def _licences(licences: tuple[Licence, ...]) -> list[JsonObject]:
    """Return one expression, or any number of identifiers and names: the schema takes no other mixture."""
    if len(licences) == 1 and licences[0].form == "expression":
        return [{"expression": licences[0].text, "acknowledgement": "declared"}]
    return [{"license": _licence(licence)} for licence in licences]


def _licence(licence: Licence) -> JsonObject:
    key = "id" if licence.form == "id" else "name"
    found: JsonObject = {key: _text(licence.text), "acknowledgement": "declared"}
    if licence.url:
        found["url"] = licence.url
    return found


def _occurrence(origin: Location) -> JsonObject:
    occurrence: JsonObject = {"location": _text("!/".join((origin.path, *origin.member)))}
    if origin.line is not None:
        occurrence["line"] = origin.line
    if origin.offset is not None:
        occurrence["offset"] = origin.offset
    return occurrence


def _composition(item: Completeness) -> JsonObject:
    composition: JsonObject = {"aggregate": item.aggregate}
    if item.assemblies:
        composition["assemblies"] = list(item.assemblies)
    if item.dependencies:
        composition["dependencies"] = list(item.dependencies)
    return composition


def _text(text: str) -> str:
    return printable(text, _LONGEST)
