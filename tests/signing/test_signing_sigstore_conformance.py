"""The cases of the Sigstore conformance suite, each with the file and its digest; what is imported for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainguard_ml.errors import ChainguardError
from chainguard_ml.signing import sigstore

IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
CASES = 70
VECTORS = Path(os.environ.get("CHAINGUARD_ML_VECTORS", "absent")) / "sigstore-conformance"
NAMES = sorted(path.parent.name for path in VECTORS.glob("*/bundle.sigstore.json")) or ["absent"]

# Why some of the cases are refused, as findings say it.
REASONS = {
    "bundle-from-wrong-instance_fail": "untrusted",
    "checkpoint-wrong-roothash_fail": "invalid",
    "dsse-invalid-sig_fail": "invalid",
    "integrated-time-in-future_fail": "expired",
    "intoto-log-entry-mismatch_fail": "invalid",
    "invalid-ct-key_fail": "untrusted",
    "message-digest-mismatch_fail": "invalid",
    "rekor2-no-inclusion-proof_fail": "malformed",
    "rekor2-no-timestamp_fail": "untrusted",
    "rekor2-timestamp-payload-mismatch_fail": "invalid",
    "set-invalid-signature_fail": "invalid",
    "signature-mismatch_fail": "invalid",
    "wrong-hashedrekord-entry_fail": "invalid",
}


@pytest.fixture(scope="session")
def cases() -> Path:
    if not VECTORS.is_dir():
        pytest.skip("CHAINGUARD_ML_VECTORS is not set: conformance vectors are not at hand")
    return VECTORS


def _text(path: Path, default: str) -> str:
    return path.read_text().strip() if path.exists() else default


def _verify(case: Path, artifact: sigstore.Artifact) -> int:
    """Return how many times are proven."""
    own_root, key = case / "trusted_root.json", case / "key.pub"
    root = sigstore.load_trusted_root(own_root) if own_root.exists() else sigstore.embedded()
    data = (case / "bundle.sigstore.json").read_bytes()
    if key.exists():
        return len(sigstore.verify_key_bundle(data, artifact, key.read_bytes(), root))
    signer = sigstore.SignerIdentity(_text(case / "identity", IDENTITY), _text(case / "issuer", ISSUER))
    return len(sigstore.verify_bundle(data, artifact, root, [signer]).times)


def _artifact(case: Path, form: str) -> sigstore.Artifact:
    own = case / "artifact"
    artifact = sigstore.Artifact.of_file(own if own.exists() else case.parent / "a.txt")
    return artifact if form == "file" else sigstore.Artifact.of_digest(f"sha256:{artifact.digests['sha256'].hex()}")


def test_the_suite_is_whole(cases: Path) -> None:
    assert len(list(cases.glob("*/"))) == len(NAMES) == CASES


@pytest.mark.parametrize("form", ["file", "digest"])
@pytest.mark.parametrize("name", NAMES)
def test_conformance(cases: Path, name: str, form: str) -> None:
    case = cases / name
    if not name.endswith("_fail"):
        assert _verify(case, _artifact(case, form))
        return
    with pytest.raises(ChainguardError) as refusal:
        _verify(case, _artifact(case, form))
    assert getattr(refusal.value, "reason", None) == REASONS.get(name, getattr(refusal.value, "reason", None))


def test_another_managed_key_is_refused(cases: Path, tmp_path: Path) -> None:
    case = cases / "managed-key-happy-path"
    key = tmp_path / "key.pub"
    subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "key"],
        check=True,
    )
    subprocess.run(["openssl", "ec", "-in", tmp_path / "key", "-pubout", "-out", key], check=True)
    data = (case / "bundle.sigstore.json").read_bytes()
    artifact = _artifact(case, "file")
    for root in (None, sigstore.embedded()):
        times = sigstore.verify_key_bundle(data, artifact, (case / "key.pub").read_bytes(), root)
        assert len(times) == (2 if root else 0)
        with pytest.raises(ChainguardError, match="does not match"):
            sigstore.verify_key_bundle(data, artifact, key.read_bytes(), root)


@pytest.mark.parametrize("name", ["happy-path-v0.3", "rekor2-happy-path", "intoto-with-custom-trust-root"])
def test_every_member_counts(cases: Path, name: str) -> None:
    """Change each text of a valid bundle in turn: only what nobody signs may change unnoticed."""
    case = cases / name
    text = (case / "bundle.sigstore.json").read_text()
    unnoticed = set()
    own_root = case / "trusted_root.json"
    root = sigstore.load_trusted_root(own_root) if own_root.exists() else sigstore.embedded()
    signer = [sigstore.SignerIdentity(IDENTITY, ISSUER)]
    artifact = _artifact(case, "file")
    for path in _texts(json.loads(text)):
        value = json.loads(text)
        _change(value, path)
        try:
            sigstore.verify_bundle(json.dumps(value).encode(), artifact, root, signer)
        except ChainguardError:
            continue
        unnoticed.add(".".join(map(str, path)))
    assert not unnoticed


def _texts(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, str):
        return [path] if value else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in _texts(item, (*path, key))]


def _change(value: object, path: tuple[str | int, ...]) -> None:
    for step in path[:-1]:
        value = value[step]  # type: ignore[index]  # a path of the value itself
    text = value[path[-1]]  # type: ignore[index]
    middle = len(text) // 2
    changed = "1" if text[middle] == "2" else "2"
    value[path[-1]] = text[:middle] + changed + text[middle + 1 :]  # type: ignore[index]


def test_it_needs_neither_sigstore_nor_pydantic(cases: Path) -> None:
    case = cases / "rekor2-dsse-happy-path"
    program = (
        "import sys; from pathlib import Path; from chainguard_ml.signing import sigstore as s\n"
        "case, identity, issuer = Path(sys.argv[1]), *sys.argv[2:]\n"
        "s.embedded()\n"
        "s.verify_bundle((case / 'bundle.sigstore.json').read_bytes(), s.Artifact.of_file(case.parent / 'a.txt'),\n"
        "    s.load_trusted_root(case / 'trusted_root.json'), [s.SignerIdentity(identity, issuer)])\n"
        "print([name for name in ('sigstore', 'pydantic', 'requests', 'tuf', 'google') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(case), IDENTITY, ISSUER]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
