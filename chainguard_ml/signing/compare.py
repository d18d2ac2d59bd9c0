"""The complete difference between what was signed and what is there (OMS v1.0, sections 8.4 and 8.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.signing.tree import Tree


@record
class Change:
    """One path that differs.

    Attributes:
        path: Relative to the model.
        kind: ``changed``, ``missing``, ``added`` or ``link``.
        expected: The signed digest, if the path is signed.
        actual: The present digest, if there is a file to hash.
        what: What it says about the path, to follow its name.
    """

    path: str
    kind: str
    expected: str | None
    actual: str | None
    what: str


def changes(signed: Mapping[str, str], tree: Tree) -> Iterator[Change]:
    """Yield every difference, sorted by path; nothing about what could not be read."""
    present = tree.digests.keys() | tree.links | tree.others
    for path in sorted(signed.keys() | present):
        expected, actual = signed.get(path), tree.digests.get(path)
        if path in present:
            if change := _present(path, expected, actual, tree):
                yield change
        elif not _unread(path, tree):
            yield Change(path, "missing", expected, None, "is signed and missing")


def _present(path: str, expected: str | None, actual: str | None, tree: Tree) -> Change | None:
    if path in tree.links:
        return Change(path, "link", expected, None, "is a symbolic link, not a file of the model")
    if path in tree.others:
        kind = "added" if expected is None else "changed"
        return Change(path, kind, expected, None, "is not a regular file")
    if expected is None:
        # The digest of an empty file is empty only among shards, which the specification keeps empty files out of.
        return Change(path, "added", None, actual, "was added after signing") if actual else None
    return None if actual == expected else Change(path, "changed", expected, actual, "is not what was signed")


def _unread(path: str, tree: Tree) -> bool:
    """Return whether a path, or a directory above it, could not be read."""
    while path not in tree.errors:
        path, slash, _ = path.rpartition("/")
        if not slash:
            return "" in tree.errors
    return True


def uncovered(tree: Tree) -> dict[str, int]:
    """Return the paths that are present and that the signature says nothing about, with the number of their files."""
    empty = {path: 1 for path, digest in tree.digests.items() if not digest}
    return dict(sorted({**{path: count for path, count in tree.excluded.items() if count}, **empty}.items()))
