"""Certificates of signers: what they must say, who must have issued and logged them; with authorities of our own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.signing.interface import (
    ExpiredError,
    InvalidError,
    MalformedError,
    RefusedError,
    UntrustedError,
    UnverifiableError,
)
from chainguard_ml.signing.sigstore import certificate, identity, keys, timestamps
from chainguard_ml.signing.sigstore.trust import Authority, Log, Period, TrustedRoot
from tests.signing import authorities
from tests.signing.authorities import CODE, DAY, ISSUES, NOW, SERVER, SIGNS

if TYPE_CHECKING:
    from tests.signing.authorities import Holder

ARC = "1.3.6.1.4.1.57264.1."
MAIL = x509.SubjectAlternativeName([x509.RFC822Name("a@b.example")])
LOG_KEY = ec.generate_private_key(ec.SECP256R1())
ALWAYS = Period(NOW - 1000 * DAY, None)
TOP = authorities.root()
MIDDLE_KEY = ec.generate_private_key(ec.SECP256R1())
MIDDLE = TOP.issue(
    "middle",
    x509.BasicConstraints(ca=True, path_length=None),
    ISSUES,
    x509.SubjectKeyIdentifier.from_public_key(MIDDLE_KEY.public_key()),
    x509.AuthorityKeyIdentifier.from_issuer_public_key(TOP.key.public_key()),
    key=MIDDLE_KEY,
)
ISSUED_BY = x509.AuthorityKeyIdentifier.from_issuer_public_key(MIDDLE_KEY.public_key())


def claim(arc: int, text: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}{arc}"), bytes([12, len(text)]) + text.encode())


def old_issuer(text: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}1"), text.encode())


def named(*names: x509.GeneralName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(list(names))


def other_name(arc: str, der: bytes) -> x509.OtherName:
    return x509.OtherName(x509.ObjectIdentifier(arc), der)


def made(*extensions: x509.ExtensionType) -> x509.Certificate:
    return MIDDLE.signer("signer", *extensions).certificate


def der(holder: Holder) -> bytes:
    return holder.certificate.public_bytes(Encoding.DER)


def root(period: Period = ALWAYS, log: Log | None = None) -> TrustedRoot:
    logs = () if log is None else (log,)
    return TrustedRoot("test", "", (Authority((der(MIDDLE), der(TOP)), period),), (), (), logs)


# -- who


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (MAIL, "a@b.example"),
        (named(x509.UniformResourceIdentifier("https://a.example/x")), "https://a.example/x"),
        (named(other_name(f"{ARC}7", b"\x0c\4name")), "name"),
    ],
)
def test_an_identity_is_read(names: x509.SubjectAlternativeName, text: str) -> None:
    found = identity.read(made(names, claim(8, "https://i.example"), claim(20, "push"), claim(24, "repo:x")))
    assert (found.identity, found.issuer) == (text, "https://i.example")
    assert found.claims == {"build-trigger": "push", "token-subject": "repo:x"}


def test_the_issuer_of_old_certificates_is_read() -> None:
    assert identity.read(made(MAIL, old_issuer("https://i.example"))).issuer == "https://i.example"
    both = made(MAIL, old_issuer("https://i.example"), claim(8, "https://i.example"))
    assert identity.read(both).issuer == "https://i.example"


@pytest.mark.parametrize(
    "extensions",
    [
        (claim(8, "https://i.example"),),
        (named(x509.RFC822Name("a@b.example"), x509.RFC822Name("c@b.example")), claim(8, "https://i.example")),
        (named(x509.DNSName("b.example")), claim(8, "https://i.example")),
        (named(other_name("1.2.3", b"\x0c\4name")), claim(8, "https://i.example")),
        (MAIL,),
        (MAIL, claim(8, "https://i.example"), old_issuer("https://j.example")),
    ],
)
def test_a_certificate_names_exactly_one_identity_and_issuer(extensions: tuple[x509.ExtensionType, ...]) -> None:
    with pytest.raises(MalformedError):
        identity.read(made(*extensions))


# -- issued


def test_a_certificate_of_a_trusted_authority() -> None:
    signer = MIDDLE.signer("signer", SIGNS, x509.ExtendedKeyUsage([CODE]), MAIL, ISSUED_BY, valid=(NOW - DAY, NOW))
    found = certificate.load((der(signer),))
    assert certificate.verify_chain(found, NOW, root()) == MIDDLE.certificate
    with pytest.raises(ExpiredError):
        certificate.verify_chain(found, NOW + DAY, root())
    with pytest.raises(UntrustedError):
        certificate.verify_chain(found, NOW, root(Period(NOW - 1000 * DAY, NOW - DAY)))
    with pytest.raises(UntrustedError):
        certificate.verify_chain(found, NOW + DAY, TrustedRoot("", "", (Authority((b"0",), ALWAYS),), (), (), ()))


@pytest.mark.parametrize(
    "extensions",
    [
        (SIGNS, MAIL),
        (SIGNS, MAIL, x509.ExtendedKeyUsage([SERVER])),
        (MAIL, x509.ExtendedKeyUsage([CODE])),
        (ISSUES, MAIL, x509.ExtendedKeyUsage([CODE])),
        (SIGNS, x509.ExtendedKeyUsage([CODE])),
    ],
)
def test_a_certificate_for_another_use(extensions: tuple[x509.ExtensionType, ...]) -> None:
    with pytest.raises(UntrustedError):
        certificate.verify_chain(MIDDLE.signer("signer", *extensions, ISSUED_BY).certificate, NOW, root())


def test_what_is_no_certificate_and_what_is_a_root() -> None:
    for chain in ((b"",), (der(MIDDLE.signer()), der(TOP))):
        with pytest.raises(MalformedError):
            certificate.load(chain)


# -- logged


def logged(signer_key: ec.EllipticCurvePrivateKey = LOG_KEY, *, stamps: int = 1) -> x509.Certificate:
    """Return a certificate with signed certificate timestamps (RFC 6962, sections 3.2 and 3.3)."""
    key = ec.generate_private_key(ec.SECP256R1())
    extensions = (SIGNS, x509.ExtendedKeyUsage([CODE]), MAIL)
    time = int(NOW.timestamp() * 1000).to_bytes(8, "big")
    body = _template(key, extensions).tbs_certificate_bytes
    issuer = hashlib.sha256(keys.as_der(MIDDLE.certificate.public_key())).digest()
    message = b"\0\0" + time + b"\0\1" + issuer + len(body).to_bytes(3, "big") + body + b"\0\0"
    signature = signer_key.sign(message, ec.ECDSA(hashes.SHA256()))
    log = hashlib.sha256(keys.as_der(LOG_KEY.public_key())).digest()
    stamp = b"\0" + log + time + b"\0\0" + b"\4\3" + len(signature).to_bytes(2, "big") + signature
    items = (len(stamp).to_bytes(2, "big") + stamp) * stamps
    inner = len(items).to_bytes(2, "big") + items
    octets = b"\x04" + _length(inner) + inner
    return _template(key, (*extensions, x509.UnrecognizedExtension(_SCTS, octets)))


_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def _length(data: bytes) -> bytes:
    size = len(data)
    return bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")


def _template(key: ec.EllipticCurvePrivateKey, extensions: tuple[x509.ExtensionType, ...]) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        MIDDLE.certificate.subject, x509.Name([]), key.public_key(), 7, NOW - DAY, NOW + DAY
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.SubjectAlternativeName))
    return builder.sign(MIDDLE.key, hashes.SHA256())


def the_log(key: keys.Key | None = None, period: Period = ALWAYS) -> Log:
    identifier = hashlib.sha256(keys.as_der(LOG_KEY.public_key())).digest()
    return Log(identifier, keys.as_der(key or LOG_KEY.public_key()), period)


def _loaded(made: x509.Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(made.public_bytes(Encoding.DER))


def test_a_certificate_that_is_logged() -> None:
    certificate.verify_logged(_loaded(logged()), MIDDLE.certificate, root(log=the_log()))


@pytest.mark.parametrize(
    ("made", "log", "error"),
    [
        (MIDDLE.signer().certificate, the_log(), MalformedError),
        (logged(stamps=2), the_log(), MalformedError),
        (logged(), None, UntrustedError),
        (logged(), the_log(period=Period(NOW - 3 * DAY, NOW - 2 * DAY)), UntrustedError),
        (logged(ec.generate_private_key(ec.SECP256R1())), the_log(), InvalidError),
        (logged(), the_log(ec.generate_private_key(ec.SECP384R1()).public_key()), InvalidError),
    ],
)
def test_a_certificate_that_is_not_logged(made: x509.Certificate, log: Log | None, error: type[RefusedError]) -> None:
    with pytest.raises(error):
        certificate.verify_logged(_loaded(made), MIDDLE.certificate, root(log=log))


# -- keys and timestamps


def test_keys_verify_with_their_own_digest() -> None:
    message, rsa_key = b"message", rsa.generate_private_key(65537, 2048)
    ed = ed25519.Ed25519PrivateKey.generate()
    assert keys.verifies(ed.public_key(), ed.sign(message), message)
    assert not keys.verifies(ed.public_key(), ed.sign(b"other"), message)
    assert not keys.verifies_digest(ed.public_key(), ed.sign(message), hashlib.sha256(message).digest())
    signature = rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    assert keys.verifies(rsa_key.public_key(), signature, message)
    assert not keys.verifies(rsa_key.public_key(), signature, b"other")
    for data in (b"", b"0"):
        with pytest.raises((MalformedError, UnverifiableError)):
            keys.load(data, "it")


def test_timestamps_that_are_none_or_by_nobody() -> None:
    alone = TrustedRoot("", "", (), (Authority((der(TOP),), ALWAYS), Authority((b"0", b"0"), ALWAYS)), (), ())
    assert timestamps.verified_times((b"",), b"", root()) == ()
    assert timestamps.verified_times((), b"", alone) == ()
    with pytest.raises(MalformedError):
        timestamps.verified_times((b"",), b"", alone)
