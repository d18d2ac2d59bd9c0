"""Asking package indexes what they say about projects: only when told, a few at a time, within limits.

An answer that does not come is a gap for its package, never "nothing is wrong". Nothing but a project's page is asked
for: no file of a release is downloaded.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

from chainguard_ml.audit import simple
from chainguard_ml.audit.addresses import check, shown
from chainguard_ml.errors import ChainguardError, ServiceError
from chainguard_ml.model import Evidence, Gap, GapReason, Subject
from chainguard_ml.records import field, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requests import Response, Session

    from chainguard_ml.audit.simple import Project
    from chainguard_ml.config import IndexConfig
    from chainguard_ml.context import Observer

_AT_ONCE = 8  # requests
_TIMEOUT = (10, 30)  # seconds to connect, and between two pieces
_PATIENCE = 600  # seconds for all of them
_LARGEST = 64_000_000  # bytes of a page
_CHUNK = 1 << 18
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"  # PEP 691


@record
class Answers:
    """What the indexes said.

    Attributes:
        projects: By PEP 503 name: each index that has the project, as shown, with its page; in the indexes' order.
        gaps: What could not be asked.
        asked: The indexes, as shown.
        unsure: Names about which an index gave no answer.
    """

    projects: dict[str, list[tuple[str, Project]]]
    gaps: list[Gap] = field(default_factory=list)
    asked: tuple[str, ...] = ()
    unsure: frozenset[str] = frozenset()

    def evidence(self) -> list[Evidence]:
        """Return which index knows how many of the projects."""
        counts = {
            name: sum(name == one for several in self.projects.values() for one, _ in several) for name in self.asked
        }
        return [
            Evidence("package-index", Subject(name, "service"), "audit", {"projects": count})
            for name, count in counts.items()
        ]


def ask(names: Sequence[str], config: IndexConfig, observer: Observer) -> Answers:
    """Ask every configured index about every PEP 503 name.

    Raises:
        UsageError: An index's address is neither https:// nor on this machine.
    """
    for url in config.urls:
        check(url)
    client = _Client(config, time.monotonic() + _PATIENCE)
    questions = [(name, url) for name in names for url in config.urls]
    projects: dict[str, list[tuple[str, Project]]] = {name: [] for name in names}
    gaps: list[Gap] = []
    unsure: set[str] = set()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for (name, url), answer in zip(questions, pool.map(client.page, questions), strict=True):
            observer.advance(name)
            if isinstance(answer, str):
                gaps.append(Gap(Subject(name, "package"), GapReason.SERVICE, f"{shown(url)}: {answer}"))
                unsure.add(name)
            elif answer is not None:
                projects[name].append((shown(url), answer))
    return Answers(projects, gaps, tuple(dict.fromkeys(map(shown, config.urls))), frozenset(unsure))


def fetch(urls: Sequence[str], config: IndexConfig, observer: Observer) -> dict[str, bytes | str]:
    """Return what stands at addresses that indexes named, or as a text why it cannot be had."""
    client = _Client(config, time.monotonic() + _PATIENCE)
    found: dict[str, bytes | str] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for url, answer in zip(urls, pool.map(client.content, urls), strict=True):
            observer.advance(shown(url))
            found[url] = answer
    return found


class _Client:
    """Sessions, one for each thread, with what the user's configuration says about the network."""

    def __init__(self, config: IndexConfig, end: float) -> None:
        self._config, self._end = config, end
        self._local = threading.local()

    def page(self, question: tuple[str, str]) -> Project | str | None:
        """Return a project's page, ``None`` where the index has no such project, or why there is no answer."""
        name, index = question
        try:
            got = self._get(f"{index.rstrip('/')}/{quote(name, safe='')}/", _ACCEPT)
            return simple.read(*got) if got else None
        except ChainguardError as error:
            return error.message

    def content(self, url: str) -> bytes | str:
        """Return what stands at an address, or why there is no answer."""
        try:
            check(url)
            got = self._get(url, "application/json")
        except ChainguardError as error:
            return error.message
        return got[0] if got else "it answers with status 404"

    def _get(self, url: str, accept: str) -> tuple[bytes, str, str] | None:
        """Return content, its media type and its address; ``None`` where there is none."""
        import requests
        import urllib3

        if time.monotonic() > self._end:
            raise ServiceError(f"not asked within {_PATIENCE} seconds")
        try:
            with self._session().get(url, headers={"Accept": accept}, timeout=_TIMEOUT, stream=True) as response:
                for answer in (*response.history, response):
                    check(answer.url)
                if response.status_code == requests.codes.not_found:
                    return None
                if response.status_code != requests.codes.ok:
                    raise ServiceError(f"it answers with status {response.status_code}")
                return self._body(response), response.headers.get("Content-Type", ""), response.url
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise ServiceError(f"it cannot be asked ({type(error).__name__})") from None

    def _body(self, response: Response) -> bytes:
        body = bytearray()
        for piece in response.iter_content(_CHUNK):
            body += piece
            if len(body) > _LARGEST:
                raise ServiceError(f"its page is larger than {_LARGEST:,} bytes")
            if time.monotonic() > self._end:
                raise ServiceError(f"its page was not whole within {_PATIENCE} seconds")
        return bytes(body)

    def _session(self) -> Session:
        if not hasattr(self._local, "session"):
            import requests

            session = requests.Session()  # with the environment's proxies, authorities and netrc
            config = self._config
            if config.certificate:
                session.verify = str(config.certificate)
            if config.client_certificate:
                session.cert = str(config.client_certificate)
            if config.proxy:
                session.proxies = {"http": config.proxy, "https": config.proxy}
            self._local.session = session
        found: Session = self._local.session
        return found
