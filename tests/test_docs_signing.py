"""The recipes for signing and verifying work: every command in them is run, nearly all of them in this process.

A Sigstore instance on loopback stands for the public one. What is left out needs the outside world, and is named here.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from sigstore.models import ClientTrustConfig

from chainguard_ml.cli import exit as boundary
from chainguard_ml.signing import keyless_sign
from chainguard_ml.testing import FakeSigstore, Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = Workflow(environment="production")
OUTSIDE = ("python -m pip install", "# elsewhere", "--timestamp-", "--releases")
"""Commands that need a registry or a timestamp authority, or have a date in them that will pass."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory as a reader has it: a key pair and a model."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "BUILDKITE", "GITLAB_CI", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "model").mkdir()
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    (tmp_path / "model" / "model.safetensors").write_bytes(weights)
    (tmp_path / "elsewhere").mkdir()
    shell("openssl ecparam -name prime256v1 -genkey -noout -out release.pem")
    shell("openssl ec -in release.pem -pubout -out release.pub")
    return tmp_path


@pytest.fixture
def instance(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSigstore]:
    """An instance in the place of the public one, for those who sign and for those who verify."""
    with FakeSigstore() as fake:
        trust = fake.write_trust_config(place / "trust.json")
        monkeypatch.setattr(ClientTrustConfig, "production", lambda: keyless_sign.load_trust(trust))
        (place / "chainguard-ml.toml").write_text('[signing]\ntrusted-root = "trust.json"\n', encoding="utf-8")
        yield fake


def shell(command: str) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def blocks(page: Path, kind: str, section: str = "") -> list[str]:
    text = page.read_text(encoding="utf-8")
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(script: str) -> int:
    """Run the commands of a script one after another; return how many were run."""
    number = 0
    for command in filter(None, script.replace("\\\n", " ").splitlines()):
        if any(command.startswith(outside) or f" {outside}" in command for outside in OUTSIDE):
            continue
        number += 1
        words = shlex.split(os.path.expandvars(command))
        if words[0] != "chainguard-ml":
            shell(command)
            continue
        assert boundary.run(words[1:]) == 0, command
    return number


def test_every_command_of_signing(repository: Path, place: Path) -> None:
    del place
    assert sum(run(block) for block in blocks(repository / "docs" / "sign.md", "sh")) >= 3


def workflow(repository: Path) -> str:
    (text,) = blocks(repository / "docs" / "sign.md", "yaml", "Release from GitHub Actions")
    return text


def test_the_release_signs_and_verifies(
    repository: Path, instance: FakeSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = yaml.safe_load(workflow(repository))["jobs"]["sign"]["steps"]
    for name, value in {**instance.github_actions(RELEASE), "GITHUB_REF": RELEASE.ref}.items():
        monkeypatch.setenv(name, value)
    assert sum(run(step["run"]) for step in steps if "run" in step) == 3


def test_the_release_passes_the_audit_of_workflows(
    repository: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "project" / ".github" / "workflows" / "release.yml"
    path.parent.mkdir(parents=True)
    path.write_text(workflow(repository), encoding="utf-8")
    assert boundary.run(["source", "project", "--fail-on", "info"]) == 0
    assert "PASS" in capsys.readouterr().out
    path.write_text(workflow(repository).replace("@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5"), encoding="utf-8")
    assert boundary.run(["source", "project", "--fail-on", "info"]) == 1


def signed(instance: FakeSigstore, place: Path) -> None:
    """Sign the model as the release workflow does."""
    token = place / "token"
    token.write_text(instance.token(RELEASE), encoding="utf-8")
    assert boundary.run(["sign", "model", "--keyless", "--identity-token-file", str(token)]) == 0


def test_before_deployment(repository: Path, instance: FakeSigstore, place: Path) -> None:
    signed(instance, place)
    page = repository / "docs" / "verify.md"
    (command,) = blocks(page, "sh", "Before deployment")
    assert run(command) == 1
    (text,) = blocks(page, "toml", "Before deployment")
    assert tomllib.loads(text)["signing"]["required"] is True
    configured = text.replace("required = true", 'required = true\ntrusted-root = "trust.json"')
    (place / "chainguard-ml.toml").write_text(configured, encoding="utf-8")
    assert boundary.run(["verify", "model"]) == 0
    (place / "chainguard-ml.toml").write_text(configured.replace('"1001"', '"1002"'), encoding="utf-8")
    assert boundary.run(["verify", "model"]) == 1


def test_offline(repository: Path, place: Path) -> None:
    run("chainguard-ml sign model --key release.pem\ncp model/model.sig elsewhere/model.sig")
    (script,) = blocks(repository / "docs" / "verify.md", "sh", "Offline")
    first, second = script.splitlines()
    assert run(first) == 1
    (place / "model" / "model.sig").unlink()
    assert run(second) == 1
    assert (place / "verified.json").is_file()


def test_behind_an_air_gap(repository: Path, instance: FakeSigstore, place: Path) -> None:
    before, behind = blocks(repository / "docs" / "verify.md", "sh", "Behind an air gap")
    assert run(before) == 2
    assert "trustedroot" in (place / "trusted_root.json").read_text(encoding="utf-8")
    signed(instance, place)
    instance.write_trusted_root(place / "trusted_root.json")  # for that of the public instance
    shell(before.splitlines()[-1])
    assert run(behind) == 2
