"""One pass over a model's files: names, digests, and everything that is not a plain file.

Directories are opened relative to each other and never through a link, so nothing outside the model is read whatever
happens to it meanwhile. Small files are hashed on the way; others afterwards, the largest first, on all cores.
"""

from __future__ import annotations

import functools
import os
import stat
import threading
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.records import changing_record, field
from chainguard_ml.signing.hashing import BUFFER, digest
from chainguard_ml.signing.interface import UnverifiableError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from chainguard_ml.context import Observer
    from chainguard_ml.signing.hashing import Recipe
    from chainguard_ml.signing.known import Source

_SMALL = 1 << 17  # bytes; opening costs more than hashing them, and threads do not open faster
_ALONE = 1 << 25  # bytes in larger files, below which threads cost more than they bring
_DEPTH = 200  # directories in directories
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_DIRECTORY


@changing_record
class Tree:
    """What is in a directory. Paths are relative to it.

    Attributes:
        digests: Digest of each regular file that is not excluded.
        links: Symbolic links that were not followed.
        others: Pipes, sockets and devices.
        errors: What could not be read, and why; a directory stands for everything beneath it.
        excluded: How many files are present at or beneath each excluded path.
        sources: Where a digest comes from that was not computed here, by path.
    """

    digests: dict[str, str] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    errors: dict[str, InputError] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def holds(self, path: str) -> bool:
        """Return whether something is at a path that was looked at."""
        return path in self.digests or path in self.errors or path in self.links | self.others

    def leave_out(self, path: str, under: str) -> None:
        """Take a path out, and count it at the excluded path that it is, or is beneath."""
        self.digests.pop(path, None)
        self.errors.pop(path, None)
        self.links.discard(path)
        self.others.discard(path)
        self.excluded[under] = self.excluded.get(under, 0) + 1


def read_file(root: Path, name: str, recipe: Recipe, observer: Observer, known: Sequence[Source] = ()) -> Tree:
    """Return the tree that has only the file ``name`` of ``root``; it is empty where there is no such file."""
    walk = _Walk(root, recipe, frozenset(), observer, known=known)
    try:
        mode = (root / name).lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return walk.tree
    if not stat.S_ISREG(mode):
        (walk.tree.links if stat.S_ISLNK(mode) else walk.tree.others).add(name)
        return walk.tree
    try:
        with files.open_beneath(root, name) as stream:
            walk.take(stream.fileno(), name, walk.buffer)
    except InputError as error:
        walk.tree.errors[name] = error
    observer.advance(name)
    return walk.tree


def read_directory(
    root: Path, recipe: Recipe, excluded: Collection[str], observer: Observer, *, follow: bool = False,
    known: Sequence[Source] = (),
) -> Tree:  # fmt: skip
    """Return the tree beneath ``root``.

    ``excluded`` are canonical paths that are left out with everything beneath them. With ``follow``, a link to a
    regular file inside ``root`` counts as that file (section 6.1.1); other links never do. ``known`` are asked for a
    digest, in their order, before a file is hashed.

    Raises:
        InputError: ``root`` is not a directory that can be opened.
    """
    walk = _Walk(root, recipe, frozenset(excluded), observer, follow=follow, known=known)
    try:
        descriptor = os.open(root, _DIRECTORY & ~os.O_NOFOLLOW)
    except OSError as error:
        raise InputError(f"cannot open '{printable(root.name)}': {error.strerror}") from None
    try:
        walk.directory(descriptor, "", 0)
        walk.finish(descriptor)
    finally:
        os.close(descriptor)
    return walk.tree


def read_named(root: Path, names: Iterable[str], recipe: Recipe, observer: Observer, *, follow: bool = False) -> Tree:
    """Return the tree that has only the files ``names`` of ``root``, those of them that are there.

    ``names`` are canonical. A file behind a link, itself or on the way, counts as a link; ``follow`` as above.
    """
    walk = _Walk(root, recipe, frozenset(), observer, follow=follow)
    for name in sorted(names):
        walk.named(name)
    with files.opened_root(root) as top:
        walk.finish(top)
    return walk.tree


