"""The verbs of the advisory database: import, update, status, serve."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import audit
from chainguard_ml.cli import audit as verb
from chainguard_ml.cli.options import Input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
        """Stay silent."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_update_status_and_enrichments(cli: Callable, advisories: Path, mirror: str, tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_text('{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2020-0001"}]}')
    updated = cli("audit", "db", "update", "--url", f"{mirror}/all.zip", "--url", f"{mirror}/kev.json")
    assert updated.code == 0, updated.err
    assert "imported 1 advisory for 1 package, newest of 2024-01-01; 0 quarantined\n" in updated.err
    assert "imported 1 exploited vulnerability, newest of an unknown day; 0 quarantined\n" in updated.err
    status = cli("audit", "db", "status", env={"SOURCE_DATE_EPOCH": "1704240000"})  # 2024-01-03
    assert "newest       2024-01-01T00:00:00Z (2 days old)\n" in status.out
    digest = hashlib.sha256(advisories.read_bytes()).hexdigest()
    assert f"advisories: all.zip, 1, of 2024-01-01, sha256:{digest}, from {mirror}/all.zip\n" in status.out
    assert "PYSEC (1): Python Packaging Advisory Database, CC-BY-4.0\n" in status.out
    assert "kev (1): CISA Known Exploited Vulnerabilities, CC0-1.0\n" in status.out
    early = cli("audit", "db", "status", env={"SOURCE_DATE_EPOCH": "0"})
    assert "in the future: the clock, which says 1970-01-01, or the database is wrong" in early.out


def test_what_an_update_refuses(cli: Callable, advisories: Path, mirror: str) -> None:
    assert advisories.exists()
    offline = cli("audit", "db", "update", "--offline")
    assert (offline.code, "needs the network" in offline.err) == (2, True)
    gone = cli("audit", "db", "update", "--url", f"{mirror}/gone.zip")
    assert (gone.code, "answers with status 404" in gone.err) == (4, True)
    several = cli("audit", "db", "update", "--url", f"{mirror}/all.zip", "--kev", "--sha256", "0" * 64)
    assert (several.code, "about one file" in several.err) == (2, True)
    wrong = cli("audit", "db", "import", "all.zip", "--sha256", "0" * 64)
    assert (wrong.code, "has the SHA-256" in wrong.err) == (4, True)
    assert cli("audit", "db", "status").code == 4
    assert cli("audit", "db", "serve").code == 4


def test_serve(cli: Callable, advisories: Path, tmp_path: Path) -> None:
    assert cli("audit", "db", "import", advisories).code == 0
    environment = {**os.environ, "CHAINGUARD_ML_DATA_DIR": str(tmp_path / "data-directory")}
    command = [sys.executable, "-P", "-m", "chainguard_ml", "audit", "db", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.stderr.readline()
            port = int(said.partition("127.0.0.1:")[2].partition(";")[0])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/v1/vulns/PYSEC-0000-1")
            assert json.loads(connection.getresponse().read())["id"] == "PYSEC-0000-1"
            connection.close()
        finally:
            process.kill()


def test_serve_ends_when_it_is_interrupted(
    advisories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: ThreadingHTTPServer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("CHAINGUARD_ML_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    audit.import_advisories(advisories, tmp_path / "advisories.sqlite")
    verb.serve(port=0, common=Input(no_config=True))
    assert "answering on http://127.0.0.1:" in capsys.readouterr().err
