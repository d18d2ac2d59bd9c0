"""What a Sigstore bundle of version 0.1 to 0.3 says (``sigstore_bundle.proto``, ``sigstore_rekor.proto``), unproven.

Numbers of 64 bits may be texts, as the JSON form of Protocol Buffers writes them. A member that these versions do not
have is refused: what is not understood could change what the rest means.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.records import record
from chainguard_ml.signing import dsse
from chainguard_ml.signing.bundle import decoded
from chainguard_ml.signing.interface import MalformedError, UnverifiableError
from chainguard_ml.signing.strictjson import loads, member, only

if TYPE_CHECKING:
    from collections.abc import Collection

    from chainguard_ml.codec import JsonObject

MAX_BYTES = 64_000_000
"""Largest bundle over a file or a statement that is read."""

_STRUCTURE = 10_000  # members and items
_MOST = 32  # certificates, log entries, timestamps
_LAST_SECOND = 253_402_300_799  # of the year 9999, the last that a certificate can name
_VERSIONS = {f"application/vnd.dev.sigstore.bundle+json;version=0.{minor}": (0, minor) for minor in (1, 2, 3)}
_VERSIONS["application/vnd.dev.sigstore.bundle.v0.3+json"] = (0, 3)
_MATERIAL = {"publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"}
_PROOF = {"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"}
_ENTRY = {"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof",
          "canonicalizedBody"}  # fmt: skip
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


@record
class Proof:
    """A proof that a transparency log holds an entry (RFC 6962, section 2.1.1), with the checkpoint it leads to.

    Attributes:
        index: Position of the entry's leaf in the tree.
        size: Number of the tree's leaves.
        root: The tree's hash, 32 bytes.
        hashes: The audit path, from the leaf to the root.
        checkpoint: Signed note of the log, or empty text where there is none.
    """

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@record
class Entry:
    """An entry of a transparency log.

    Attributes:
        index: Its number in the log, over all of the log's trees.
        log: The log's key identifier.
        kind: Kind and version of its body: ``("dsse", "0.0.1")`` …
        time: When the log says that it took the entry, in seconds since 1970; ``None`` since version 2 of Rekor.
        promise: The log's signature over entry and time (SET), or ``None``.
        proof: That the log holds it, or ``None``.
        body: What the log holds, byte for byte.
    """

    index: int
    log: bytes
    kind: tuple[str, str]
    time: int | None
    promise: bytes | None
    proof: Proof | None
    body: bytes


@record
class Material:
    """What a signature is verified with.

    Attributes:
        version: Of the bundle's format.
        certificates: DER, the signer's first; empty for a managed key.
        entries: Of transparency logs.
        timestamps: Responses of timestamp authorities (RFC 3161), DER.
    """

    version: tuple[int, int]
    certificates: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    timestamps: tuple[bytes, ...]


@record
class Envelope:
    """A DSSE envelope with its one signature."""

    payload_type: str
    payload: bytes
    signature: bytes

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return dsse.encoding(self.payload_type, self.payload)


@record
class MessageSignature:
    """A signature over a file, with what the bundle says is the file's digest.

    Attributes:
        algorithm: ``sha256`` …; empty where the bundle names none.
        digest: What the bundle calls the message's digest.
        signature: Over the message.
    """

    algorithm: str
    digest: bytes
    signature: bytes


@record
class SigstoreBundle:
    """A whole bundle."""

    material: Material
    content: Envelope | MessageSignature


def parse_bundle(data: bytes) -> SigstoreBundle:
    """Return a bundle over a message or an envelope.

    Raises:
        MalformedError: It is none, or of another version.
        UnverifiableError: It has more structure than a budget allows.
    """
    if len(data) > MAX_BYTES:
        raise UnverifiableError(f"a bundle larger than {MAX_BYTES:,} bytes", GapReason.BUDGET)
    value = loads(data, "the bundle", _STRUCTURE)
    only(value, {"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"}, "the bundle")
    if ("messageSignature" in value) == ("dsseEnvelope" in value):
        raise MalformedError("the bundle has not exactly one of 'messageSignature' and 'dsseEnvelope'")
    material = parse_material(member(value, "mediaType", str), member(value, "verificationMaterial", dict))
    return SigstoreBundle(material, _envelope(value) if "dsseEnvelope" in value else _message(value))


def _envelope(value: JsonObject) -> Envelope:
    envelope = member(value, "dsseEnvelope", dict)
    only(envelope, {"payload", "payloadType", "signatures"}, "'dsseEnvelope'")
    match member(envelope, "signatures", list):
        case [dict(signature)]:
            only(signature, {"sig", "keyid"}, "a signature")
            return Envelope(
                member(envelope, "payloadType", str), decoded(envelope, "payload"), decoded(signature, "sig")
            )
    raise MalformedError("'signatures' does not have exactly one signature")


def _message(value: JsonObject) -> MessageSignature:
    message = member(value, "messageSignature", dict)
    only(message, {"messageDigest", "signature"}, "'messageSignature'")
    signature = decoded(message, "signature")
    if "messageDigest" not in message:
        return MessageSignature("", b"", signature)
    digest = member(message, "messageDigest", dict)
    only(digest, {"algorithm", "digest"}, "'messageDigest'")
    name = member(digest, "algorithm", str)
    if name not in _ALGORITHMS:
        raise UnverifiableError("the message's digest has an algorithm that is not known", GapReason.UNSUPPORTED)
    return MessageSignature(_ALGORITHMS[name], decoded(digest, "digest"), signature)


def parse_material(media_type: str, value: JsonObject) -> Material:
    """Return the ``verificationMaterial`` of a bundle with this media type.

    Raises:
        MalformedError: The version is unknown, or a member is not what the format says.
    """
    if media_type not in _VERSIONS:
        raise MalformedError("'mediaType' is not that of a Sigstore bundle")
    only(value, _MATERIAL, "'verificationMaterial'")
    if len(value.keys() & {"publicKey", "x509CertificateChain", "certificate"}) != 1:
        raise MalformedError("'verificationMaterial' does not have exactly one key, chain or certificate")
    return Material(
        _VERSIONS[media_type],
        _certificates(value),
        tuple(map(_entry, _objects(value, "tlogEntries", _ENTRY))),
        timestamps(value),
    )


def timestamps(value: JsonObject) -> tuple[bytes, ...]:
    """Return the responses of timestamp authorities in a ``verificationMaterial``.

    Raises:
        MalformedError: They are not a short list of texts in Base64.
    """
    given = _optional(value, "timestampVerificationData", {"rfc3161Timestamps"})
    stamps = _objects(given, "rfc3161Timestamps", {"signedTimestamp"}) if given else []
    return tuple(decoded(stamp, "signedTimestamp") for stamp in stamps)


def _certificates(value: JsonObject) -> tuple[bytes, ...]:
    if "certificate" in value:
        certificate = member(value, "certificate", dict)
        only(certificate, {"rawBytes"}, "'certificate'")
        return (decoded(certificate, "rawBytes"),)
    if "publicKey" in value:
        member(value, "publicKey", dict)
        return ()
    holder = member(value, "x509CertificateChain", dict)
    only(holder, {"certificates"}, "'x509CertificateChain'")
    chain = _objects(holder, "certificates", {"rawBytes"})
    if not chain:
        raise MalformedError("'certificates' is empty")
    return tuple(decoded(certificate, "rawBytes") for certificate in chain)


def _entry(value: JsonObject) -> Entry:
    kind, log = member(value, "kindVersion", dict), member(value, "logId", dict)
    only(kind, {"kind", "version"}, "'kindVersion'")
    only(log, {"keyId"}, "'logId'")
    time = number(value, "integratedTime") if value.get("integratedTime") is not None else 0
    if time > _LAST_SECOND:
        raise MalformedError("'integratedTime' is after the year 9999")
    promise = _optional(value, "inclusionPromise", {"signedEntryTimestamp"})
    proof = _optional(value, "inclusionProof", _PROOF)
    return Entry(
        number(value, "logIndex"),
        decoded(log, "keyId"),
        (member(kind, "kind", str), member(kind, "version", str)),
        time or None,
        decoded(promise, "signedEntryTimestamp") if promise is not None else None,
        _proof(proof) if proof is not None else None,
        decoded(value, "canonicalizedBody"),
    )


def _proof(value: JsonObject) -> Proof:
    hashes = value.get("hashes", [])
    if not isinstance(hashes, list) or len(hashes) > 64:  # the levels of the largest tree
        raise MalformedError("'hashes' is not a list of at most 64 hashes")
    checkpoint = _optional(value, "checkpoint", {"envelope"})
    return Proof(
        number(value, "logIndex"),
        number(value, "treeSize"),
        decoded(value, "rootHash"),
        tuple(decoded({"hashes": item}, "hashes") for item in hashes),
        member(checkpoint, "envelope", str) if checkpoint is not None else "",
    )


def number(value: JsonObject, name: str) -> int:
    """Return a number of at most 63 bits, which may be a text; an absent one is zero, as in Protocol Buffers.

    Raises:
        MalformedError: It is something else, or negative.
    """
    found = value.get(name, 0)
    if isinstance(found, str) and _NUMBER.fullmatch(found):
        found = int(found)
    if type(found) is not int or not 0 <= found < 1 << 63:
        raise MalformedError(f"'{name}' is not a number that is not negative")
    return found


def _objects(value: JsonObject, name: str, names: Collection[str]) -> list[JsonObject]:
    found = value.get(name, [])
    if not isinstance(found, list) or len(found) > _MOST or not all(isinstance(item, dict) for item in found):
        raise MalformedError(f"'{name}' is not a list of at most {_MOST} objects")
    objects = [item for item in found if isinstance(item, dict)]
    for item in objects:
        only(item, names, f"an item of '{name}'")
    return objects


def _optional(value: JsonObject, name: str, names: Collection[str]) -> JsonObject | None:
    """Return the object called ``name`` with no members but ``names``; ``None`` where it is absent or ``null``."""
    if value.get(name) is None:
        return None
    found = member(value, name, dict)
    only(found, names, f"'{name}'")
    return found
