"""One line of claims: a Sigstore bundle, or a DSSE envelope on its own (``.intoto.jsonl``), read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.signing import bundle, dsse
from chainguard_ml.signing.attestations.interface import BUDGETS
from chainguard_ml.signing.interface import Bundle, MalformedError, UnverifiableError
from chainguard_ml.signing.strictjson import loads, member, only

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject

_STRUCTURE = 10_000  # members and items; signatures and certificates need some dozen
_SIGNATURES = 20


def parse(data: bytes) -> tuple[Bundle, ...]:
    """Return the envelope in ``data`` once for each of its signatures; a Sigstore bundle has exactly one.

    The signatures of an envelope on its own name their keys by ``keyid``, if at all (DSSE envelope.md).

    Raises:
        MalformedError: It is neither, or breaks a rule of its format.
        UnverifiableError: It signs something else than a statement, or a budget is hit.
    """
    if len(data) > BUDGETS.claim_bytes:
        raise UnverifiableError(f"a claim of more than {BUDGETS.claim_bytes:,} bytes", GapReason.BUDGET)
    value = loads(data, "the claim", _STRUCTURE)
    if "payloadType" not in value:
        return (bundle.parse(data),)
    only(value, {"payload", "payloadType", "signatures"}, "the envelope")
    if member(value, "payloadType", str) != dsse.PAYLOAD_TYPE:
        raise MalformedError(f"'payloadType' is not {dsse.PAYLOAD_TYPE}")
    payload = bundle.decoded(value, "payload")
    signatures = member(value, "signatures", list)
    if not 0 < len(signatures) <= _SIGNATURES:
        raise MalformedError(f"there are {len(signatures)} signatures instead of 1 to {_SIGNATURES}")
    return tuple(_signed(payload, signature) for signature in signatures)


def is_claim(data: bytes) -> bool:
    """Return whether ``data`` is a bundle or an envelope by its shape."""
    try:
        parse(data)
    except (MalformedError, UnverifiableError):
        return False
    return True


def _signed(payload: bytes, signature: object) -> Bundle:
    if not isinstance(signature, dict):
        raise MalformedError("a signature is not an object")
    only(signature, {"sig", "keyid", "cert"}, "a signature")
    keyid, certificate = signature.get("keyid"), signature.get("cert")
    if not isinstance(keyid, str | None) or not isinstance(certificate, str | None):
        raise MalformedError("'keyid' or 'cert' is not a string")
    content: JsonObject = {"hint": keyid or ""}
    return Bundle("publicKey", content, dsse.PAYLOAD_TYPE, payload, bundle.decoded(signature, "sig"), "", {})
