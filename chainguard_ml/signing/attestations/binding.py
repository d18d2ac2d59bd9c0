"""What ties a claim to a model: digests of the signed manifest, never names."""

from __future__ import annotations

import enum
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.attestations.interface import Statement
    from chainguard_ml.signing.manifest import Manifest


class Binding(enum.StrEnum):
    """How a claim is about a model; the first that holds."""

    MANIFEST = "manifest"
    """Its subject has the root digest, and states the digest of names and digests too."""

    ROOT = "root"
    """Its subject has the root digest (OMS v1.0, section 6.5.1), which says nothing about names."""

    FILES = "files"
    """Every file of the model is a subject: how provenance of builds names what was built."""

    PART = "part"
    """Some files of the model are subjects."""

    NONE = ""
    """It is about something else."""

    @property
    def whole(self) -> bool:
        """Whether it is about the whole model."""
        return self not in {Binding.PART, Binding.NONE}


def manifest_digest(manifest: Manifest) -> str:
    """Return the SHA-256, in hexadecimal, over each file's digest, two spaces, its name and a NUL byte.

    The files are in the manifest's order; it is the digest of what ``sha256sum --zero`` prints about them.
    """
    total = hashlib.sha256()
    for name, digest in manifest.files.items():
        total.update(f"{digest}  {name}\0".encode())
    return total.hexdigest()


def subject(manifest: Manifest, time: str) -> JsonObject:
    """Return the subject of a claim about a model: its root digest, annotated with the manifest's and with the time."""
    return {
        "name": manifest.name,
        "digest": {"sha256": manifest.root},
        "annotations": {"manifest": {"sha256": manifest_digest(manifest)}, "time": time},
    }


def bind(statement: Statement, manifest: Manifest) -> tuple[Binding, tuple[str, ...]]:
    """Return how a statement is about a model, and about which of its files."""
    files = tuple(manifest.files)
    for each in statement.subjects:
        if each.digests.get("sha256") == manifest.root:
            stated = each.annotations.get("manifest")
            if stated is None:
                return Binding.ROOT, files
            if isinstance(stated, dict) and stated.get("sha256") == manifest_digest(manifest):
                return Binding.MANIFEST, files
            return Binding.NONE, ()  # the same digests under other names
    algorithm = manifest.recipe.algorithm
    known = {each.digests.get(algorithm) for each in statement.subjects}
    covered = tuple(name for name, digest in manifest.files.items() if digest in known)
    if len(covered) == len(files):
        return Binding.FILES, files
    return (Binding.PART, covered) if covered else (Binding.NONE, ())
