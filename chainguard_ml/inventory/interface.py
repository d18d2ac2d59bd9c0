"""What recognition is given about a file, and what it answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chainguard_ml.records import changing_record, field, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.model import ArtifactKind, Facts

HEAD = 8192
"""How many bytes of a file recognition may see."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@record
class Recognised:
    """What a file is: its kind, the short name of its format, and what was learnt on the way."""

    kind: ArtifactKind
    format: str
    facts: Facts = field(default_factory=dict)


@changing_record
class Directory:
    """An open directory.

    Attributes:
        descriptor: Its file descriptor.
        path: Its path relative to the root; the root's is empty.
        place: The path with the names of the root and its parent before it: what is called ``.github/workflows`` must
            be seen where the walk begins inside of it.
        names: The names in it.
    """

    descriptor: int
    path: str
    place: str
    names: frozenset[str]
    _kinds: frozenset[ArtifactKind] | None = field(default=None, repr=False)

    def inner(self, name: str) -> str:
        """Return the path of ``name`` relative to the root."""
        return f"{self.path}/{name}" if self.path else name

    def kinds(self, of: Callable[[str], Recognised | None]) -> frozenset[ArtifactKind]:
        """Return what its names, taken alone, say that its files are."""
        if self._kinds is None:
            self._kinds = frozenset(found.kind for name in self.names if (found := of(name)))
        return self._kinds

    def head(self, name: str, limit: int = HEAD) -> bytes:
        """Return the first bytes of a file in it.

        Raises:
            OSError: It cannot be opened or read.
        """
        descriptor = os.open(name, _FLAGS, dir_fd=self.descriptor)
        try:
            return os.read(descriptor, limit)
        finally:
            os.close(descriptor)


@changing_record
class File:
    """A regular file: its name, its size in bytes, where it lies, and, once asked for, its first bytes."""

    name: str
    size: int
    directory: Directory
    _head: bytes | None = field(default=None, repr=False)

    @property
    def head(self) -> bytes:
        """The first ``HEAD`` bytes, read once.

        Raises:
            OSError: It cannot be opened or read.
        """
        if self._head is None:
            self._head = self.directory.head(self.name)
        return self._head

    @property
    def extension(self) -> str:
        """The last extension in lower case without its dot; empty where there is none."""
        stem, _, last = self.name.rpartition(".")
        return last.lower() if stem else ""
