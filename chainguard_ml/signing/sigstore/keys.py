"""Signatures by keys of certificates, logs and operators, with the digest that belongs to each kind of key.

Pairs of the Sigstore algorithm registry: P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512, RSA (PKCS #1 v1.5)
with SHA-256, and Ed25519.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.errors import UsageError
from chainguard_ml.model import GapReason
from chainguard_ml.signing.interface import MalformedError, UnverifiableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    Key: TypeAlias = PublicKeyTypes
    """A public key of ``cryptography``."""

_PAIRED = {"secp256r1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}


def unreadable(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return what reading a key or (a part of) a certificate raises where it is not what it should be, and ``more``."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType

    known = (UnsupportedAlgorithm, DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType)
    return (*more, *known, ValueError, TypeError)


def load(der: bytes, what: str) -> Key:
    """Return a public key in DER: SubjectPublicKeyInfo (RFC 5280) or PKCS #1.

    Raises:
        MalformedError: It is none.
        UnverifiableError: It is of a kind that is not known.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return load_der_public_key(der)
    except UnsupportedAlgorithm:
        raise UnverifiableError(f"{what} is of a kind that is not known", GapReason.UNSUPPORTED) from None
    except (ValueError, TypeError):
        raise MalformedError(f"{what} is no public key") from None


def load_pem(pem: bytes) -> Key:
    """Return a public key in PEM (SubjectPublicKeyInfo).

    Raises:
        UsageError: It is none, or of a kind that is not known.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return load_pem_public_key(pem)
    except unreadable():
        raise UsageError("the key is no public key that can be used", hint="give a public key in PEM") from None


def paired(key: Key) -> str | None:
    """Return the digest algorithm that is signed with a key, ``None`` for a key that signs messages themselves."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        return _PAIRED.get(key.curve.name)
    return "sha256" if isinstance(key, rsa.RSAPublicKey) else None


def verifies(key: Key, signature: bytes, message: bytes) -> bool:
    """Return whether ``key`` made ``signature`` over ``message``; no key of an unknown kind did."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if not isinstance(key, ed25519.Ed25519PublicKey):
        return _verifies(key, signature, message, prehashed=False)
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def verifies_digest(key: Key, signature: bytes, digest: bytes) -> bool:
    """Return whether ``key`` made ``signature`` over the message with this digest by the key's paired algorithm."""
    return _verifies(key, signature, digest, prehashed=True)


def _verifies(key: Key, signature: bytes, data: bytes, *, prehashed: bool) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    name = paired(key)
    if name is None or not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return False
    algorithm = Prehashed(_hash(name)) if prehashed else _hash(name)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
        else:
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        return False
    return True


def _hash(name: str) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    known: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    return known[name]


def as_der(key: Key) -> bytes:
    """Return a key as SubjectPublicKeyInfo in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
