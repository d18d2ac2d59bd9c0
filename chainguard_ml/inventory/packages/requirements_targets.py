"""What one line of a requirements file asks for: a named package, a URL, version control, or the file system."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.naming import (
    exact_version,
    from_file_name,
    is_name,
    library,
    parse_digest,
    parse_requirement,
    redacted,
    requirement_facts,
    url_digests,
)
from chainguard_ml.model import Gap, GapReason, Scope
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.inventory.packages.interface import Manifest, Record
    from chainguard_ml.inventory.packages.requirements_lines import Line
    from chainguard_ml.model import Component, Digest, Json

_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9.-]*\+)?[A-Za-z][A-Za-z0-9.-]*://|file:")
_VCS = re.compile(r"(git|hg|svn|bzr)\+")
_EGG = re.compile(r"[#&]egg=([^&\[]+)")
_COMMIT = re.compile(r"@([0-9a-fA-F]{40}|[0-9a-fA-F]{64})(?:#|\Z)")
_EXTRAS_OR_MARKER = re.compile(r"\[[^\]]*\]\s*\Z")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")
_DEVELOPMENT = re.compile(r"(?:^|[-_./])(?:dev|develop|development|test|tests|testing|docs?|lint|types)(?:[-_./]|\Z)")


def scope_of(path: str) -> Scope:
    """Return what a manifest's name says it is for: ``requirements-dev.txt`` is for development."""
    return Scope.DEVELOPMENT if _DEVELOPMENT.search(posixpath.basename(path).lower()) else Scope.REQUIRED


def read(manifest: Manifest, line: Line) -> Record | None:
    """Return the component that a line asks for, the gap where it cannot be read, or ``None`` for a local project.

    A project directory inside the root is no package of others: its own manifest is read as such.
    """
    editable = line.options.get("editable", [])
    text = editable[0] if editable else line.requirement
    try:
        digests = tuple(parse_digest(value) for value in line.options.get("hash", []))
        if _URL.match(text):
            return _from_url(manifest, line, text, digests, editable=bool(editable))
        if editable or _is_path(text):
            return _from_path(manifest, line, text, digests)
        return _named(manifest, line, digests)
    except ValueError as error:
        detail = f"'{printable(text, 100)}' is no requirement: {printable(str(error), 200)}"
        return manifest.gap(GapReason.MALFORMED, detail, line.number)


def _is_path(text: str) -> bool:
    """Tell a path from a name, as pip does: a separator before any URL or marker, a dot, or an archive's name."""
    path = text.partition(";")[0].partition("@")[0].strip()
    return path.startswith(".") or "/" in path or path.lower().endswith(_ARCHIVES)


def _named(manifest: Manifest, line: Line, digests: tuple[Digest, ...]) -> Component:
    requirement = parse_requirement(line.requirement)
    facts = requirement_facts(requirement)
    if requirement.url:
        return _referenced(manifest, line, requirement.name, requirement.url, digests, facts)
    version = exact_version(requirement.specifier)
    facts |= {"source": "requirements", "pinned": version is not None, "hashed": bool(digests)}
    place, scope = manifest.at(line.number), scope_of(manifest.path)
    return library(requirement.name, version, place, facts, digests=digests, scope=scope)


def _from_url(manifest: Manifest, line: Line, text: str, digests: tuple[Digest, ...], *, editable: bool) -> Record:
    url, _, marker = text.partition("; ")
    egg = _EGG.search(url)
    known = from_file_name(_file_name(url))
    name = unquote(egg[1]) if egg else known[0] if known else ""
    vcs = _VCS.match(url)
    if not name and vcs and is_name(repository := _file_name(url).partition("@")[0].removesuffix(".git")):
        facts: dict[str, Json] = {"marker": marker.strip() or None, "editable": editable or None}
        component = _referenced(manifest, line, repository, url.strip(), digests, facts)
        return replace(component, purl=f"pkg:generic/{quote(repository)}")  # what it builds has a name of its own
    if not is_name(name):
        detail = f"nothing names the package of '{printable(redacted(text), 200)}'"
        return manifest.gap(GapReason.UNSUPPORTED, detail, line.number)
    facts = {"marker": marker.strip() or None, "editable": editable or None}
    return _referenced(manifest, line, name, url.strip(), digests, facts)


def _referenced(
    manifest: Manifest, line: Line, name: str, url: str, digests: tuple[Digest, ...], facts: dict[str, Json]
) -> Component:
    """Return the component of a direct reference; a version is known if a file name states it."""
    known = from_file_name(_file_name(url))
    vcs, commit = _VCS.match(url), _COMMIT.search(url)
    digests += url_digests(url)
    facts |= {
        "source": "requirements",
        "url": redacted(url),
        "commit": commit[1].lower() if vcs and commit else None,
        "pinned": bool(vcs and commit) or bool(digests),
        "hashed": bool(digests),
    }
    place, scope = manifest.at(line.number), scope_of(manifest.path)
    return library(name, known[1] if known else None, place, facts, digests=digests, scope=scope)


def _file_name(url: str) -> str:
    return unquote(posixpath.basename(urlsplit(url).path))


def _from_path(manifest: Manifest, line: Line, text: str, digests: tuple[Digest, ...]) -> Record | None:
    written = _EXTRAS_OR_MARKER.sub("", text.partition(";")[0].strip())
    path = posixpath.normpath(posixpath.join(posixpath.dirname(manifest.path), written))
    known = from_file_name(posixpath.basename(path))
    if known:
        facts: dict[str, Json] = {"source": "requirements", "path": path, "pinned": True, "hashed": bool(digests)}
        place, scope = manifest.at(line.number), scope_of(manifest.path)
        return library(known[0], known[1], place, facts, digests=digests, scope=scope)
    if posixpath.isabs(path) or path.startswith(".."):
        detail = f"'{printable(written)}' is outside the examined root"
        return manifest.gap(GapReason.UNSUPPORTED, detail, line.number)
    return _project(manifest, line, path)


def _project(manifest: Manifest, line: Line, path: str) -> Gap | None:
    try:
        files.open_beneath(manifest.root, posixpath.normpath(posixpath.join(path, "pyproject.toml"))).close()
    except InputError:
        detail = f"the project at '{printable(path)}' has no pyproject.toml that says what it needs"
        return manifest.gap(GapReason.UNSUPPORTED, detail, line.number)
    return None
