"""Timestamps (RFC 3161) over a signature: by the authorities of a trusted root, or by those that an operator names.

Signature and chain are ``rfc3161-client``'s to verify, at the time that the timestamp says. The end of a certificate's
validity belongs to it (RFC 5280, section 4.1.2.5), which OpenSSL beneath that package sees otherwise.
"""

from __future__ import annotations

import hashlib
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from chainguard_ml.records import record
from chainguard_ml.signing import certificates
from chainguard_ml.signing.interface import ExpiredError, InvalidError, MalformedError, RefusedError, UntrustedError
from chainguard_ml.signing.sigstore.keys import unreadable
from chainguard_ml.signing.sigstore.material import timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate, Name
    from rfc3161_client import TimeStampResponse, Verifier
    from rfc3161_client.tsp import MessageImprint, SignedData

    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Bundle
    from chainguard_ml.signing.sigstore.trust import Authority, TrustedRoot

_SECOND = timedelta(seconds=1)
_GRANTED = (0, 1)  # with modifications too: what was granted is looked at anyway
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


@record
class Stamp:
    """A granted timestamp over a signature; who made it is not proven.

    Attributes:
        time: When its authority says that the signature existed.
        nonce: The number of the request that it answers; ``None`` if it has none.
        signature: What it is over.
        token: The response's token in DER.
        signed: What the token says of signers and certificates.
        imprint: What it says of the signature.
        signers: Issuer and serial number of the certificates that it says signed it.
        embedded: The certificates in it that can be read.
    """

    time: datetime
    nonce: int | None
    signature: bytes
    token: bytes
    signed: SignedData
    imprint: MessageImprint
    signers: frozenset[tuple[Name, int]]
    embedded: tuple[Certificate, ...]


@record
class _Moved:
    """A response as ``rfc3161-client`` sees it, as if it were made at another moment; itself its ``tst_info``."""

    gen_time: datetime
    message_imprint: MessageImprint
    signed_data: SignedData
    token: bytes
    status: int = 0

    @property
    def tst_info(self) -> _Moved:
        return self

    def time_stamp_token(self) -> bytes:
        return self.token


def read(data: bytes, signature: bytes) -> Stamp:
    """Return the timestamp in a response (``TimeStampResp``, DER), which must be over ``signature``.

    Raises:
        MalformedError: It cannot be read, or grants nothing.
        InvalidError: It is over something else.
        UntrustedError: Its digest is weaker than SHA-256.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(data)
        info, signed, token = response.tst_info, response.signed_data, response.time_stamp_token()
        time, nonce, imprint = info.gen_time, info.nonce, info.message_imprint
        algorithm, embedded = imprint.hash_algorithm.dotted_string, _readable(signed)
        signers = frozenset((each.issuer, each.serial_number) for each in signed.signer_infos)
    except unreadable(KeyError):  # a name in a kind of text that is not known
        raise MalformedError("a timestamp over the signature cannot be read") from None
    if response.status not in _GRANTED:
        raise MalformedError("a timestamp over the signature was not granted")
    if algorithm not in _DIGESTS:
        raise UntrustedError("a timestamp is over a digest of the signature that is not SHA-256, SHA-384 or SHA-512")
    if _DIGESTS[algorithm](signature).digest() != imprint.message:
        raise InvalidError("a timestamp is over something else than the signature")
    return Stamp(time, nonce, signature, token, signed, imprint, signers, embedded)


def _readable(signed: SignedData) -> tuple[Certificate, ...]:
    found = []
    for der in sorted(signed.certificates):
        try:
            found.append(certificates.parse(der))
        except ValueError:
            continue  # one that is in the way of nothing: the chain is verified without it, or not at all
    return tuple(found)


def earliest(bundle: Bundle, trusted: Sequence[Certificate]) -> datetime | None:
    """Return the earliest proven time of a bundle's signature; ``None`` without timestamps, or if nobody is trusted.

    Args:
        bundle: A bundle of any method; each of its timestamps must hold.
        trusted: Certificates of timestamp authorities, their roots included.

    Raises:
        MalformedError: A timestamp cannot be read.
        UntrustedError: None of ``trusted`` stands behind one.
        ExpiredError: One did, and was not valid at the time that it says.
        InvalidError: One was altered, or is over something else.
    """
    found = timestamps(dict(bundle.verification))
    if not trusted:
        return None
    return min((_by(read(each, bundle.signature), trusted) for each in found), default=None)


def details(time: datetime | None) -> dict[str, Json]:
    """Return what the evidence says of a proven time."""
    return {"signed_at": _shown(time)} if time else {}


def _by(stamp: Stamp, trusted: Sequence[Certificate]) -> datetime:
    # An authority that was asked for a bare timestamp leaves its certificate out: then it is a given one.
    own = None if stamp.embedded else _signer(stamp, trusted)
    if fault := _fault(stamp, own, (), trusted):
        raise fault
    return stamp.time


def verified_times(stamps: tuple[bytes, ...], signature: bytes, root: TrustedRoot) -> tuple[datetime, ...]:
    """Return the time of each timestamp over ``signature``, in their order; none if ``root`` names no authority.

    Raises:
        MalformedError: One cannot be read.
        UntrustedError: No authority of ``root`` made one of them.
        ExpiredError: One did, and was not valid or not in use at that time.
        InvalidError: One was altered, or is over something else.
    """
    if not stamps or not root.timestampers:
        return ()
    chains = [(authority, chain) for authority in root.timestampers if (chain := _chain(authority))]
    return tuple(_by_root(read(each, signature), chains) for each in stamps)


def _chain(authority: Authority) -> tuple[Certificate, ...]:
    """Return an authority's certificates; none without one of its own and a root."""
    try:
        chain = tuple(map(certificates.parse, authority.certificates))
    except ValueError:
        return ()
    return chain if len(chain) > 1 else ()


