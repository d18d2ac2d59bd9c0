"""Signatures that others published: seven releases of the reference implementation, and the specification's own."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.model import GapReason
from tests.signing import authorities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainguard_ml.signing import PublicKey
    from tests.signing.conftest import Kit, Write

KEYS = ["v0.3.1", "v1.0.0", "v1.0.1", "v1.1.0"]
SINGLE = {"v0.3.1", "v1.0.0"}  # these sign the file signme-1


@pytest.fixture
def trusted(vectors: Path) -> PublicKey:
    return signing.load_public_key(vectors / "model-transparency/keys/certificate/signing-key-pub.pem")


def _of(vectors: Path, release: str) -> tuple[Path, Path]:
    directory = vectors / f"model-transparency/{release}-elliptic-key"
    return (directory / "signme-1" if release in SINGLE else directory), directory / "model.sig"


@pytest.mark.parametrize("release", KEYS)
def test_a_historical_signature_by_a_key_verifies(vectors: Path, trusted: PublicKey, kit: Kit, release: str) -> None:
    model, signature = _of(vectors, release)
    outcome = kit.sort(signing.verify_model(model, signature, [trusted], ignore=["ignore-me"]))
    assert outcome.verified
    assert not outcome.findings
    assert not outcome.gaps
    assert outcome.evidence[0].statement["signer"] == trusted.hint


@pytest.mark.parametrize("release", KEYS)
def test_a_historical_signature_by_another_key_is_not_trusted(vectors: Path, kit: Kit, release: str) -> None:
    model, signature = _of(vectors, release)
    assert kit.verify(model, signature).rules == {"untrusted-signer"}


CERTIFICATES = ["v0.2.0", "v0.3.1", "v1.0.0", "v1.0.1", "v1.1.0"]


@pytest.mark.parametrize("release", CERTIFICATES)
def test_a_historical_signature_with_a_certificate_verifies(vectors: Path, kit: Kit, release: str) -> None:
    directory = vectors / f"model-transparency/{release}-certificate"
    authority = signing.load_certificates([vectors / "model-transparency/keys/certificate/ca-cert.pem"])
    outcome = kit.sort(signing.verify_model(directory, None, [], certificates=authority, ignore=["ignore-me"]))
    assert outcome.verified
    assert not outcome.findings
    assert not outcome.gaps
    assert outcome.evidence[0].statement["authority"] == "CN=root-ca"
    value = json.loads((directory / "model.sig").read_bytes())
    value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(b"0" * 70).decode()
    other = kit.directory / "other.sig"
    other.write_text(json.dumps(value), encoding="utf-8")
    assert kit.sort(signing.verify_model(directory, other, [], certificates=authority)).rules == {"signature-invalid"}


def test_a_historical_signature_with_a_certificate_of_another_authority_is_not_trusted(vectors: Path, kit: Kit) -> None:
    other = (authorities.root("root-ca").certificate,)
    for release in CERTIFICATES:
        directory = vectors / f"model-transparency/{release}-certificate"
        outcome = kit.sort(signing.verify_model(directory, None, [], certificates=other))
        assert outcome.rules == {"untrusted-signer"}


IBM = signing.Keyless((signing.SignerIdentity("stefanb@us.ibm.com", "https://sigstore.verify.ibm.com/oauth2"),))
KEYLESS = ["v0.3.1", "v1.0.0", "v1.0.1", "v1.1.0"]


@pytest.mark.parametrize("release", KEYLESS)
def test_a_historical_keyless_signature_verifies(vectors: Path, kit: Kit, release: str) -> None:
    directory = vectors / f"model-transparency/{release}-sigstore"
    outcome = kit.sort(signing.verify_model(directory, None, [], keyless=IBM, ignore=["ignore-me"]))
    assert outcome.verified
    assert not outcome.findings
    assert not outcome.gaps
    facts = outcome.evidence[0].statement
    assert (facts["method"], facts["signer"]) == ("sigstore", "stefanb@us.ibm.com")
    assert facts["issuer"] == "https://sigstore.verify.ibm.com/oauth2"
    assert facts["signed_at"].startswith("202")
    assert "embedded" in facts["trusted_root"]["source"]


@pytest.mark.parametrize("release", KEYLESS)
def test_an_altered_keyless_signature_is_refused_with_its_reason(
    vectors: Path, kit: Kit, tmp_path: Path, release: str
) -> None:
    directory = vectors / f"model-transparency/{release}-sigstore"
    other = tmp_path / "other.sig"

    def reason(alter: Callable[[dict], None], whom: signing.Keyless = IBM) -> str:
        value = json.loads((directory / "model.sig").read_bytes())
        alter(value)
        other.write_text(json.dumps(value), encoding="utf-8")
        outcome = kit.sort(signing.verify_model(directory, other, [], keyless=whom))
        (finding,) = outcome.findings
        assert not outcome.evidence
        return finding.facts["reason"]

    def payload(value: dict) -> None:
        text = base64.b64decode(value["dsseEnvelope"]["payload"]).replace(b"signme-1", b"signme-0")
        value["dsseEnvelope"]["payload"] = base64.b64encode(text).decode()

    def signature(value: dict) -> None:
        value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(b"0" * 70).decode()

    def time(value: dict) -> None:
        value["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1"

    def version(value: dict) -> None:
        value["verificationMaterial"]["tlogEntries"][0]["logIndex"] = "-1"

    assert reason(payload) == "invalid"
    assert reason(signature) in {"invalid", "untrusted"}  # a timestamp over another signature is nobody's
    assert reason(time) == "invalid"
    assert reason(version) == "malformed"
    issuer = signing.Keyless((signing.SignerIdentity("stefanb@us.ibm.com", "https://accounts.google.com"),))
    assert reason(lambda _: None, issuer) == "untrusted"


def test_a_keyless_signature_and_no_identity_to_verify_it_with_is_a_gap(vectors: Path, kit: Kit) -> None:
    directory = vectors / "model-transparency/v1.1.0-sigstore"
    (gap,) = kit.verify(directory).gaps
    assert gap.reason is GapReason.NO_DATA
    assert "identities" in gap.detail


def test_a_changed_model_with_a_keyless_signature_is_tampered(
    vectors: Path, kit: Kit, tmp_path: Path, tree: Write
) -> None:
    directory = vectors / "model-transparency/v1.1.0-sigstore"
    model = tree(tmp_path / "m", {"signme-1": b"other", "signme-2": (directory / "signme-2").read_bytes()})
    outcome = kit.sort(signing.verify_model(model, directory / "model.sig", [], keyless=IBM))
    assert outcome.rules == {"model-tampered"}
    assert not outcome.verified


def test_the_specification_s_valid_keyless_bundle(vectors: Path, kit: Kit, tmp_path: Path, tree: Write) -> None:
    signed = vectors / "model-transparency/v1.1.0-sigstore"  # the same two files
    model = tree(tmp_path / "m", {name: (signed / name).read_bytes() for name in ("signme-1", "signme-2")})
    valid = vectors / "spec/test-vectors/v1.0/valid/sigstore.bundle.json"
    outcome = kit.sort(signing.verify_model(model, valid, [], keyless=IBM))
    assert outcome.verified, (outcome.findings, outcome.gaps)


def test_the_specification_s_valid_key_bundle(
    vectors: Path, trusted: PublicKey, kit: Kit, tmp_path: Path, tree: Write
) -> None:
    signed = vectors / "model-transparency/v1.1.0-elliptic-key"
    model = tree(tmp_path / "m", {name: (signed / name).read_bytes() for name in ("signme-1", "signme-2")})
    valid = vectors / "spec/test-vectors/v1.0/valid/key.bundle.json"
    assert kit.sort(signing.verify_model(model, valid, [trusted])).verified


def test_the_specification_s_valid_certificate_bundle(vectors: Path, kit: Kit, tmp_path: Path, tree: Write) -> None:
    signed = vectors / "model-transparency/v1.1.0-elliptic-key"  # the same two files
    model = tree(tmp_path / "m", {name: (signed / name).read_bytes() for name in ("signme-1", "signme-2")})
    valid = vectors / "spec/test-vectors/v1.0/valid/certificate.bundle.json"
    authority = signing.load_certificates([vectors / "model-transparency/keys/certificate/ca-cert.pem"])
    assert kit.sort(signing.verify_model(model, valid, [], certificates=authority)).verified


def test_the_specification_s_invalid_bundles(vectors: Path, trusted: PublicKey, kit: Kit, model: Path) -> None:
    reasons = {
        path.name.removesuffix(".bundle.json"): kit.sort(signing.verify_model(model, path, [trusted]))
        for path in sorted(vectors.glob("spec/test-vectors/v1.0/invalid*/*.json"))
    }
    assert {name: [finding.facts["reason"] for finding in outcome.findings] for name, outcome in reasons.items()} == {
        "empty": ["malformed"],
        "missing-envelope": ["malformed"],
        "missing-tlog-entries": ["malformed"],
        "missing-verification-material": ["malformed"],
        "wrong-predicate": ["invalid"],  # another payload under the signature of the valid one
    }
    assert not any(outcome.evidence for outcome in reasons.values())


def test_a_wrong_predicate_is_malformed_even_when_properly_signed(vectors: Path, kit: Kit, model: Path) -> None:
    path = vectors / "spec/test-vectors/v1.0/invalid-payload/wrong-predicate.bundle.json"
    payload = base64.b64decode(json.loads(path.read_bytes())["dsseEnvelope"]["payload"])
    kit.seal(model / "model.sig", payload)
    assert kit.verify(model).rules == {"signature-malformed"}


def test_what_we_write_conforms_to_the_specification_s_schemas(vectors: Path, kit: Kit, model: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from referencing import Registry, Resource

    directory = vectors / "spec/schemas/v1.0"
    schemas = {path.name.partition(".")[0]: json.loads(path.read_bytes()) for path in directory.glob("*.json")}
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas.values())
    signature = kit.sign(model).path
    for name, value in (("bundle", json.loads(signature.read_bytes())), ("statement", kit.payload(signature))):
        jsonschema.Draft202012Validator(schemas[name], registry=registry).validate(value)
