"""Timestamps (RFC 3161) over a signature, by the timestamp authorities of a trusted root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.signing.interface import MalformedError, UntrustedError
from chainguard_ml.signing.sigstore.keys import unreadable

if TYPE_CHECKING:
    from datetime import datetime

    from rfc3161_client import TimeStampResponse, Verifier

    from chainguard_ml.signing.sigstore.trust import Authority, TrustedRoot


def verified_times(stamps: tuple[bytes, ...], signature: bytes, root: TrustedRoot) -> tuple[datetime, ...]:
    """Return the time of each timestamp over ``signature``, in their order; none if ``root`` names no authority.

    Raises:
        UntrustedError: No authority of ``root`` made one of them, then and over this signature.
    """
    if not stamps or not root.timestampers:
        return ()
    verifiers = [(authority, verifier) for authority in root.timestampers if (verifier := _verifier(authority))]
    return tuple(_time(stamp, signature, verifiers) for stamp in stamps)


def _verifier(authority: Authority) -> Verifier | None:
    """Return what verifies an authority's timestamps, ``None`` without a certificate of its own and a root."""
    from cryptography.x509 import load_der_x509_certificate
    from rfc3161_client import VerifierBuilder

    try:
        chain = [load_der_x509_certificate(der) for der in authority.certificates]
    except unreadable():
        return None
    if len(chain) < 2:  # its own certificate, and a root
        return None
    return VerifierBuilder(tsa_certificate=chain[0], intermediates=chain[1:-1], roots=[chain[-1]]).build()


def _time(stamp: bytes, signature: bytes, verifiers: list[tuple[Authority, Verifier]]) -> datetime:
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(stamp)
        time = response.tst_info.gen_time
    except unreadable():
        raise MalformedError("a timestamp over the signature cannot be read") from None
    for authority, verifier in verifiers:
        if authority.period.covers(time) and _verifies(verifier, response, signature):
            return time
    raise UntrustedError("no timestamp authority of the trusted root made a timestamp over the signature")


def _verifies(verifier: Verifier, response: TimeStampResponse, signature: bytes) -> bool:
    from rfc3161_client import VerificationError

    try:
        return verifier.verify_message(response, signature)
    except unreadable(VerificationError):
        return False
