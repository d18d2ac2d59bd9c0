"""The seam of the collectors: what each is given, what it yields, and how it says what it could not read.

A **collector** is one file of this package with a function ``parse``, named in ``COLLECTORS`` of ``__init__``. It
runs in a worker process, is given ``{"root", "path"}`` and yields one ``Component`` for each package. The facts of a
component (absent where nothing states them):

========== ==========================================================================================
source     the collector: ``requirements``, ``pyproject``, ``uv``, ``environment`` …; ``resolved`` is pip's word
pypi       name on Python's index of the project that a conda package is built from
specifier  PEP 440 specifiers as written
pinned     whether exactly one version, commit or digest can be installed
hashed     whether a digest is required of what is installed
marker     PEP 508 environment marker
extras     extras asked for, sorted
url        direct reference, without credentials; ``path`` for one in the file system
commit     full commit of a reference to version control
editable   true for a development install
requires   PEP 503 names of the packages that it needs, sorted
uploaded   when the last of its files was uploaded, RFC 3339, where the lock says so
source_only true where the lock knows no wheel: installing it runs its build
changed    installed files that differ from ``RECORD``, the first ones; ``changed_count`` counts all; so ``missing``
installer  what installed it, if not pip
summary    what the package says that it is; inactive: true where it says that it is no longer developed (environment)
constraint where a constraints file pins it, ``path:line``
indexes    index options of the file, ``[{option, url, path, line}]``, at one component of each file
========== ==========================================================================================
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from chainguard_ml import files
from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.model import Component, Gap, GapReason, Location, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.codec import JsonObject

MAX_BYTES = 32_000_000  # of one manifest; a lock of 10,000 packages with all their files has half of it

Record: TypeAlias = Component | Gap
"""What a collector yields."""


class Collector(Protocol):
    """What a collector's module offers."""

    def parse(self, argument: JsonObject) -> Iterator[Record]:
        """Yield the packages of the manifest ``argument["path"]`` beneath ``argument["root"]``."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file that is read: where it is, and how its places and problems are written.

    Attributes:
        root: Directory that nothing may leave.
        path: Path beneath it, with ``/``.
    """

    root: Path
    path: str

    @classmethod
    def of(cls, argument: JsonObject) -> Manifest:
        """Return the manifest that a task names."""
        return cls(Path(str(argument["root"])), str(argument["path"]))

    def at(self, line: int | None) -> Location:
        """Return the place of a line, from 1."""
        return Location(self.path, line=line)

    def gap(self, reason: GapReason, detail: str, line: int | None = None) -> Gap:
        """Return a gap of this file, or of one of its lines; ``detail`` must be printable."""
        return Gap(Subject(self.path), reason, detail, self.at(line))

    def read(self, limit: int = MAX_BYTES) -> bytes | Gap:
        """Return the file's bytes, or the gap that says why there are none."""
        try:
            with files.open_beneath(self.root, self.path) as stream:
                size = os.fstat(stream.fileno()).st_size
            if size > limit:
                return self.gap(GapReason.BUDGET, f"{size:,} bytes are more than the {limit:,} that are read")
            return files.read_beneath(self.root, self.path, limit)
        except ChangedError as error:
            return self.gap(GapReason.CHANGED, error.message)
        except InputError as error:
            return self.gap(GapReason.UNREADABLE, error.message)
