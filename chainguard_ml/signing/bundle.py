"""Sigstore bundles as OpenSSF Model Signing v1.0 uses them (specification section 4, ``bundle.schema.json``).

Reading is strict and in proportion to the input: it runs before anything is proven, on bytes from anybody.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.signing import dsse
from chainguard_ml.signing.interface import Bundle, MalformedError, UnverifiableError
from chainguard_ml.signing.strictjson import loads, member, only

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.interface import Signer

MAX_BYTES = 256_000_000
"""Largest bundle that is read: about a million files."""

_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_MEDIA_TYPES = {
    _MEDIA_TYPE,
    *(f"application/vnd.dev.sigstore.bundle+json;version={version}" for version in ("0.1", "0.2", "0.3")),
}
_STRUCTURE = 10_000  # members and items; certificates, log entries and timestamps need some hundred
_PROOFS = ("tlogEntries", "timestampVerificationData")
_MATERIALS = ("publicKey", "x509CertificateChain", "certificate")


def parse(data: bytes) -> Bundle:
    """Return the bundle in ``data``.

    Raises:
        MalformedError: It is no bundle with exactly one envelope, method and signature.
        UnverifiableError: It is a bundle that signs something else than a statement, or a budget is hit.
    """
    value = loads(data, "the bundle", _STRUCTURE)
    media_type = member(value, "mediaType", str)
    if media_type not in _MEDIA_TYPES:
        raise MalformedError("'mediaType' is not that of a Sigstore bundle")
    if "messageSignature" in value and "dsseEnvelope" not in value:
        raise UnverifiableError("a bundle over a plain message, not over a model's manifest", GapReason.UNSUPPORTED)
    only(value, {"mediaType", "verificationMaterial", "dsseEnvelope"}, "the bundle")
    verification = member(value, "verificationMaterial", dict)
    envelope = member(value, "dsseEnvelope", dict)
    only(envelope, {"payload", "payloadType", "signatures"}, "'dsseEnvelope'")
    payload_type = member(envelope, "payloadType", str)
    if payload_type != dsse.PAYLOAD_TYPE:
        raise MalformedError(f"'payloadType' is not {dsse.PAYLOAD_TYPE}")
    payload = decoded(envelope, "payload")
    signature = _signature(member(envelope, "signatures", list))
    return Bundle(*_material(verification), payload_type, payload, signature, media_type, verification)


def _material(value: JsonObject) -> tuple[str, JsonObject]:
    present = [name for name in _MATERIALS if name in value]
    if len(present) != 1:
        raise MalformedError(f"'verificationMaterial' has {len(present)} of {', '.join(_MATERIALS)} instead of one")
    only(value, {present[0], *_PROOFS}, "'verificationMaterial'")
    if present == ["certificate"] and not member(value, "tlogEntries", list):
        raise MalformedError("'tlogEntries' is empty, and a certificate of Sigstore needs one")
    return present[0], member(value, present[0], dict)


def _signature(signatures: list[JsonObject]) -> bytes:
    if len(signatures) != 1:
        raise MalformedError(f"there are {len(signatures)} signatures instead of one")
    (signature,) = signatures
    if not isinstance(signature, dict):
        raise MalformedError("a signature is not an object")
    only(signature, {"sig", "keyid"}, "a signature")
    if not isinstance(signature.get("keyid"), str | None):
        raise MalformedError("'keyid' is not a string")
    return decoded(signature, "sig")


def decoded(value: JsonObject, name: str) -> bytes:
    """Return the bytes of a member in Base64 (RFC 4648), standard or for URLs, in its one canonical form.

    Raises:
        MalformedError: It is missing, empty, or not canonical Base64.
    """
    text = member(value, name, str).replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise MalformedError(f"'{name}' is not Base64") from None
    if not data or base64.b64encode(data).decode() != text:
        raise MalformedError(f"'{name}' is empty or not canonical Base64")
    return data


def build(payload: bytes, signer: Signer) -> bytes:
    """Return the bundle of ``payload``, signed by ``signer``."""
    signature = signer.sign(dsse.encoding(dsse.PAYLOAD_TYPE, payload))
    bundle: JsonObject = {
        "mediaType": _MEDIA_TYPE,
        "verificationMaterial": signer.material(),
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": dsse.PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    return json.dumps(bundle, separators=(",", ":")).encode() + b"\n"
