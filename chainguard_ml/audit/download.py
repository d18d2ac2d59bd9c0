"""Downloading what the database is built from: only when told, only over TLS, within limits, not twice the same."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from chainguard_ml.audit import build
from chainguard_ml.audit.addresses import check, shown
from chainguard_ml.audit.build import Origin
from chainguard_ml.audit.database import Database
from chainguard_ml.audit.sources import MAX_DOWNLOAD
from chainguard_ml.context import Observer, Silent
from chainguard_ml.errors import InputError, ServiceError, UsageError
from chainguard_ml.text import printable, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import Response

    from chainguard_ml.audit.interface import ImportResult

ADVISORIES = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""OSV's advisories about PyPI packages (https://google.github.io/osv.dev/data/)."""
KEV = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
"""CISA's catalogue of Known Exploited Vulnerabilities."""
EPSS = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
"""FIRST's scores of today (https://www.first.org/epss/data_stats)."""

_TIMEOUT = (15, 60)  # seconds to connect, and between two pieces
_PATIENCE = 1800  # seconds for one file
_CHUNK = 1 << 18
_HINT = "check the address and the network; without one: chainguard-ml audit db import FILE"


@dataclass(frozen=True, slots=True)
class _Got:
    """An answer: the file, unless it is the one that is there already, and what the server calls its version."""

    path: Path | None
    etag: str = ""


def update(
    url: str, database: Path, observer: Observer | None = None, *, sha256: str = "", today: str = ""
) -> ImportResult | None:
    """Download ``url`` into the database: advisories, CISA KEV or EPSS, by its content; ``None`` if it is unchanged.

    Advisories that are older than those there are refused, so that nobody between can hide what became known since;
    ``today`` (``YYYY-MM-DD``) is the day after which the age of those there is not believed.

    Raises:
        UsageError: It is no address that is safe to download from.
        ServiceError: The server cannot be reached, refuses, or sends too much.
        InputError: What it sends cannot be used; see ``build.import_file``.
        OutputError: The database cannot be written.
    """
    check(url)
    known, newest = _present(url, database)
    with tempfile.TemporaryDirectory(prefix="chainguard-ml-") as folder:
        got = _get(url, known, Path(folder) / _file_name(url), observer or Silent())
        if got.path is None:
            return None
        believed = newest if not today or newest[:10] <= today else ""
        origin = Origin(shown(url), got.etag, believed)
        return build.import_file(got.path, database, observer, sha256=sha256, origin=origin)


def _present(url: str, database: Path) -> tuple[str, str]:
    """Return the version of this address that the database holds, and the time of its newest advisory."""
    if not database.exists():
        return "", ""
    try:
        with Database(database) as opened:
            status = opened.status()
    except InputError:
        return "", ""  # broken, or of another version: it is replaced
    return next((item.etag for item in status.sources if item.url == shown(url)), ""), status.newest


def _file_name(url: str) -> str:
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".")[:100] or "download"


def _get(url: str, etag: str, path: Path, observer: Observer) -> _Got:
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity"} | ({"If-None-Match": etag} if etag else {})
    try:
        with requests.get(url, headers=headers, timeout=_TIMEOUT, stream=True) as response:
            for answer in (*response.history, response):
                check(answer.url)
            if response.status_code == requests.codes.not_modified and etag:
                return _Got(None, etag)
            if response.status_code != requests.codes.ok:
                raise ServiceError(f"'{shown(url)}' answers with status {response.status_code}", hint=_HINT)
            _store(response, path, observer)
            return _Got(path, printable(response.headers.get("ETag", ""), 200))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ServiceError(f"'{shown(url)}' cannot be downloaded ({type(error).__name__})", hint=_HINT) from None
    except UnicodeError as error:  # a host name or a header that cannot be sent
        raise UsageError(f"'{shown(url)}' is no address: {reason_of(error, 100)}", hint=_HINT) from None


def _store(response: Response, path: Path, observer: Observer) -> None:
    stated = response.headers.get("Content-Length", "")
    expected = int(stated) if re.fullmatch(r"[0-9]{1,15}", stated) else None
    if expected is not None and expected > MAX_DOWNLOAD:
        raise ServiceError(f"'{shown(response.url)}' has {expected:,} bytes, more than {MAX_DOWNLOAD:,}", hint=_HINT)
    observer.stage("download", (expected or 0) // _CHUNK or None)
    size = 0
    with path.open("xb") as stream:
        for piece in _pieces(response):
            size += len(piece)
            if size > MAX_DOWNLOAD:
                raise ServiceError(f"'{shown(response.url)}' sends more than {MAX_DOWNLOAD:,} bytes", hint=_HINT)
            stream.write(piece)
            observer.advance("download")
    if expected is not None and size != expected:
        raise ServiceError(f"'{shown(response.url)}' sent {size:,} of {expected:,} bytes", hint=_HINT)


def _pieces(response: Response) -> Iterator[bytes]:
    """Yield the bytes as they are sent, so that nothing unpacks itself on the way."""
    end = time.monotonic() + _PATIENCE
    for piece in response.raw.stream(_CHUNK, decode_content=False):
        yield piece
        if time.monotonic() > end:
            raise ServiceError(f"'{shown(response.url)}' takes longer than {_PATIENCE:,} seconds", hint=_HINT)
