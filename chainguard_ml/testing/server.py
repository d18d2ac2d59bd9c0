"""The instance's services over HTTP on loopback: just enough of a server, with nothing to configure."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chainguard_ml.codec import JsonObject

_MAX_BYTES = 1 << 28  # an entry of version 1 carries the envelope


@dataclass(frozen=True, slots=True)
class Request:
    """A request: parameters of its query, its body, and the token of its ``Authorization: Bearer``."""

    query: Mapping[str, str]
    body: bytes
    token: str


@dataclass(frozen=True, slots=True)
class Response:
    """An answer."""

    body: bytes = b""
    kind: str = "application/json"
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


Routes: TypeAlias = "Mapping[tuple[str, str], Callable[[Request], Response]]"
"""What answers a method and a path."""


def answered(value: JsonObject, status: int = HTTPStatus.OK) -> Response:
    """Return an answer in JSON."""
    return Response(json.dumps(value).encode(), status=status)


def refused(status: int, message: str) -> Response:
    """Return a refusal as Sigstore's services write it."""
    return answered({"code": int(status), "message": message}, status)


class Server:
    """Answers on a free port of 127.0.0.1, in threads, between ``start`` and ``stop``."""

    def __init__(self, routes: Routes) -> None:
        handler = type("Handler", (_Handler,), {"routes": routes})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, without a final slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    routes: Routes

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        route = self.routes.get((self.command, address.path))
        length = self.headers.get("Content-Length", "0")
        if route is None:
            response = refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        elif not length.isascii() or not length.isdigit() or int(length) > _MAX_BYTES:
            response = refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        else:
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            body = self.rfile.read(int(length))
            response = route(Request(query, body, token if scheme.lower() == "bearer" else ""))
        self.send_response(response.status)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing on standard error."""
