"""The database as a server on loopback that speaks OSV's API, for tools that only know how to ask one.

https://google.github.io/osv.dev/api/: ``POST /v1/query``, ``POST /v1/querybatch``, ``GET /v1/vulns/ID``. Each request
opens the database anew, so that it sees what an update put in place. What could not be compared counts as affected:
these answers have no third word.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from chainguard_ml import __version__
from chainguard_ml.audit import matching
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.interface import Answer
from chainguard_ml.audit.versions import Release
from chainguard_ml.errors import InputError, OutputError
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from chainguard_ml.audit.interface import Advisory
    from chainguard_ml.model import Json

HOST = "127.0.0.1"
MAX_BODY = 4_000_000  # bytes of a request
MAX_QUERIES = 1000  # of a batch, as OSV's own server
_PURL = re.compile(r"pkg:pypi/([^/@?#]+)(?:@([^?#]+))?", re.IGNORECASE)
_SECONDS = 30  # that a connection may stay silent

Object: TypeAlias = dict[str, "Json"]


class BadQueryError(ValueError):
    """A query cannot be answered, and why."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a query asks about: a PEP 503 name, or ``None`` where it is no PyPI package; a version, or any."""

    name: str | None
    version: str | None


def listen(database: Path, port: int) -> ThreadingHTTPServer:
    """Return a server on loopback that answers from ``database`` once ``serve_forever`` is called; port 0 takes any.

    Raises:
        InputError: There is no database, or it is broken.
        OutputError: The port is not free.
    """
    with Database(database):
        pass
    handler = type("Handler", (_Handler,), {"database": database})
    try:
        return _Server((HOST, port), handler)
    except (OSError, OverflowError) as error:
        message = f"cannot listen on port {port}: {reason_of(error, 100)}"
        raise OutputError(message, hint="choose another one with --port; 0 takes any that is free") from None


def query(database: Database, asked: Json) -> Object:
    """Return the records that affect what a query asks about, as ``/v1/query`` does.

    Raises:
        BadQueryError: It is no query, or one that only OSV's own server can answer.
    """
    found = database.documents(advisory.id for advisory in _affecting(database, _asked(asked)))
    return {"vulns": list(found)} if found else {}


def query_batch(database: Database, asked: Json) -> Object:
    """Return identifiers and times of change for each query of a batch, as ``/v1/querybatch`` does.

    Raises:
        BadQueryError: As ``query``, or there are too many.
    """
    queries = asked.get("queries") if isinstance(asked, dict) else None
    if not isinstance(queries, list):
        raise BadQueryError("there is no list 'queries'")
    if len(queries) > MAX_QUERIES:
        raise BadQueryError(f"there are more than {MAX_QUERIES} queries")
    results: list[Json] = []
    for each in queries:
        vulns: list[Json] = [{"id": item.id, "modified": item.modified} for item in _affecting(database, _asked(each))]
        results.append({"vulns": vulns} if vulns else {})
    return {"results": results}


def _asked(value: Json) -> _Asked:
    package = value.get("package") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(package, dict):
        raise BadQueryError("a query names a package; commits are not looked up")
    version, purl, name = value.get("version"), package.get("purl"), package.get("name")
    if not isinstance(version, str | None):
        raise BadQueryError("a version is a string")
    if isinstance(purl, str):
        found = _PURL.match(purl)
        if found and found[2] and version:
            raise BadQueryError("the version is stated twice")
        stated = unquote(found[2]) if found and found[2] else version
        return _Asked(canonicalize_name(unquote(found[1])) if found else None, stated or None)
    ecosystem = package.get("ecosystem")
    if not isinstance(name, str) or not isinstance(ecosystem, str):
        raise BadQueryError("a package has a name and an ecosystem, or a purl")
    ours = ecosystem.partition(":")[0] == "PyPI"
    return _Asked(canonicalize_name(name) if ours else None, version or None)


def _affecting(database: Database, asked: _Asked) -> list[Advisory]:
    """Return the records that stand and affect a release, or, without a version, all that stand."""
    if asked.name is None:
        return []
    standing = [advisory for advisory in database.advisories([asked.name]) if not advisory.withdrawn]
    if asked.version is None:
        return standing
    release = Release.of(asked.version)
    return [each for each in standing if matching.evaluate(each, release) is not Answer.UNAFFECTED]


class _Server(ThreadingHTTPServer):
    """Takes as many connections at once as clients open: where five may wait, the others try again after seconds."""

    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    database: Path
    protocol_version = "HTTP/1.1"
    server_version = f"chainguard-ml/{__version__}"
    sys_version = ""
    timeout = _SECONDS
    wbufsize = -1  # headers and body in one packet: apart, the second waits 40 ms for the first to be acknowledged
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a query or a batch of them."""
        answering = {"/v1/query": query, "/v1/querybatch": query_batch}.get(self.path.partition("?")[0])
        body = self._body()
        if body is None:
            return
        if answering is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is only /v1/query and /v1/querybatch")
            return
        try:
            with Database(self.database) as opened:
                self._send(HTTPStatus.OK, answering(opened, json.loads(body)))
        except InputError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, error.message)
        except (ValueError, RecursionError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, reason_of(error, 200))

    def do_GET(self) -> None:
        """Answer with one record."""
        identifier = unquote(self.path.partition("?")[0].removeprefix("/v1/vulns/"))
        try:
            with Database(self.database) as opened:
                found = opened.documents([identifier])
        except InputError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, error.message)
            return
        if found:
            self._send(HTTPStatus.OK, found[0])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, f"there is no record '{printable(identifier, 100)}'")

    def _body(self) -> bytes | None:
        """Return the request's body, or answer that it cannot be read and return ``None``."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > MAX_BODY:
            self.close_connection = True  # what follows is not read, so it must not be taken for a request
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request states its length, at most {MAX_BODY} bytes")
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send(status, {"code": int(status), "message": message})

    def _send(self, status: HTTPStatus, document: Json) -> None:
        data = json.dumps(document, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name in the base class)
        """Say nothing: what a client asks for is its own business."""
