"""X.509 certificates of signers: reading them, and the path from one to an authority that the operator trusts.

Path validation (RFC 5280, section 6) is that of ``cryptography``: signatures, names, validity at one moment, basic
constraints, path length, name constraints, unknown critical extensions, and algorithms no weaker than RSA 2048 and
SHA-256. Ours is what a certificate of a signer of models may be used for.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.records import record
from chainguard_ml.signing.interface import ExpiredError, UntrustedError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.x509 import Certificate, ExtensionType, KeyUsage
    from cryptography.x509.verification import ClientVerifier, ExtensionPolicy, Policy

_MAX_BYTES = 10_000_000
"""Bytes of a file of authorities; those that browsers trust are 300 kB."""


@record
class Chain:
    """A proven path.

    Attributes:
        leaf: The signer's certificate.
        anchor: The trusted certificate that the path ends in.
        expired: Why the path holds only at another moment than the one asked for; empty if it holds then.
    """

    leaf: Certificate
    anchor: Certificate
    expired: str = ""

    def hold_valid(self) -> None:
        """Hold that the path is valid at the moment asked for.

        Raises:
            ExpiredError: It is not.
        """
        if self.expired:
            raise ExpiredError(self.expired)


def parse(der: bytes) -> Certificate:
    """Return the certificate in DER, every part of it read.

    Raises:
        ValueError: It is not one.
    """
    from cryptography import x509

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # forms that are tolerated for now are none of the operator's business
        try:
            certificate = x509.load_der_x509_certificate(der)
        except x509.InvalidVersion as error:
            raise ValueError(str(error)) from None
        _read_through(certificate)
    if der[-len(certificate.signature) - 1]:  # bits of the BIT STRING that are not used, so that two forms were one
        raise ValueError("the signature is no whole number of bytes")
    return certificate


def _read_through(certificate: Certificate) -> None:
    """Read what the library reads only when asked, so that no later use of it raises."""
    from cryptography import exceptions, x509

    try:
        _ = certificate.extensions, certificate.subject, certificate.issuer, certificate.signature_algorithm_oid
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.public_key()
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, exceptions.UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None


def load(paths: Iterable[Path]) -> tuple[Certificate, ...]:
    """Return the certificates in PEM files, in their order, each once.

    Raises:
        UsageError: A file cannot be read, or has no certificate in PEM or one that cannot be read.
    """
    found: dict[Certificate, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_load(path)))
    return tuple(found)


def load_timestampers(paths: Iterable[Path]) -> tuple[Certificate, ...]:
    """Return the certificates of timestamp authorities in PEM files, with the roots that their paths end in.

    Raises:
        UsageError: As ``load``, and if there is no root among them, so that no timestamp would be trusted.
    """
    found = load(paths)
    if found and not any(issued(each, each) for each in found):
        hint = "add the one at the top, which is signed by itself"
        raise UsageError("there is no root among the certificates of timestamp authorities", hint=hint)
    return found


def _load(path: Path) -> list[Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    shown = printable(str(path))
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the certificates '{shown}': {reason}") from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f"'{shown}' is too large to be a file of certificates")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = x509.load_pem_x509_certificates(data)
        return [parse(certificate.public_bytes(Encoding.DER)) for certificate in parsed]
    except ValueError:
        hint = "give certificates in PEM: '-----BEGIN CERTIFICATE-----'"
        raise UsageError(f"'{shown}' has no certificate that can be used", hint=hint) from None


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate's DER, in hexadecimal."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def name(certificate: Certificate) -> str:
    """Return a certificate's subject as RFC 4514 writes names, shown safely; its fingerprint if it has none."""
    return printable(certificate.subject.rfc4514_string()) or fingerprint(certificate)


