"""Bodies of log entries: that a log holds *this* signature by *this* key, not some other (CVE-2022-36056).

Kinds of Rekor 1 (``hashedrekord`` 0.0.1, ``dsse`` 0.0.1, ``intoto`` 0.0.1 and 0.0.2) and of Rekor 2 (``hashedrekord``
0.0.2, over a message or over an envelope's pre-authentication encoding).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.records import record
from chainguard_ml.signing.bundle import decoded
from chainguard_ml.signing.interface import InvalidError, MalformedError, UnverifiableError
from chainguard_ml.signing.sigstore import keys
from chainguard_ml.signing.sigstore.keys import unreadable
from chainguard_ml.signing.strictjson import loads, member
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.sigstore.material import Entry

_STRUCTURE = 20_000_000  # an entry of the kind intoto may hold a whole statement
_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


@record
class Signed:
    """What an entry must be about.

    Attributes:
        signature: The signature.
        verifier: The certificate (DER), or the key (SubjectPublicKeyInfo, DER), that it is verified with.
        digests: Of what is signed, by algorithm.
        payload: Of an envelope; ``None`` for a plain message.
    """

    signature: bytes
    verifier: bytes
    digests: Mapping[str, bytes]
    payload: bytes | None = None


def verify_body(entry: Entry, signed: Signed) -> None:
    """Hold that the body of ``entry`` is about ``signed``.

    Raises:
        MalformedError: It is not what its kind says.
        InvalidError: It is about something else.
        UnverifiableError: It is of a kind that is not known.
    """
    value = loads(entry.body, "the entry of the transparency log", _STRUCTURE)
    if (value.get("kind"), value.get("apiVersion")) != entry.kind:
        raise MalformedError("the entry of the transparency log is of another kind than the bundle says")
    check = _KINDS.get(entry.kind)
    if check is None:
        shown = printable(" ".join(entry.kind), 60)
        raise UnverifiableError(f"an entry of the kind '{shown}', which is not known", GapReason.UNSUPPORTED)
    check(member(value, "spec", dict), signed)


def _hashedrekord_1(spec: JsonObject, signed: Signed) -> None:
    hashed = member(member(spec, "data", dict), "hash", dict)
    signature = member(spec, "signature", dict)
    expected = signed.digests.get(member(hashed, "algorithm", str))
    _same("what is signed", member(hashed, "value", str), expected and expected.hex())
    _same("the signature", decoded(signature, "content"), signed.signature)
    _same_verifier(decoded(member(signature, "publicKey", dict), "content"), signed)


def _hashedrekord_2(spec: JsonObject, signed: Signed) -> None:
    inner = member(spec, "hashedRekordV002", dict)
    data = member(inner, "data", dict)
    signature = member(inner, "signature", dict)
    verifier = member(signature, "verifier", dict)
    algorithm = _ALGORITHMS.get(member(data, "algorithm", str), "")
    _same("what is signed", decoded(data, "digest"), signed.digests.get(algorithm))
    _same("the signature", decoded(signature, "content"), signed.signature)
    if ("x509Certificate" in verifier) == ("publicKey" in verifier):
        raise MalformedError("the entry of the transparency log has not exactly one certificate or key")
    name = "x509Certificate" if "x509Certificate" in verifier else "publicKey"
    _same("the signer", decoded(member(verifier, name, dict), "rawBytes"), signed.verifier)


def _dsse(spec: JsonObject, signed: Signed) -> None:
    _same_payload(member(spec, "payloadHash", dict), signed)
    match member(spec, "signatures", list):
        case [dict(signature)]:
            _same("the signature", decoded(signature, "signature"), signed.signature)
            _same_verifier(decoded(signature, "verifier"), signed)
        case _:
            raise MalformedError("the entry of the transparency log has not exactly one signature")


def _intoto_1(spec: JsonObject, signed: Signed) -> None:
    """Hold that an entry names payload and key; this version of the kind records no signature."""
    _same_payload(member(member(spec, "content", dict), "payloadHash", dict), signed)
    _same_verifier(decoded(spec, "publicKey"), signed)


def _intoto_2(spec: JsonObject, signed: Signed) -> None:
    content = member(spec, "content", dict)
    _same_payload(member(content, "payloadHash", dict), signed)
    match member(member(content, "envelope", dict), "signatures", list):
        case [dict(signature)]:
            # The log wraps Base64 in Base64.
            _same("the signature", decoded(signature, "sig"), base64.b64encode(signed.signature))
            _same_verifier(decoded(signature, "publicKey"), signed)
        case _:
            raise MalformedError("the entry of the transparency log has not exactly one signature")


def _same_payload(hashed: JsonObject, signed: Signed) -> None:
    if signed.payload is None:
        raise InvalidError("the entry of the transparency log is over an envelope, and this is a plain signature")
    expected = hashlib.sha256(signed.payload).hexdigest()
    _same("what is signed", (hashed.get("algorithm"), hashed.get("value")), ("sha256", expected))


def _same_verifier(pem: bytes, signed: Signed) -> None:
    """Compare certificates or keys as DER: the text around them may differ."""
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            found = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        else:
            found = keys.as_der(load_pem_public_key(pem))
    except unreadable():
        raise MalformedError("the signer in the entry of the transparency log is no certificate and no key") from None
    _same("the signer", found, signed.verifier)


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise InvalidError(f"the entry of the transparency log is about something else: {what} differs")


_KINDS: dict[tuple[str, str], Callable[[JsonObject, Signed], None]] = {
    ("hashedrekord", "0.0.1"): _hashedrekord_1,
    ("hashedrekord", "0.0.2"): _hashedrekord_2,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.1"): _intoto_1,
    ("intoto", "0.0.2"): _intoto_2,
}
