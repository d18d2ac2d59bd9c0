"""Fuzz target: advisories, vectors, versions, enrichments, queries, and databases made from them."""

from __future__ import annotations

import contextlib
import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.audit import build, cvss, matching, server
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.interface import Answer
from chainguard_ml.audit.versions import Release
from chainguard_ml.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "advisory"

_RECORD = {
    "schema_version": "1.6.0",
    "id": "PYSEC-1",
    "modified": "2026-01-02T03:04:05Z",
    "aliases": ["CVE-2020-0001", "MAL-2020-1"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "a"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0rc1"}, {"limit": "*"}]}],
            "versions": ["0.7.10p1", "0.8+cu121", "1!2"],
        }
    ],
    "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-506"]},
}
_QUERY = {"queries": [{"package": {"ecosystem": "PyPI", "name": "a"}, "version": "0.8"}]}
_SCORES = b"#model_version:v1,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2020-0001,0.5,0.75\n"
_VECTORS = (
    "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/E:P/CR:H/MAV:N/MSI:S/U:Amber",
    "(AV:N/AC:L/Au:N/C:N/I:P/A:C/E:POC/RL:OF)",
)


def seeds() -> Iterator[bytes]:
    """One of each kind."""
    yield from (json.dumps(each).encode() for each in (_RECORD, [_RECORD, _RECORD], {"vulns": [_RECORD]}, _QUERY))
    yield from (_SCORES, gzip.compress(_SCORES, mtime=0))
    yield b'{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2020-0001", "dateAdded": "2026-01-02"}]}'
    yield b"id: PYSEC-1\naffected:\n- package: {ecosystem: PyPI, name: a}\n  versions: ['1.10', 1.1]\n"
    yield from (vector.encode() for vector in _VECTORS)


def target(data: bytes) -> None:
    """Take bytes for each of these; anything but a database, an answer or a refusal is a defect."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        assert 0 <= cvss.score(text) <= 10
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "db"
        for name in ("m.json", "m.yaml"):
            (path.parent / name).write_bytes(data)
            with contextlib.suppress(InputError):
                build.import_file(path.parent / name, path)
        if path.exists():
            with Database(path) as database:
                _ask(database, data, text)


def _ask(database: Database, data: bytes, text: str) -> None:
    assert database.status().records
    for advisory in database.advisories(["a"]):
        for version in ("1.0", text[:100]):
            assert isinstance(matching.evaluate(advisory, Release.of(version)), Answer)
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(data)
        for answering in (server.query, server.query_batch):
            with contextlib.suppress(server.BadQueryError):
                assert json.dumps(answering(database, value))
