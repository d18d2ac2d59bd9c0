"""What key services take and give: digests as goes with a curve, and the two numbers of a signature."""

from __future__ import annotations

import hashlib

_DIGESTS = {"secp256r1": hashlib.sha256, "secp384r1": hashlib.sha384, "secp521r1": hashlib.sha512}


def digest(curve: str, message: bytes) -> bytes:
    """Return the digest of ``message`` that the specification's algorithm registry pairs with ``curve``."""
    return _DIGESTS[curve](message).digest()


def as_der(numbers: bytes) -> bytes:
    """Return an ECDSA signature of two numbers of equal length (IEEE P1363) in DER (RFC 3279, section 2.2.3)."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(numbers) // 2
    return encode_dss_signature(int.from_bytes(numbers[:half], "big"), int.from_bytes(numbers[half:], "big"))
