"""Updates from a real server on loopback: unchanged, refused, cut off, too large, older, or from somewhere else."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import audit
from chainguard_ml.audit import addresses, download
from chainguard_ml.audit.database import Database
from chainguard_ml.errors import InputError, OutputError, ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ZERO = {"introduced": "0"}
KEV = b'{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2020-0001"}]}'


class Mirror(BaseHTTPRequestHandler):
    """Serves what a test puts into ``files``: status, headers, body."""

    files: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        tag = self.headers.get("If-None-Match", "")
        self.asked.append((self.path, tag))
        status, headers, body = self.files[self.path]
        if tag and headers.get("ETag") == tag:
            status, body = 304, b""
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
        """Stay silent."""


@pytest.fixture
def mirror() -> Iterator[str]:
    Mirror.files, Mirror.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def serve(zipped: Callable) -> Callable[..., None]:
    def put(path: str, *records: dict, status: int = 200, body: bytes | None = None, **headers: str) -> None:
        data = zipped(*records, name="served.zip").read_bytes() if body is None else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        Mirror.files[path] = (status, named, data)

    return put


def test_an_update_is_downloaded_once(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    path, url = tmp_path / "data" / "db", f"{mirror}/PyPI/all.zip?token=secret"
    serve("/PyPI/all.zip?token=secret", record("PYSEC-1", ZERO), ETag='"one"')
    result = audit.update(url, path)
    assert result is not None
    assert result.records == 1
    assert audit.update(url, path) is None
    assert [tag for _, tag in Mirror.asked] == ["", '"one"']
    (source,) = audit.status(path).sources
    assert (source.name, source.url, source.etag) == ("all.zip", f"{mirror}/PyPI/all.zip", '"one"')
    serve("/PyPI/all.zip?token=secret", record("PYSEC-1", ZERO), record("PYSEC-2", ZERO), ETag='"two"')
    result = audit.update(url, path)
    assert result is not None
    assert result.records == 2
    assert sorted(item.name for item in path.parent.iterdir()) == ["db", "db.previous"]
    assert audit.status(path.with_name("db.previous")).records == 1
    serve("/other", record("PYSEC-3", ZERO))
    audit.update(f"{mirror}/other", path)
    assert Mirror.asked[-1] == ("/other", "")


def test_enrichments_have_versions_of_their_own(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    path = tmp_path / "db"
    serve("/all.zip", record("PYSEC-1", ZERO), ETag='"a"')
    serve("/kev", body=KEV, ETag='"k"')
    results = [audit.update(mirror + place, path) for place in ("/all.zip", "/kev", "/all.zip", "/kev")]
    assert [result and result.kind for result in results] == ["advisories", "kev", None, None]


def test_what_is_older_is_refused(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    path, url = tmp_path / "db", f"{mirror}/all.zip"
    serve("/all.zip", record("PYSEC-1", ZERO, modified="2026-02-02T00:00:00Z"))
    audit.update(url, path)
    before = path.read_bytes()
    serve("/all.zip", record("PYSEC-1", ZERO, modified="2026-02-01T00:00:00Z"))
    with pytest.raises(InputError, match="of 2026-02-01, older than those there") as caught:
        audit.update(url, path, today="2026-02-03")
    assert "on purpose" in caught.value.hint
    assert path.read_bytes() == before
    # The newest advisory there is of a day that has not come: it is not believed.
    assert audit.update(url, path, today="2026-02-01") is not None


def test_a_database_that_is_broken_is_replaced(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"junk")
    serve("/all.zip", record("PYSEC-1", ZERO))
    assert audit.update(f"{mirror}/all.zip", tmp_path / "db") is not None


def test_the_digest_is_checked(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    serve("/all.zip", record("PYSEC-1", ZERO))
    with pytest.raises(InputError, match="has the SHA-256"):
        audit.update(f"{mirror}/all.zip", tmp_path / "db", sha256="0" * 64)
    assert list(tmp_path.glob("db*")) == []


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ({"status": 404, "body": b"no"}, ServiceError, "answers with status 404"),
        ({"status": 500, "body": b""}, ServiceError, "answers with status 500"),
        ({"status": 304, "body": b""}, ServiceError, "answers with status 304"),
        ({"body": b"PK\x03\x04 cut", "Content_Length": "100"}, ServiceError, "cannot be downloaded|of 100 bytes"),
        ({"body": b"x", "Content_Length": "99999999999"}, ServiceError, "99,999,999,999 bytes, more than"),
        ({"body": b"x" * 5000, "Content_Length": ""}, ServiceError, "sends more than"),
        ({"body": b"<html>"}, InputError, "no zip file and no advisory"),
        ({"body": b""}, InputError, "no zip file and no advisory"),
        ({"status": 302, "body": b"", "Location": "http://mirror.example/all.zip"}, ServiceError, "cannot be"),
        ({"status": 302, "body": b"", "Location": "file:///etc/passwd"}, ServiceError, "InvalidSchema"),
    ],
)
def test_what_a_server_may_not_do(
    answer: dict,
    error: type[Exception],
    reason: str,
    mirror: str,
    serve: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "MAX_DOWNLOAD", 4000)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # so that no test leaves the machine
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    serve("/all.zip", **answer)
    with pytest.raises(error, match=reason) as caught:
        audit.update(f"{mirror}/all.zip", tmp_path / "db")
    assert caught.value.hint
    assert list(tmp_path.glob("db*")) == []


def test_a_server_that_never_ends(
    mirror: str, serve: Callable, record: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PATIENCE", -1)
    serve("/all.zip", record("PYSEC-1", ZERO))
    with pytest.raises(ServiceError, match="takes longer"):
        audit.update(f"{mirror}/all.zip", tmp_path / "db")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as closed:
        port = closed.server_port
    with pytest.raises(ServiceError, match="cannot be downloaded") as caught:
        audit.update(f"http://user:secret@127.0.0.1:{port}/all.zip?key=secret#secret", tmp_path / "db")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "all.zip", "ftp://x.example/", "file:///etc/passwd", "https://", "http://x:y:z/",
                                 "http://mirror.example/all.zip", "http://127.0.0.1.example/"])  # fmt: skip
def test_addresses_that_are_not_safe(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no address to download from|not protected on its way"):
        audit.update(url, tmp_path / "db")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/PyPI/all.zip?a=/b", "all.zip"),
        ("https://x.example", "download"),
        ("https://x.example/..%2f..%2fetc%2fpasswd", "passwd"),
        ("https://x.example/...", "download"),
        ("https://x.example/a%00b c", "a_b_c"),
        ("https://localhost/" + "y" * 300, "y" * 100),
    ],
)
def test_names_of_downloads(url: str, name: str) -> None:
    addresses.check(url)
    assert download._file_name(url) == name


def test_readers_keep_what_they_read(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    path = tmp_path / "db"
    serve("/all.zip", record("PYSEC-1", ZERO))
    audit.update(f"{mirror}/all.zip", path)
    with Database(path) as reading:
        serve("/all.zip", record("PYSEC-2", ZERO))
        audit.update(f"{mirror}/all.zip", path)
        assert [item.id for item in reading.advisories(["a"])] == ["PYSEC-1"]
    with Database(path) as reading:
        assert [item.id for item in reading.advisories(["a"])] == ["PYSEC-2"]


def test_a_place_that_cannot_be_written(mirror: str, serve: Callable, record: Callable, tmp_path: Path) -> None:
    serve("/all.zip", record("PYSEC-1", ZERO))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        audit.update(f"{mirror}/all.zip", tmp_path / "file" / "db")
