"""An OpenID Connect issuer: identity tokens as JSON Web Tokens (RFC 7519) with ES256 (RFC 7518, section 3.4)."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject
    from chainguard_ml.testing.identities import Claims, Identity

AUDIENCE = "sigstore"
"""Whom tokens are for: the client that Sigstore's services know."""

_ALGORITHM = ec.ECDSA(hashes.SHA256())


class TokenError(ValueError):
    """A token is not one of the issuer's, or not valid now."""


class Issuer:
    """Makes and checks tokens; one key stands for every issuer, so that any can be named."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def token(
        self, who: Identity, *, audience: str = AUDIENCE, lifetime: int = 300, claims: Claims | None = None
    ) -> str:
        """Return a token about ``who`` that ends after ``lifetime`` seconds; ``claims`` add to or replace theirs."""
        now = int(time.time())
        times: Claims = {"iat": now, "nbf": now - 5, "exp": now + lifetime}
        body = {"iss": who.issuer, "aud": audience, **times, **who.claims(), **(claims or {})}
        message = f"{_encoded({'alg': 'ES256', 'kid': 'fake', 'typ': 'JWT'})}.{_encoded(body)}"
        r, s = decode_dss_signature(self._key.sign(message.encode(), _ALGORITHM))
        return f"{message}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def verified(self, token: str) -> Claims:
        """Return the claims of a token.

        Raises:
            TokenError: It is malformed, not signed by this issuer, for somebody else, or not valid now.
        """
        message, _, signature = token.rpartition(".")
        try:
            raw = _bytes(signature)
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            self._key.public_key().verify(encode_dss_signature(r, s), message.encode(), _ALGORITHM)
        except (ValueError, InvalidSignature):
            raise TokenError("the token is not signed by this issuer") from None
        claims = cast("Claims", json.loads(_bytes(message.partition(".")[2])))
        if claims["aud"] != AUDIENCE:
            raise TokenError("the token is for somebody else")
        if not int(claims["nbf"]) <= time.time() < int(claims["exp"]):
            raise TokenError("the token is not valid now")
        return claims

    def keys(self) -> JsonObject:
        """Return the public key as a JSON Web Key Set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_base64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "fake", "x": x, "y": y}]}


def _encoded(value: Claims) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
