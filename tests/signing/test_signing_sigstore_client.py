"""The conformance suite's own command line, on a sample; the cases themselves are tested in process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

from chainguard_ml.testing import FakeSigstore, Person
from tests.signing.test_signing_sigstore_conformance import IDENTITY, ISSUER, VECTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = Path(__file__).parent.parent / "conformance/sigstore-client"
WHO = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER)
DIGEST = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"

with_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="CHAINGUARD_ML_VECTORS is not set: conformance vectors are not at hand"
)


def _run(verb: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, CLIENT, verb, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


@with_vectors
@pytest.mark.parametrize(
    ("name", "form", "code"),
    [
        ("happy-path-v0.3", "file", 0),
        ("happy-path-v0.1", "digest", 0),
        ("managed-key-and-trusted-root", "file", 0),
        ("rekor2-no-timestamp_fail", "digest", 1),
    ],
)
def test_verify_bundle(name: str, form: str, code: int) -> None:
    case = VECTORS / name
    key, root = case / "key.pub", case / "trusted_root.json"
    who = ("--key", key) if key.exists() else WHO
    instance = ("--trusted-root", root) if root.exists() else ()
    about = VECTORS / "a.txt" if form == "file" else DIGEST
    done = _run("verify-bundle", "--bundle", case / "bundle.sigstore.json", *who, *instance, about)
    assert done.returncode == code, done.stderr


@with_vectors
def test_staging_is_another_instance() -> None:
    case = VECTORS / "bundle-from-wrong-instance_fail"
    call = ("verify-bundle", "--bundle", case / "bundle.sigstore.json", *WHO, VECTORS / "a.txt")
    assert _run(*call).returncode == 1
    assert _run("verify-bundle", "--staging", *call[1:]).returncode == 0


def test_nothing_is_signed_without_an_instance_of_its_own(tmp_path: Path) -> None:
    done = _run("sign-bundle", "--identity-token", "x", "--bundle", tmp_path / "b", __file__)
    assert (done.returncode, (tmp_path / "b").exists()) == (2, False)


# -- signing, with an instance on loopback


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as instance:
        yield instance


def _instance(fake: FakeSigstore, directory: Path) -> tuple[Path, ...]:
    services = directory / "signing_config.json"
    services.write_text(json.dumps(fake.trust_config()["signingConfig"]), encoding="utf-8")
    return fake.write_trusted_root(directory / "trusted_root.json"), services


@pytest.mark.parametrize(("kind", "rekor"), [("file", 2), ("in-toto", 1)])
def test_sign_bundle(tmp_path: Path, fake: FakeSigstore, kind: str, rekor: int) -> None:
    about, who = tmp_path / "artifact", Person("ada@example.com")
    about.write_bytes(b"content")
    digest = hashlib.sha256(b"content").hexdigest()
    given, options = about, ()
    if kind == "in-toto":
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "artifact", "digest": {"sha256": digest}}],
            "predicateType": "https://example.com/p",
            "predicate": {},
        }
        given, options = tmp_path / "statement", ("--in-toto",)
        given.write_text(json.dumps(statement), encoding="utf-8")
    kept, fake.rekor = fake.rekor, rekor
    root, services = _instance(fake, tmp_path)
    fake.rekor = kept
    bundle = tmp_path / "bundle.json"
    done = _run("sign-bundle", *options, "--identity-token", fake.token(who), "--bundle", bundle,
                "--trusted-root", root, "--signing-config", services, given)  # fmt: skip
    assert (done.returncode, fake.token(who)[:20] in done.stderr) == (0, False), done.stderr
    identity = ("--certificate-identity", who.subject, "--certificate-oidc-issuer", who.issuer)
    for form, code in ((about, 0), (f"sha256:{digest}", 0), (root, 1)):
        call = ("verify-bundle", "--bundle", bundle, "--trusted-root", root, *identity, form)
        assert _run(*call).returncode == code
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(root)))
    signed, expected = Bundle.from_json(bundle.read_bytes()), policy.Identity(identity=who.subject, issuer=who.issuer)
    if kind == "file":
        verifier.verify_artifact(b"content", signed, expected)
    else:
        assert json.loads(verifier.verify_dsse(signed, expected)[1]) == statement


def test_sign_bundle_says_what_is_wrong(tmp_path: Path, fake: FakeSigstore) -> None:
    root, services = _instance(fake, tmp_path)
    bundle = tmp_path / "bundle.json"
    call = ("sign-bundle", "--bundle", bundle, "--signing-config", services, "--identity-token")
    for arguments in (
        ("no token", "--trusted-root", root, root),
        (fake.token(), "--in-toto", "--trusted-root", root, root),
    ):
        assert _run(*call, *arguments).returncode == 1
    assert not bundle.exists()
