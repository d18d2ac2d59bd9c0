"""X.509 authorities for tests: certificates of any kind, and signers that have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ed25519

Key: TypeAlias = "ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey"

NOW = datetime.now(tz=UTC).replace(microsecond=0)
DAY = timedelta(days=1)
CODE = ExtendedKeyUsageOID.CODE_SIGNING
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def usage(**allowed: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names})


SIGNS = usage(digital_signature=True)
ISSUES = usage(key_cert_sign=True, crl_sign=True)


@dataclass
class Holder:
    """A name, its key and its certificate."""

    name: str
    key: Key
    certificate: x509.Certificate = field(repr=False)

    def issue(
        self,
        name: str,
        *extensions: x509.ExtensionType,
        key: Key | None = None,
        valid: tuple[datetime, datetime] = (NOW - DAY, NOW + 30 * DAY),
        algorithm: hashes.HashAlgorithm | None = None,
        critical: bool = False,
    ) -> Holder:
        """Return a holder whose certificate this one issued, all its extensions critical or only those that must be."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        built = _build(name, key, self.name, self.key, extensions, valid, algorithm, critical=critical)
        return Holder(name, key, built)

    def authority(self, name: str, length: int | None = None, **options: object) -> Holder:
        return self.issue(name, x509.BasicConstraints(ca=True, path_length=length), ISSUES, **options)

    def signer(self, name: str = "signer", *extensions: x509.ExtensionType, **options: object) -> Holder:
        return self.issue(name, *(extensions or (SIGNS, x509.ExtendedKeyUsage([CODE]))), **options)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write key and certificate, and return their paths."""
        private, public = directory / f"{self.name}.key", directory / f"{self.name}.pem"
        private.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(self.pem)
        return private, public


def root(name: str = "root", **options: object) -> Holder:
    key = options.pop("key", None) or ec.generate_private_key(ec.SECP384R1())
    valid = options.pop("valid", (NOW - 900 * DAY, NOW + 900 * DAY))
    extensions = (x509.BasicConstraints(ca=True, path_length=None), ISSUES)
    return Holder(name, key, _build(name, key, name, key, extensions, valid, None))


def _build(
    name: str,
    key: Key,
    issuer: str,
    issuer_key: Key,
    extensions: Sequence[x509.ExtensionType],
    valid: tuple[datetime, datetime],
    algorithm: hashes.HashAlgorithm | None,
    *,
    critical: bool = False,
) -> x509.Certificate:
    subjects = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else []) for text in (name, issuer)]
    builder = x509.CertificateBuilder(subjects[1], subjects[0], key.public_key(), x509.random_serial_number(), *valid)
    for extension in extensions:
        must = isinstance(extension, x509.BasicConstraints | x509.KeyUsage | x509.UnrecognizedExtension)
        builder = builder.add_extension(extension, critical=critical or must)
    return builder.sign(issuer_key, algorithm or hashes.SHA256())
