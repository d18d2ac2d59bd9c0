"""Advisories that are only imported as somebody trusted signed them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

RECORD = {"id": "PYSEC-1", "modified": "2026-01-02T03:04:05Z", "affected": [
    {"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1.0"]}]}  # fmt: skip


@pytest.fixture
def signed(tmp_path: Path, cli: Callable[..., Run]) -> Path:
    """A directory of advisories and one file, both signed with ``key.pem``."""
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem"],
                   cwd=tmp_path, check=True)  # fmt: skip
    subprocess.run(["openssl", "ec", "-in", "key.pem", "-pubout", "-out", "key.pub"], cwd=tmp_path, check=True,
                   capture_output=True)  # fmt: skip
    (tmp_path / "osv").mkdir()
    for path in (tmp_path / "one.json", tmp_path / "osv" / "one.json"):
        path.write_text(json.dumps(RECORD))
    for path in ("one.json", "osv"):
        assert cli("sign", path, "--key", "key.pem").code == 0
    return tmp_path


@pytest.mark.parametrize("what", ["one.json", "osv"])
def test_what_is_signed_is_imported(what: str, signed: Path, cli: Callable[..., Run]) -> None:
    run = cli("audit", "db", "import", what, "--key", "key.pub")
    assert (run.code, run.err.startswith("signed by key.pub (key)\nimported 1 advisory")) == (0, True), run.err
    (signed / "chainguard-ml.toml").write_text('[signing]\npublic-keys = ["key.pub"]\n')
    signature = "osv/model.sig" if what == "osv" else "one.json.sig"
    assert cli("audit", "db", "import", what, "--signature", signature).code == 0


@pytest.mark.parametrize("what", ["one.json", "osv"])
def test_nothing_else_is(what: str, signed: Path, cli: Callable[..., Run]) -> None:
    path = signed / "one.json" if what == "one.json" else signed / "osv" / "one.json"
    path.write_text(json.dumps({**RECORD, "id": "PYSEC-2"}))
    run = cli("audit", "db", "import", what, "--key", "key.pub")
    assert (run.code, "is not what was signed" in run.err) == (1, True), run.err
    assert cli("audit", "db", "status").code == 4
    if what == "osv":  # what was added beside what is signed is no part of it
        path.write_text(json.dumps(RECORD))
        (signed / "osv" / "more.json").write_text(json.dumps({**RECORD, "id": "PYSEC-3"}))
        assert "imported 1 advisory" in cli("audit", "db", "import", what, "--key", "key.pub").err


def test_somebody_has_to_be_trusted(signed: Path, cli: Callable[..., Run]) -> None:
    run = cli("audit", "db", "import", "one.json", "--signature", "one.json.sig")
    assert (run.code, "there is nobody to trust" in run.err) == (2, True)
    run = cli("audit", "db", "import", "one.json", "--identity", "a@b.example")
    assert (run.code, "only together with its issuer" in run.err) == (2, True)
    (signed / "one.json.sig").unlink()
    run = cli("audit", "db", "import", "one.json", "--key", "key.pub")
    assert (run.code, "there is no signature" in run.err) == (1, True)
