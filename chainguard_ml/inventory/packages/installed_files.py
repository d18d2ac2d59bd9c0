"""Installed files against the ``RECORD`` that the installer left: what was changed or removed since.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from chainguard_ml import files
from chainguard_ml.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.model import Json

BUDGET = 20_000_000_000
"""Bytes that are hashed in one task."""

_LONGEST = 50_000_000  # bytes of a RECORD; one of 100,000 files has a fifth of it
_ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})
_TOLD = 50  # files named one by one
_CHUNK = 1_000_000


@dataclass(slots=True)
class Comparison:
    """What came of comparing the files of one task with their records.

    Attributes:
        left: Bytes that may still be hashed.
        problem: Why the files of the last distribution were not compared, or empty.
    """

    left: int = BUDGET
    problem: str = field(default="")

    def facts(self, root: Path, site: str, folder: str) -> dict[str, Json]:
        """Return the facts ``changed`` and ``missing`` of the distribution whose metadata are in ``folder``.

        Paths in them are relative to ``root``. Without a RECORD there are none; files outside ``root`` are not looked
        at, nor is byte code, whose digests nobody records.
        """
        self.problem = ""
        found: dict[str, list[str]] = {"changed": [], "missing": []}
        counts = dict.fromkeys(found, 0)
        for path, digest, size in self._recorded(root, folder):
            relative = posixpath.normpath(posixpath.join(site, path))
            state = None if relative.startswith(("..", "/")) else self._state(root, relative, digest, size)
            if state is not None:
                counts[state] += 1
                if len(found[state]) < _TOLD:
                    found[state].append(relative)
        several: dict[str, Json] = {}
        for state, count in counts.items():
            if count:
                several |= {state: found[state], f"{state}_count": count}
        return several

    def _recorded(self, root: Path, folder: str) -> Iterator[tuple[str, str, str]]:
        try:
            data = files.read_beneath(root, f"{folder}/RECORD", _LONGEST)
        except InputError as error:
            if os.path.lexists(root / folder / "RECORD"):
                self.problem = error.message
            return
        try:
            for row in csv.reader(data.decode("utf-8").splitlines()):
                if len(row) > 1 and row[1] and not row[0].endswith(".pyc"):
                    yield row[0], row[1], row[2] if len(row) > 2 else ""
        except (csv.Error, UnicodeDecodeError):
            self.problem = "its RECORD is no table of files"

    def _state(self, root: Path, relative: str, digest: str, size: str) -> str | None:
        algorithm, _, value = digest.partition("=")
        if algorithm not in _ALGORITHMS or "\0" in relative:
            return None
        try:
            with files.open_beneath(root, relative) as stream:
                return None if self._same(stream, algorithm, value, size) else "changed"
        except InputError:
            if not os.path.lexists(root / relative):
                return "missing"
            self.problem = "a file that its RECORD names cannot be read, or is a link"
        except OSError:
            self.problem = "a file that its RECORD names cannot be read"
        return None

    def _same(self, stream: BinaryIO, algorithm: str, value: str, size: str) -> bool:
        octets = os.fstat(stream.fileno()).st_size
        if size.isdecimal() and len(size) < 20 and int(size) != octets:
            return False
        if octets > self.left:
            self.problem = f"more than {BUDGET:,} bytes are not hashed"
            return True
        self.left -= octets
        hasher = hashlib.new(algorithm)
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
        return base64.urlsafe_b64encode(hasher.digest()).rstrip(b"=") == value.rstrip("=").encode()
