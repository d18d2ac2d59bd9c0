"""Keys, trees and hand-made bundles that the tests of this room share."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from chainguard_ml import signing
from chainguard_ml.config import WorkersConfig
from chainguard_ml.model import Evidence, Finding, Gap
from chainguard_ml.signing import bundle
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from chainguard_ml.model import Observation

Write: TypeAlias = Callable[[Path, dict[str, bytes]], Path]
"""Writes files by name into a directory, and returns it."""

Bend: TypeAlias = Callable[..., dict]
"""Alters what it is given."""

Run: TypeAlias = Callable[..., "Outcome"]
"""Examines a project."""

Bound: TypeAlias = tuple[Path, Callable[[], None]]
"""A directory, and what makes permissions bind."""

KINDS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@dataclass
class Outcome:
    """Observations by noun, with shorthands that read well in assertions."""

    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return bool(self.evidence) and all(item.statement["verified"] is True for item in self.evidence)

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    @property
    def changes(self) -> dict[str, object]:
        tampered = [finding for finding in self.findings if finding.rule == "model-tampered"]
        return {finding.location.path: finding.facts["change"] for finding in tampered}


@dataclass(frozen=True)
class Pair:
    """A key pair in files, and loaded."""

    private: Path
    public: Path

    @property
    def key(self) -> signing.SigningKey:
        return signing.load_signing_key(self.private)

    @property
    def trusted(self) -> signing.PublicKey:
        return signing.load_public_key(self.public)


class Kit:
    """What a test needs to sign, to verify and to forge."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pair = self.make("p256", "release")

    def make(self, kind: str, name: str, passphrase: bytes | None = None) -> Pair:
        key = KINDS[kind]()
        protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        pair = Pair(self.directory / f"{name}.key", self.directory / f"{name}.pub")
        pair.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
        pair.public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )
        return pair

    def sign(self, model: Path, **options: object) -> signing.Signed:
        return signing.sign_model(model, self.pair.key, **options)

    def verify(self, model: Path, signature: Path | None = None, **options: object) -> Outcome:
        return self.sort(signing.verify_model(model, signature, [self.pair.trusted], **options))

    @staticmethod
    def sort(observations: Iterable[Observation]) -> Outcome:
        outcome = Outcome()
        for item in observations:
            match item:
                case Finding():
                    outcome.findings.append(item)
                case Gap():
                    outcome.gaps.append(item)
                case Evidence():
                    outcome.evidence.append(item)
        return outcome

    def statement(self, files: dict[str, bytes], **serialization: object) -> dict:
        """Return a conforming statement about files, to be bent by a test."""
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        root = hashlib.sha256(b"".join(map(bytes.fromhex, digests.values()))).hexdigest()
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "model", "digest": {"sha256": root}}],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": {
                "resources": [{"name": n, "digest": d, "algorithm": "sha256"} for n, d in digests.items()],
                "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False, **serialization},
            },
        }

    def seal(self, path: Path, payload: bytes | dict) -> Path:
        """Write a bundle of any payload, properly signed."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        path.write_bytes(bundle.build(data, self.pair.key))
        return path

    @staticmethod
    def payload(signature: Path) -> dict:
        """Return the statement inside a bundle."""
        return json.loads(base64.b64decode(json.loads(signature.read_bytes())["dsseEnvelope"]["payload"]))


@pytest.fixture
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def shared_kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A kit for property tests, which cannot have one for each example."""
    return Kit(tmp_path_factory.mktemp("shared-keys"))


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


FILES = {"config.json": b"{}", "weights.bin": b"\x00\x01\x02\x03", "sub/deep/vocab.txt": b"a\nb\n", "py.typed": b""}


@pytest.fixture
def tree() -> Write:
    return write


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "model", FILES)


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(WorkersConfig(processes=1)) as workers:
        yield workers


@pytest.fixture(scope="session")
def vectors() -> Path:
    if not (path := os.environ.get("CHAINGUARD_ML_VECTORS")):
        pytest.skip("CHAINGUARD_ML_VECTORS is not set: conformance vectors are not at hand")
    return Path(path) / "oms"
