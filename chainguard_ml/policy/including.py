"""The files of a document: the one that was asked for and those that it includes, each read once."""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml import yamlsafe
from chainguard_ml.errors import InputError
from chainguard_ml.policy.interface import API_VERSION
from chainguard_ml.policy.reading import Node, Problems
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MAX_BYTES = 1_000_000
"""Bytes of the largest document; they are written by hand."""

_MAX_DOCUMENTS = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_HEADER = ("apiVersion", "kind", "metadata")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a document looks like: its ``kind``, its keys beside the header, and which it must have."""

    kind: str
    keys: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(slots=True)
class Documents:
    """Reads documents of one shape; ``read`` holds their members, included documents first."""

    shape: Shape
    problems: Problems = field(default_factory=Problems)
    read: list[dict[str, Node]] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    _digests: dict[Path, str] = field(default_factory=dict)

    def add(self, path: Path, label: str | None = None, within: tuple[Path, ...] = (), at: Node | None = None) -> None:
        """Read a document and what it includes.

        Args:
            path: Its file.
            label: How problems call it.
            within: The documents that include it, outermost first.
            at: The value that includes it.
        """
        label = label or path.name or str(path)
        complain = at.problem if at else lambda text: self.problems.add(printable(label), 0, text)
        try:
            real = path.resolve()
            data = b"" if real in self._digests else _bytes(path)
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            # What Python says of a NUL in a name differs from version to version.
            reason = "it is no name of a file" if "\0" in str(path) else reason
            complain(f"cannot be read: {printable(reason)}")
            return
        if real in within:
            chain = " -> ".join(each.name for each in (*within[within.index(real) :], real))
            complain(f"includes itself: {printable(chain)}")
            return
        included_before = real in self._digests
        digest = self._digests.setdefault(real, hashlib.sha256(data).hexdigest())
        _verify(digest, at)
        if not included_before:
            self._document(data, label, (*within, real))
            self.sources.append((printable(label), digest))

    def _document(self, data: bytes, label: str, within: tuple[Path, ...]) -> None:
        self.problems.begin(printable(label))
        try:
            value, lines = yamlsafe.load_with_lines(data, name=label, max_bytes=MAX_BYTES)
        except InputError as error:
            self.problems.add(printable(label), 0, error.message)
            return
        root = Node(value, lines, printable(label), self.problems)
        members = root.fields((*_HEADER, *self.shape.keys), self.shape.required)
        _header(root, members, self.shape)
        if "include" in members:
            for node in members["include"].items():
                self._include(node, label, within)
        self.read.append(members)

    def _include(self, node: Node, label: str, within: tuple[Path, ...]) -> None:
        target = node if isinstance(node.value, str) else node.fields(("path", "sha256"), ("path",)).get("path")
        name = target.text() if target else ""
        if not name or target is None:
            return
        if posixpath.isabs(name):
            target.problem("must be relative to this document")
        elif len(self._digests) >= _MAX_DOCUMENTS:
            target.problem(f"is one document more than the {_MAX_DOCUMENTS} that a policy may have")
        else:
            shown = posixpath.normpath(posixpath.join(posixpath.dirname(label), name))
            self.add(within[-1].parent / name, shown, within, node)


def _bytes(path: Path) -> bytes:
    """Return the content of a file, at most one byte more than is allowed.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no regular file.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is not a regular file")
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _verify(digest: str, at: Node | None) -> None:
    """Compare with the digest that the including document states, if it does."""
    if at is None or not isinstance(at.value, dict) or "sha256" not in at.value:
        return
    stated = at.inner("sha256", at.value["sha256"])
    if stated.text() and stated.value != digest:
        stated.problem(f"is not the digest of the file, which is {digest}")


def _header(root: Node, members: dict[str, Node], shape: Shape) -> None:
    """Check what every document begins with: its version, its kind, and whose it is."""
    if not isinstance(root.value, dict):
        return
    for key, wanted in (("apiVersion", API_VERSION), ("kind", shape.kind)):
        if key not in members:
            root.problem(f"the key '{key}' is missing; write '{key}: {wanted}'")
        elif (value := members[key].text()) and value != wanted:
            members[key].problem(f"'{printable(value, 60)}' must be '{wanted}'")


def named(node: Node, taken: Collection[str]) -> str:
    """Return a name that is not ``taken``; what is wrong with it is a problem."""
    name = node.text()
    if name and not _NAME.match(name):
        node.problem(f"'{printable(name, 60)}' must be letters, digits, '-' and '_'")
    elif name in taken:
        node.problem(f"'{name}' is there a second time")
    return name
