"""What is signed about a model: its files' names and digests, and how they were taken (OMS v1.0, sections 5 and 6)."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chainguard_ml.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chainguard_ml.signing.hashing import Recipe

DEFAULT_EXCLUSIONS = (".git", ".gitattributes", ".github", ".gitignore")
"""Left out of every directory model, at its top level (section 6.2)."""

SINGLE_FILE = "."
"""How the reference implementation names the file of a single-file model, where section 6.1.2 wants its name."""


@record
class Manifest:
    """Names and digests of a model's files.

    Attributes:
        name: The model's base name; says nothing about what is signed.
        root: SHA-256 over the digests in manifest order, in hexadecimal (section 6.5.1).
        files: Digest of each file by its path relative to the model; for shards their digests, joined with commas.
        recipe: How the digests were taken.
        ignored: Paths that were left out, canonical.
        links: Whether symbolic links were followed.
        sources: Where a digest comes from that the signer did not compute, by path.
    """

    name: str
    root: str
    files: Mapping[str, str]
    recipe: Recipe
    ignored: frozenset[str] = frozenset()
    links: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """Whether it may be the manifest of one file instead of a directory."""
        return len(self.files) == 1 and "/" not in next(iter(self.files))


def of_files(name: str, files: Mapping[str, str], recipe: Recipe, ignored: frozenset[str]) -> Manifest:
    """Return the manifest of whole-file digests, its files sorted by the code points of their names."""
    ordered = dict(sorted(files.items()))
    return Manifest(name, root_digest(ordered.values()), ordered, recipe, ignored)


def root_digest(digests: Iterable[str]) -> str:
    """Return the SHA-256 over hexadecimal ``digests``, decoded and concatenated in their order (section 6.5.1)."""
    total = hashlib.sha256()
    for digest in digests:
        total.update(bytes.fromhex(digest))
    return total.hexdigest()


def is_canonical(path: str) -> bool:
    r"""Return whether ``path`` is a relative path in the one form of section 6.1.2.

    A backslash is refused too: it separates directories on one system and is part of a name on another.
    """
    if not path or "\0" in path or "\\" in path:
        return False
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def canonical_exclusion(path: str) -> str | None:
    """Return an exclusion without ``./`` and trailing ``/``, or ``None`` if it can name nothing in the model."""
    canonical = PurePosixPath(path).as_posix()
    return canonical if is_canonical(canonical) else None
