"""The reference implementation reads what we sign, and we read what it signs, in every form it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Kit, Write

pytestmark = pytest.mark.oracle

SIGN = """
import json, sys
import model_signing
o = json.loads(sys.argv[1])
h = model_signing.hashing.Config()
make = h.use_shard_serialization if "shard_size" in o["recipe"] else h.use_file_serialization
make(**o["recipe"]).set_ignored_paths(paths=o["ignore"])
model_signing.signing.Config().use_elliptic_key_signer(private_key=o["key"]).set_hashing_config(h).sign(
    o["model"], o["signature"])
"""


def _reference(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})


def _cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    return _reference("-m", "model_signing", *arguments)


@pytest.fixture
def varied(tmp_path: Path, tree: Write) -> Path:
    names = ["a/b", "a-b", "a.b", "b/c/d/e", "empty", "Ünï ☃", "z\nnewline", "ignored/x"]
    return tree(tmp_path / "varied", {name: name.encode() if name != "empty" else b"" for name in names})


@pytest.mark.parametrize("kind", ["p256", "p384", "p521"])
def test_the_reference_verifies_what_we_sign(kit: Kit, varied: Path, kind: str) -> None:
    pair = kit.make(kind, kind)
    signed = signing.sign_model(varied, pair.key, ignore=["ignored"])
    arguments = ["verify", "key", "--signature", signed.path, "--public_key", pair.public, varied]
    done = _cli(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    (varied / "a-b").write_bytes(b"changed")
    assert _cli(*arguments).returncode != 0


def test_we_verify_what_the_reference_signs_from_its_command_line(kit: Kit, varied: Path) -> None:
    signature = varied / "model.sig"
    done = _cli("sign", "key", "--signature", signature, "--private_key", kit.pair.private, varied)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = kit.verify(varied)
    assert outcome.verified
    assert not outcome.findings
    (varied / "a-b").write_bytes(b"changed")
    assert kit.verify(varied).changes == {"a-b": "changed"}


@pytest.mark.parametrize(
    "recipe",
    [
        {"hashing_algorithm": "sha256"},
        {"hashing_algorithm": "blake2"},
        {"hashing_algorithm": "blake3"},
        {"hashing_algorithm": "sha256", "shard_size": 4},
        {"hashing_algorithm": "blake2", "shard_size": 3},
    ],
    ids=str,
)
def test_we_verify_every_form_the_reference_writes(kit: Kit, varied: Path, recipe: dict) -> None:
    options = {
        "recipe": recipe,
        "ignore": [str(varied / "model.sig"), str(varied / "ignored")],
        "key": str(kit.pair.private),
        "model": str(varied),
        "signature": str(varied / "model.sig"),
    }
    done = _reference("-c", SIGN, json.dumps(options))
    assert done.returncode == 0, done.stdout + done.stderr
    left_out = {"ignored"} | ({"empty"} if "shard_size" in recipe else set())
    outcome = kit.verify(varied)
    assert not outcome.changes
    assert {finding.location.path for finding in outcome.findings} == left_out
    assert kit.verify(varied, ignore=sorted(left_out)).verified
    (varied / "b" / "c" / "d" / "e").write_bytes(b"changed")
    assert kit.verify(varied).changes == {"b/c/d/e": "changed"}


def test_we_verify_a_single_file_that_the_reference_signed(kit: Kit, tmp_path: Path) -> None:
    weights = tmp_path / "w.bin"
    weights.write_bytes(b"weights")
    signature = tmp_path / "w.bin.sig"
    done = _cli("sign", "key", "--signature", signature, "--private_key", kit.pair.private, weights)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = kit.verify(weights)
    assert outcome.verified
    assert outcome.evidence[0].statement["covers"] == ["w.bin"]
    weights.write_bytes(b"changed")
    assert kit.verify(weights).changes == {"w.bin": "changed"}
    (finding,) = kit.verify(tmp_path, signature).findings
    assert "signs a single file" in finding.message
