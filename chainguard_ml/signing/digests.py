"""Digests that others computed: signing what is not here, or what would take too long to read again.

Three places know SHA-256 digests of files: lists that ``sha256sum`` writes, manifests of registries (OCI Image Manifest
1.1 with file names as ORAS and the ModelPack specification note them), and Git LFS pointers (its specification, v1),
which stand in a checkout for files that were not fetched. Every digest that is taken from them is marked in the signed
statement, as an annotation of its resource.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.records import record
from chainguard_ml.signing.known import Known
from chainguard_ml.signing.manifest import canonical_exclusion
from chainguard_ml.signing.strictjson import loads, member
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

LIST, OCI, LFS = "digest-list", "oci-manifest", "git-lfs"
"""Sources as results and statements name them."""

_MAX_BYTES = 256_000_000
_STRUCTURE = 10_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_LINE = re.compile(r"(?P<gnu>[0-9a-fA-F]{64}) [ *](?P<name>.+)|SHA256 \((?P<bsd>.+)\) = (?P<value>[0-9a-fA-F]{64})")
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?P<ext>(?:ext-[^\n]+\n)*)"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?:0|[1-9][0-9]{0,18})\n?"
)
_POINTER_BYTES = 1_024  # the specification's limit
_NAMES = ("org.opencontainers.image.title", "org.cncf.model.filepath")


@record
class Told:
    """What a list says about a file.

    Attributes:
        digest: SHA-256 in hexadecimal.
        source: What kind of list it is.
        size: Bytes, where the list says that.
    """

    digest: str
    source: str
    size: int | None = None


@dataclass(slots=True)
class Digests:
    """Digests that others computed, by path relative to the model.

    Attributes:
        pointers: Whether Git LFS pointers stand for their files.
    """

    pointers: bool = False
    _told: Mapping[str, Told] = field(default_factory=dict)

    def known(self, path: str, descriptor: int) -> Known | None:
        """Return the digest that a list has for a file, or that the file itself is a pointer to.

        Raises:
            InputError: The list says another size, or the pointer is to something else than the file.
        """
        told = self._told.get(path)
        size = os.fstat(descriptor).st_size
        if told is not None:
            if told.size not in {None, size}:
                raise InputError(f"'{printable(path)}' has {size:,} bytes, and its digest is of {told.size:,}")
            return Known(told.digest, told.source)
        return _pointed(path, descriptor) if self.pointers and size < _POINTER_BYTES else None

    def hashed(self, path: str, status: os.stat_result) -> None:
        """Do nothing: nothing is learnt."""

    def beyond(self) -> Mapping[str, Known]:
        """Return every digest of the lists."""
        return {path: Known(told.digest, told.source) for path, told in self._told.items()}


def load(lists: Iterable[Path], *, pointers: bool = False) -> Digests:
    """Return the digests in files that ``sha256sum`` wrote and in OCI image manifests.

    Raises:
        UsageError: One cannot be read, is of neither kind, names no file of a model, or says two things about one file.
    """
    told: dict[str, Told] = {}
    for path in lists:
        try:
            data = files.read_beneath(path.parent.resolve(), path.name, _MAX_BYTES)
            for name, item in parse(data):
                _add(told, name, item)
        except InputError as error:
            raise UsageError(
                f"digests cannot be taken from '{printable(str(path))}': {error.message}",
                hint="give what sha256sum writes, or an OCI image manifest whose layers are files with names",
            ) from None
    return Digests(pointers, told)


def parse(data: bytes) -> Iterator[tuple[str, Told]]:
    """Yield names and digests of a list of ``sha256sum`` or of an OCI image manifest.

    Raises:
        InputError: It is neither, or a layer is not one file as it is.
    """
    return _manifest(data) if data.lstrip()[:1] == b"{" else _list(data)


def _add(told: dict[str, Told], name: str, item: Told) -> None:
    canonical = canonical_exclusion(name)
    if canonical is None:
        raise InputError(f"'{printable(name)}' is no path beneath a model")
    if told.setdefault(canonical, item).digest != item.digest:
        raise InputError(f"there are two digests for '{printable(name)}'")


def _list(data: bytes) -> Iterator[tuple[str, Told]]:
    """Yield the lines of ``sha256sum``, with and without ``--tag``."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InputError("it is neither UTF-8 nor JSON") from None
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        match = _LINE.fullmatch(line.removesuffix("\r"))  # sha256sum writes names with line ends in another way
        if not match:
            raise InputError(f"line {number} is not of the form 'SHA-256  name'")
        yield match["name"] or match["bsd"], Told((match["gnu"] or match["value"]).lower(), LIST)


def _manifest(data: bytes) -> Iterator[tuple[str, Told]]:
    """Yield the layers of an OCI image manifest, each of which must be one file as it is."""
    value = loads(data, "the manifest", _STRUCTURE)
    layers = member(value, "layers", list)
    if value.get("schemaVersion") != 2 or not layers:
        raise InputError("it is no manifest of an image with layers")
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, dict):
            raise InputError(f"layer {number} is not an object")
        yield _layer(layer, number)


def _layer(layer: JsonObject, number: int) -> tuple[str, Told]:
    algorithm, _, digest = member(layer, "digest", str).partition(":")
    size, name = member(layer, "size", int), _name(layer.get("annotations"))
    if algorithm != "sha256" or not _SHA256.match(digest):
        raise InputError(f"the digest of layer {number} is not one of sha256")
    if not name or _packed(layer):
        raise InputError(f"layer {number} is not one file with a name, but an archive or without a name")
    return name, Told(digest, OCI, size)


def _name(annotations: Json) -> str:
    found = annotations if isinstance(annotations, dict) else {}
    names = [found.get(key) for key in reversed(_NAMES)]
    return next((name for name in names if isinstance(name, str)), "")


def _packed(layer: JsonObject) -> bool:
    """Return whether a layer is an archive of files. ORAS says so; its media type says ``tar`` of plain files too."""
    annotations, kind = layer.get("annotations"), layer.get("mediaType")
    unpacked = isinstance(annotations, dict) and annotations.get("io.deis.oras.content.unpack") == "true"
    return unpacked or (isinstance(kind, str) and kind.startswith("application/vnd.cncf.model.") and ".tar" in kind)


def _pointed(path: str, descriptor: int) -> Known | None:
    match = _POINTER.fullmatch(os.pread(descriptor, _POINTER_BYTES, 0))
    if not match:
        return None
    if match["ext"]:
        raise InputError(f"'{printable(path)}' points to what a Git LFS extension made of the file, not to the file")
    return Known(match["oid"].decode(), LFS)
