"""The method ``key``: a private key signs, whoever holds the public key verifies (OMS v1.0, sections 4.1 and 8.2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.signing import dsse
from chainguard_ml.signing.bundle import decoded
from chainguard_ml.signing.interface import Identity, InvalidError, MalformedError, UntrustedError, UnverifiableError
from chainguard_ml.signing.strictjson import only

if TYPE_CHECKING:
    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Bundle, Trust

NAME = "key"
MATERIAL = "publicKey"


def verify(bundle: Bundle, trust: Trust) -> Identity:
    """Return which trusted key signed the payload.

    Every trusted key is tried, the hint is not believed: it only tells a wrong signature by a trusted key from a
    signature by another key.

    Raises:
        MalformedError: The material names no key in a known way.
        InvalidError: It says that a trusted key signed, and that key did not sign these bytes.
        UntrustedError: No trusted key signed it, or a timestamp is by nobody who is trusted.
        ExpiredError: A timestamp is by an authority that was not valid then.
        UnverifiableError: No key is trusted.
    """
    hint, old = _hint(bundle)
    if not trust.keys:
        detail = "no public key is configured to verify it with: add the signer's under [signing] public-keys"
        raise UnverifiableError(detail, GapReason.NO_DATA)
    details = _stamped(bundle, trust)
    messages = [dsse.encoding(bundle.payload_type, bundle.payload)]
    if old:
        messages.append(dsse.encoding_before_1_0(bundle.payload_type, bundle.payload))
    for key in trust.keys:
        if any(key.verifies(bundle.signature, message) for message in messages):
            return Identity(NAME, key.hint, key.name, details)
    if any(key.hint == hint for key in trust.keys):
        raise InvalidError("the signature does not match what it signs")
    raise UntrustedError("no trusted key made this signature")


def _stamped(bundle: Bundle, trust: Trust) -> dict[str, Json]:
    """Return what timestamps prove; where there is none, what reads them is not even imported."""
    if not trust.timestampers and "timestampVerificationData" not in bundle.verification:
        return {}
    from chainguard_ml.signing.sigstore import timestamps

    return timestamps.details(timestamps.earliest(bundle, trust.timestampers))


def _hint(bundle: Bundle) -> tuple[str, bool]:
    """Return the hint, and whether the bundle is of a release before 1.1, which carried the key itself (section 11)."""
    content = dict(bundle.content)
    only(content, {"hint", "rawBytes", "keyDetails", "validFor"}, f"'{MATERIAL}'")
    if "rawBytes" in content:
        return hashlib.sha256(decoded(content, "rawBytes")).hexdigest(), True
    hint = content.get("hint")
    if not isinstance(hint, str):
        raise MalformedError("'publicKey' has neither a hint nor a key")
    return hint, False
