"""Scores of CVSS v4.0 vectors: macro vectors, the expert-made table, and interpolation by severity distance.

https://www.first.org/cvss/v4.0/specification-document, section 8. The table and the highest vectors of each
equivalence class (EQ) are the specification's data, ``cvss_v4.json``. Distances are whole steps and scores are
tenths, so that the arithmetic is exact and a tie is a tie.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

_BASE = {
    "AV": "NALP",
    "AC": "LH",
    "AT": "NP",
    "PR": "NLH",
    "UI": "NPA",
    **dict.fromkeys(("VC", "VI", "VA", "SC", "SI", "SA"), "HLN"),
}  # fmt: skip
_REQUIREMENTS = dict.fromkeys(("CR", "IR", "AR"), "HML")
METRICS: dict[str, tuple[str, ...]] = {
    **{name: tuple(values) for name, values in _BASE.items()},
    "E": tuple("XAPU"),
    **{name: ("X", *values) for name, values in _REQUIREMENTS.items()},
    **{f"M{name}": ("X", *values) for name, values in _BASE.items()},
    "MSI": tuple("XSHLN"),
    "MSA": tuple("XSHLN"),
    "S": tuple("XNP"),
    "AU": tuple("XNY"),
    "R": tuple("XAUI"),
    "V": tuple("XDC"),
    "RE": tuple("XLMH"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}
"""The values that each metric may have (table 23)."""

MANDATORY = frozenset(_BASE)
"""The base metrics: a vector has all of them."""

# The values of each metric from the most severe on; the distance of two is the number of steps between them.
_SCALES = {**_BASE, **_REQUIREMENTS, "SC": "SHLN", "SI": "SHLN", "SA": "SHLN"}
_IMPACTS = ("VC", "VI", "VA", "SC", "SI", "SA")


@dataclass(frozen=True, slots=True)
class _Tables:
    """The specification's data: tenths by macro vector; highest vectors and depth by class and its level."""

    scores: dict[str, int]
    highest: dict[str, dict[str, list[dict[str, str]]]]
    depth: dict[str, dict[str, int]]


def score(metrics: dict[str, str]) -> float:
    """Return the score, 0.0 to 10.0, of a vector's metrics, which must all be known and valid.

    Threat and environmental metrics count where they are given (CVSS-BT, -BE, -BTE); else the worst is assumed.
    """
    values = _effective(metrics)
    if all(values[name] == "N" for name in _IMPACTS):
        return 0.0
    tables, levels = _tables(), _levels(values)
    tenths = tables.scores["".join(levels)]
    shares: list[tuple[int, int]] = []  # numerator and denominator of each proportional distance
    for name, level, lower in _steps(levels):
        below = [tables.scores[each] for each in lower if each in tables.scores]
        if not below:
            continue
        if name == "EQ5":
            shares.append((0, 1))  # its classes hold one value each: no distance
        else:
            gap = tenths - max(below)
            shares.append((gap * _distance(values, tables.highest[name][level]), tables.depth[name][level]))
    return _rounded(tenths, shares)


def _effective(metrics: dict[str, str]) -> dict[str, str]:
    """Return each metric's value: the modified one where it is given, the worst where nothing is (section 3.1, 4)."""
    given = {name: value for name, value in metrics.items() if value != "X"}
    base = {name: given.get(f"M{name}", given[name]) for name in _BASE}
    return {"E": "A", **dict.fromkeys(_REQUIREMENTS, "H"), **given, **base}


def _levels(values: dict[str, str]) -> tuple[str, str, str, str, str, str]:
    """Return the level in each of the six equivalence classes (tables 24 to 29); 0 is the most severe."""
    remote = [values["AV"] == "N", values["PR"] == "N", values["UI"] == "N"]
    high = [values[name] == "H" for name in ("VC", "VI", "VA")]
    beyond = {values["SC"], values["SI"], values["SA"]}
    asked = any(hit and values[name] == "H" for hit, name in zip(high, ("CR", "IR", "AR"), strict=True))
    return (
        _first(all(remote), any(remote) and values["AV"] != "P"),
        _first((values["AC"], values["AT"]) == ("L", "N")),
        _first(high[0] and high[1], any(high)),
        _first("S" in beyond, "H" in beyond),
        _first(values["E"] == "A", values["E"] == "P"),
        _first(asked),
    )


def _first(*conditions: bool) -> str:
    """Return the place of the first condition that holds, or the one after all of them."""
    return str([*conditions, True].index(True))


def _steps(levels: tuple[str, ...]) -> list[tuple[str, str, list[str]]]:
    """Return each class, its level, and the macro vectors one level below; EQ3 and EQ6 go together (section 8.2)."""

    def below(*places: int) -> str:
        return "".join(str(int(level) + (place in places)) for place, level in enumerate(levels))

    joint = levels[2] + levels[5]
    lower = {"00": [below(5), below(2)], "10": [below(5)]}.get(joint, [below(2)])
    return [
        ("EQ1", levels[0], [below(0)]),
        ("EQ2", levels[1], [below(1)]),
        ("EQ3+EQ6", joint, lower),
        ("EQ4", levels[3], [below(3)]),
        ("EQ5", levels[4], [below(4)]),
    ]


def _distance(values: dict[str, str], highest: list[dict[str, str]]) -> int:
    """Return the steps from the first of the highest vectors that is in no metric below the one to be scored."""

    def steps(vector: dict[str, str]) -> list[int]:
        return [_SCALES[name].index(values[name]) - _SCALES[name].index(top) for name, top in vector.items()]

    return next(sum(each) for each in map(steps, highest) if min(each) >= 0)


def _rounded(tenths: int, shares: list[tuple[int, int]]) -> float:
    """Return tenths less the mean of the shares, rounded half up to a whole number of tenths, as a score."""
    common = math.lcm(*(denominator for _, denominator in shares)) * max(len(shares), 1)
    lost = sum(numerator * common // denominator for numerator, denominator in shares) // max(len(shares), 1)
    rounded = (2 * (tenths * common - lost) + common) // (2 * common)
    return min(max(rounded, 0), 100) / 10


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    document = json.loads(resources.files(__package__).joinpath("cvss_v4.json").read_text(encoding="utf-8"))
    highest = {
        name: {level: [_parsed(vector) for vector in vectors] for level, vectors in levels.items()}
        for name, levels in document["highest"].items()
    }
    return _Tables({key: round(value * 10) for key, value in document["scores"].items()}, highest, document["depth"])


def _parsed(vector: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition(":") for part in vector.split("/"))}
