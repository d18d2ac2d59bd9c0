"""A certificate authority as Fulcio is one, and the certificate transparency log (RFC 6962) that it promises to."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chainguard_ml.testing import der
from chainguard_ml.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from chainguard_ml.testing.identities import Claims

LIFETIME = timedelta(minutes=10)
"""How long a certificate is valid."""

LATE = timedelta(hours=1)
"""How far a late or expired time is off."""

_FULCIO = "1.3.6.1.4.1.57264.1"
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256 = hashes.SHA256()

_TEXTS = {8: "iss", 10: "job_workflow_sha", 11: "runner_environment", 13: "sha", 14: "ref", 15: "repository_id",
          17: "repository_owner_id", 19: "workflow_sha", 20: "event_name", 22: "repository_visibility",
          23: "environment", 24: "sub"}  # fmt: skip
_RAW = {1: "iss", 2: "event_name", 3: "sha", 4: "workflow", 5: "repository", 6: "ref"}
_URLS = {
    9: "{job_workflow_ref}",
    12: "{repository}",
    16: "{repository_owner}",
    18: "{workflow_ref}",
    21: "{repository}/actions/runs/{run_id}/attempts/{run_attempt}",
}


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key as SubjectPublicKeyInfo in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Chain:
    """A root, and what it issued with a key of its own: an intermediate authority, or a time-stamping certificate.

    Attributes:
        key: Private key of ``certificate``.
        certificate: What the root issued.
        root: The root, signed by itself.
    """

    def __init__(self, name: str, *, timestamping: bool = False) -> None:
        root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name = _name(f"{name} root")
        root = _base(root_name, root_name, root_key, root_key).add_extension(_usage(signs=True), critical=True)
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.root = root.sign(root_key, _SHA256)
        usage = ExtendedKeyUsageOID.TIME_STAMPING if timestamping else ExtendedKeyUsageOID.CODE_SIGNING
        issued = _base(_name(name), root_name, self.key, root_key)
        issued = issued.add_extension(_usage(signs=not timestamping), critical=True)
        issued = issued.add_extension(x509.ExtendedKeyUsage([usage]), critical=timestamping)
        if not timestamping:
            issued = issued.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = issued.sign(root_key, _SHA256)


def _name(common: str) -> x509.Name:
    parts = {NameOID.ORGANIZATION_NAME: "fake.sigstore.example", NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items()])


def _base(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=3650))
    return _identified(builder, key.public_key(), by)


def _identified(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    return builder.add_extension(authority, critical=False)


def _usage(*, signs: bool) -> x509.KeyUsage:
    """Return the usage of an authority's key, or of one that signs messages."""
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class CertificateAuthority:
    """Issues short-lived certificates about the claims of identity tokens.

    Attributes:
        chain: The intermediate authority that issues, and its root.
        ct_key: Key of the certificate transparency log.
    """

    def __init__(self) -> None:
        self.chain = Chain("fulcio")
        self.ct_key = ec.generate_private_key(ec.SECP256R1())
        self._others = Chain("fulcio"), ec.generate_private_key(ec.SECP256R1())

    def issue(self, key: ec.EllipticCurvePublicKey, claims: Claims, faults: Collection[Fault] = ()) -> x509.Certificate:
        """Return a certificate for ``key`` with an embedded SCT (RFC 6962, sections 3.2 and 3.3).

        Raises:
            ValueError: The claims name nobody, or a mail address that the issuer did not verify.
        """
        chain = self._others[0] if Fault.UNTRUSTED_AUTHORITY in faults else self.chain
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5)
        if Fault.EXPIRED_CERTIFICATE in faults:
            start -= LATE + LIFETIME
        builder = x509.CertificateBuilder(
            chain.certificate.subject, x509.Name([]), key, x509.random_serial_number(), start, start + LIFETIME
        )
        builder = builder.add_extension(_usage(signs=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        builder = _identified(builder, key, chain.key)
        builder = builder.add_extension(x509.SubjectAlternativeName([subject(claims)]), critical=True)
        for extension in extensions(claims):
            builder = builder.add_extension(extension, critical=False)
        unpromised = builder.sign(chain.key, _SHA256)
        if Fault.MISSING_SCT in faults:
            return unpromised
        log = self._others[1] if Fault.WRONG_SCT_KEY in faults else self.ct_key
        promise = self._promise(unpromised.tbs_certificate_bytes, spki(chain.key), start, log)
        return builder.add_extension(promise, critical=False).sign(chain.key, _SHA256)

    def _promise(
        self, tbs: bytes, issuer: bytes, moment: datetime, log: ec.EllipticCurvePrivateKey
    ) -> x509.UnrecognizedExtension:
        """Return the list of one signed certificate timestamp over a certificate without that list."""
        time = int(moment.timestamp()) * 1000
        entry = hashlib.sha256(issuer).digest() + len(tbs).to_bytes(3, "big") + tbs
        # Version 1, type certificate_timestamp, time, type precert_entry, entry, no extensions.
        signed = struct.pack("!BBQH", 0, 0, time, 1) + entry + struct.pack("!H", 0)
        signature = log.sign(signed, ec.ECDSA(_SHA256))
        name = hashlib.sha256(spki(self.ct_key)).digest()
        # Hash 4 is SHA-256 and signature 3 is ECDSA (RFC 5246, section 7.4.1.4.1).
        sct = b"\0" + name + struct.pack("!QHBBH", time, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(sct) + 2, len(sct)) + sct
        return x509.UnrecognizedExtension(_SCT_LIST, der.octets(listed))


def subject(claims: Claims) -> x509.GeneralName:
    """Return the subject alternative name that Fulcio takes from the claims.

    Raises:
        ValueError: There is none, or a mail address that the issuer did not verify.
    """
    if "job_workflow_ref" in claims:
        return x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
    if "email" in claims:
        if claims.get("email_verified") is not True:
            raise ValueError("the mail address is not verified")
        return x509.RFC822Name(str(claims["email"]))
    name = str(claims.get("sub", ""))
    if "://" not in name:
        raise ValueError("the claims name neither a mail address nor a workflow nor a URI")
    return x509.UniformResourceIdentifier(name)


def extensions(claims: Claims) -> Iterator[x509.UnrecognizedExtension]:
    """Yield Fulcio's extensions 1 to 24 that the claims fill (``oid-info.md``); 1 to 6 are text without DER."""
    workflow = "job_workflow_ref" in claims
    values = {number: str(claims[name]).encode() for number, name in _RAW.items() if name in claims}
    for number, name in _TEXTS.items():
        if name in claims and (workflow or number in {8, 24}):
            values[number] = der.utf8(str(claims[name]))
    if workflow:
        for number, pattern in _URLS.items():
            values[number] = der.utf8("https://github.com/" + pattern.format_map(claims))
    for number in sorted(values):
        yield x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_FULCIO}.{number}"), values[number])
