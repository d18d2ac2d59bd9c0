"""Commands that install packages, as they stand in Dockerfiles, notebooks and scripts: text is read, never run.

The shell's words follow POSIX (Shell Command Language, 2.2 "Quoting" and 2.3 "Token Recognition"); substitutions are
parts of words, and not made.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r\f\v]|\\\r?\n)+)|"
    r"(?P<redirect>\d*(?:&>>?|>>|>\||<<<|<<-?|[<>]&?))|(?P<end>&&|\|\||[;&|()\n])|(?P<word>.)",
    re.DOTALL,
)
_PIECE = re.compile(
    r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)|(\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|[^\s'\"\\;&|<>()`$]+|[`$])", re.DOTALL
)
_ESCAPED = re.compile(r"\\([$`\"\\])")

_PREFIXES = frozenset({"sudo", "exec", "time", "env", "then", "do", "else", "if", "elif", "while", "until", "!", "{",
                       "nohup", "command", "set", "eval"})  # fmt: skip
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PIP = re.compile(r"pip(?:[0-9](?:\.[0-9]+)?)?\Z")
_RUNNERS = frozenset({"conda", "mamba", "micromamba", "uv", "poetry", "pdm", "pipenv", "hatch"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_FLAGS = re.compile(r"^-[qvUI]+(?=[rceif])")  # one-letter options without a value, before one with a value
_GETS = frozenset({"install", "wheel", "download"})

_WORDS = """
    -r --requirement --requirements -c --constraint --constraints -e --editable -t --target --platform --python-version
    --python-platform --implementation --abi --root --prefix --src -C --config-settings --config-setting --global-option
    --no-binary --only-binary --progress-bar --root-user-action --report -i --index-url --extra-index-url -f
    --find-links --log --proxy --retries --timeout --exists-action --trusted-host --allow-insecure-host --cert
    --client-cert --cache-dir --use-feature --use-deprecated --python -p --group --build-constraint
    --build-constraints --keyring-provider --uploaded-prior-to --index --default-index --index-strategy
    --torch-backend --override --overrides --exclude-newer --link-mode --prerelease --resolution --upgrade-strategy
    --default-timeout -b --build -d --dest -w --wheel-dir --extra
"""
_WITH_VALUE = frozenset(_WORDS.split())
_MEANS = {"-r": "requirement", "--requirement": "requirement", "--requirements": "requirement",
          "-c": "constraint", "--constraint": "constraint", "--constraints": "constraint",
          "-e": "editable", "--editable": "editable",
          "-i": "index-url", "--index-url": "index-url", "--default-index": "index-url",
          "--extra-index-url": "extra-index-url", "--index": "extra-index-url",
          "-f": "find-links", "--find-links": "find-links",
          "--trusted-host": "trusted-host", "--allow-insecure-host": "trusted-host"}  # fmt: skip
_CONDA_WITH_VALUE = frozenset({"-n", "--name", "-p", "--prefix", "-c", "--channel", "--file", "-f", "--solver",
                               "--subdir", "--platform", "--repodata-fn", "--revision", "-r",
                               "--root-prefix"})  # fmt: skip


class Install(NamedTuple):
    """One command that installs.

    Attributes:
        offset: Where it begins in the text.
        installer: ``pip`` or ``conda``.
        options: Options of pip that matter, as requirements files name them, and their values.
        wanted: What it names.
    """

    offset: int
    installer: str
    options: tuple[tuple[str, str], ...]
    wanted: tuple[str, ...]


def installs(text: str) -> Iterator[Install]:
    """Yield the commands of a script that install packages."""
    if "pip" in text or "conda" in text or "mamba" in text or "uv" in text:
        for offset, words in commands(text):
            yield from _install(offset, words)


def commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each simple command: its offset and its words, without redirections, comments and here-documents."""
    reader = _Reader(text)
    while reader.position < len(text):
        done = reader.step()
        if done:
            yield done
    if reader.words:
        yield reader.first, reader.words


