"""Dockerfiles: what the commands of ``RUN`` install.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.installing import Installing
from chainguard_ml.inventory.packages.interface import Manifest, Record
from chainguard_ml.inventory.packages.shell_commands import Install, commands, installs
from chainguard_ml.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chainguard_ml.codec import JsonObject

_LONGEST = 4_000_000  # bytes; a Dockerfile is written by hand
_SEARCHED = 200  # lines that are searched for a word
_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)\s*\Z", re.IGNORECASE)
_INSTRUCTION = re.compile(r"\s*(?:ONBUILD\s+)?([A-Za-z]+)\s+", re.IGNORECASE)
_FLAG = re.compile(r"--[a-z-]+(?:=(?:\"[^\"]*\"|\S)*)?\s+")
_HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[-+?]([^}$]*))?\})")
_SOURCE = re.compile(r"[=,](?:source|src)=([^,\s]+)")
_INDEXES = {"PIP_INDEX_URL": "index-url", "PIP_EXTRA_INDEX_URL": "extra-index-url", "UV_INDEX_URL": "index-url",
            "UV_EXTRA_INDEX_URL": "extra-index-url", "UV_DEFAULT_INDEX": "index-url", "UV_INDEX": "extra-index-url",
            "PIP_FIND_LINKS": "find-links", "PIP_TRUSTED_HOST": "trusted-host",
            "UV_INSECURE_HOST": "trusted-host"}  # fmt: skip
_MADE = re.compile(r"(?:>>?|(?<!\S)-o|--output(?:-file)?[= ])\s*(\S+)")
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
_MOST_EXPANDED = 2_000_000  # characters of all values that variables stand for


def parse(argument: JsonObject) -> Iterator[Record]:
    """Yield the packages that the commands install, and those of the requirements files that they read."""
    manifest = Manifest.of(argument)
    data = manifest.read(_LONGEST)
    if isinstance(data, Gap):
        yield data
        return
    image = _Image()
    for instruction in _instructions(data.decode("utf-8-sig", "replace").splitlines()):
        image.take(instruction)
    installing = Installing(manifest, "dockerfile", image.made.__contains__, frozenset(image.copied))
    for instruction, name, addresses in image.indexes:
        options = tuple((image.option(name), address) for address in addresses)
        installing.take(Install(0, "pip", options, ()), instruction.placed())
    for instruction, text in image.commands:
        for install in installs(text):
            installing.take(install, instruction.placed())
    yield from installing.records()


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One instruction: its name in upper case, the rest of it in one text, its first line (from 1), its lines."""

    name: str
    text: str
    first: int
    lines: Sequence[str]

    def placed(self) -> Callable[[str], int]:
        """Return what tells the line of a word, searched onwards from the one before."""
        last = 0

        def place(word: str) -> int:
            nonlocal last
            several = range(last, min(len(self.lines), last + _SEARCHED))
            for wanted in (word, _PLAIN.findall(word)[0]):  # the beginning, where the rest was a variable
                found = next((number for number in several if wanted and wanted in self.lines[number]), None)
                if found is not None:
                    last = found
                    break
            return self.first + last

        return place


def _instructions(lines: Sequence[str]) -> Iterator[_Instruction]:
    escape = next((match[1] for line in lines[:3] if (match := _DIRECTIVE.match(line))), "\\")
    number = 0
    while number < len(lines):
        start, parts = number, list[str]()
        while number < len(lines):
            line, number = lines[number], number + 1
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                if not parts:
                    break
                continue
            parts.append(line.rstrip().removesuffix(escape))
            if not line.rstrip().endswith(escape):
                break
        match = _INSTRUCTION.match(" ".join(parts))
        if match is None:
            continue
        text = " ".join(parts)[match.end() :]
        document: list[str] = []
        for marker in _HEREDOC.findall(text) if match[1].upper() in {"RUN", "COPY", "ADD"} else ():
            while number < len(lines):
                line, number = lines[number], number + 1
                if line.strip() == marker:
                    break
                document.append(line)
        joined = "\n".join([_HEREDOC.sub("", text), *document])
        yield _Instruction(match[1].upper(), joined if document else text, start + 1, lines[start:number])


@dataclass
class _Image:
    """What was met on the way through the instructions."""

    commands: list[tuple[_Instruction, str]] = field(default_factory=list)
    indexes: list[tuple[_Instruction, str, list[str]]] = field(default_factory=list)
    copied: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    room: int = _MOST_EXPANDED

    def take(self, instruction: _Instruction) -> None:
        """Take one instruction."""
        text = instruction.text
        while match := _FLAG.match(text):
            if instruction.name in {"COPY", "ADD"} and match[0].startswith("--from"):
                self.made.update(posixpath.basename(word) for word in _words(text[match.end() :]))
                return
            if instruction.name == "RUN":
                self._mounted(match[0])
            text = text[match.end() :]
        if instruction.name in {"COPY", "ADD"}:
            self.copied.update(word.lstrip("/") or "." for word in _words(text)[:-1] if "://" not in word)
        elif instruction.name in {"ARG", "ENV"}:
            self._assign(text, instruction)
        elif instruction.name == "RUN":
            expanded = self._expanded(" ".join(_quoted(word) for word in _words(text)) if text[:1] == "[" else text)
            self.made.update(posixpath.basename(match[1]) for match in _MADE.finditer(expanded))
            self.commands.append((instruction, expanded))

    def _mounted(self, flag: str) -> None:
        """Take what a bind mount shows to a command as copied."""
        source = _SOURCE.search(flag)
        if source and "from=" not in flag:
            self.copied.add(source[1])

    def _assign(self, text: str, instruction: _Instruction) -> None:
        words = _words(text)
        if words and "=" not in words[0] and len(words) > 1:
            words = [f"{words[0]}={' '.join(words[1:])}"]
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                self.variables[name] = self._expanded(value)
                if name in _INDEXES and self.variables[name]:
                    self.indexes.append((instruction, name, self.variables[name].split()))

    def option(self, name: str) -> str:
        """Return the option of pip that a variable means; uv takes the first index that has a package."""
        first = name.startswith("UV_") and not self.variables.get("UV_INDEX_STRATEGY", "").startswith("unsafe")
        option = _INDEXES[name]
        return "index-url" if first and option == "extra-index-url" else option

    def _expanded(self, text: str) -> str:
        """Return a text with the variables whose value is known; ``$name`` stays where it is not."""

        def value(match: re.Match[str]) -> str:
            default: str | None = match[3]
            found = self.variables.get(match[1] or match[2], default)
            if found is None or len(found) > self.room:
                return match[0]
            self.room -= len(found)
            return found

        return _VARIABLE.sub(value, text)


def _words(text: str) -> list[str]:
    """Return the words of an instruction, which may be a JSON array."""
    if text.lstrip().startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, list):
            return [str(item) for item in value]
    return next((words for _, words in commands(text.replace("\n", " "))), [])


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"
