"""Sigstore's own client reads what we sign keylessly, and we read what it signs; so with the reference implementation.

The client's command line runs in this process: it is the same program, and starting it each time costs a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sigstore._cli import main as client
from sigstore.dsse import Statement
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

from chainguard_ml import signing
from chainguard_ml.errors import ChainguardError
from chainguard_ml.model import GapReason
from chainguard_ml.signing import keyless_sign, sigstore
from chainguard_ml.testing import FakeSigstore, Person, Workflow
from tests.signing.conftest import Kit, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.testing.identities import Identity

pytestmark = pytest.mark.oracle

ADA = Person("ada@example.com")
PREDICATE = {
    "buildDefinition": {"buildType": "https://example.com/training/v1", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://example.com/builder"}},
}


class Bench:
    """An instance, its trust configuration, and whoever signs."""

    def __init__(self, fake: FakeSigstore, directory: Path, who: Identity) -> None:
        self.fake, self.directory, self.who = fake, directory, who
        self.config = fake.write_trust_config(directory / "trust.json")
        self.root = signing.load_trusted_root(self.config)
        self.trusted = signing.SignerIdentity(who.subject, who.issuer)

    @property
    def token(self) -> str:
        return self.fake.token(self.who)

    def client(self, *arguments: object) -> int:
        """Run Sigstore's command line; return its exit code."""
        try:
            client(["--trust-config", str(self.config), *map(str, arguments)])
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def verified_by_client(self, bundle: Path, about: object, who: Identity | None = None) -> bool:
        identity = ["--cert-identity", (who or self.who).subject, "--cert-oidc-issuer", (who or self.who).issuer]
        return self.client("verify", "identity", "--offline", "--bundle", bundle, *identity, about) == 0

    def verify(self, model: Path, signature: Path | None = None) -> Outcome:
        keyless = signing.Keyless((self.trusted,), self.root)
        return Kit.sort(signing.verify_model(model, signature, [], keyless=keyless))

    def proves(self, bundle: Path, artifact: Path) -> bool:
        data, about = bundle.read_bytes(), sigstore.Artifact.of_file(artifact)
        try:
            sigstore.verify_bundle(data, about, self.root, [self.trusted])
        except ChainguardError:
            return False
        return True


@pytest.fixture(params=[(2, ADA), (1, Workflow())], ids=["rekor-2-person", "rekor-1-workflow"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    version, who = request.param
    with FakeSigstore(rekor=version) as fake:
        yield Bench(fake, tmp_path, who)


def _sign(bench: Bench, model: Path) -> signing.Signed:
    return signing.sign_model(model, keyless_sign.KeylessSigner(bench.token, keyless_sign.load_trust(bench.config)))


def test_the_client_verifies_what_we_sign(bench: Bench, model: Path) -> None:
    """A model is no file: what the client is asked about is the root digest, the statement's subject."""
    for path in (model, model / "weights.bin"):
        signed = _sign(bench, path)
        assert bench.verified_by_client(signed.path, f"sha256:{signed.root}")
        assert not bench.verified_by_client(signed.path, f"sha256:{'0' * 64}")
        assert not bench.verified_by_client(signed.path, f"sha256:{signed.root}", Person("eve@example.com"))
        other = Person(bench.who.subject, "https://idp.example")
        assert not bench.verified_by_client(signed.path, f"sha256:{signed.root}", other)


def test_we_verify_models_that_the_client_signs(bench: Bench, model: Path, kit: Kit) -> None:
    payload = json.dumps(kit.payload(kit.sign(model).path)).encode()
    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(bench.config.read_text(encoding="utf-8")))
    with context.signer(IdentityToken(bench.token)) as signer:
        (model / "model.sig").write_text(signer.sign_dsse(Statement(payload)).to_json(), encoding="utf-8")
    outcome = bench.verify(model)
    assert outcome.verified
    assert outcome.evidence[0].statement["signer"] == bench.who.subject
    (model / "weights.bin").write_bytes(b"changed")
    assert bench.verify(model).changes == {"weights.bin": "changed"}


def test_we_verify_files_that_the_client_signs(bench: Bench, model: Path, tmp_path: Path) -> None:
    weights, bundle = model / "weights.bin", tmp_path / "weights.sigstore.json"
    assert bench.client("sign", "--identity-token", bench.token, "--bundle", bundle, weights) == 0
    assert bench.proves(bundle, weights)
    assert not bench.proves(bundle, model / "config.json")
    (gap,) = bench.verify(weights, bundle).gaps  # a signature over a file is none over a manifest
    assert gap.reason is GapReason.UNSUPPORTED


def test_we_verify_attestations_that_the_client_makes(bench: Bench, model: Path, tmp_path: Path) -> None:
    weights, predicate, bundle = model / "weights.bin", tmp_path / "predicate.json", tmp_path / "made.sigstore.json"
    predicate.write_text(json.dumps(PREDICATE), encoding="utf-8")
    kind = ["--predicate-type", "https://slsa.dev/provenance/v1", "--predicate", predicate]
    assert bench.client("attest", "--identity-token", bench.token, *kind, "--bundle", bundle, weights) == 0
    assert bench.proves(bundle, weights)
    assert not bench.proves(bundle, model / "config.json")
    (finding,) = bench.verify(weights, bundle).findings  # provenance is no manifest
    assert finding.facts["reason"] == "malformed"


def test_we_verify_what_the_reference_signs_keylessly(bench: Bench, model: Path) -> None:
    command = ["-m", "model_signing", "sign", "sigstore", "--signature", model / "model.sig"]
    command += ["--trust_config", bench.config, "--identity_token", bench.token, model]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert bench.verify(model).verified
    (model / "weights.bin").write_bytes(b"changed")
    assert bench.verify(model).changes == {"weights.bin": "changed"}
