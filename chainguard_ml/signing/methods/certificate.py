"""The method ``certificate``: a key with an X.509 certificate signs, whoever trusts its authority verifies.

OMS v1.0, sections 4.1 and 8.2. The signer's certificate comes first, then those of its authorities.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.model import GapReason
from chainguard_ml.records import field, record
from chainguard_ml.signing import certificates, dsse
from chainguard_ml.signing.bundle import decoded
from chainguard_ml.signing.interface import ExpiredError, Identity, InvalidError, MalformedError, UnverifiableError
from chainguard_ml.signing.keys import CURVES, public_key
from chainguard_ml.signing.sigstore import timestamps
from chainguard_ml.signing.strictjson import member, only
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Bundle, Signer, Trust
    from chainguard_ml.signing.keys import PublicKey

NAME = "certificate"
MATERIAL = "x509CertificateChain"

_CERTIFICATES = 16  # in one bundle; real chains have two or three


@record
class CertificateSigner:
    """A signer whose key has a certificate.

    Attributes:
        chain: Its certificate, then its authorities', without a self-signed one.
    """

    chain: tuple[Certificate, ...]
    _signer: Signer = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in DER, in hexadecimal."""
        return certificates.fingerprint(self.chain[0])

    @property
    def public(self) -> PublicKey:
        """The public half of the key."""
        return public_key(self.chain[0].public_key(), certificates.name(self.chain[0]))

    def material(self) -> JsonObject:
        """Return ``verificationMaterial`` with the chain, and the empty list that older readers insist on."""
        from cryptography.hazmat.primitives.serialization import Encoding

        encoded = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in self.chain]
        chain: list[Json] = [{"rawBytes": text} for text in encoded]
        return {MATERIAL: {"certificates": chain}, "tlogEntries": []}

    def sign(self, message: bytes) -> bytes:
        """Return the key's signature over ``message``."""
        return self._signer.sign(message)


def signer(key: Signer, given: Sequence[Certificate], now: datetime | None = None) -> CertificateSigner:
    """Return a key with its certificate, which is searched among those given.

    Args:
        key: Who signs; its fingerprint is the hint of its public half.
        given: The signer's certificate and its authorities', in any order.
        now: When the certificate must be valid; by default at present.

    Raises:
        UsageError: None is of this key, it may not sign models or is not valid now, its key is of a kind that the
            method does not have, or a certificate is not part of the chain.
    """
    leaf = next((item for item in given if (known := _key(item)) is not None and known.hint == key.fingerprint), None)
    if leaf is None:
        hint = f"give the certificate that was issued for it; the key must be on {' or '.join(CURVES)}"
        raise UsageError("none of the certificates belongs to the private key", hint=hint)
    shown = certificates.name(leaf)
    if fault := certificates.unfit(leaf):
        raise UsageError(f"the certificate '{shown}' is not one to sign models with: {fault}")
    if not leaf.not_valid_before_utc <= (now or datetime.now(tz=UTC)) <= leaf.not_valid_after_utc:
        raise UsageError(f"the certificate '{shown}' is not valid now", hint="ask its authority for a new one")
    return CertificateSigner(tuple(certificates.ordered(leaf, given)), key)


def _key(certificate: Certificate) -> PublicKey | None:
    """Return a certificate's key if it is of a kind that this method has."""
    try:
        key = public_key(certificate.public_key(), certificates.name(certificate))
    except ValueError:
        return None
    return key if key.curve else None


def verify(bundle: Bundle, trust: Trust) -> Identity:
    """Return whose certificate signed the payload.

    Raises:
        MalformedError: The material is no chain of certificates.
        UntrustedError: No trusted authority stands behind it, or its certificate may not sign models.
        InvalidError: The certificate's key did not sign these bytes.
        ExpiredError: It did, and the certificate was not valid at its timestamp, or without a trusted one is not now.
        UnverifiableError: No authority is trusted, or the key is of a kind that is not verified.
    """
    leaf, *others = _chain(bundle)
    if not trust.certificates:
        detail = "no authority is configured to verify it with: add its certificate under [signing] certificates"
        raise UnverifiableError(detail, GapReason.NO_DATA)
    key = _key(leaf)
    if key is None:
        raise UnverifiableError(f"the certificate's key is not on {' or '.join(CURVES)}", GapReason.UNSUPPORTED)
    stamped = timestamps.earliest(bundle, trust.timestampers)
    chain = certificates.prove(leaf, others, trust.certificates, stamped or trust.now or datetime.now(tz=UTC))
    if not _signed(key, bundle):
        raise InvalidError("the signature does not match what it signs")
    if chain.expired and not trust.timestampers and bundle.verification.get("timestampVerificationData"):
        raise ExpiredError(f"{chain.expired}, and no timestamp authority is trusted to say that it was signed before")
    chain.hold_valid()
    details: dict[str, Json] = {
        "issuer": printable(leaf.issuer.rfc4514_string()),
        "authority": certificates.name(chain.anchor),
        "valid_until": leaf.not_valid_after_utc.isoformat(),
        **timestamps.details(stamped),
    }
    return Identity(NAME, certificates.fingerprint(leaf), certificates.name(leaf), details)


def _chain(bundle: Bundle) -> list[Certificate]:
    only(dict(bundle.content), {"certificates"}, f"'{MATERIAL}'")
    values = member(dict(bundle.content), "certificates", list)
    if not values:
        raise MalformedError("'certificates' is empty")
    if len(values) > _CERTIFICATES:
        raise UnverifiableError(f"a chain of more than {_CERTIFICATES} certificates", GapReason.BUDGET)
    return [_certificate(value) for value in values]


def _certificate(value: Json) -> Certificate:
    if not isinstance(value, dict):
        raise MalformedError("a certificate is not an object")
    only(value, {"rawBytes"}, "a certificate")
    try:
        return certificates.parse(decoded(value, "rawBytes"))
    except ValueError:
        raise MalformedError("'rawBytes' is not a certificate in DER") from None


def _signed(key: PublicKey, bundle: Bundle) -> bool:
    """Return whether the key signed the payload, in the way of this or of an early release (section 11)."""
    old = dsse.encoding_before_1_0(bundle.payload_type, bundle.payload)
    return (
        key.verifies(bundle.signature, dsse.encoding(bundle.payload_type, bundle.payload))
        or key.verifies(bundle.signature, old)
        or key.verifies(bundle.signature, old, sha256=True)  # release 0.2 used it with every curve
    )
