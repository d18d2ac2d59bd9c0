"""Names that are nearly a well-known one: one edit away, or the same once what looks alike is made the same.

One edit is one of Damerau and Levenshtein: a letter inserted, removed, replaced, or swapped with its neighbour. Names
are found by the neighbourhoods of deletions (Mor and Fraenkel, 1982): two names are at most one edit apart only if they
share a form with at most one letter removed from each.
"""

from __future__ import annotations

from functools import cache

from chainguard_ml.audit.well_known import NAMES, REAL

_SHORTEST = 5  # letters; shorter names have too many neighbours that mean nothing
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "3": "e", "5": "s", "4": "a", "7": "t", "-": None})
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_NUMBERED = str.maketrans(dict.fromkeys("0123456789"))


def resembled(name: str) -> str | None:
    """Return the well-known name that a PEP 503 name nearly is, or ``None``; the first one in the alphabet."""
    if name in NAMES or name in REAL or len(name) > 100:
        return None
    forms, shapes = _index()
    same = shapes.get(_shape(name))
    if same is not None:
        return same
    if len(name) < _SHORTEST:
        return None
    near = {known for form in _deletions(name) for known in forms.get(form, ())}
    return min((known for known in near if _one_edit(name, known) and not _numbered(name, known)), default=None)


def _numbered(name: str, known: str) -> bool:
    """Tell names that only differ in their numbers: releases of one project are called so (``cu11``, ``cu12``)."""
    return name != known and name.translate(_NUMBERED) == known.translate(_NUMBERED)


@cache
def _index() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return well-known names by their forms with at most one letter removed, and by their shapes."""
    forms: dict[str, list[str]] = {}
    shapes: dict[str, str] = {}
    for known in sorted(NAMES):
        shapes.setdefault(_shape(known), known)
        for form in _deletions(known) if len(known) >= _SHORTEST else ():
            forms.setdefault(form, []).append(known)
    return forms, shapes


def _deletions(name: str) -> set[str]:
    return {name, *(name[:index] + name[index + 1 :] for index in range(len(name)))}


def _shape(name: str) -> str:
    """Return a name with what looks alike made the same, and without separators."""
    shape = name.translate(_ALIKE)
    for several, one in _PAIRS:
        shape = shape.replace(several, one)
    return shape


def _one_edit(one: str, other: str) -> bool:
    """Tell whether two different names are one edit apart."""
    if len(one) > len(other):
        one, other = other, one
    start = next((index for index, letter in enumerate(one) if letter != other[index]), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    replaced = one[start + 1 :] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return replaced or swapped
