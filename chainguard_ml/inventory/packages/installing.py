"""What commands install, as components: the operands of pip are requirements, those of conda match specifications.

What such a command takes from the file system (``.``, ``/wheels/*.whl``) was copied or built before, and is no package
of others; what it reads (``-r``) is a manifest, which is read here if it is found.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages.conda_names import conda_package, parse_spec
from chainguard_ml.inventory.packages.naming import library, redacted
from chainguard_ml.inventory.packages.requirements import Reading
from chainguard_ml.inventory.packages.requirements_lines import Line
from chainguard_ml.inventory.packages.requirements_targets import scope_of
from chainguard_ml.model import GapReason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.inventory.packages.interface import Manifest, Record
    from chainguard_ml.inventory.packages.shell_commands import Install
    from chainguard_ml.model import Json

_SUBSTITUTED = re.compile(r"[$`{}*?\[]")
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:[=<>!~]=|[<>]|@\s)")
_REFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*://")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|conda)(?:\[[^\]]*\])?\Z", re.IGNORECASE)
_MOST_INCLUDED = 200  # files that the commands of one file name
_MOST_COPIED = 50  # of what an image copies, where a file is looked for
_HIGHEST = 10  # directories around a file, in which a file is looked for


@dataclass
class Installing:
    """What the commands of one file install.

    Attributes:
        manifest: The file.
        source: The collector.
        elsewhere: Names of files that the same file makes or gets from where nobody sees.
        copied: What is copied into an image, relative to a directory that the file does not name.
    """

    manifest: Manifest
    source: str
    elsewhere: Callable[[str], bool] = lambda _: False
    copied: frozenset[str] = frozenset()
    _included: set[str] = field(default_factory=set)
    _asked: int = 0
    _reading: Reading = field(default_factory=Reading)
    _others: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reading.source = self.source

    def records(self) -> Iterator[Record]:
        """Yield everything that was taken."""
        yield from self._others
        yield from self._reading.records()

    def take(self, install: Install, place: Callable[[str], int]) -> None:
        """Take one command; ``place`` tells the line of a word."""
        lines: list[Line] = []
        for option, value in install.options:
            if option in {"requirement", "constraint"}:
                self._include(option, value, place(value))
            elif option == "editable" and not _REFERENCE.search(value):
                continue
            elif option == "editable":
                lines += self._operand(value, place(value), editable=True)
            else:
                lines.append(Line(place(value or option), "", {option: [value] if value else []}))
        for word in install.wanted:
            if install.installer == "conda":
                self._conda(word, place(word))
            else:
                lines += self._operand(word, place(word))
        self._reading.feed(self.manifest, lines)

    def _operand(self, word: str, line: int, *, editable: bool = False) -> list[Line]:
        if _REFERENCE.search(word) and not word.startswith("file:") and not _SUBSTITUTED.search(word.partition("[")[0]):
            return [Line(line, "" if editable else word, {"editable": [word]} if editable else {})]
        if not _REFERENCE.search(word) and _is_local(word):
            return []
        bare = re.sub(r"\[[^\]$`{}*?]*\]", "", word.partition(";")[0])
        if not _SUBSTITUTED.search(bare.replace(".*", "")):
            return [Line(line, word)]
        self._substituted(word, line)
        return []

    def _substituted(self, word: str, line: int) -> None:
        """Take a word that only a shell can complete: the package is known if its name stands before that."""
        named = _NAMED.match(word)
        if named and not _SUBSTITUTED.search(named[1]):
            facts: dict[str, Json] = {"source": self.source, "pinned": False}
            url = word.partition("@")[2].strip()
            if _REFERENCE.match(url):
                facts["url"] = redacted(url)
            place, scope = self.manifest.at(line), scope_of(self.manifest.path)
            self._others.append(library(named[1], None, place, facts, scope=scope))
            return
        detail = f"what '{printable(redacted(word), 100)}' stands for is known when the command runs"
        self._others.append(self.manifest.gap(GapReason.UNSUPPORTED, detail, line))

    def _conda(self, word: str, line: int) -> None:
        if _ARCHIVE.search(word) and ("/" in word or "\\" in word):
            return
        try:
            spec = parse_spec(word)
        except ValueError as error:
            detail = f"'{printable(word, 100)}' is no package of conda: {printable(str(error), 200)}"
            self._others.append(self.manifest.gap(GapReason.MALFORMED, detail, line))
            return
        facts: dict[str, Json] = {"source": self.source, "pinned": spec.exact is not None}
        place = self.manifest.at(line)
        self._others.append(conda_package(spec, spec.exact, place, facts, scope=scope_of(self.manifest.path)))

    def _include(self, option: str, value: str, line: int) -> None:
        self._asked += 1
        if self._asked > _MOST_INCLUDED:
            detail = f"more than {_MOST_INCLUDED} included files"
            self._others.append(self.manifest.gap(GapReason.BUDGET, detail, line))
            return
        path = None if _REFERENCE.match(value) else self._found(value)
        if path is not None:
            if path not in self._included:
                self._included.add(path)
                relative = posixpath.relpath(path, posixpath.dirname(self.manifest.path) or ".")
                self._reading.feed(self.manifest, [Line(line, "", {option: [relative]})])
        elif option == "requirement" and not self.elsewhere(posixpath.basename(value)):
            shown = printable(redacted(value), 200)
            detail = f"'{shown}' would be fetched" if _REFERENCE.match(value) else f"'{shown}' is not beneath the root"
            self._others.append(self.manifest.gap(GapReason.UNSUPPORTED, detail, line))

    def _found(self, value: str) -> str | None:
        """Return the path of a file that a command reads: copied into the image, beside the file, or further up.

        What an image is built from may be any directory around its Dockerfile.
        """
        name = posixpath.basename(value)
        inner = [] if posixpath.isabs(value) else [value]
        for source in sorted(self.copied)[:_MOST_COPIED]:
            inner += [source, posixpath.join(source, name), posixpath.join(source, value.lstrip("/"))]
        inner += [name] if self.copied else []
        directory = posixpath.dirname(self.manifest.path)
        for _ in range(_HIGHEST):
            for candidate in inner:
                path = posixpath.normpath(posixpath.join(directory, candidate))
                if posixpath.basename(path) == name and not path.startswith(("/", "..")) and self._exists(path):
                    return path
            if not directory:
                break
            directory = posixpath.dirname(directory)
        return None

    def _exists(self, path: str) -> bool:
        try:
            files.open_beneath(self.manifest.root, path).close()
        except (InputError, ValueError):
            return False
        return True


def _is_local(word: str) -> bool:
    """Tell what names a file or a directory: pip takes it for one if it has a separator or an archive's ending."""
    bare = word.partition("[")[0] if not word.startswith("[") else word
    bare = bare.partition("@")[0] if " @ " in word else bare
    if bare.startswith(("$", "{", "`")) and not _ARCHIVE.search(word):
        return False
    return bare.startswith((".", "/", "~", "file:")) or "/" in bare or _ARCHIVE.search(word) is not None
