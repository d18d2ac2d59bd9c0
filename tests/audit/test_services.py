"""Online services through pip-audit, against a real server on loopback that speaks OSV's query API."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from pip_audit._service import OsvService, PyPIService

from chainguard_ml.audit import services
from chainguard_ml.errors import UsageError
from chainguard_ml.model import Confidence, GapReason, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWER = {
    "vulns": [
        {
            "id": "GHSA-1",
            "aliases": ["CVE-1", "PYSEC-1"],
            "summary": "It breaks",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "a"},
                    "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.5"}, {"fixed": "1.5"}]}
                    ],
                }
            ],
        }
    ]
}


class Osv(BaseHTTPRequestHandler):
    """Answers by package name."""

    asked: list[dict]

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(query)
        name = query["package"]["name"]
        status, body = {
            "a": (200, json.dumps(ANSWER).encode()),
            "down": (500, b"no"),
            "nonsense": (200, b"<html>"),
            "odd": (200, b'{"vulns": [{"id": 3}, "x"]}'),
        }.get(name, (200, b"{}"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Osv.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1/query"


def test_a_service_is_asked_once_for_each_release(examine: Callable, package: Callable, url: str) -> None:
    findings, gaps, evidence = examine(
        package("A", "1.0+cu121", 3), package("a", "1.0+cu121", 4), package("b", "2"), package("c"),
        offline=False, service=url,
    )  # fmt: skip
    assert gaps == []
    assert [query["version"] for query in Osv.asked] == ["1.0", "2"]
    vulnerable = [item for item in findings if item.rule == "vulnerable-dependency"]
    assert [item.location.line for item in vulnerable] == [3, 4]
    facts = vulnerable[0].facts
    assert (facts["advisory"], facts["aliases"], facts["fixed_in"]) == ("PYSEC-1", ["CVE-1", "GHSA-1"], ["1.5"])
    assert (vulnerable[0].severity, vulnerable[0].confidence) == (Severity.HIGH, Confidence.MEDIUM)
    assert {item.kind for item in evidence} == {"advisory-service", "audit"}


def test_offline_wins_over_a_configured_service(examine: Callable, package: Callable, url: str) -> None:
    _, (gap,), _ = examine(package("a", "1.0"), service=url)
    assert (gap.reason, Osv.asked) == (GapReason.NO_DATA, [])


def test_the_database_is_compared_too(
    examine: Callable, package: Callable, url: str, database: Callable, record: Callable
) -> None:
    path = database(record("PYSEC-1", {"introduced": "0"}))
    findings, gaps, _ = examine(package("a", "1.0"), offline=False, service=url, database=path)
    assert gaps == []
    assert sorted(item.facts["reported_by"] for item in findings) == sorted(["database", url])
    assert len({item.fingerprint for item in findings}) == 1


def test_failures_are_gaps_and_the_rest_goes_on(examine: Callable, package: Callable, url: str) -> None:
    names = ("down", "nonsense", "odd", "a")
    findings, gaps, _ = examine(*(package(name, "1.0") for name in names), offline=False, service=url)
    assert [gap.reason for gap in gaps] == [GapReason.SERVICE] * 3
    assert [gap.detail.count("1.0") for gap in gaps] == [1, 1, 1]
    assert [item.rule for item in findings] == ["vulnerable-dependency"]


def test_a_service_that_is_not_there_is_one_gap(examine: Callable, package: Callable) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as closed:
        port = closed.server_port
    packages = [package(f"p{number}", "1.0") for number in range(5)]
    url = f"http://user:secret@127.0.0.1:{port}/v1/query"
    _, (gap,), _ = examine(*packages, offline=False, service=url)
    assert gap.reason is GapReason.SERVICE
    assert "cannot be reached" in gap.detail
    assert "secret" not in repr(gap)


def test_a_version_that_cannot_be_asked_for_is_told(examine: Callable, package: Callable, url: str) -> None:
    findings, gaps, _ = examine(package("a", "custom"), offline=False, service=url)
    assert [item.rule for item in findings] == ["advisory-not-compared"]
    assert (gaps, Osv.asked) == ([], [])


def test_services_by_name(tmp_path: Path, examine: Callable, package: Callable) -> None:
    assert isinstance(services._client("pypi", tmp_path), PyPIService)
    assert isinstance(services._client("osv", tmp_path), OsvService)
    with pytest.raises(UsageError, match="no vulnerability service"):
        examine(package("a", "1.0"), offline=False, service="nobody")
