"""Attestations of an index about its files (PEP 740): who published them, as Sigstore proves it.

An index states a publisher and hands over its attestations; each is proven as that publisher's, and about that file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.records import record
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.context import Prover
    from chainguard_ml.model import Json

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_IN_TOTO = "application/vnd.in-toto+json"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}\Z")
_PROJECT = re.compile(rf"{_NAME}(?:/{_NAME})+\Z")
_FILE = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\Z")
_GITHUB, _GITLAB, _GOOGLE = (
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://accounts.google.com",
)


@record
class Publisher:
    """Who may publish a project.

    Attributes:
        name: ``github.com/owner/name``, ``gitlab.com/group/name`` or a mail address.
        identity: What its certificates name, as a pattern of ``signing.identities``.
        issuer: The identity provider.
        conditions: Further claims of its certificates.
    """

    name: str
    identity: str
    issuer: str
    conditions: Mapping[str, str]


@record
class Statement:
    """One attestation: who is said to have made it, and a bundle that has to prove it (JSON)."""

    publisher: Publisher
    bundle: bytes


def read(data: bytes) -> list[Statement]:
    """Return the attestations of one file.

    Raises:
        InputError: It is no provenance object of version 1, a publisher is of no known kind, or it states nothing.
    """
    document = jsonsafe.loads(data)
    bundles = document.get("attestation_bundles") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("version") != 1 or not isinstance(bundles, list):
        raise InputError("it is no provenance of version 1")
    found = [statement for bundle in bundles for statement in _statements(bundle)]
    if not found:
        raise InputError("it has no attestation")
    return found


def _statements(bundle: Json) -> Iterator[Statement]:
    publisher = bundle.get("publisher") if isinstance(bundle, dict) else None
    attestations = bundle.get("attestations") if isinstance(bundle, dict) else None
    if not isinstance(publisher, dict) or not isinstance(attestations, list):
        raise InputError("a bundle has no publisher and no attestations")
    who = _publisher(publisher)
    for attestation in attestations:
        yield Statement(who, _as_bundle(attestation))


def _publisher(stated: Mapping[str, Json]) -> Publisher:
    kind, repository = stated.get("kind"), str(stated.get("repository"))
    if kind == "GitHub" and _REPOSITORY.match(repository) and _FILE.match(str(stated.get("workflow"))):
        source = f"https://github.com/{repository}"
        config = f"{source}/.github/workflows/{stated['workflow']}@**"
        conditions = {"source-repository-uri": source, "build-config-uri": config}
        return Publisher(f"github.com/{repository}", "https://github.com/**", _GITHUB, conditions)
    if kind == "GitLab" and _PROJECT.match(repository) and _FILE.match(str(stated.get("workflow_filepath"))):
        identity = f"https://gitlab.com/{repository}//{stated['workflow_filepath']}@**"
        return Publisher(f"gitlab.com/{repository}", identity, _GITLAB, {})
    if kind == "Google" and _MAIL.match(str(stated.get("email"))):
        return Publisher(str(stated["email"]), str(stated["email"]), _GOOGLE, {})
    raise InputError(f"its publisher is of no known kind: {printable(json.dumps(stated), 200)}")


def _as_bundle(attestation: Json) -> bytes:
    """Return an attestation of version 1 as a bundle of Sigstore."""
    material = attestation.get("verification_material") if isinstance(attestation, dict) else None
    envelope = attestation.get("envelope") if isinstance(attestation, dict) else None
    if not isinstance(attestation, dict) or not isinstance(material, dict) or not isinstance(envelope, dict):
        raise InputError("an attestation has no envelope and no material")
    if attestation.get("version") != 1:
        raise InputError("an attestation is not of version 1")
    return json.dumps(
        {
            "mediaType": _BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": material.get("certificate")},
                "tlogEntries": material.get("transparency_entries"),
            },
            "dsseEnvelope": {
                "payload": envelope.get("statement"),
                "payloadType": _IN_TOTO,
                "signatures": [{"sig": envelope.get("signature")}],
            },
        }
    ).encode()


def proven(data: bytes, sha256: str, prove: Prover) -> tuple[list[str], str]:
    """Return the publishers that attestations of a file are proven to be of, and why one is not, or nothing.

    Args:
        data: The provenance object.
        sha256: Digest of the file, in hexadecimal.
        prove: Proves a bundle.

    Raises:
        InputError: See ``read``.
    """
    names: list[str] = []
    for statement in read(data):
        who = statement.publisher
        if problem := prove(statement.bundle, sha256, who.identity, who.issuer, who.conditions):
            return names, problem
        names.append(who.name)
    return sorted(set(names)), ""
