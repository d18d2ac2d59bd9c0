"""Where advisories are imported from: OSV's zip of an ecosystem, a directory, a single file.

Nothing of a zip is written to the disk, so the names of its members do not matter; sizes, ratio and number do.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_RECORD = 16_000_000  # bytes of one record; the largest known has 0.3 MB
MAX_MEMBERS = 1_000_000  # of a zip; OSV's for PyPI has some 20,000
MAX_EXPANDED = 4_000_000_000  # bytes of all records
MAX_RATIO = 200  # expanded bytes for each of the zip, once past the free ones; JSON has 2 to 20
MAX_DOWNLOAD = 1_000_000_000  # bytes of a file from a server
FREE = 50_000_000  # expanded bytes that no ratio is asked about

_HINT = "give OSV's all.zip of the ecosystem, a directory of advisories, or one advisory as JSON"
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Document:
    """One file that may be an advisory: its name, its bytes, or why they cannot be read."""

    name: str
    data: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that can be read.

    Attributes:
        name: Its last name.
        total: Number of documents.
        ignored: Files that are no advisories by their name.
        documents: Yields the documents, by name.
        sha256: Returns the digest of the bytes, once they were read.
    """

    name: str
    total: int
    ignored: int
    documents: Callable[[], Iterator[Document]]
    sha256: Callable[[], str]


def open_source(source: Path) -> Opened:
    """Return what ``source`` offers.

    Raises:
        InputError: It is missing, neither zip nor directory nor JSON, or larger than any set of advisories is.
    """
    if source.is_dir():
        return _directory(source)
    try:
        with source.open("rb") as stream:
            start = stream.read(4)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read '{printable(str(source))}': {reason}", hint=_HINT) from None
    if start[:2] == b"PK":
        return _zip(source)
    if source.suffix.lower() in _SUFFIXES or start.lstrip()[:1] in {b"{", b"["}:
        return _single(source)
    raise InputError(f"'{printable(str(source))}' is no zip file and no advisory", hint=_HINT)


def decode(document: Document) -> object:
    """Return the JSON value that a document holds; YAML's JSON subset counts as such.

    Raises:
        ValueError: It holds none.
    """
    try:
        if document.name.lower().endswith((".yaml", ".yml")):
            from chainguard_ml import yamlsafe

            return yamlsafe.load(document.data, name=document.name, max_bytes=MAX_RECORD)
        return json.loads(document.data, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    except InputError as error:
        raise ValueError(error.message) from None


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _single(source: Path) -> Opened:
    content = _read(source.parent, source.name)
    digest = hashlib.sha256(content.data).hexdigest()
    return Opened(source.name, 1, 0, lambda: iter((content,)), lambda: digest)


def _read(root: Path, relative: str) -> Document:
    try:
        return Document(relative, files.read_beneath(root, relative, MAX_RECORD))
    except InputError as error:
        return Document(relative, problem=error.message)


def _directory(source: Path) -> Opened:
    names, ignored = [], 0
    for folder, folders, inner in os.walk(source):  # follows no links
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in inner:
            if name.lower().endswith(_SUFFIXES):
                names.append(os.path.relpath(os.path.join(folder, name), source).replace(os.sep, "/"))  # noqa: PTH118 (text)
            else:
                ignored += 1
    names.sort()
    digest = hashlib.sha256()

    def documents() -> Iterator[Document]:
        for name in names:
            document = _read(source, name)
            digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(document.data).digest())
            yield document

    return Opened(source.resolve().name, len(names), ignored, documents, digest.hexdigest)


def _zip(source: Path) -> Opened:
    shown = printable(str(source))
    try:
        with zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise InputError(f"'{shown}' is no whole zip file: {printable(str(error))}", hint=_HINT) from None
    expanded, size = sum(member.file_size for member in members), source.stat().st_size
    if len(members) > MAX_MEMBERS or expanded > MAX_EXPANDED or expanded > max(FREE, MAX_RATIO * size):
        detail = f"{len(members):,} members of {expanded:,} bytes in {size:,} bytes"
        raise InputError(f"'{shown}' expands to more than advisories do: {detail}", hint=_HINT)
    chosen = sorted((item for item in members if item.filename.lower().endswith(_SUFFIXES)), key=_by_name)

    def documents() -> Iterator[Document]:
        with zipfile.ZipFile(source) as archive:
            for member in chosen:
                yield _member(archive, member)

    return Opened(source.name, len(chosen), len(members) - len(chosen), documents, lambda: _digest(source))


def _by_name(member: zipfile.ZipInfo) -> tuple[str, int]:
    return (member.filename, member.header_offset)


def _digest(source: Path) -> str:
    with source.open("rb", buffering=0) as stream:
        return files.sha256_of(stream).hex


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Document:
    name = member.filename
    if member.file_size > MAX_RECORD:
        return Document(name, problem=f"{member.file_size:,} bytes are more than the {MAX_RECORD:,} that are read")
    if member.flag_bits & 1 or member.compress_type not in _PLAIN:
        return Document(name, problem="it is encrypted or compressed in a way that is not read")
    try:
        return Document(name, archive.read(member))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        return Document(name, problem=f"its bytes are broken: {printable(str(error), 100)}")
