"""The walk: every directory once, names in the order of their bytes, by file descriptors, no link followed."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.files import read_beneath
from chainguard_ml.inventory import directories, environments
from chainguard_ml.inventory.excluding import Patterns
from chainguard_ml.inventory.interface import Directory, File
from chainguard_ml.inventory.links import Links
from chainguard_ml.inventory.recognising import recognise
from chainguard_ml.model import Artifact, ArtifactKind, Evidence, Gap, GapReason, Subject
from chainguard_ml.records import changing_record, field
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chainguard_ml.context import Observer

Item: TypeAlias = Artifact | Gap | Evidence
"""What the inventory yields."""

DEPTH = 200
"""Directories inside each other; each holds a file descriptor while the walk is beneath it."""

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MOST_TOLD = 100  # things left out that are told one by one


@changing_record
class _Model:
    """A model's directory whose files are being met."""

    directory: str
    format: str
    members: list[str] = field(default_factory=list)
    size: int = 0

    def take(self, path: str, size: int) -> None:
        """Count a file as one of the model, unless it lies in a hidden directory, which no framework reads."""
        inner = path[len(self.directory) + 1 :] if self.directory else path
        if "/." not in f"/{inner.rpartition('/')[0]}":
            self.members.append(path)
            self.size += size


@changing_record
class _Level:
    """An open directory, what of it is still to come, and its identity."""

    directory: Directory
    entries: deque[os.DirEntry[str]]
    identity: tuple[int, int]
    model: _Model | None = None


