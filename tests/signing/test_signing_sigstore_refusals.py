"""Keyless bundles and trusted roots, bent where no fault of ``FakeSigstore`` reaches: refused, each for its reason."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.signing import sigstore
from chainguard_ml.signing.interface import InvalidError, MalformedError, UntrustedError, UnverifiableError
from chainguard_ml.signing.sigstore import entries, keys, material, trust
from chainguard_ml.testing import FakeSigstore, Fault, Person
from tests.signing.signed import repacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADA = Person("ada@example.com")
TRUSTED = [sigstore.SignerIdentity(ADA.subject, ADA.issuer)]
CONTENT = b"weights"
ARTIFACT = sigstore.Artifact({"sha256": hashlib.sha256(CONTENT).digest()})
BEFORE_PROOFS = "application/vnd.dev.sigstore.bundle+json;version=0.1"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as instance:
        yield instance


def root(fake: FakeSigstore, alter: Callable[[dict], object] = lambda _: None) -> sigstore.TrustedRoot:
    return trust.parse_trusted_root(repacked(json.dumps(fake.trusted_root()).encode(), alter), "here")


def verify(fake: FakeSigstore, data: bytes, known: sigstore.TrustedRoot | None = None) -> sigstore.Proven:
    return sigstore.verify_bundle(data, ARTIFACT, known or root(fake), TRUSTED)


def entry(value: dict) -> dict:
    return value["verificationMaterial"]["tlogEntries"][0]


def test_before_version_0_2_a_promise_was_enough(fake: FakeSigstore) -> None:
    data = fake.mint_artifact(CONTENT, ADA, rekor=1, faults=[Fault.MISSING_TIMESTAMP])
    early = repacked(data, lambda value: value.update(mediaType=BEFORE_PROOFS) or entry(value).pop("inclusionProof"))
    assert len(verify(fake, early).times) == 1
    with pytest.raises(MalformedError, match="no proof"):
        verify(fake, repacked(early, lambda value: entry(value).pop("inclusionPromise")))
    with pytest.raises(MalformedError, match="no proof"):
        verify(fake, repacked(data, lambda value: entry(value).pop("inclusionProof")))


BENDS: dict[str, tuple[int, Callable[[dict], object], type[InputError], str]] = {
    "no entry": (2, lambda v: v["verificationMaterial"].update(tlogEntries=[]), MalformedError, "no entry"),
    "no time of a promise": (1, lambda v: entry(v).pop("integratedTime"), MalformedError, "has no time"),
    "a hash of three bytes": (
        2, lambda v: entry(v)["inclusionProof"].update(hashes=["AAAA"]), MalformedError, "32 bytes"),
    "a checkpoint that is null": (
        2, lambda v: entry(v)["inclusionProof"].update(checkpoint=None), MalformedError, "checkpoint"),
    "a proof that is none": (2, lambda v: entry(v).update(inclusionProof=[]), MalformedError, "not an object"),
    "a time that is no timestamp": (
        2, lambda v: v["verificationMaterial"].update(timestampVerificationData={"rfc3161Timestamps": [1]}),
        MalformedError, "at most 32 objects"),
    "the digest of another file": (
        2, lambda v: v["messageSignature"]["messageDigest"].update(digest=base64.b64encode(bytes(32)).decode()),
        InvalidError, "its digest differs"),
}  # fmt: skip


@pytest.mark.parametrize("name", BENDS)
def test_a_bent_bundle_is_refused(fake: FakeSigstore, name: str) -> None:
    rekor, bend, error, message = BENDS[name]
    data = fake.mint_artifact(CONTENT, ADA, rekor=rekor)
    assert verify(fake, data).identity.identity == ADA.subject
    with pytest.raises(error, match=message):
        verify(fake, repacked(data, bend))


def test_base64_that_is_not_canonical_is_refused_in_a_checkpoint_too(fake: FakeSigstore) -> None:
    def loosen(value: dict) -> None:
        checkpoint = entry(value)["inclusionProof"]["checkpoint"]
        text = checkpoint["envelope"].rstrip("\n=")
        padding = checkpoint["envelope"][len(text) :]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        assert padding.startswith("=")
        checkpoint["envelope"] = text[:-1] + alphabet[alphabet.index(text[-1]) + 1] + padding

    with pytest.raises(MalformedError, match="no signature"):
        verify(fake, repacked(fake.mint_artifact(CONTENT, ADA), loosen))


def test_a_log_whose_key_was_not_in_use(fake: FakeSigstore) -> None:
    def retire(value: dict) -> None:
        for log in value["tlogs"]:
            log["publicKey"]["validFor"]["end"] = "2020-01-01T00:00:00Z"

    retired = root(fake, retire)
    for rekor in (1, 2):
        with pytest.raises(UntrustedError, match="was not in use"):
            verify(fake, fake.mint_artifact(CONTENT, ADA, rekor=rekor), retired)


def test_a_log_whose_key_is_none(fake: FakeSigstore) -> None:
    broken = root(fake, lambda value: [log["publicKey"].update(rawBytes="AAAA") for log in value["tlogs"]])
    with pytest.raises(InputError, match="no public key"):
        verify(fake, fake.mint_artifact(CONTENT, ADA), broken)


def test_a_log_whose_key_is_of_an_unknown_kind(fake: FakeSigstore) -> None:
    unknown = base64.b64encode(bytes.fromhex("300b300506032a030403020000")).decode()  # of the kind 1.2.3.4
    other = root(fake, lambda value: [log["publicKey"].update(rawBytes=unknown) for log in value["tlogs"]])
    with pytest.raises(UnverifiableError, match="kind that is not known"):
        verify(fake, fake.mint_artifact(CONTENT, ADA), other)


def _statement(*subjects: object, kind: object = "https://in-toto.io/Statement/v1") -> bytes:
    return json.dumps({"_type": kind, "subject": list(subjects)}).encode()


SUBJECT = {"name": "weights", "digest": {"sha256": hashlib.sha256(CONTENT).hexdigest()}}
OTHER = {"name": "other", "digest": {"sha256": "0" * 64, "sha512": "0"}}


@pytest.mark.parametrize("subjects", [[SUBJECT], [OTHER, SUBJECT], [1, {}, {"digest": []}, OTHER, SUBJECT]])
def test_a_statement_about_the_file(fake: FakeSigstore, subjects: list) -> None:
    assert verify(fake, fake.mint(_statement(*subjects), ADA)).entries == 1


@pytest.mark.parametrize(
    ("payload", "error", "message"),
    [
        (_statement(), InvalidError, "none of the subjects"),
        (_statement(OTHER), InvalidError, "none of the subjects"),
        (_statement(1, {}, {"digest": []}), InvalidError, "none of the subjects"),
        (_statement(SUBJECT, kind="https://in-toto.io/Statement/v2"), MalformedError, "no statement"),
        (_statement(SUBJECT, kind=1), MalformedError, "no statement"),
        (b'{"_type": "https://in-toto.io/Statement/v1", "subject": {}}', MalformedError, "no statement"),
        (b"weights", MalformedError, "strict JSON"),
    ],
)
def test_an_envelope_about_something_else(
    fake: FakeSigstore, payload: bytes, error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message):
        verify(fake, fake.mint(payload, ADA))


def _pem(key: keys.Key) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _managed(signature: bytes) -> bytes:
    content = {"messageSignature": {"signature": base64.b64encode(signature).decode()}}
    media_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
    return json.dumps({"mediaType": media_type, "verificationMaterial": {"publicKey": {}}, **content}).encode()


def test_a_key_that_signs_another_digest_than_is_at_hand() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    data = _managed(key.sign(CONTENT, ec.ECDSA(hashes.SHA384())))
    whole = sigstore.Artifact({**ARTIFACT.digests, "sha384": hashlib.sha384(CONTENT).digest()})
    assert sigstore.verify_key_bundle(data, whole, _pem(key.public_key())) == ()
    with pytest.raises(UnverifiableError, match="no digest that is at hand"):
        sigstore.verify_key_bundle(data, ARTIFACT, _pem(key.public_key()))
    message_signer = ed25519.Ed25519PrivateKey.generate()
    data = _managed(message_signer.sign(CONTENT))
    with pytest.raises(UnverifiableError, match="no digest that is at hand"):
        sigstore.verify_key_bundle(data, whole, _pem(message_signer.public_key()))


def _intoto(**public_key: bytes) -> material.Entry:
    hashed = {"algorithm": "sha256", "value": hashlib.sha256(b"payload").hexdigest()}
    texts = {name: base64.b64encode(value).decode() for name, value in public_key.items()}
    body = {"kind": "intoto", "apiVersion": "0.0.1", "spec": {"content": {"payloadHash": hashed}, **texts}}
    return material.Entry(0, b"", ("intoto", "0.0.1"), None, None, None, json.dumps(body).encode())


def test_an_entry_about_a_payload_and_a_key() -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(2))
    signed = entries.Signed(b"s", keys.as_der(key), {}, b"payload")
    entries.verify_body(_intoto(publicKey=_pem(key)), signed)
    with pytest.raises(InvalidError, match="the signer differs"):
        entries.verify_body(_intoto(publicKey=_pem(other)), signed)
    for nothing in (b"no key", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(MalformedError, match="no certificate and no key"):
            entries.verify_body(_intoto(publicKey=nothing), signed)
    with pytest.raises(MalformedError, match="missing"):
        entries.verify_body(_intoto(), signed)


def test_without_the_package_there_is_no_public_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    with pytest.raises(UsageError, match="is not installed"):
        sigstore.embedded()
