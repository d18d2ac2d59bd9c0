"""The signer's certificate: that Fulcio issued it, was valid when it signed, and is logged (RFC 5280, RFC 6962)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chainguard_ml.signing.certificates import parse
from chainguard_ml.signing.interface import ExpiredError, InvalidError, MalformedError, UntrustedError
from chainguard_ml.signing.sigstore import keys
from chainguard_ml.signing.sigstore.keys import unreadable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, ExtendedKeyUsage, KeyUsage
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp
    from cryptography.x509.verification import Policy

    from chainguard_ml.signing.sigstore.trust import Authority, TrustedRoot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def load(chain: tuple[bytes, ...]) -> Certificate:
    """Return the signer's certificate of a bundle's chain; the rest of the chain is not believed and not used.

    Raises:
        MalformedError: A certificate cannot be read, or one is a root, which a bundle must not bring along.
    """
    try:
        certificates = [parse(der) for der in chain]
    except ValueError:
        raise MalformedError("the certificate cannot be read") from None
    if any(each.issuer == each.subject for each in certificates):
        raise MalformedError("the bundle brings a root certificate along")
    return certificates[0]


def verify_chain(certificate: Certificate, time: datetime, root: TrustedRoot) -> Certificate:
    """Return the certificate of the authority that issued the signer's, valid for signing code at ``time``.

    Raises:
        UntrustedError: No authority of ``root`` issued it, or not for that use.
        ExpiredError: One issued it, and it was not valid at that time.
    """
    for authority in root.authorities:
        if authority.period.covers(time) and (issuer := _issuer(certificate, time, authority)):
            return issuer
    issued = certificate.not_valid_before_utc
    if not issued <= time <= certificate.not_valid_after_utc:
        for authority in root.authorities:
            if authority.period.covers(issued) and _issuer(certificate, issued, authority):
                raise ExpiredError(f"its certificate was not valid when it was signed, at {time:%Y-%m-%dT%H:%M:%SZ}")
    raise UntrustedError(
        f"no certificate authority of the trusted root issued its certificate, valid at {time:%Y-%m-%dT%H:%M:%SZ} "
        "and for signing code"
    )


def _issuer(certificate: Certificate, time: datetime, authority: Authority) -> Certificate | None:
    """Return the issuer on the path to an authority's root (RFC 5280, section 6), ``None`` without a path."""
    from cryptography.x509 import ExtendedKeyUsage, KeyUsage, load_der_x509_certificate
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

    signer = ExtensionPolicy.webpki_defaults_ee().require_present(KeyUsage, Criticality.AGNOSTIC, _for_signing)
    issuers = ExtensionPolicy.webpki_defaults_ca()
    try:
        chain = [load_der_x509_certificate(der) for der in authority.certificates]
        builder = PolicyBuilder().store(Store([chain[-1]])).time(time.replace(tzinfo=None))
        verifier = builder.extension_policies(
            ee_policy=signer.require_present(ExtendedKeyUsage, Criticality.AGNOSTIC, _for_code),
            ca_policy=issuers.may_be_present(ExtendedKeyUsage, Criticality.AGNOSTIC, None),
        ).build_client_verifier()
        return next(iter(verifier.verify(certificate, chain[:-1]).chain[1:]), None)
    except unreadable(VerificationError):
        return None


def _for_signing(_policy: Policy, _certificate: Certificate, usage: KeyUsage) -> None:
    if not usage.digital_signature or usage.key_cert_sign:
        raise ValueError("not for signatures")


def _for_code(_policy: Policy, _certificate: Certificate, usage: ExtendedKeyUsage) -> None:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
        raise ValueError("not for signing code")


def verify_logged(certificate: Certificate, issuer: Certificate, root: TrustedRoot) -> None:
    """Hold that a log of ``root`` promised to log the certificate: its one embedded timestamp (RFC 6962, section 3.2).

    Raises:
        MalformedError: It has not exactly one signed certificate timestamp.
        UntrustedError: The log is not one of ``root``, or its key was not in use at that time.
        InvalidError: The log did not sign it.
    """
    stamp = _timestamp(certificate)
    log = next((each for each in root.certificate_logs if each.id == stamp.log_id), None)
    if log is None:
        raise UntrustedError("the log of its certificate is not one of the trusted root")
    time = stamp.timestamp.replace(tzinfo=UTC)
    if not log.period.covers(time):
        raise UntrustedError(f"the key of the log of its certificate was not in use at {time:%Y-%m-%dT%H:%M:%SZ}")
    key = keys.load(log.key, "the key of a certificate log")
    if keys.paired(key) != "sha256" or not keys.verifies(key, stamp.signature, _signed(certificate, stamp, issuer)):
        raise InvalidError("the log of its certificate did not sign it")


def _timestamp(certificate: Certificate) -> SignedCertificateTimestamp:
    from cryptography.x509 import ExtensionNotFound, PrecertificateSignedCertificateTimestamps

    try:
        stamps = certificate.extensions.get_extension_for_class(PrecertificateSignedCertificateTimestamps).value
    except ExtensionNotFound:
        raise MalformedError("its certificate has no timestamp of a certificate log") from None
    if len(stamps) != 1:
        raise MalformedError(f"its certificate has {len(stamps)} timestamps of certificate logs instead of one")
    stamp: SignedCertificateTimestamp = stamps[0]
    return stamp


def _signed(certificate: Certificate, stamp: SignedCertificateTimestamp, issuer: Certificate) -> bytes:
    """Return what the log signed: the certificate without its timestamp, bound to the issuer's key."""
    milliseconds = (stamp.timestamp.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
    body = certificate.tbs_precertificate_bytes
    return b"".join(
        (
            b"\0\0",  # version 1, certificate_timestamp
            milliseconds.to_bytes(8, "big"),
            b"\0\1",  # precert_entry
            hashlib.sha256(keys.as_der(issuer.public_key())).digest(),
            len(body).to_bytes(3, "big"),
            body,
            len(stamp.extension_bytes).to_bytes(2, "big"),
            stamp.extension_bytes,
        )
    )