class Walk:
    """One walk beneath ``root``; see ``inventory.walk``. Iterate over it once."""

    def __init__(self, root: Path, inputs: Sequence[Path], exclude: Iterable[str], observer: Observer) -> None:
        self._root = root
        self._place = f"{root.parent.name}/{root.name}"
        self._inputs = frozenset(_relative(root, path) for path in inputs or (root,))
        self._met: set[str] = set()
        self._patterns = Patterns(exclude)
        self._links = Links(root, self._inputs, self._patterns)
        self._observer = observer
        self._levels: list[_Level] = []
        self._left_out = 0

    def __iter__(self) -> Iterator[Item]:
        try:
            for path in sorted(self._inputs, key=os.fsencode):
                if path not in self._met:
                    yield from self._input(path)
        finally:
            while self._levels:
                os.close(self._levels.pop().directory.descriptor)
        if self._left_out > _MOST_TOLD:
            yield _excluded(".", "directory", "several", further=self._left_out - _MOST_TOLD)

    def _input(self, path: str) -> Iterator[Item]:
        """Walk one input: a file for itself, or everything beneath a directory."""
        parent, _, name = path.rpartition("/")
        try:
            descriptor = self._open(parent)
        except OSError as error:
            yield _refused(parent or ".", "directory", error)
            return
        if not path:
            yield from self._enter("", descriptor)
            yield from self._beneath()
            return
        try:
            with os.scandir(descriptor) as entries:
                listed = list(entries)
            directory = self._directory(descriptor, parent, listed)
            found = [entry for entry in listed if entry.name == name]
            for entry in found:
                yield from self._entry(directory, entry)
                yield from self._beneath()
            if not found:
                yield Gap(Subject(path), GapReason.CHANGED, "it is gone")
        finally:
            os.close(descriptor)

    def _open(self, path: str) -> int:
        """Open a directory beneath the root; nothing on the way may be a link."""
        descriptor = os.open(self._root, _OPEN)
        for part in path.split("/") if path else ():
            outer = descriptor
            try:
                descriptor = os.open(part, _OPEN | os.O_NOFOLLOW, dir_fd=outer)
            finally:
                os.close(outer)
        return descriptor

    def _directory(self, descriptor: int, path: str, entries: Iterable[os.DirEntry[str]]) -> Directory:
        place = f"{self._place}/{path}" if path else self._place
        return Directory(descriptor, path, place, frozenset(entry.name for entry in entries))

    def _beneath(self) -> Iterator[Item]:
        """Walk everything beneath the directories that are open, the innermost first."""
        while self._levels:
            level = self._levels[-1]
            if level.entries:
                yield from self._entry(level.directory, level.entries.popleft())
            else:
                self._levels.pop()
                os.close(level.directory.descriptor)
                if level.model:
                    yield from self._model(level.model, level.directory)

    def _entry(self, directory: Directory, entry: os.DirEntry[str]) -> Iterator[Item]:
        """Record one name of a directory."""
        path = directory.inner(entry.name)
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield _refused(path, "file", error)
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        asked = path in self._inputs
        if asked:
            self._met.add(path)
        by = None if asked else self._patterns.excluded(path, directory=is_directory)
        if by is not None:
            yield from self._leave_out(path, "directory" if is_directory else "file", by)
        elif is_directory:
            yield from self._descend(directory, entry.name, path)
        elif stat.S_ISREG(status.st_mode):
            yield self._file(File(entry.name, status.st_size, directory), path)
        elif stat.S_ISLNK(status.st_mode):
            reason = self._links.refusal(path)
            if reason:
                yield Gap(Subject(path, "link"), GapReason.LINK, reason)
        else:
            yield Gap(Subject(path), GapReason.UNSUPPORTED, f"it is no file but {_sort(status.st_mode)}")

    def _leave_out(self, path: str, kind: str, by: str) -> Iterator[Evidence]:
        self._left_out += 1
        if self._left_out <= _MOST_TOLD:
            yield _excluded(path, kind, by)

    def _file(self, file: File, path: str) -> Artifact | Gap:
        try:
            found = recognise(file)
        except OSError as error:
            return _refused(path, "file", error)
        for level in self._levels:
            if level.model:
                level.model.take(path, file.size)
        self._observer.advance(path)
        return Artifact(found.kind, path, found.format, file.size, facts=found.facts)

    def _descend(self, parent: Directory, name: str, path: str) -> Iterator[Item]:
        if len(self._levels) >= DEPTH:
            yield Gap(Subject(path, "directory"), GapReason.BUDGET, f"directories nested deeper than {DEPTH}")
            return
        try:
            descriptor = os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=parent.descriptor)
        except OSError as error:
            yield _refused(path, "directory", error)
            return
        yield from self._enter(path, descriptor)

    def _enter(self, path: str, descriptor: int) -> Iterator[Item]:
        """Make an open directory the innermost one, unless it is one of those around it."""
        try:
            status = os.fstat(descriptor)
            with os.scandir(descriptor) as entries:
                listed = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            os.close(descriptor)
            yield _refused(path or ".", "directory", error)
            return
        identity = (status.st_dev, status.st_ino)
        if any(level.identity == identity for level in self._levels):
            os.close(descriptor)
            yield Gap(Subject(path, "directory"), GapReason.LINK, "it is a directory that it lies in: a loop")
            return
        directory = self._directory(descriptor, path, listed)
        level = _Level(directory, deque(listed), identity)
        self._levels.append(level)
        if environments.is_environment(directory):
            level.entries = deque(entry for entry in listed if entry.name not in environments.PARTS)
            yield Artifact(ArtifactKind.ENVIRONMENT, path or ".", "venv", 0)
            yield from self._leave_out(path or ".", "directory", "environment")
        elif layout := directories.layout(directory):
            level.model = _Model(path, layout)

    def _model(self, model: _Model, directory: Directory) -> Iterator[Artifact | Gap]:
        """Give the directory whose last file was met, and a gap for each index that cannot be read."""
        listed: set[str] = set()
        for name in directories.indexes(directory.names):
            try:
                data = read_beneath(self._root, directory.inner(name), directories.INDEX_LIMIT)
            except InputError as error:
                yield Gap(Subject(directory.inner(name)), GapReason.UNREADABLE, error.message)
            else:
                listed |= directories.indexed(data)
        yield Artifact(
            ArtifactKind.MODEL_DIRECTORY,
            model.directory or ".",
            model.format,
            model.size,
            members=tuple(sorted(model.members)),
            facts=directories.shards(directory.names, listed),
        )


def _relative(root: Path, path: Path) -> str:
    """Return the path of an input relative to the root; that of the root is empty."""
    try:
        relative = (root / path).relative_to(root)
    except ValueError:
        raise UsageError(f"'{printable(str(path))}' is not beneath '{printable(str(root))}'") from None
    if ".." in relative.parts:
        raise UsageError(f"'{printable(str(path))}' leads upwards", hint="resolve it first")
    return "" if relative.as_posix() == "." else relative.as_posix()


def _refused(path: str, kind: str, error: OSError) -> Gap:
    """Return the gap of what the system does not let the walk open; it was there a moment ago."""
    if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO}:
        return Gap(Subject(path, kind), GapReason.CHANGED, "it was replaced or removed while it was recorded")
    return Gap(Subject(path, kind), GapReason.UNREADABLE, f"cannot be opened: {error.strerror or error}")


def _excluded(path: str, kind: str, by: str, **more: int) -> Evidence:
    return Evidence("excluded", Subject(path, kind), "inventory", {"by": by, **more})


def _sort(mode: int) -> str:
    names = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return names.get(stat.S_IFMT(mode), "something else")