def unfit(certificate: Certificate) -> str:
    """Return why a certificate is not one to sign models with; empty if it is.

    Key usage, where present, must allow digital signatures, and extended key usage, where present, code signing
    (RFC 5280, sections 4.2.1.3 and 4.2.1.12). One of the two must be there: a certificate that says nothing about its
    use was not issued for this one.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usages = {type(extension.value): extension.value for extension in certificate.extensions}
    usage, extended = usages.get(x509.KeyUsage), usages.get(x509.ExtendedKeyUsage)
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        return "its key usage does not allow digital signatures"
    if isinstance(extended, x509.ExtendedKeyUsage) and ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        return "its extended key usage does not allow code signing"
    return "" if usage or extended else "it does not say that its key may sign"


def prove(leaf: Certificate, others: Sequence[Certificate], anchors: Sequence[Certificate], at: datetime) -> Chain:
    """Return the path from ``leaf`` over any of ``others`` to one of ``anchors``, valid ``at`` that moment.

    A path that was or will be valid at another moment is returned as expired: it still tells whose signature it is.

    Raises:
        UntrustedError: There is none at any moment, or the certificate may not sign models.
    """
    if fault := unfit(leaf):
        raise UntrustedError(f"the certificate '{name(leaf)}' is not one to sign models with: {fault}")
    if anchor := _anchor(leaf, others, anchors, at):
        return Chain(leaf, anchor)
    for moment in moments(leaf, [*others, *anchors]):
        if anchor := _anchor(leaf, others, anchors, moment):
            return Chain(leaf, anchor, _validity(leaf, at))
    raise UntrustedError(f"no trusted authority stands behind the certificate '{name(leaf)}'")


def moments(leaf: Certificate, others: Iterable[Certificate]) -> list[datetime]:
    """Return the moments to try: if a path is valid ever, it is so when the last of its certificates begins to be."""
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return sorted({first, *(begin for other in others if first <= (begin := other.not_valid_before_utc) <= last)})


def _validity(leaf: Certificate, at: datetime) -> str:
    shown = name(leaf)
    if at > leaf.not_valid_after_utc:
        return f"the certificate '{shown}' was valid until {leaf.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC"
    if at < leaf.not_valid_before_utc:
        return f"the certificate '{shown}' is valid only from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC"
    return f"an authority behind the certificate '{shown}' is not valid any more, or not yet"


def _anchor(
    leaf: Certificate, others: Sequence[Certificate], anchors: Sequence[Certificate], at: datetime
) -> Certificate | None:
    """Return the trusted certificate at the end of a path that is valid at a moment, if there is one."""
    from cryptography.x509.verification import VerificationError

    try:
        return _verifier(anchors, at).verify(leaf, list(others)).chain[-1]
    except VerificationError:
        return None


def _verifier(anchors: Sequence[Certificate], at: datetime) -> ClientVerifier:
    from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store

    builder = PolicyBuilder().store(Store(list(anchors))).time(at)
    return builder.extension_policies(
        ca_policy=_authority(ExtensionPolicy.permit_all()), ee_policy=ExtensionPolicy.permit_all()
    ).build_client_verifier()


def _authority(policy: ExtensionPolicy) -> ExtensionPolicy:
    """Return what an authority must be: one, allowed to sign certificates, and not for other purposes only."""
    from cryptography import x509
    from cryptography.x509.verification import Criticality

    either = Criticality.AGNOSTIC
    return (
        policy.require_present(x509.BasicConstraints, either, None)  # the library itself asks for cA
        .may_be_present(x509.KeyUsage, either, _signs_certificates)
        .may_be_present(x509.ExtendedKeyUsage, either, _for_code)
    )


def _signs_certificates(_policy: Policy, _certificate: Certificate, value: KeyUsage | None) -> None:
    if value is not None and not value.key_cert_sign:
        raise ValueError("may not sign certificates")


def _for_code(_policy: Policy, _certificate: Certificate, value: ExtensionType | None) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    allowed = {ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if isinstance(value, x509.ExtendedKeyUsage) and not allowed & set(value):
        raise ValueError("not for code signing")


def ordered(leaf: Certificate, others: Iterable[Certificate]) -> Iterator[Certificate]:
    """Yield ``leaf`` and its authorities in the order of issuing, without the self-signed one at the end.

    Whoever verifies has that one, or has no reason to trust it.

    Raises:
        UsageError: One of ``others`` is not among them.
    """
    left = [other for other in others if other != leaf]
    current: Certificate | None = leaf
    while current:
        if current is leaf or not issued(current, current):
            yield current
        current = next((other for other in left if issued(current, other)), None)
        left = [other for other in left if other is not current]
    if left:
        hint = "give the signer's certificate and those of the authorities above it, nothing else"
        raise UsageError(f"the certificate '{name(left[0])}' is no part of the chain", hint=hint)


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Return whether ``issuer`` signed a certificate and has the name that it gives its issuer."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
