"""Keyless signatures on the command line and in the configuration, with signatures of the reference implementation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

VECTORS = Path(os.environ.get("CHAINGUARD_ML_VECTORS", "absent"))
SIGNED = VECTORS / "oms/model-transparency/v1.1.0-sigstore"
ROOT = VECTORS / "oms/public-good-trust-config.json"
WHO = ("--identity", "stefanb@us.ibm.com")
ISSUER = ("--issuer", "https://sigstore.verify.ibm.com/oauth2")

pytestmark = pytest.mark.skipif(
    not SIGNED.is_dir(), reason="CHAINGUARD_ML_VECTORS is not set: conformance vectors are not at hand"
)


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    model = tmp_path / "project/model"
    shutil.copytree(SIGNED, model)
    shutil.rmtree(model / "ignore-me", ignore_errors=True)
    (model / "ignore-me").unlink(missing_ok=True)
    return model


@pytest.mark.parametrize("instance", [(), ("--trust-config", ROOT), ("--trusted-root", ROOT)])
def test_an_identity_and_its_issuer(cli: Cli, signed: Path, instance: tuple[object, ...]) -> None:
    shown = cli("verify", signed, *WHO, *ISSUER, *instance, "-f", "json")
    assert shown.code == 0, shown.out
    facts = next(item["statement"] for item in json.loads(shown.out)["evidence"] if item["kind"] == "signature")
    assert facts["signer"] == "stefanb@us.ibm.com"
    assert facts["trusted_root"]["source"].endswith("embedded in the package sigstore" if not instance else ROOT.name)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (("--identity", "*@us.ibm.com", *ISSUER), 0),
        (("--identity", "somebody@us.ibm.com", *WHO, *ISSUER), 0),
        (("--identity", "stefanb@us.ibm.co", *ISSUER), 1),
        ((*WHO, "--issuer", "https://accounts.google.com"), 1),
        (WHO, 2),
        (ISSUER, 2),
        (("--identity", "**", *ISSUER), 2),
        ((*WHO, *ISSUER, "--trusted-root", "absent.json"), 2),
    ],
)
def test_an_identity_counts_only_as_a_whole(cli: Cli, signed: Path, who: tuple[str, ...], code: int) -> None:
    shown = cli("verify", signed, *who)
    assert shown.code == code
    assert "hint: " in shown.err or code != 2 or "absent.json" in shown.err


def test_identities_in_the_configuration(cli: Cli, signed: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "c.toml"

    def configured(**changes: str) -> None:
        values = {"identity": WHO[1], "issuer": ISSUER[1], "name": "the release team", **changes}
        lines = [f"{name} = '{value}'" for name, value in values.items()]
        text = "\n".join([f"signing.trusted-root = '{ROOT}'", "[[signing.identities]]", *lines])
        configuration.write_text(text, encoding="utf-8")

    configured()
    shown = cli("verify", signed, "--config", configuration, "-f", "json")
    assert (shown.code, "the release team" in shown.out) == (0, True)
    checked = cli("check", signed.parent, "--config", configuration, "-f", "json")
    facts = [item["statement"] for item in json.loads(checked.out)["evidence"] if item["kind"] == "signature"]
    assert [fact["verified"] for fact in facts] == [True]
    configured(issuer="https://accounts.google.com")
    assert cli("check", signed.parent, "--config", configuration).code == 1
    configured(conditions="x")
    assert cli("verify", signed, "--config", configuration).code == 2
    configured()
    with configuration.open("a", encoding="utf-8") as stream:
        stream.write("\nconditions = { build-trigger = 'push' }\n")
    refused = cli("verify", signed, "--config", configuration)
    assert (refused.code, "its build-trigger is another" in " ".join(refused.out.split())) == (1, True)


def test_it_is_verified_without_importing_the_sigstore_package(signed: Path) -> None:
    program = (
        "import sys; from chainguard_ml.cli import exit\n"
        "code = exit.run(sys.argv[1:])\n"
        "heavy = ('sigstore', 'pydantic', 'requests', 'tuf', 'google')\n"
        "print(code, [name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, "verify", str(signed), *WHO, *ISSUER, "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "0 []", done.stderr
