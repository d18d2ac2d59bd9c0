"""The lines of a requirements file as pip reads them: decoded, continued, without comments, options apart.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import codecs
import optparse
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")  # PEP 263, as pip looks for it
# Encodings in which ASCII is itself. Others (UTF-7, unicode_escape) could show pip other requirements than a reader.
_ENCODINGS = re.compile(r"(?:utf-8(?:-sig)?|ascii|iso8859-\d+|cp125\d|koi8-[rtu]|euc_\w+|gb\w+)\Z")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*\Z", re.DOTALL)
_ONLY_HASHES = re.compile(r"(?:--hash=[A-Za-z0-9]+:[A-Za-z0-9]+\s*)+\Z")

_WITH_VALUE = (
    ("--requirement", "-r"),
    ("--constraint", "-c"),
    ("--editable", "-e"),
    ("--index-url", "-i", "--pypi-url"),
    ("--extra-index-url",),
    ("--find-links", "-f"),
    ("--trusted-host",),
    ("--no-binary",),
    ("--only-binary",),
    ("--use-feature",),
    ("--hash",),
    ("--config-settings", "--config-setting", "-C"),
    ("--global-option",),
    ("--install-option",),
    ("--all-releases",),
    ("--only-final",),
    ("--uploaded-prior-to",),
)
_FLAGS = ("--no-index", "--pre", "--prefer-binary", "--require-hashes", "--use-pep517", "--no-use-pep517")


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line.

    Attributes:
        number: Its first physical line, from 1.
        requirement: What stands before the first option.
        options: Option names without dashes, and their values; a flag's values are empty.
        problem: Why pip would refuse the line, or empty.
    """

    number: int
    requirement: str
    options: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""


def decode(data: bytes) -> str:
    """Return the text of a requirements file: byte-order mark, else a coding comment, else UTF-8.

    Bytes that are not UTF-8 become surrogates (PEP 383), which no requirement can contain.

    Raises:
        ValueError: It declares an encoding that is unknown or in which ASCII could mean something else.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for line in data.split(b"\n", 2)[:2]:
        declared = _CODING.search(line) if line.startswith(b"#") else None
        if declared:
            return data.decode(_checked(declared[1].decode("ascii", "replace")), "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _checked(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if not _ENCODINGS.match(name):
        raise ValueError(f"it declares the encoding '{encoding[:50]}', which is not read")
    return name


def lines(text: str) -> Iterator[Line]:
    """Yield the logical lines that say something."""
    yield from parsed(_logical(text))


def parsed(contents: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Yield the lines, given with their numbers, that say something; continued ones must be joined already."""
    parser = _parser()
    for number, content in contents:
        line = _COMMENT.sub("", content).strip()
        if line:
            yield _line(number, line, parser)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Join lines that end in a backslash; a comment ends the joining. Yield first line number and text."""
    first, parts = 0, list[str]()
    for number, piece in _physical(text):
        comment = piece.lstrip().startswith("#")
        first = first if parts else number
        if piece.endswith("\\") and not comment:
            parts.append(piece.strip("\\"))
            continue
        parts.append(" " + piece if comment else piece)
        yield first, "".join(parts)
        parts = []
    if parts:
        yield first, "".join(parts)


def _physical(text: str) -> Iterator[tuple[int, str]]:
    """Number lines as editors do, and break them further where ``str.splitlines`` does, because pip uses it."""
    for number, line in enumerate(_LINE_BREAK.split(text), 1):
        for piece in line.splitlines() or [""]:
            yield number, piece


def _line(number: int, text: str, parser: optparse.OptionParser) -> Line:
    words = text.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    requirement, rest = " ".join(words[:count]).strip(), " ".join(words[count:])
    if not rest:
        return Line(number, requirement)
    if _ONLY_HASHES.match(rest):  # nearly every line of a lock; splitting as a shell does takes 50 times as long
        return Line(number, requirement, {"hash": [word.removeprefix("--hash=") for word in rest.split()]})
    try:
        values, left = parser.parse_args(shlex.split(rest))
    except ValueError as error:
        return Line(number, requirement, problem=str(error))
    if left:
        return Line(number, requirement, problem=f"'{left[0]}' stands behind the options")
    options = {name: value if isinstance(value, list) else [] for name, value in vars(values).items() if value}
    return Line(number, requirement, options)


class _Parser(optparse.OptionParser):
    """The parser that pip uses, without its exits: abbreviations and ``-rfile`` mean what they mean to pip."""

    def error(self, msg: str) -> NoReturn:
        raise ValueError(msg)


def _parser() -> optparse.OptionParser:
    parser = _Parser(add_help_option=False, prog="requirements")
    for long, *others in _WITH_VALUE:
        parser.add_option(long, *others, action="append", dest=long[2:])
    for flag in _FLAGS:
        parser.add_option(flag, action="store_true", dest=flag[2:])
    return parser
