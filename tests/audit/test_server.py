"""The database as a server: OSV's API over real connections, and what it makes of nonsense."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.audit import server
from chainguard_ml.audit.database import Database
from chainguard_ml.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ZERO = {"introduced": "0"}
PYPI = {"ecosystem": "PyPI", "name": "A"}


@pytest.fixture
def path(database: Callable, record: Callable) -> Path:
    return database(
        record("PYSEC-1", ZERO, {"fixed": "1.5"}, details="All of it.", schema_version="1.6.0", odd={"kept": [1]}),
        record("PYSEC-2", {"introduced": "1.0"}),
        record("PYSEC-3", ZERO, withdrawn="2026-01-01T00:00:00Z"),
        record("PYSEC-4", ZERO, {"fixed": "not a version"}),
    )


@pytest.fixture
def ask(path: Path) -> Iterator[Callable[..., tuple[int, dict]]]:
    """Send requests over one connection that stays open."""
    with server.listen(path, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        connection = http.client.HTTPConnection(server.HOST, running.server_port, timeout=20)

        def send(method: str, target: str, body: object = None) -> tuple[int, dict]:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, target, data if method == "POST" else None)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

        yield send
        connection.close()
        running.shutdown()
        thread.join()


def test_a_query(ask: Callable) -> None:
    status, answer = ask("POST", "/v1/query", {"package": PYPI, "version": "0.9"})
    assert status == 200
    assert [item["id"] for item in answer["vulns"]] == ["PYSEC-1", "PYSEC-4"]  # what is not decided is told
    assert answer["vulns"][0]["details"] == "All of it."
    assert answer["vulns"][0]["odd"] == {"kept": [1]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"package": PYPI}, "124"),
        ({"package": PYPI, "version": ""}, "124"),
        ({"package": PYPI, "version": "1.5+cu121"}, "24"),
        ({"package": {"purl": "pkg:pypi/a@1.2"}}, "124"),
        ({"package": {"purl": "pkg:pypi/A"}, "version": "2"}, "24"),
        ({"package": {"purl": "pkg:pypi/a@1.5%2Bcu121?file_name=x"}}, "24"),
        ({"package": {"purl": "pkg:npm/a@1"}}, ""),
        ({"package": {"ecosystem": "npm", "name": "a"}, "version": "1"}, ""),
        ({"package": {"ecosystem": "PyPI:x", "name": "a"}, "version": "1.7"}, "24"),
        ({"package": {"ecosystem": "PyPI", "name": "unknown"}, "version": "1"}, ""),
        ({"package": PYPI, "version": "odd"}, "124"),
    ],
)
def test_what_is_asked(query: dict, found: str, path: Path) -> None:
    with Database(path) as opened:
        answer = server.query(opened, query)
        assert "".join(item["id"][-1] for item in answer.get("vulns", [])) == found
        (batched,) = server.query_batch(opened, {"queries": [query]})["results"]
    assert [item["id"] for item in batched.get("vulns", [])] == [item["id"] for item in answer.get("vulns", [])]
    assert all(item["modified"] for item in batched.get("vulns", []))


def test_a_batch_and_single_records(ask: Callable) -> None:
    queries = [{"package": PYPI, "version": "1.7"}, {"package": {**PYPI, "name": "b"}, "version": "1"}]
    status, answer = ask("POST", "/v1/querybatch", {"queries": queries})
    assert status == 200
    assert answer["results"] == [
        {"vulns": [{"id": f"PYSEC-{number}", "modified": "2026-01-02T03:04:05Z"} for number in (2, 4)]}, {}
    ]  # fmt: skip
    assert ask("GET", "/v1/vulns/PYSEC-3")[1]["withdrawn"] == "2026-01-01T00:00:00Z"
    assert ask("GET", "/v1/vulns/PYSEC-9") == (404, {"code": 404, "message": "there is no record 'PYSEC-9'"})
    assert ask("GET", "/")[0] == 404


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("/v1/query", b"{", 400),
        ("/v1/query", b"[" * 100_000, 400),
        ("/v1/query", b"\xff", 400),
        ("/v1/query", [], 400),
        ("/v1/query", {"commit": "0" * 40}, 400),
        ("/v1/query", {"package": {"name": "a"}}, 400),
        ("/v1/query", {"package": PYPI, "version": 3}, 400),
        ("/v1/query", {"package": {"purl": "pkg:pypi/a@1"}, "version": "1"}, 400),
        ("/v1/querybatch", {}, 400),
        ("/v1/querybatch", {"queries": [3]}, 400),
        ("/v1/querybatch", {"queries": [{"package": PYPI}] * 1001}, 400),
        ("/v2/query", {}, 404),
    ],
)
def test_what_is_no_query(target: str, body: object, status: int, ask: Callable) -> None:
    found, answer = ask("POST", target, body)
    assert (found, bool(answer["message"])) == (status, True)
    assert ask("POST", "/v1/query", {"package": PYPI})[0] == 200


def test_requests_that_are_too_long_or_without_length(ask: Callable, path: Path) -> None:
    assert ask("POST", "/v1/query", b" " * 100)[0] == 400
    with server.listen(path, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        for length in (b"", b"Content-Length: 9999999\r\n", b"Content-Length: x\r\n"):
            with socket.create_connection((server.HOST, running.server_port), timeout=20) as raw:
                raw.sendall(b"POST /v1/query HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n")
                with raw.makefile("rb") as stream:
                    assert b" 413 " in stream.readline()
        running.shutdown()
        thread.join()


def test_an_update_is_seen_and_a_loss_is_told(ask: Callable, path: Path, database: Callable, record: Callable) -> None:
    assert len(ask("POST", "/v1/query", {"package": PYPI})[1]["vulns"]) == 3
    database(record("PYSEC-7", ZERO))
    assert [item["id"] for item in ask("POST", "/v1/query", {"package": PYPI})[1]["vulns"]] == ["PYSEC-7"]
    path.write_bytes(b"junk")
    assert ask("POST", "/v1/query", {"package": PYPI})[0] == 503
    assert ask("GET", "/v1/vulns/PYSEC-7")[0] == 503


def test_a_server_that_cannot_listen(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no advisory database"):
        server.listen(tmp_path / "gone", 0)
    with server.listen(path, 0) as running, pytest.raises(OutputError, match="cannot listen") as caught:
        server.listen(path, running.server_port)
    assert "--port" in caught.value.hint
    with pytest.raises(OutputError, match="cannot listen"):
        server.listen(path, 70_000)


values = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(["PyPI", "a", "1.0", "pkg:pypi/a@1", "pkg:pypi/%"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["package", "version", "purl", "name", "ecosystem", "queries", "commit"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values)
def test_any_value_is_answered_or_refused(path: Path, value: object) -> None:
    with Database(path) as opened:
        for answering in (server.query, server.query_batch):
            with contextlib.suppress(server.BadQueryError):
                assert json.dumps(answering(opened, value))
