"""Keyless signatures against a Sigstore instance on loopback; the reference implementation verifies them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from typing import TYPE_CHECKING

import pytest
from sigstore.models import Bundle as SigstoreBundle
from sigstore.models import ClientTrustConfig
from sigstore.verify import Verifier, policy

from chainguard_ml import signing
from chainguard_ml.cli import exit as boundary
from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.signing import bundle, dsse
from chainguard_ml.signing import keyless_sign as keyless
from chainguard_ml.testing import FakeSigstore, Fault, Person, Workflow
from chainguard_ml.testing.authority import CertificateAuthority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.testing.identities import Identity
    from tests.signing.conftest import Write

ADA = Person("ada@example.com")


@pytest.fixture(params=[2, 1], ids=["rekor-2", "rekor-1"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeSigstore]:
    with FakeSigstore(rekor=request.param, signed_in=ADA) as instance:
        yield instance


@pytest.fixture(autouse=True)
def _no_ambient_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "BUILDKITE", "GITLAB_CI", "CIRCLECI", "GOOGLE_SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model(tmp_path: Path, tree: Write) -> Path:
    return tree(tmp_path / "model", {"weights.bin": b"weights", "config.json": b"{}", "empty": b""})


@pytest.fixture
def trust(fake: FakeSigstore, tmp_path: Path) -> Path:
    return fake.write_trust_config(tmp_path / "trust.json")


def token(fake: FakeSigstore, tmp_path: Path, who: Identity = ADA, **options: int) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{fake.token(who, **options)}\n", encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return boundary.run(["sign", *map(str, arguments)])


def reference(model: Path, trust: Path, who: Identity) -> subprocess.CompletedProcess[str]:
    command = ["-m", "model_signing", "verify", "sigstore", "--signature", model / "model.sig", "--trust_config", trust]
    command += ["--identity", who.subject, "--identity_provider", who.issuer, model]
    return subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


@pytest.mark.oracle
def test_the_reference_verifies_what_we_sign(
    fake: FakeSigstore, model: Path, trust: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--identity-token-file", token(fake, tmp_path), "--trust-config", trust]
    assert run(model, "--keyless", *arguments) == 0
    out, err = capsys.readouterr()
    assert (out, "as ada@example.com (https://accounts.example.com)" in err) == ("", True)
    done = reference(model, trust, ADA)
    assert done.returncode == 0, done.stdout + done.stderr
    assert reference(model, trust, Person("eve@example.com")).returncode != 0
    (model / "weights.bin").write_bytes(b"changed")
    assert reference(model, trust, ADA).returncode != 0
    # Signed again, over the earlier signature.
    assert run(model, "--keyless", *arguments) == 0


def test_we_verify_what_we_sign(fake: FakeSigstore, model: Path, trust: Path, tmp_path: Path) -> None:
    assert run(model, "--keyless", "--identity-token-file", token(fake, tmp_path), "--trust-config", trust) == 0

    def verified(subject: str, issuer: str) -> int:
        trusted = ["--identity", subject, "--issuer", issuer, "--trust-config", trust, "--offline", "-q"]
        return boundary.run(["verify", str(model), *map(str, trusted)])

    assert verified(ADA.subject, ADA.issuer) == 0
    assert verified("eve@example.com", ADA.issuer) == 1
    assert verified(ADA.subject, "https://another.example.com") == 1
    (model / "weights.bin").write_bytes(b"changed")
    assert verified(ADA.subject, ADA.issuer) == 1


@pytest.mark.parametrize("fault", list(Fault))
def test_our_verifier_refuses_every_fault(fake: FakeSigstore, model: Path, trust: Path, fault: Fault) -> None:
    signing.sign_model(model, keyless.KeylessSigner(fake.token(ADA), keyless.load_trust(trust)))
    payload = bundle.parse((model / "model.sig").read_bytes()).payload
    (model / "model.sig").write_bytes(fake.mint(payload, ADA, faults={fault}))
    trusted = ["--identity", ADA.subject, "--issuer", ADA.issuer, "--trust-config", str(trust), "--offline", "-q"]
    # Stricter than the project's own client: a timestamp that is there has to be right, whatever else proves a time.
    harmless = {1: Fault.MISSING_TIMESTAMP, 2: Fault.WRONG_PROMISE}[fake.rekor]
    assert boundary.run(["verify", str(model), *trusted]) == (0 if fault is harmless else 1)


def check(signed: bytes, trust: Path, who: Identity) -> dict[str, object]:
    """Verify a bundle, and return the statement in it."""
    config = ClientTrustConfig.from_json(trust.read_text(encoding="utf-8"))
    verifier = Verifier(trusted_root=config.trusted_root)
    identity = policy.Identity(identity=who.subject, issuer=who.issuer)
    _, payload = verifier.verify_dsse(SigstoreBundle.from_json(signed), identity)
    statement = json.loads(payload)
    assert isinstance(statement, dict)
    return statement


def test_a_run_of_github_actions_signs_as_its_workflow(
    fake: FakeSigstore, model: Path, trust: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    who = Workflow(environment="production")
    for name, value in fake.github_actions(who).items():
        monkeypatch.setenv(name, value)
    assert run(model, "--keyless", "--trust-config", trust) == 0
    assert who.subject in capsys.readouterr().err
    statement = check((model / "model.sig").read_bytes(), trust, who)
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    assert run(model, "--keyless", "--trust-config", trust) == 4
    assert "permissions: id-token: write" in capsys.readouterr().err


def browse(url: str) -> bool:
    def go() -> None:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 (loopback)
            pass

    threading.Thread(target=go).start()
    return True


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its socket open
def test_a_person_signs_in_with_a_browser(
    fake: FakeSigstore, model: Path, trust: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model, "--keyless", "--trust-config", trust) == 2
    assert "--identity-token-file" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(webbrowser, "open", browse)
    assert run(model, "--keyless", "--trust-config", trust) == 0
    check((model / "model.sig").read_bytes(), trust, ADA)
    config = json.loads(trust.read_text(encoding="utf-8"))
    config["signingConfig"]["oidcUrls"][0]["url"] += "/nowhere"
    trust.write_text(json.dumps(config), encoding="utf-8")
    assert run(model, "--keyless", "--trust-config", trust) == 4
    assert "signing in failed" in capsys.readouterr().err


def test_the_public_instance_is_the_default(
    fake: FakeSigstore, model: Path, trust: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing leaves this machine in tests, so that another instance stands for the public one.
    monkeypatch.setattr(ClientTrustConfig, "production", lambda: keyless.load_trust(trust))
    assert run(model, "--keyless", "--identity-token-file", token(fake, tmp_path)) == 0
    check((model / "model.sig").read_bytes(), trust, ADA)


def test_the_public_instance_may_be_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sigstore.models.DEFAULT_TUF_URL", "http://127.0.0.1:9/")
    with pytest.raises(ServiceError, match="cannot be reached"):
        keyless.public_trust()


def test_what_is_asked_for_has_to_be_one_thing(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model) == 2
    assert run(model, "--key", "a.pem", "--keyless") == 2
    assert run(model, "--key", "a.pem", "--trust-config", "b.json") == 2
    assert run(model, "--key", "a.pem", "--identity-token-file", "b") == 2
    assert "go with --keyless" in capsys.readouterr().err
    assert run(model, "--keyless", "--cert-chain", "a.pem") == 2
    assert run(model, "--keyless", "--passphrase-file", "b") == 2
    assert "go with --key\n" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "not a token", "a.b.c", "expired"])
def test_a_token_that_cannot_be_used(
    fake: FakeSigstore, model: Path, trust: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = token(fake, tmp_path, lifetime=-60)
    if text != "expired":
        file.write_text(text, encoding="utf-8")
    secret = file.read_text(encoding="utf-8").strip()
    assert run(model, "--keyless", "--identity-token-file", file, "--trust-config", trust) == 2
    err = capsys.readouterr().err
    assert "the identity token is expired or malformed" in err
    assert not secret or secret not in err.splitlines()
    assert not (model / "model.sig").exists()


@pytest.mark.parametrize(
    "fault",
    [
        Fault.EXPIRED_CERTIFICATE,
        Fault.UNTRUSTED_AUTHORITY,
        Fault.MISSING_SCT,
        Fault.WRONG_SCT_KEY,
        Fault.FORKED_CHECKPOINT,
        Fault.WRONG_PROOF,
        Fault.WRONG_LOG_KEY,
        Fault.LATE_TIMESTAMP,
    ],
)
def test_a_signature_that_nobody_could_verify_is_not_written(
    fake: FakeSigstore, model: Path, trust: Path, tmp_path: Path, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.faults.add(fault)
    arguments = ["--identity-token-file", token(fake, tmp_path), "--trust-config", trust]
    assert run(model, "--keyless", *arguments) == 4
    assert "error: " in capsys.readouterr().err
    assert not (model / "model.sig").exists()


def test_a_log_of_version_2_needs_a_timestamp(tmp_path: Path, model: Path) -> None:
    with FakeSigstore(faults={Fault.MISSING_TIMESTAMP}) as fake:
        signer = keyless.KeylessSigner(fake.token(), keyless.load_trust(fake.write_trust_config(tmp_path / "t.json")))
        with pytest.raises(ServiceError, match="does not verify"):
            signing.sign_model(model, signer)


def test_services_that_refuse(fake: FakeSigstore, model: Path, trust: Path) -> None:
    config = json.loads(trust.read_text(encoding="utf-8"))
    config["signingConfig"]["rekorTlogUrls"][0]["url"] += "/nowhere"
    trust.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ServiceError, match="the transparency log refuses: 404"):
        signing.sign_model(model, keyless.KeylessSigner(fake.token(), keyless.load_trust(trust)))
    with pytest.raises(ServiceError, match="the certificate authority refuses"):
        keyless.KeylessSigner(fake.token(claims={"email_verified": False}), keyless.load_trust(trust))


def test_services_that_are_down(tmp_path: Path) -> None:
    with FakeSigstore() as fake:
        trust = keyless.load_trust(fake.write_trust_config(tmp_path / "trust.json"))
    with pytest.raises(ServiceError, match=r"cannot be reached \(ConnectionError\)"):
        keyless.KeylessSigner(fake.token(), trust)


@pytest.mark.parametrize("data", [None, b"", b"{}", b"[]", b"\xff", b'{"trustedRoot": {}, "signingConfig": {}}'])
def test_a_trust_configuration_that_is_none(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "trust.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=r"trust\.json"):
        keyless.load_trust(path)


def test_a_trust_configuration_without_services_is_none(fake: FakeSigstore, trust: Path) -> None:
    config = fake.trust_config()
    trust.write_text(json.dumps({**config, "signingConfig": {**dict(config["signingConfig"]), "caUrls": []}}))
    with pytest.raises(UsageError, match="is not a Sigstore client trust configuration"):
        keyless.load_trust(trust)


def statement(**digest: str) -> bytes:
    return json.dumps({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": digest}],
        "predicateType": "https://example.com/approval/v1",
        "predicate": {"approved": True},
    }).encode()  # fmt: skip


def test_one_identity_signs_any_statements(fake: FakeSigstore, trust: Path) -> None:
    signer = keyless.KeylessSigner(fake.token(ADA), keyless.load_trust(trust))
    for digit in "01":
        payload = statement(sha256=digit * 64)
        assert check(bundle.build(payload, signer), trust, ADA) == json.loads(payload)
    assert (signer.fingerprint, signer.issuer) == ("ada@example.com", "https://accounts.example.com")


@pytest.mark.parametrize(
    "message", [b"", b"anything", dsse.encoding("text/plain", b"{}"), dsse.encoding(dsse.PAYLOAD_TYPE, b"{}"),
                dsse.encoding(dsse.PAYLOAD_TYPE, statement(blake2b="0" * 128))]
)  # fmt: skip
def test_only_statements_are_signed(trust: Path, fake: FakeSigstore, message: bytes) -> None:
    signer = keyless.KeylessSigner(fake.token(ADA), keyless.load_trust(trust))
    with pytest.raises(UsageError, match="only in-toto statements"):
        signer.sign(message)


def test_an_issuer_may_be_long_or_unsaid() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    key, authority = ec.generate_private_key(ec.SECP256R1()).public_key(), CertificateAuthority()
    claims = {"sub": "spiffe://example.com/builder", "iss": "https://" + "a" * 200}
    assert keyless._issuer(authority.issue(key, claims)) == claims["iss"]
    assert keyless._issuer(authority.issue(key, {"sub": claims["sub"]})) == ""
