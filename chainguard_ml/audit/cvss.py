"""Scores of CVSS vectors: v2.0, v3.0, v3.1 and v4.0 as FIRST specifies them.

https://www.first.org/cvss/v2/guide (section 3.2.1), https://www.first.org/cvss/v3-1/specification-document
(sections 7.1, 7.4 and appendix A), https://www.first.org/cvss/v4.0/specification-document (section 8). Up to v3.1 the
score is the base score: an advisory rates the base, so temporal and environmental metrics are only checked. A vector
of v4.0 has one score, of all that it states.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainguard_ml.audit import cvss4
from chainguard_ml.model import Severity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_V2 = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
    "C": {"N": 0.0, "P": 0.275, "C": 0.66},
    "I": {"N": 0.0, "P": 0.275, "C": 0.66},
    "A": {"N": 0.0, "P": 0.275, "C": 0.66},
}
_V3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "S": {"U": 0.0, "C": 1.0},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_CHANGED_PR = {"N": 0.85, "L": 0.68, "H": 0.5}

_LOW_TO_HIGH = ("ND", "L", "M", "H")
_KNOWN_V2: dict[str, tuple[str, ...]] = {
    **{name: tuple(values) for name, values in _V2.items()},
    "E": ("ND", "U", "POC", "F", "H"),
    "RL": ("ND", "OF", "TF", "W", "U"),
    "RC": ("ND", "UC", "UR", "C"),
    "CDP": ("ND", "N", "L", "LM", "MH", "H"),
    "TD": ("ND", "N", "L", "M", "H"),
    **dict.fromkeys(("CR", "IR", "AR"), _LOW_TO_HIGH),
}
_KNOWN_V3: dict[str, tuple[str, ...]] = {
    **{name: tuple(values) for name, values in _V3.items()},
    **{f"M{name}": ("X", *values) for name, values in _V3.items()},
    "E": tuple("XUPFH"),
    "RL": tuple("XOTWU"),
    "RC": tuple("XURC"),
    **dict.fromkeys(("CR", "IR", "AR"), tuple("XLMH")),
}


def score(vector: str) -> float:
    """Return the score, 0.0 to 10.0, of a vector. Metrics may stand in any order.

    Raises:
        ValueError: It is of another version, lacks a base metric, repeats one, or has an unknown metric or value.
    """
    prefix, _, rest = vector.strip().partition("/")
    if prefix == "CVSS:4.0":
        return cvss4.score(_metrics(rest, cvss4.METRICS, cvss4.MANDATORY))
    if prefix in {"CVSS:3.0", "CVSS:3.1"}:
        return _v3(_metrics(rest, _KNOWN_V3, _V3), exact=prefix == "CVSS:3.1")
    if prefix.startswith("CVSS:"):
        raise ValueError(f"version {printable(prefix, 20)} is not calculated")
    return _v2(_metrics(vector.strip().removeprefix("(").removesuffix(")"), _KNOWN_V2, _V2))


def severity(vector: str) -> Severity:
    """Return the qualitative rating of a vector's score; v2 has no critical (NVD's bands).

    Raises:
        ValueError: As ``score``.
    """
    value = score(vector)
    if value == 0:
        return Severity.INFO
    if value < 4:
        return Severity.LOW
    if value < 7:
        return Severity.MEDIUM
    return Severity.CRITICAL if value >= 9 and vector.strip().startswith("CVSS:") else Severity.HIGH


def _metrics(text: str, known: Mapping[str, Collection[str]], mandatory: Collection[str]) -> dict[str, str]:
    """Return the values of a vector's metrics, by name."""
    values: dict[str, str] = {}
    for part in text.split("/"):
        name, _, value = part.partition(":")
        if value not in known.get(name, ()):
            raise ValueError(f"metric '{printable(part, 20)}' is unknown")
        if name in values:
            raise ValueError(f"metric {name} stands twice")
        values[name] = value
    missing = next((name for name in known if name in mandatory and name not in values), None)
    if missing:
        raise ValueError(f"metric {missing} is missing")
    return values


def _v3(metrics: dict[str, str], *, exact: bool) -> float:
    weight = {name: weights[metrics[name]] for name, weights in _V3.items()}
    changed = metrics["S"] == "C"
    if changed:
        weight["PR"] = _CHANGED_PR[metrics["PR"]]
    base = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weight["AV"] * weight["AC"] * weight["PR"] * weight["UI"]
    total = min((1.08 if changed else 1.0) * (impact + exploitability), 10)
    return _round_up(total) if exact else math.ceil(round(total * 10, 9)) / 10


def _round_up(value: float) -> float:
    """Return the smallest number with one decimal place that is not less (appendix A of v3.1)."""
    scaled = round(value * 100_000)
    return scaled / 100_000 if scaled % 10_000 == 0 else (scaled // 10_000 + 1) / 10


def _v2(metrics: dict[str, str]) -> float:
    weight = {name: weights[metrics[name]] for name, weights in _V2.items()}
    impact = 10.41 * (1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"]))
    exploitability = 20 * weight["AV"] * weight["AC"] * weight["Au"]
    factor = 0.0 if impact == 0 else 1.176
    return round((0.6 * impact + 0.4 * exploitability - 1.5) * factor + 1e-9, 1)
