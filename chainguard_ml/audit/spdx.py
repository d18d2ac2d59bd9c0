"""Whether a licence expression is acceptable: SPDX 2.3, annex D, against identifiers that are allowed or denied."""

from __future__ import annotations

import functools
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from chainguard_ml.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST = 1_000  # characters of an expression
_WORD = re.compile(r"[()]|[^\s()]+")


@record
class Terms:
    """What the operator accepts: identifiers in any case, where ``*`` stands for anything.

    Attributes:
        allow: What is acceptable; where none is named, whatever is not denied.
        deny: What is not, whatever is allowed.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def accept(self, licence: str) -> bool:
        """Return whether one licence is acceptable, ``ID`` or ``ID WITH EXCEPTION``.

        An exception gives more rights than the licence alone: it is denied only by name, and allowed by either.
        """
        whole = licence.lower()
        if _matches(whole, self.deny):
            return False
        return not self.allow or _matches(whole, self.allow) or _matches(whole.partition(" with ")[0], self.allow)


def _matches(licence: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(licence, pattern.lower()) for pattern in patterns)


@functools.lru_cache(maxsize=4_096)
def canonical(text: str) -> str | None:
    """Return a valid expression as SPDX writes it, or ``None``."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(text)) if len(text) <= _LONGEST else None
    except InvalidLicenseExpression:
        return None


def acceptable(expression: str, terms: Terms) -> bool:
    """Return whether a canonical expression is acceptable: all of ``AND``, any of ``OR``, which binds weaker."""
    words = _WORD.findall(expression)
    result, rest = _any(words, terms.accept)
    return result and not rest


def _any(words: list[str], accept: Callable[[str], bool]) -> tuple[bool, list[str]]:
    result, words = _all(words, accept)
    while words and words[0] == "OR":
        other, words = _all(words[1:], accept)
        result = result or other
    return result, words


def _all(words: list[str], accept: Callable[[str], bool]) -> tuple[bool, list[str]]:
    result, words = _one(words, accept)
    while words and words[0] == "AND":
        other, words = _one(words[1:], accept)
        result = result and other
    return result, words


def _one(words: list[str], accept: Callable[[str], bool]) -> tuple[bool, list[str]]:
    if words[0] == "(":
        result, words = _any(words[1:], accept)
        return result, words[1:]
    if words[1:2] == ["WITH"]:
        return accept(" ".join(words[:3])), words[3:]
    return accept(words[0]), words[1:]
