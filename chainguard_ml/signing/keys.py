"""Private and public keys: ECDSA on P-256, P-384 and P-521 with SHA-256, SHA-384 and SHA-512, and Ed25519.

The specification's algorithm registry lists the three curves; Ed25519 is ours, for signers whose verifiers know it.
Neither a key nor a passphrase is ever part of a message.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias, Union

from chainguard_ml.errors import UsageError
from chainguard_ml.records import field, record
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from chainguard_ml.codec import JsonObject

_Private: TypeAlias = Union["EllipticCurvePrivateKey", "Ed25519PrivateKey"]
_Public: TypeAlias = Union["EllipticCurvePublicKey", "Ed25519PublicKey"]

_MAX_BYTES = 100_000  # a PEM file of one key is some hundred bytes; one of several is not ours to guess from
CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""The curves of the specification's algorithm registry: P-256, P-384, P-521."""

_KINDS = "an elliptic curve key (P-256, P-384, P-521) or an Ed25519 key"


@record
class PublicKey:
    """A key that signatures are verified with.

    Attributes:
        name: What the operator calls it: the name of its file.
        hint: SHA-256 of its SubjectPublicKeyInfo in PEM, in hexadecimal: how bundles name the key.
    """

    name: str
    hint: str
    _key: _Public = field(repr=False)

    @property
    def curve(self) -> str:
        """Its elliptic curve, one of ``CURVES``; empty for Ed25519."""
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

        return self._key.curve.name if isinstance(self._key, EllipticCurvePublicKey) else ""

    def verifies(self, signature: bytes, message: bytes, *, sha256: bool = False) -> bool:
        """Return whether ``signature`` over ``message`` was made with this key's private half.

        With ``sha256``, an elliptic curve key hashes with SHA-256 whatever its curve.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

        try:
            if isinstance(self._key, EllipticCurvePublicKey):
                self._key.verify(signature, message, _ecdsa(CURVES[0] if sha256 else self._key.curve.name))
            else:
                self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@record
class SigningKey:
    """A private key that models are signed with; the method ``key`` of the specification (section 4.1)."""

    public: PublicKey
    _key: _Private = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The hint of the public half."""
        return self.public.hint

    def material(self) -> JsonObject:
        """Return ``verificationMaterial`` with the key's hint."""
        return material(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``, the same for the same message (RFC 6979, RFC 8032)."""
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

        if isinstance(self._key, EllipticCurvePrivateKey):
            return self._key.sign(message, _ecdsa(self._key.curve.name, deterministic=True))
        return self._key.sign(message)


def material(public: PublicKey) -> JsonObject:
    """Return ``verificationMaterial`` with a key's hint, and the empty list that older readers insist on."""
    return {"publicKey": {"hint": public.hint}, "tlogEntries": []}


def load_public_key(path: Path) -> PublicKey:
    """Return the public key in a PEM file (SubjectPublicKeyInfo, RFC 5280).

    Raises:
        UsageError: It cannot be read, is no public key, or one of an unknown kind.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _read(path)
    if b"PRIVATE KEY-----" in data:
        raise UsageError(f"'{printable(path.name)}' is a private key", hint="give the public key that belongs to it")
    try:
        return public_key(load_pem_public_key(data), path.name)
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(printable(path.name), "public key") from None


def load_signing_key(path: Path, passphrase: bytes | None = None) -> SigningKey:
    """Return the private key in a PEM file; see ``load_private_key``.

    Raises:
        UsageError: It cannot be read, and as ``load_private_key``.
    """
    return load_private_key(_read(path), passphrase, name=path.name)


def load_private_key(pem: bytes, passphrase: bytes | None = None, *, name: str = "key") -> SigningKey:
    """Return the private key in PEM (PKCS #8, or SEC 1), decrypted with ``passphrase`` if it is encrypted.

    ``name`` is what messages call it.

    Raises:
        UsageError: It is no private key or one of an unknown kind, is encrypted and no passphrase or a wrong one was
            given, or a passphrase was given and it is not encrypted.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    shown = printable(name)
    encrypted = b"ENCRYPTED" in pem  # PKCS #8's label, and the Proc-Type header of traditional PEM (RFC 1421)
    if encrypted and not passphrase:
        raise UsageError(f"the private key '{shown}' is encrypted", hint="give its passphrase")
    if passphrase and not encrypted:
        raise UsageError(f"a passphrase was given, and the private key '{shown}' is not encrypted")
    try:
        key = load_pem_private_key(pem, passphrase or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise UsageError(f"the passphrase does not open the private key '{shown}'") from None
        raise _unusable(shown, "private key") from None
    if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise _unusable(shown, "private key")
    try:
        return SigningKey(public_key(key.public_key(), name), key)
    except ValueError:
        raise _unusable(shown, "private key") from None


def public_key(key: object, name: str) -> PublicKey:
    """Return a key as ours; ``ValueError`` if it is of another kind or on another curve."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey):
        raise ValueError("another kind of key")  # noqa: TRY004 (wrong data, not a wrong call)
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name not in CURVES:
        raise ValueError("another curve")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(name, hashlib.sha256(pem).hexdigest(), key)


def _ecdsa(curve: str, *, deterministic: bool = False) -> ECDSA:
    """Return ECDSA with the digest that the Sigstore algorithm registry pairs with the curve."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    digests = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}
    return ec.ECDSA(digests[curve], deterministic_signing=deterministic)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the key '{printable(str(path))}': {reason}") from None


def _unusable(shown: str, what: str) -> UsageError:
    return UsageError(f"'{shown}' is no {what} that can be used", hint=f"give {_KINDS} in PEM")
