"""A project's page on a package index: the Simple API as JSON and as HTML.

https://packaging.python.org/en/latest/specifications/simple-repository-api/ (PEP 503, 592, 691, 700, 740, 792).
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.records import record
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Json

_ANCHOR = re.compile(r"<a\s([^<>]*)>([^<]*)</a\s*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([A-Za-z][\w-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_STATUS = re.compile(r"<meta\s[^<>]*name=\"pypi:project-status(-reason)?\"[^<>]*content=\"([^\"<>]*)\"", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32,128}\Z")
_EGG = re.compile(r"[^-]+-([^-]+)(?:-.*)?\.egg\Z")


@record
class File:
    """A file of a release.

    Attributes:
        name: File name.
        version: The release that it is of, as ``canonicalize_version`` writes it.
        hashes: ``algorithm:hex`` of its bytes, as the index states them.
        requires_python: PEP 440 specifiers of the Pythons that it is for, or empty.
        yanked: Whether it was withdrawn from automatic choice (PEP 592).
        reason: Why it was, or empty.
        uploaded: When it was uploaded (RFC 3339), or empty.
        provenance: Address of its attestations (PEP 740), or empty.
    """

    name: str
    version: str
    hashes: frozenset[str] = frozenset()
    requires_python: str = ""
    yanked: bool = False
    reason: str = ""
    uploaded: str = ""
    provenance: str = ""


@record
class Project:
    """What an index says about a project.

    Attributes:
        files: The files of each release, by the release's canonical version.
        status: ``active``, ``archived``, ``quarantined`` or ``deprecated`` (PEP 792).
        reason: Why it has that status, or empty.
    """

    files: Mapping[str, tuple[File, ...]]
    status: str = "active"
    reason: str = ""


def read(data: bytes, media_type: str, url: str) -> Project:
    """Return what a page says.

    Args:
        data: The page.
        media_type: Its ``Content-Type``.
        url: Where it was read; addresses on it are relative to that.

    Raises:
        InputError: It is no page of the Simple API.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return _from_json(jsonsafe.loads(data, lenient=True), url)
    if kind.endswith("html"):
        return _from_html(data.decode("utf-8", "replace"), url)
    raise InputError(f"it answers with '{printable(kind, 100)}', which is no page of an index")


def _from_json(document: Json, url: str) -> Project:
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(files, list):
        raise InputError("its page has no list of files")
    found = []
    for item in files:
        if isinstance(item, dict) and isinstance(item.get("filename"), str):
            hashes, yanked = item.get("hashes"), item.get("yanked")
            stated = hashes.items() if isinstance(hashes, dict) else ()
            found.append(_file(
                str(item["filename"]), [f"{name}:{value}" for name, value in stated], item.get("requires-python"),
                yanked is True or isinstance(yanked, str), yanked, item.get("upload-time"),
                urljoin(url, item["provenance"]) if isinstance(item.get("provenance"), str) else "",
            ))  # fmt: skip
    status = document.get("project-status")
    stated_status = status if isinstance(status, dict) else {}
    return _project(found, stated_status.get("status"), stated_status.get("reason"))


def _from_html(text: str, url: str) -> Project:
    found = []
    for anchor in _ANCHOR.finditer(text):
        attributes = {
            match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "")
            for match in _ATTRIBUTE.finditer(anchor[1])
        }
        address = attributes.get("href", "")
        name = unquote(urlsplit(address).path.rpartition("/")[2]) or html.unescape(anchor[2]).strip()
        algorithm, _, value = urlsplit(address).fragment.partition("=")
        provenance = attributes.get("data-provenance", "")
        found.append(_file(
            name, [f"{algorithm}:{value}"], attributes.get("data-requires-python"), "data-yanked" in attributes,
            attributes.get("data-yanked"), "", urljoin(url, provenance) if provenance else "",
        ))  # fmt: skip
    stated = {bool(match[1]): html.unescape(match[2]) for match in _STATUS.finditer(text)}
    if not found and "<html" not in text[:1000].lower():
        raise InputError("its page is neither HTML nor a list of files")
    return _project(found, stated.get(False), stated.get(True))


def _project(found: list[File | None], status: Json, reason: Json) -> Project:
    files: defaultdict[str, list[File]] = defaultdict(list)
    for file in found:
        if file:
            files[file.version].append(file)
    stated = status if isinstance(status, str) and status else "active"
    return Project(
        {version: tuple(several) for version, several in files.items()}, printable(stated, 40), _text(reason)
    )


def _file(
    name: str, hashes: list[str], python: Json, yanked: bool, reason: Json, uploaded: Json, provenance: str  # noqa: FBT001 (the file's own members)
) -> File | None:  # fmt: skip
    version = next(_versions(name), None)
    if version is None:
        return None
    known = frozenset(each.lower() for each in hashes if _HEX.match(each.lower().partition(":")[2]))
    return File(name, version, known, _text(python), yanked, _text(reason), _text(uploaded), provenance)


def _versions(name: str) -> Iterator[str]:
    """Yield the release of a wheel, of a source distribution or of an egg; nothing for any other file."""
    try:
        if name.endswith(".whl"):
            yield canonicalize_version(parse_wheel_filename(name)[1])
        elif name.endswith((".tar.gz", ".zip")):
            yield canonicalize_version(parse_sdist_filename(name)[1])
        elif match := _EGG.match(name):
            yield canonicalize_version(match[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return


def _text(value: Json) -> str:
    return printable(value, 300) if isinstance(value, str) else ""