class _Walk:
    """One walk: its recipe, its one buffer, and what it found."""

    def __init__(
        self, root: Path, recipe: Recipe, excluded: frozenset[str], observer: Observer, *, follow: bool = False,
        known: Sequence[Source] = (),
    ) -> None:  # fmt: skip
        self.root, self.recipe, self.excluded, self.observer, self.follow = root, recipe, excluded, observer, follow
        self.sources = tuple(known)
        self.tree = Tree()
        self.large: list[tuple[int, str]] = []
        self.buffer, self.threads = memoryview(bytearray(BUFFER)), threading.local()

    def directory(self, descriptor: int, prefix: str, depth: int) -> None:
        """Take everything in an open directory."""
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    path = prefix + entry.name
                    if path in self.excluded:
                        self.tree.excluded[path] = sum(1 for _ in self.beneath(descriptor, entry, path, depth))
                    else:
                        self.entry(descriptor, entry, path, depth)
        except OSError as error:
            self.tree.errors[prefix.rstrip("/")] = InputError(f"cannot read '{printable(prefix)}': {error.strerror}")

    def entry(self, parent: int, entry: os.DirEntry[str], path: str, depth: int) -> None:
        """Take one entry of a directory."""
        if entry.is_symlink():
            self.link(path)
        elif entry.is_dir(follow_symlinks=False):
            self.descend(parent, entry.name, path, depth)
        elif entry.is_file(follow_symlinks=False):
            self.file(parent, entry.name, path)
        else:
            self.tree.others.add(path)

    def descend(self, parent: int, name: str, path: str, depth: int) -> None:
        """Take a directory inside a directory."""
        try:
            descriptor = _opened(parent, name, path, depth)
        except InputError as error:
            self.tree.errors[path] = error
            return
        try:
            self.directory(descriptor, f"{path}/", depth + 1)
        finally:
            os.close(descriptor)

    def file(self, parent: int, name: str, path: str) -> None:
        """Hash a small file at once, keep a large one for later."""
        try:
            descriptor = os.open(name, _FILE, dir_fd=parent)
        except OSError as error:
            self.tree.errors[path] = InputError(f"cannot open '{printable(path)}': {error.strerror}")
            return
        try:
            status = os.fstat(descriptor)
            if status.st_size > _SMALL:
                self.large.append((status.st_size, path))
                return
            self.take(descriptor, path, self.buffer, status)
        except InputError as error:
            self.tree.errors[path] = error
        finally:
            os.close(descriptor)
        self.observer.advance(path)

    def take(self, descriptor: int, path: str, buffer: memoryview, status: os.stat_result | None = None) -> None:
        """Keep the digest of an open file: a known one, else that of its bytes."""
        for source in self.sources:
            if found := source.known(path, descriptor):
                self.tree.digests[path], self.tree.sources[path] = found
                self.observer.moved(os.fstat(descriptor).st_size)
                return
        status = status or os.fstat(descriptor)
        self.tree.digests[path] = digest(descriptor, path, self.recipe, buffer, self.observer.moved, status)
        for source in self.sources:
            source.hashed(path, status)

    def named(self, path: str) -> None:
        """Take one path, whatever is there; a regular file is kept for later."""
        try:
            status = (self.root / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self.tree.errors[path] = InputError(f"cannot open '{printable(path)}': {error.strerror}")
            return
        if any((self.root / above).is_symlink() for above in PurePosixPath(path).parents[:-1]):
            self.tree.links.add(path)
        elif stat.S_ISLNK(status.st_mode):
            self.link(path)
        elif stat.S_ISREG(status.st_mode):
            self.large.append((status.st_size, path))
        else:
            self.tree.others.add(path)

    def link(self, path: str) -> None:
        """Take a link: as the file it leads to where that is asked for and inside the model."""
        target = os.path.realpath(self.root / path)
        if not self.follow or not target.startswith(f"{os.path.realpath(self.root)}/"):
            self.tree.links.add(path)
            return
        try:
            inside = os.path.relpath(target, os.path.realpath(self.root))
            self.tree.digests[path] = _of_beneath(self.root, inside, self.recipe)
        except InputError:
            self.tree.links.add(path)

    def beneath(self, parent: int, entry: os.DirEntry[str], path: str, depth: int) -> Iterator[str]:
        """Yield every file, link and device at or beneath an excluded entry."""
        if not entry.is_dir(follow_symlinks=False):
            yield path
            return
        try:
            descriptor = _opened(parent, entry.name, path, depth)
        except InputError:
            yield path  # something is there, and it is as little covered as what is inside
            return
        try:
            with os.scandir(descriptor) as entries:
                for inner in entries:
                    yield from self.beneath(descriptor, inner, f"{path}/{inner.name}", depth + 1)
        finally:
            os.close(descriptor)

    def finish(self, top: Path | int) -> None:
        """Hash the larger files beneath the root ``top``, the largest first; in threads where that pays."""
        self.large.sort(key=lambda item: (-item[0], item[1]))
        total = sum(size for size, _ in self.large)
        self.observer.expect(total)
        paths = [path for _, path in self.large]
        attempt = functools.partial(self._attempt, top)
        cores = min(len(os.sched_getaffinity(0)), len(paths))
        if cores < 2 or total < _ALONE:
            self._tell(map(attempt, paths))
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(cores) as threads:  # hashlib and preadv let other threads run
            self._tell(threads.map(attempt, paths))

    def _tell(self, done: Iterable[str]) -> None:
        for path in done:
            self.observer.advance(path)

    def _attempt(self, top: Path | int, path: str) -> str:
        try:
            if not hasattr(self.threads, "buffer"):
                self.threads.buffer = memoryview(bytearray(BUFFER))
            with files.open_beneath(top, path) as stream:
                self.take(stream.fileno(), path, self.threads.buffer)
        except InputError as error:
            self.tree.errors[path] = error
        return path


def _opened(parent: int, name: str, path: str, depth: int) -> int:
    """Return a directory inside an open directory, opened."""
    if depth >= _DEPTH:
        raise UnverifiableError(f"directories are nested deeper than {_DEPTH}", GapReason.BUDGET)
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except OSError as error:
        raise InputError(f"cannot open '{printable(path)}': {error.strerror}") from None


def _of_beneath(root: Path, path: str, recipe: Recipe) -> str:
    with files.open_beneath(root, path) as stream:
        return digest(stream.fileno(), path, recipe, memoryview(bytearray(BUFFER)))