def _by_root(stamp: Stamp, chains: Sequence[tuple[Authority, tuple[Certificate, ...]]]) -> datetime:
    refusal: RefusedError = UntrustedError(
        "no timestamp authority of the trusted root made a timestamp over the signature"
    )
    for authority, (own, *others, top) in chains:
        fault = _fault(stamp, own, others, [top])
        if fault is None and authority.period.covers(stamp.time):
            return stamp.time
        if fault is None:
            refusal = ExpiredError(f"the timestamp authority was not in use at {_shown(stamp.time)}")
        elif not isinstance(fault, UntrustedError):
            refusal = fault
    raise refusal


def _fault(
    stamp: Stamp, own: Certificate | None, others: Sequence[Certificate], tops: Sequence[Certificate]
) -> RefusedError | None:
    """Return why a chain of certificates does not stand behind a timestamp; ``None`` if it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # forms that are tolerated for now are none of the operator's business
        return _judged(stamp, own, others, tops)


def _judged(
    stamp: Stamp, own: Certificate | None, others: Sequence[Certificate], tops: Sequence[Certificate]
) -> RefusedError | None:
    from rfc3161_client import VerifierBuilder

    verifier = VerifierBuilder(tsa_certificate=own, intermediates=list(others), roots=list(tops)).build()
    chain = [*([own] if own else []), *others, *tops, *stamp.embedded]
    ends = any(each.not_valid_after_utc == stamp.time for each in chain)
    if _verifies(verifier, stamp, stamp.time) or (ends and _verifies(verifier, stamp, stamp.time - _SECOND)):
        return None
    signer = _signer(stamp, chain)
    if signer is None or (own and signer != own):
        return UntrustedError("no trusted timestamp authority made the timestamp over the signature")
    shown = certificates.name(signer)
    if any(_verifies(verifier, stamp, moment) for moment in certificates.moments(signer, chain)):
        return ExpiredError(f"the timestamp authority '{shown}' was not valid at {_shown(stamp.time)}")
    if not _for_timestamps(signer):
        return UntrustedError(f"the certificate '{shown}' may not make timestamps")
    if any(certificates.issued(signer, each) for each in (*others, *tops)):
        return InvalidError(f"the timestamp does not match its signature by '{shown}'")
    return UntrustedError(f"no trusted authority stands behind the timestamp authority '{shown}'")


def _verifies(verifier: Verifier, stamp: Stamp, at: datetime) -> bool:
    from rfc3161_client import VerificationError

    moved = cast("TimeStampResponse", _Moved(at, stamp.imprint, stamp.signed, stamp.token))
    try:
        return verifier.verify_message(moved, stamp.signature)
    except unreadable(VerificationError):
        return False


def _signer(stamp: Stamp, known: Sequence[Certificate]) -> Certificate | None:
    """Return the certificate that a timestamp names as its signer's, if it is known."""
    return next((each for each in known if (each.issuer, each.serial_number) in stamp.signers), None)


def _for_timestamps(certificate: Certificate) -> bool:
    """Return whether a certificate is for timestamps, and says so critically (RFC 3161, section 2.3)."""
    from cryptography.x509 import ExtendedKeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    wanted = ExtendedKeyUsageOID.TIME_STAMPING
    found = [each for each in certificate.extensions if isinstance(each.value, ExtendedKeyUsage)]
    return any(each.critical and wanted in cast("ExtendedKeyUsage", each.value) for each in found)


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