class _Reader:
    """Reads a script token by token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = self.first = 0
        self.words: list[str] = []
        self._redirect = ""
        self._documents: list[str] = []
        self._ended = True

    def step(self) -> tuple[int, list[str]] | None:
        """Read one token; return the command that ends with it."""
        token = _TOKEN.match(self.text, self.position)
        if token is None or token["word"] is not None:  # one of the alternatives takes any character
            self._take()
            return None
        self.position = token.end()
        if token["redirect"] is not None:
            self._redirect = token["redirect"]
        if token["end"] is None:
            return None
        self._redirect = ""
        if token["end"] == "\n":
            self._skip_documents()
        done, self.words = self.words, []
        return (self.first, done) if done else None

    def _take(self) -> None:
        """Take a word, or skip a comment."""
        start = self.position
        if self.text[start] == "#":
            end = self.text.find("\n", start)
            self.position = len(self.text) if end < 0 else end
            return
        word, self.position = _word(self.text, start)
        if self._redirect.startswith("<<") and self._redirect != "<<<":
            self._documents.append(word)
        elif not self._redirect:
            self.first = self.first if self.words else start
            self.words.append(word)
        self._redirect = ""

    def _skip_documents(self) -> None:
        """Go behind the here-documents that begin on the next line; one without an end is no document."""
        for marker in self._documents if self._ended else ():
            end = re.compile(rf"^\t*{re.escape(marker)}[ \t]*$", re.MULTILINE).search(self.text, self.position)
            self.position = end.end() if end else self.position
            self._ended = end is not None  # else each of many would be searched for to the end of the text
        self._documents = []


def _word(text: str, position: int) -> tuple[str, int]:
    """Return the word that begins at ``position``, its quotes removed, and where it ends."""
    parts: list[str] = []
    while piece := _PIECE.match(text, position):
        single, double, escaped, plain = piece.groups()
        if double is not None:
            parts.append(_ESCAPED.sub(r"\1", double))
        elif escaped is not None:
            parts.append("" if escaped == "\n" else escaped)
        else:
            parts.append(single if single is not None else plain)
        position = piece.end()
    if not parts:  # a quote that nothing closes
        return text[position], position + 1
    return "".join(parts), position


def _install(offset: int, words: Sequence[str]) -> Iterator[Install]:
    before = (number for number, word in enumerate(words) if word not in _PREFIXES and not _ASSIGNMENT.match(word))
    rest = words[next(before, len(words)) :]
    program = posixpath.basename(rest[0]) if rest else ""
    if program in {"sh", "bash"} and "-c" in rest[1:-1]:
        yield from (found._replace(offset=offset) for found in installs(rest[rest.index("-c") + 1]))
    elif program in _CONDA and _subcommand(rest) in {"install", "create"}:
        yield _conda(offset, rest)
    else:
        arguments = _pip_arguments(rest, program)
        if arguments is not None:
            yield _pip(offset, arguments, first_index=program in {"uv", "uvx"})


def _subcommand(words: Sequence[str]) -> str:
    return next((word for word in words[1:] if not word.startswith("-")), "")


def _pip_arguments(words: Sequence[str], program: str) -> Sequence[str] | None:
    """Return what follows the name of pip, however it is started, or ``None`` where something else is."""
    if _PIP.match(program):
        return words[1:]
    if program == "pipx" or words[:2] == ["uv", "tool"]:
        return words[1 if program == "pipx" else 2 :]
    if program == "uv" and _subcommand(words) == "pip":
        return words[words.index("pip") + 1 :]
    for first, second in enumerate(words[1:-1], 1):
        if second == "-m" and words[first + 1] == "pip":
            return words[first + 2 :]
    if program in _RUNNERS and _subcommand(words) == "run":
        start = next((number for number, word in enumerate(words) if _PIP.match(posixpath.basename(word))), None)
        return None if start is None else words[start + 1 :]
    return None


def _pip(offset: int, arguments: Sequence[str], *, first_index: bool = False) -> Install:
    """Read the arguments of pip, or of uv, which takes a package from the first index that has it unless told else."""
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    waiting = list(reversed(arguments))
    while waiting:
        word = _FLAGS.sub("-", waiting.pop())
        name, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            operands.append(word)
        elif name in _WITH_VALUE or word in _WITH_VALUE:
            value = value if equals else waiting.pop() if waiting else ""
            options.append((_MEANS.get(name, ""), value))
            first_index = first_index and not (name == "--index-strategy" and value.startswith("unsafe"))
        elif word[:2] in _MEANS and word[1] != "-":
            options.append((_MEANS[word[:2]], word[2:]))
        elif word == "--no-index":
            options.append(("no-index", ""))
    if not operands or operands[0] not in _GETS:
        return Install(offset, "pip", (), ())
    if first_index:
        options = [("index-url" if name == "extra-index-url" else name, value) for name, value in options]
    known = tuple((name, value) for name, value in options if name)
    return Install(offset, "pip", known, tuple(operands[1:]))


def _conda(offset: int, words: Sequence[str]) -> Install:
    operands: list[str] = []
    waiting = list(reversed(words[1:]))
    while waiting:
        word = waiting.pop()
        if word in _CONDA_WITH_VALUE and waiting:
            waiting.pop()
        elif not word.startswith("-"):
            operands.append(word)
    return Install(offset, "conda", (), tuple(operands[1:]))
