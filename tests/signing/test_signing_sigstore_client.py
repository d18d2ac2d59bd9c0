"""The conformance suite's own command line, on a sample; the cases themselves are tested in process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.signing.test_signing_sigstore_conformance import IDENTITY, ISSUER, VECTORS

CLIENT = Path(__file__).parent.parent / "conformance/sigstore-client"
WHO = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER)
DIGEST = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="CHAINGUARD_ML_VECTORS is not set: conformance vectors are not at hand"
)


def _run(verb: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, CLIENT, verb, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


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


def test_staging_is_another_instance() -> None:
    case = VECTORS / "bundle-from-wrong-instance_fail"
    call = ("verify-bundle", "--bundle", case / "bundle.sigstore.json", *WHO, VECTORS / "a.txt")
    assert _run(*call).returncode == 1
    assert _run("verify-bundle", "--staging", *call[1:]).returncode == 0


def test_nothing_is_signed_without_an_instance_of_its_own(tmp_path: Path) -> None:
    done = _run("sign-bundle", "--identity-token", "x", "--bundle", tmp_path / "b", VECTORS / "a.txt")
    assert (done.returncode, (tmp_path / "b").exists()) == (2, False)
