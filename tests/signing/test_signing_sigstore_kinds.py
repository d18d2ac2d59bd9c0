"""Every kind of log entry, in a real log: right ones prove, and ones about something else do not."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.errors import ChainguardError
from chainguard_ml.signing import sigstore
from chainguard_ml.testing import FakeSigstore, Person
from chainguard_ml.testing.entries import encoding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainguard_ml.codec import JsonObject

ADA = Person("ada@example.com")
TYPE = "application/vnd.in-toto+json"
FILE = b"the file"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _sha256(data: bytes) -> JsonObject:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


class Signing:
    """A certificate, and a signature over a message or over a statement about the file; what a log is told of it."""

    def __init__(self, fake: FakeSigstore, message: bytes = FILE) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self.fake = fake
        self.certificate = fake.authority.issue(key.public_key(), fake.issuer.verified(fake.token(ADA)), ())
        self.pem = _text(self.certificate.public_bytes(Encoding.PEM))
        self.raw = self.certificate.public_bytes(Encoding.DER)
        statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [
            {"name": "file", "digest": {"sha256": hashlib.sha256(message).hexdigest()}}]}  # fmt: skip
        self.message, self.payload = message, json.dumps(statement).encode()
        algorithm = ec.ECDSA(hashes.SHA256())
        self.over_message = key.sign(self.message, algorithm)
        self.over_payload = key.sign(encoding(TYPE, self.payload), algorithm)

    @property
    def envelope(self) -> JsonObject:
        return {"payload": _text(self.payload), "payloadType": TYPE, "signatures": [{"sig": _text(self.over_payload)}]}

    def bundle(self, kind: str, about: Signing) -> bytes:
        """Return a bundle of this signature, with an entry about another."""
        number = kind.split()[1]
        entry = self.fake.logs[2 if number == "0.0.2" and kind.startswith("hashed") else 1].append(KINDS[kind](about))
        stamp = self.fake.times.stamp(self.over_message if "message" in kind else self.over_payload)
        signed: JsonObject = {"dsseEnvelope": self.envelope}
        if "message" in kind:
            digest: JsonObject = {"algorithm": "SHA2_256", "digest": _text(hashlib.sha256(self.message).digest())}
            signed = {"messageSignature": {"messageDigest": digest, "signature": _text(self.over_message)}}
        return json.dumps({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _text(self.raw)},
                "tlogEntries": [entry.for_bundle()],
                "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": _text(stamp)}]},
            },
            **signed,
        }).encode()  # fmt: skip


def _body(kind: str, version: str, spec: JsonObject) -> JsonObject:
    return {"kind": kind, "apiVersion": version, "spec": spec}


def _hashedrekord_1(about: Signing) -> JsonObject:
    signature: JsonObject = {"content": _text(about.over_message), "publicKey": {"content": about.pem}}
    return _body("hashedrekord", "0.0.1", {"data": {"hash": _sha256(about.message)}, "signature": signature})


def _hashedrekord_2(about: Signing, signed: bytes, signature: bytes) -> JsonObject:
    verifier: JsonObject = {"x509Certificate": {"rawBytes": _text(about.raw)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    spec: JsonObject = {
        "data": {"algorithm": "SHA2_256", "digest": _text(hashlib.sha256(signed).digest())},
        "signature": {"content": _text(signature), "verifier": verifier},
    }
    return _body("hashedrekord", "0.0.2", {"hashedRekordV002": spec})


def _dsse(about: Signing) -> JsonObject:
    signature: JsonObject = {"signature": _text(about.over_payload), "verifier": about.pem}
    hashed = {"envelopeHash": _sha256(json.dumps(about.envelope).encode()), "payloadHash": _sha256(about.payload)}
    return _body("dsse", "0.0.1", {**hashed, "signatures": [signature]})


def _intoto_1(about: Signing) -> JsonObject:
    content: JsonObject = {"hash": _sha256(json.dumps(about.envelope).encode()), "payloadHash": _sha256(about.payload)}
    return _body("intoto", "0.0.1", {"content": content, "publicKey": about.pem})


def _intoto_2(about: Signing) -> JsonObject:
    # The log wraps the signature's Base64 in Base64, and leaves the payload out.
    signature: JsonObject = {"publicKey": about.pem, "sig": _text(_text(about.over_payload).encode())}
    content: JsonObject = {
        "envelope": {"payloadType": TYPE, "signatures": [signature]},
        "hash": _sha256(json.dumps(about.envelope).encode()),
        "payloadHash": _sha256(about.payload),
    }
    return _body("intoto", "0.0.2", {"content": content})


KINDS: dict[str, Callable[[Signing], JsonObject]] = {
    "hashedrekord 0.0.1 message": _hashedrekord_1,
    "hashedrekord 0.0.2 message": lambda about: _hashedrekord_2(about, about.message, about.over_message),
    "hashedrekord 0.0.2": lambda about: _hashedrekord_2(about, encoding(TYPE, about.payload), about.over_payload),
    "dsse 0.0.1": _dsse,
    "intoto 0.0.1": _intoto_1,
    "intoto 0.0.2": _intoto_2,
}


def _reason(data: bytes, root: sigstore.TrustedRoot) -> str:
    artifact = sigstore.Artifact.of_digest(f"sha256:{hashlib.sha256(FILE).hexdigest()}")
    try:
        proven = sigstore.verify_bundle(data, artifact, root, [sigstore.SignerIdentity(ADA.subject, ADA.issuer)])
    except ChainguardError as error:
        return f"{getattr(error, 'reason', type(error).__name__)}: {error.message}"
    return f"{proven.entries} entry"


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_entries(kind: str, tmp_path: Path) -> None:
    with FakeSigstore() as fake:
        root = sigstore.load_trusted_root(fake.write_trusted_root(tmp_path / "root.json"))
        signed, other, elsewhere = Signing(fake), Signing(fake), Signing(fake, b"another file")
        assert _reason(signed.bundle(kind, signed), root) == "1 entry"
        # By another key over the same file; by another key over another file.
        assert "about something else" in _reason(signed.bundle(kind, other), root)
        assert "what is signed differs" in _reason(signed.bundle(kind, elsewhere), root)
        # By the same key and certificate, over another file.
        again = Signing(fake)
        again.certificate, again.pem, again.raw = signed.certificate, signed.pem, signed.raw
        again.payload, again.message = elsewhere.payload, elsewhere.message
        assert "what is signed differs" in _reason(signed.bundle(kind, again), root)
        # The same file and certificate, another signature: the one kind that records none cannot tell.
        again.payload, again.message = signed.payload, signed.message
        found = _reason(signed.bundle(kind, again), root)
        assert found == "1 entry" if kind == "intoto 0.0.1" else "the signature differs" in found
        # Another signer's certificate beside the right signature.
        again.over_message, again.over_payload = signed.over_message, signed.over_payload
        again.pem, again.raw = other.pem, other.raw
        assert "the signer differs" in _reason(signed.bundle(kind, again), root)


@pytest.mark.parametrize(("kind", "given"), [("dsse 0.0.1", "0.0.2"), ("intoto 0.0.2", "0.0.1"), ("intoto 0.0.1", "1")])
def test_an_entry_of_another_version_than_the_bundle_says(kind: str, given: str, tmp_path: Path) -> None:
    with FakeSigstore() as fake:
        root = sigstore.load_trusted_root(fake.write_trusted_root(tmp_path / "root.json"))
        signed = Signing(fake)
        value = json.loads(signed.bundle(kind, signed))
        value["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["version"] = given
        assert _reason(json.dumps(value).encode(), root).startswith("malformed: ")
