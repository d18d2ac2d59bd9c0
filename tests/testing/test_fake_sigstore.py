"""The Sigstore project's own client signs with the instance and verifies what it mints; it is the oracle here."""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import id as ambient
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from sigstore import dsse
from sigstore._internal.fulcio.client import ExpiredCertificate
from sigstore.errors import Error, VerificationError
from sigstore.models import Bundle, ClientTrustConfig, TrustedRoot
from sigstore.oidc import IdentityToken, Issuer
from sigstore.sign import Signer, SigningContext
from sigstore.verify import Verifier, policy

from chainguard_ml.testing import FakeSigstore, Fault, Machine, Person, Workflow
from chainguard_ml.testing.authority import extensions, subject
from chainguard_ml.testing.entries import requested
from chainguard_ml.testing.log import leaf, path, root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.testing.identities import Identity

pytestmark = pytest.mark.oracle

STATEMENT = json.dumps({
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "model", "digest": {"sha256": "0" * 64}}],
    "predicateType": "https://example.com/approval/v1",
    "predicate": {},
}).encode()  # fmt: skip


@pytest.fixture(params=[1, 2], ids=["rekor-1", "rekor-2"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeSigstore]:
    with FakeSigstore(rekor=request.param) as instance:
        yield instance


def config(fake: FakeSigstore) -> ClientTrustConfig:
    return ClientTrustConfig.from_json(json.dumps(fake.trust_config()))


def signer(fake: FakeSigstore, token: str | None = None) -> Signer:
    return Signer(IdentityToken(token or fake.token()), SigningContext.from_trust_config(config(fake)))


def of(who: Identity) -> policy.Identity:
    return policy.Identity(identity=who.subject, issuer=who.issuer)


def verify(fake: FakeSigstore, bundle: Bundle | bytes, who: policy.VerificationPolicy | None = None) -> None:
    """Verify a bundle over the statement, in an envelope or as an artifact."""
    verifier = Verifier(trusted_root=config(fake).trusted_root)
    parsed = Bundle.from_json(bundle) if isinstance(bundle, bytes) else bundle
    if parsed._dsse_envelope is None:
        verifier.verify_artifact(STATEMENT, parsed, who or of(Person()))
    else:
        assert verifier.verify_dsse(parsed, who or of(Person())) == ("application/vnd.in-toto+json", STATEMENT)


def refused(fake: FakeSigstore, bundle: bytes) -> bool:
    try:
        verify(fake, bundle)
    except Error:
        return True
    return False


def ask(url: str, data: bytes | None = None, token: str = "", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {token}", **headers})  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 (loopback)
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_the_client_signs_and_verifies(fake: FakeSigstore) -> None:
    client = signer(fake)
    for _ in range(3):
        verify(fake, client.sign_artifact(STATEMENT))
        verify(fake, client.sign_dsse(dsse.Statement(STATEMENT)))
    with pytest.raises(VerificationError):
        verify(fake, client.sign_artifact(b"something else"))


@pytest.mark.parametrize("kind", ["mint", "mint_artifact"])
@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_is_one_that_the_client_refuses(fake: FakeSigstore, fault: Fault, kind: str) -> None:
    mint = getattr(fake, kind)
    verify(fake, mint(STATEMENT))
    bundle = mint(STATEMENT, faults={fault})
    harmless = {1: {Fault.MISSING_TIMESTAMP, Fault.UNTRUSTED_TIMESTAMP}, 2: {Fault.WRONG_PROMISE}}[fake.rekor]
    assert refused(fake, bundle) is (fault not in harmless)
    verify(fake, mint(STATEMENT))


def test_both_logs_are_trusted_whichever_clients_are_sent_to(fake: FakeSigstore) -> None:
    verify(fake, fake.mint(STATEMENT, rekor=1))
    verify(fake, fake.mint(STATEMENT, rekor=2))


def test_another_instance_is_not_trusted(fake: FakeSigstore) -> None:
    with FakeSigstore() as other:
        assert refused(fake, other.mint(STATEMENT))


@pytest.mark.parametrize("fault", [Fault.MISSING_SCT, Fault.WRONG_SCT_KEY])
def test_the_client_does_not_sign_without_a_promise_of_transparency(fake: FakeSigstore, fault: Fault) -> None:
    fake.faults.add(fault)
    with pytest.raises(VerificationError):
        signer(fake)


def test_the_client_does_not_sign_with_an_expired_certificate(fake: FakeSigstore) -> None:
    fake.faults.add(Fault.EXPIRED_CERTIFICATE)
    with pytest.raises(ExpiredCertificate):
        signer(fake).sign_artifact(STATEMENT)


@pytest.mark.parametrize("fault", [Fault.FORKED_CHECKPOINT, Fault.LATE_TIMESTAMP, Fault.WRONG_PROOF])
def test_services_get_wrong_what_they_are_told_to(fake: FakeSigstore, fault: Fault) -> None:
    fake.faults.add(fault)
    bundle = signer(fake).sign_artifact(STATEMENT)
    with pytest.raises(Error):
        verify(fake, bundle)
    fake.faults.clear()
    verify(fake, signer(fake).sign_artifact(STATEMENT))


def test_a_timestamp_authority_may_be_down() -> None:
    with FakeSigstore(rekor=1, faults={Fault.MISSING_TIMESTAMP}) as fake:
        bundle = signer(fake).sign_artifact(STATEMENT)
        assert bundle.verification_material.timestamp_verification_data is None
        verify(fake, bundle)


WORKFLOW = Workflow(environment="production", reusable="acme/ci/.github/workflows/sign.yml@refs/heads/main", run=7)
EXTENSIONS = {
    policy.OIDCIssuer: WORKFLOW.issuer,
    policy.OIDCIssuerV2: WORKFLOW.issuer,
    policy.GitHubWorkflowTrigger: "push",
    policy.GitHubWorkflowSHA: WORKFLOW.sha,
    policy.GitHubWorkflowName: "release",
    policy.GitHubWorkflowRepository: "acme/models",
    policy.GitHubWorkflowRef: "refs/tags/v1.0.0",
    policy.OIDCBuildSignerURI: "https://github.com/acme/ci/.github/workflows/sign.yml@refs/heads/main",
    policy.OIDCBuildSignerDigest: WORKFLOW.sha,
    policy.OIDCRunnerEnvironment: "github-hosted",
    policy.OIDCSourceRepositoryURI: "https://github.com/acme/models",
    policy.OIDCSourceRepositoryDigest: WORKFLOW.sha,
    policy.OIDCSourceRepositoryRef: "refs/tags/v1.0.0",
    policy.OIDCSourceRepositoryIdentifier: "1001",
    policy.OIDCSourceRepositoryOwnerURI: "https://github.com/acme",
    policy.OIDCSourceRepositoryOwnerIdentifier: "2002",
    policy.OIDCBuildConfigURI: "https://github.com/acme/models/.github/workflows/release.yml@refs/tags/v1.0.0",
    policy.OIDCBuildConfigDigest: WORKFLOW.sha,
    policy.OIDCBuildTrigger: "push",
    policy.OIDCRunInvocationURI: "https://github.com/acme/models/actions/runs/7/attempts/1",
    policy.OIDCSourceRepositoryVisibility: "public",
}


def test_a_workflow_is_in_the_certificate_with_everything_that_fulcio_writes(fake: FakeSigstore) -> None:
    bundle = fake.mint(STATEMENT, WORKFLOW)
    verify(fake, bundle, policy.AllOf([of(WORKFLOW), *(kind(value) for kind, value in EXTENSIONS.items())]))
    for kind in EXTENSIONS:
        with pytest.raises(VerificationError):
            verify(fake, bundle, kind("another"))
    written = {extension.oid.dotted_string.rpartition(".")[2]: extension.value
               for extension in extensions({"iss": WORKFLOW.issuer, **WORKFLOW.claims()})}  # fmt: skip
    assert written["23"] == b"\x0c\x0aproduction"
    assert written["24"] == b"\x0c\x27repo:acme/models:environment:production"
    assert len(written) == 23


def test_claims_can_be_anything(fake: FakeSigstore) -> None:
    impostor = replace(WORKFLOW, issuer="https://idp.example")
    with pytest.raises(VerificationError):
        verify(fake, fake.mint(STATEMENT, impostor), of(WORKFLOW))
    verify(fake, fake.mint(STATEMENT, impostor), of(impostor))
    verify(fake, fake.mint(STATEMENT, Machine()), of(Machine()))
    machine = Machine().claims()
    assert [it.oid.dotted_string for it in extensions(machine)] == ["1.3.6.1.4.1.57264.1.24"]
    with pytest.raises(ValueError, match="neither a mail address"):
        subject({"sub": "somebody"})
    with pytest.raises(ValueError, match="not verified"):
        fake.mint(STATEMENT, claims={"email_verified": False})


def test_the_client_finds_the_token_of_a_run_of_github_actions(
    fake: FakeSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fake.github_actions(WORKFLOW).items():
        monkeypatch.setenv(name, value)
    token = ambient.detect_credential("sigstore")
    verify(fake, signer(fake, token).sign_artifact(STATEMENT), of(WORKFLOW))
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another")
    with pytest.raises(ambient.AmbientCredentialError, match="401"):
        ambient.detect_credential("sigstore")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its socket open
def test_the_client_signs_in_with_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def browse(url: str) -> bool:
        threading.Thread(target=ask, args=(url,)).start()
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    with FakeSigstore(signed_in=Person("ada@example.com")) as fake:
        issuer = Issuer(config(fake).signing_config.get_oidc_url())
        token = issuer.identity_token()
        issuer.session.close()
        gc.collect()
        assert token.identity == "ada@example.com"
        # A code is good once, for the client that asked for it, and only on this machine.
        code = {"code": "unknown", "code_verifier": ""}
        assert ask(f"{fake.url}/token", urllib.parse.urlencode(code).encode())[0] == 400
        assert ask(f"{fake.url}/authorize?redirect_uri=https://example.com/")[0] == 400


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its socket open
def test_the_client_signs_in_without_a_browser(
    fake: FakeSigstore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def copied(_: str) -> str:
        return ask(capsys.readouterr().err.split()[-1])[1].decode()

    monkeypatch.setattr("builtins.input", copied)
    issuer = Issuer(fake.url)
    assert issuer.identity_token(force_oob=True).identity == Person().email
    issuer.session.close()
    gc.collect()


def test_tokens_that_the_authority_refuses(fake: FakeSigstore) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    other = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    wrong_kind = other.sign(ed25519.Ed25519PrivateKey.generate(), None)

    def certify(token: str, request: x509.CertificateSigningRequest = csr) -> int:
        pem = base64.b64encode(request.public_bytes(Encoding.PEM)).decode()
        body = json.dumps({"certificateSigningRequest": pem}).encode()
        return ask(f"{fake.url}/api/v2/signingCert", body, token)[0]

    assert certify(fake.token()) == 200
    assert certify(fake.token(), wrong_kind) == 400
    assert certify(fake.token(claims={"email_verified": False})) == 400
    head, body, signature = fake.token().split(".")
    forged = base64.urlsafe_b64encode(base64.urlsafe_b64decode(body + "==").replace(b"releaser", b"attacker"))
    for token in (
        "", "a", fake.token(audience="others"), fake.token(lifetime=-1), f"{head}.{forged.decode()}.{signature}"
    ):  # fmt: skip
        assert certify(token) == 401
    assert ask(f"{fake.url}/api/v2/signingCert", b"{}", fake.token())[0] == 400


def test_a_log_records_only_signatures_that_are_right(fake: FakeSigstore) -> None:
    at = f"{fake.url}/api/v{fake.rekor}/log/entries"
    client = signer(fake)
    rekor = client._signing_ctx._rekor
    certificate = client._signing_cert()
    wrong = rekor._build_hashed_rekord_request(
        hashed_input=signer_hash(b"x"), signature=client._private_key.sign(b"y", ec.ECDSA(hashes.SHA256())),
        certificate=certificate,
    )  # fmt: skip
    for request in (json.dumps(wrong).encode(), b"{}", b"[]", b"not JSON", b'{"kind": "intoto", "spec": {}}'):
        status, answer = ask(at, request)
        assert (status, json.loads(answer)["code"]) == (400, 400)
    of_authority = fake.authority.chain.certificate
    unsigned = rekor._build_hashed_rekord_request(
        hashed_input=signer_hash(b"x"), signature=b"no signature", certificate=of_authority
    )
    assert ask(at, json.dumps(unsigned).encode())[0] == 400
    name, now = x509.Name([]), datetime.now(UTC)
    key = ed25519.Ed25519PrivateKey.generate()
    of_another_kind = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now).sign(key, None)
    request = requested(fake.rekor, of_another_kind, key.sign(b"x"), hashlib.sha256(b"x").digest(), None)
    assert ask(at, json.dumps(request).encode())[0] == 400


def signer_hash(data: bytes) -> object:
    from sigstore.hashes import Hashed
    from sigstore_models.common.v1 import HashAlgorithm

    return Hashed(digest=hashlib.sha256(data).digest(), algorithm=HashAlgorithm.SHA2_256)


def test_what_is_asked_for_in_vain(fake: FakeSigstore) -> None:
    assert ask(f"{fake.url}/nothing")[0] == 404
    for request in (b"", b"0", b"\x30\x00", b"\x30\x80", b"\x30\x81", b"\x30\x03\x02\x01\x01", b"\x30\x85\1\1\1\1\1"):
        assert ask(f"{fake.url}/api/v1/timestamp", request)[0] == 400
    longer = TimestampRequestBuilder().data(b"x").hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()
    assert ask(f"{fake.url}/api/v1/timestamp", longer)[0] == 400
    assert ask(f"{fake.url}/token", b"x", **{"Content-Length": "9999999999"})[0] == 413


def test_what_services_say_about_themselves(fake: FakeSigstore) -> None:
    (chain,) = json.loads(ask(f"{fake.url}/api/v2/trustBundle")[1])["chains"]
    certificates = [x509.load_pem_x509_certificate(it.encode()) for it in chain["certificates"]]
    certificates[0].verify_directly_issued_by(certificates[1])
    (key,) = json.loads(ask(f"{fake.url}/keys")[1])["keys"]
    assert (key["kty"], len(base64.urlsafe_b64decode(key["x"] + "="))) == ("EC", 32)
    before, after = (_size(ask(f"{fake.url}/api/v2/checkpoint")[1], fake) for _ in range(2))
    assert after == before + 1


def _size(checkpoint: bytes, fake: FakeSigstore) -> int:
    fake.mint(STATEMENT, rekor=2)
    return int(checkpoint.splitlines()[1])


def test_configurations_in_files(fake: FakeSigstore, tmp_path: Path) -> None:
    trusted = TrustedRoot.from_file(str(fake.write_trusted_root(tmp_path / "root.json")))
    assert len(trusted.get_fulcio_certs()) == 2
    written = fake.write_trust_config(tmp_path / "trust.json").read_text()
    assert ClientTrustConfig.from_json(written).trusted_root._inner == trusted._inner


def test_it_answers_only_inside_with() -> None:
    fake = FakeSigstore()
    assert json.loads(fake.mint(STATEMENT))
    with pytest.raises(RuntimeError, match="inside 'with'"):
        _ = fake.url
    fake.__exit__()
    with pytest.raises(ValueError, match="1 or 2"):
        FakeSigstore(rekor=3)


@pytest.mark.parametrize("size", range(1, 18))
def test_proofs_lead_to_the_root(size: int) -> None:
    leaves = [leaf(b"%d" % number) for number in range(size)]
    for index in range(size):
        assert climbed(index, size, leaves[index], path(index, leaves)) == root(leaves)


def climbed(index: int, size: int, value: bytes, proof: list[bytes]) -> bytes:
    """Return the root that a proof leads to, after RFC 9162, section 2.1.3.2."""
    place, last = index, size - 1
    for other in proof:
        if place & 1 or place == last:
            value = hashlib.sha256(b"\1" + other + value).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + other).digest()
        place, last = place >> 1, last >> 1
    assert last == 0
    return value
