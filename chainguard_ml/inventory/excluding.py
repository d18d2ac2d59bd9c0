"""Patterns of what to leave out, with the meaning that git gives them in ``.gitignore``.

See gitignore(5), section "Pattern format". All patterns become one regular expression, without nested repetition: the
time for a path is bounded by the square of its length, whatever the patterns are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DEFAULTS = (".git/", ".hg/", ".svn/")
"""What version control keeps for itself. A later ``!.git/`` takes it back in."""

_NEVER = "(?!)"
_ANY_DEPTH = ["*", "*"]
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "\\x21-\\x7e",
    "lower": "a-z",
    "print": "\\x20-\\x7e",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}  # POSIX character classes of the C locale, with which git compares


class Patterns:
    """A list of patterns; the last one that matches a path decides."""

    def __init__(self, patterns: Iterable[str], defaults: Iterable[str] = DEFAULTS) -> None:
        self._sources: dict[str, str | None] = {}
        arms = []
        numbered = [*((pattern, "default") for pattern in defaults), *((pattern, pattern) for pattern in patterns)]
        for number, (pattern, label) in enumerate(numbered):
            parsed = _parse(pattern)
            if parsed is not None:
                negated, regex = parsed
                arms.append(f"(?P<p{number}>{regex})")
                self._sources[f"p{number}"] = None if negated else label
        # The last pattern stands first, so that it decides.
        self._regex = re.compile("|".join(reversed(arms)) or _NEVER, re.DOTALL)

    def excluded(self, path: str, *, directory: bool) -> str | None:
        """Return the pattern that leaves ``path`` out (``default`` for one of ours), or ``None``.

        Only the path itself is looked at: the caller does not descend into directories that are left out.
        """
        match = self._regex.fullmatch(path + "/" if directory else path)
        return self._sources[match.lastgroup or ""] if match else None


def _parse(pattern: str) -> tuple[bool, str] | None:
    """Return whether a pattern is negated, and its regular expression; ``None`` for comments and empty ones.

    The expression matches a whole path; that of a directory ends with a slash.
    """
    pattern = _without_trailing_spaces(pattern)
    if pattern.startswith("#"):
        return None
    negated = pattern.startswith("!")
    body = pattern[1:] if negated else pattern
    only_directories = body.endswith("/")
    body = body.removesuffix("/")
    if not body:
        return None
    segments = _split(_tokens(body.removeprefix("/")))
    regex = _path(segments if "/" in body else [_ANY_DEPTH, *segments])
    return negated, regex + ("/" if only_directories else "/?")


def _without_trailing_spaces(pattern: str) -> str:
    stripped = pattern.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    kept = stripped != pattern and backslashes % 2  # the first of the spaces is escaped
    return stripped + " " if kept else stripped


def _tokens(pattern: str) -> Iterator[str]:
    """Yield ``*``, ``/`` and regular expressions of one character each."""
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char in "*/":
            yield char
        elif char == "?":
            yield "[^/]"
        elif char == "[":
            token, position = _bracket(pattern, position)
            yield token
        elif char == "\\":
            yield re.escape(pattern[position]) if position < len(pattern) else _NEVER
            position += 1
        else:
            yield re.escape(char)


def _split(tokens: Iterable[str]) -> list[list[str]]:
    segments: list[list[str]] = [[]]
    for piece in tokens:
        if piece == "/":
            segments.append([])
        else:
            segments[-1].append(piece)
    return segments


def _path(segments: Iterable[list[str]]) -> str:
    """Join translated segments; two or more stars alone stand for any number of directories."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if len(segment) > 1 and set(segment) == {"*"}:
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    first, last = "/".join(runs[0]), "/".join(runs[-1])
    if len(runs) == 1:
        return first
    # Between two of them the leftmost place will do: no other one could let the rest match where this one does not.
    middle = "".join(f"(?>(?:[^/]+/)*?{'/'.join(run)}/)" for run in runs[1:-1] if run)
    return (f"{first}/" if runs[0] else "") + middle + (f"(?:[^/]+/)*{last}" if runs[-1] else ".+")


def _segment(tokens: Sequence[str]) -> str:
    """Join the tokens between two slashes; a star stands for any characters but a slash, alone for at least one."""
    if set(tokens) == {"*"}:
        return "[^/]+"
    chunks = [""]
    for piece in tokens:
        if piece == "*":
            chunks.append("")
        else:
            chunks[-1] += piece
    first, *others = chunks
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk) + f"[^/]*{last}"


def _bracket(pattern: str, position: int) -> tuple[str, int]:
    """Translate the bracket expression whose content begins at ``position``; return it and the place behind it.

    One that is never closed, or names a class that does not exist, makes the whole pattern match nothing.
    """
    negated = pattern[position : position + 1] in {"!", "^"}
    position += negated
    inside, first = "", position
    while position < len(pattern) and (pattern[position] != "]" or position == first):
        part, position = _bracket_part(pattern, position)
        if part is None:
            return _NEVER, len(pattern)
        inside += part
    if position >= len(pattern):
        return _NEVER, len(pattern)
    return (f"[^/{inside}]" if negated else f"(?!/)[{inside}]"), position + 1


def _bracket_part(pattern: str, position: int) -> tuple[str | None, int]:
    """Translate one class, range or character between brackets; ``None`` for what cannot be meant."""
    if pattern.startswith("[:", position):
        end = pattern.find("]", position + 2)
        if end < 0:
            return None, position
        if end - 1 >= position + 2 and pattern[end - 1] == ":":
            return _CLASSES.get(pattern[position + 2 : end - 1]), end + 1
    low, position = _bracket_char(pattern, position)
    if pattern[position : position + 1] != "-" or pattern[position + 1 : position + 2] in {"", "]"}:
        return re.escape(low), position
    high, position = _bracket_char(pattern, position + 1)
    return (f"{re.escape(low)}-{re.escape(high)}" if low <= high else re.escape(low)), position


def _bracket_char(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\" and position + 1 < len(pattern):
        position += 1
    return pattern[position], position + 1
