"""Which artifact is a part of the bill, and which is a file of another one."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.files import sha256_beneath
from chainguard_ml.model import ArtifactKind, Subject
from chainguard_ml.sbom.reading import refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Digest, Gap

MODELS = (ArtifactKind.MODEL, ArtifactKind.MODEL_DIRECTORY)
"""Artifacts that are models, or files of one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A model or a data set: one file, or a directory with the paths of its files."""

    artifact: Artifact
    files: tuple[str, ...] = ()

    @property
    def is_model(self) -> bool:
        """Whether it is a model, else a data set."""
        return self.artifact.kind in MODELS

    @property
    def home(self) -> str:
        """Directory that it is, or lies in; the root is the empty string."""
        path = normal(self.artifact.path)
        return path if is_directory(self.artifact) else posixpath.dirname(path)


def normal(path: str) -> str:
    """Return a relative path without ``./``; the root is the empty string."""
    return "" if path in {"", "."} else posixpath.normpath(path)


def is_directory(artifact: Artifact) -> bool:
    """Return whether an artifact stands for a directory."""
    return artifact.kind is ArtifactKind.MODEL_DIRECTORY or bool(artifact.members)


def assets(context: Context) -> list[Asset]:
    """Return models and data sets, sorted by path.

    A file belongs to the innermost directory that lists it, unless that is of the other sort: a data set inside a
    model's directory is a data set.
    """
    found = sorted(context.of(*MODELS, ArtifactKind.DATASET), key=lambda artifact: (artifact.path, artifact.kind))
    directories = [artifact for artifact in found if is_directory(artifact)]
    owners = {
        member: directory
        for directory in sorted(directories, key=lambda artifact: (normal(artifact.path).count("/"), artifact.path))
        for member in directory.members
    }
    alone = {
        artifact.path: artifact
        for artifact in found
        if not is_directory(artifact) and not _same_sort(artifact, owners.get(artifact.path))
    }
    parts: dict[int, list[str]] = {}
    for member, directory in owners.items():
        if member not in alone:
            parts.setdefault(id(directory), []).append(member)
    whole = [Asset(directory, tuple(sorted(parts.get(id(directory), ())))) for directory in directories]
    single = [Asset(artifact) for artifact in alone.values()]
    return sorted([*whole, *single], key=lambda asset: (asset.artifact.path, asset.artifact.kind))


def _same_sort(artifact: Artifact, owner: Artifact | None) -> bool:
    return owner is not None and (artifact.kind in MODELS) == (owner.kind in MODELS)


def digests(context: Context, paths: Iterable[str]) -> tuple[Mapping[str, Digest], list[Gap]]:
    """Return the SHA-256 of files: as the inventory took it, else taken here; and what could not be read."""
    known = {artifact.path: artifact.digest for artifact in context.artifacts if artifact.digest}
    taken: dict[str, Digest] = {}
    gaps: list[Gap] = []
    for path in paths:
        try:
            taken[path] = known.get(path) or sha256_beneath(context.root, path)
        except InputError as error:
            gaps.append(refused(Subject(path), error))
    return taken, gaps
