"""What a log records about a signature: entries of Rekor, checked before they are recorded as Rekor does.

Version 1 knows ``hashedrekord`` 0.0.1 and ``dsse`` 0.0.1; version 2 ``hashedrekord`` 0.0.2 for both.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject

_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))


class EntryError(ValueError):
    """A request is not about a signature that its certificate's key made."""


def encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding of DSSE v1.0: what an envelope's signature is over."""
    return b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(payload), payload)


@dataclass(frozen=True, slots=True)
class _Proposed:
    body: JsonObject
    certificate: x509.Certificate
    signature: bytes
    digest: bytes


def recorded(version: int, request: JsonObject, *, checked: bool = True) -> JsonObject:
    """Return the entry that a log of that version records on a client's request.

    Unless ``checked``, the signature may be wrong.

    Raises:
        EntryError: The request is malformed, of another kind, or its signature is wrong.
    """
    try:
        if version == 2:
            proposed = _of_version_2(request)
        else:
            kind = {"dsse": _envelope, "hashedrekord": _artifact}[str(request["kind"])]
            proposed = kind(cast("JsonObject", request["spec"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EntryError(f"the request is malformed: {error}") from None
    if checked:
        _hold(proposed)
    return proposed.body


def requested(
    version: int, certificate: x509.Certificate, signature: bytes, digest: bytes, envelope: JsonObject | None
) -> JsonObject:
    """Return what a client requests for a signature over a SHA-256 digest, or over an envelope."""
    pem, raw = certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER)
    if version == 2:
        verifier: JsonObject = {"x509Certificate": {"rawBytes": _text(raw)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
        signed: JsonObject = {"content": _text(signature), "verifier": verifier}
        return {"hashedRekordRequestV002": {"digest": _text(digest), "signature": signed}}
    if envelope is not None:
        proposed = {"envelope": json.dumps(envelope), "verifiers": [_text(pem)]}
        return {"apiVersion": "0.0.1", "kind": "dsse", "spec": {"proposedContent": proposed}}
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
        "signature": {"content": _text(signature), "publicKey": {"content": _text(pem)}},
    }
    return {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": cast("JsonObject", spec)}


def _of_version_2(request: JsonObject) -> _Proposed:
    wanted = cast("dict[str, str]", request["hashedRekordRequestV002"])
    signature = cast("dict[str, dict[str, dict[str, dict[str, str]]]]", wanted)["signature"]
    raw = base64.b64decode(signature["verifier"]["x509Certificate"]["rawBytes"])
    spec = {"data": {"algorithm": "SHA2_256", "digest": wanted["digest"]}, "signature": signature}
    body = {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}
    return _Proposed(
        cast("JsonObject", body),
        x509.load_der_x509_certificate(raw),
        base64.b64decode(str(signature["content"])),
        base64.b64decode(wanted["digest"]),
    )


def _artifact(spec: JsonObject) -> _Proposed:
    signature = cast("dict[str, dict[str, str]]", spec["signature"])
    value = cast("dict[str, dict[str, str]]", spec["data"])["hash"]["value"]
    pem, content = signature["publicKey"]["content"], str(signature["content"])
    recorded_spec = {
        "data": {"hash": {"algorithm": "sha256", "value": value}},
        "signature": {"content": content, "publicKey": {"content": pem}},
    }
    return _Proposed(
        _version_1("hashedrekord", recorded_spec), _certificate(pem), base64.b64decode(content), bytes.fromhex(value)
    )


def _envelope(spec: JsonObject) -> _Proposed:
    proposed = cast("JsonObject", spec["proposedContent"])
    text, (verifier,) = str(proposed["envelope"]), cast("list[str]", proposed["verifiers"])
    envelope = json.loads(text)
    payload, (signature,) = base64.b64decode(envelope["payload"]), envelope["signatures"]
    recorded_spec = {
        "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(text.encode()).hexdigest()},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "signatures": [{"signature": signature["sig"], "verifier": verifier}],
    }
    digest = hashlib.sha256(encoding(envelope["payloadType"], payload)).digest()
    body = _version_1("dsse", recorded_spec)
    return _Proposed(body, _certificate(verifier), base64.b64decode(signature["sig"]), digest)


def _version_1(kind: str, spec: object) -> JsonObject:
    return {"apiVersion": "0.0.1", "kind": kind, "spec": cast("JsonObject", spec)}


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(base64.b64decode(pem))


def _hold(proposed: _Proposed) -> None:
    key = proposed.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise EntryError("the certificate's key is not on an elliptic curve")
    try:
        key.verify(proposed.signature, proposed.digest, _PREHASHED)
    except (InvalidSignature, ValueError):
        raise EntryError("the signature is not by the certificate's key") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
