"""Base scores of CVSS vectors: v2.0, v3.0 and v3.1 as FIRST specifies them.

https://www.first.org/cvss/v2/guide (section 3.2.1), https://www.first.org/cvss/v3-1/specification-document
(sections 7.1, 7.4 and appendix A). Temporal and environmental metrics are read over: an advisory rates the base.
"""

from __future__ import annotations

import math

from chainguard_ml.model import Severity

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


def base_score(vector: str) -> float:
    """Return the base score, 0.0 to 10.0, of a vector.

    Raises:
        ValueError: It is of another version, lacks a base metric, repeats one, or has an unknown value.
    """
    prefix, _, rest = vector.strip().partition("/")
    if prefix in {"CVSS:3.0", "CVSS:3.1"}:
        return _v3(_metrics(rest, _V3), exact=prefix == "CVSS:3.1")
    if prefix.startswith("CVSS:"):
        raise ValueError(f"{prefix} is not calculated")
    return _v2(_metrics(vector.strip().strip("()"), _V2))


def severity(vector: str) -> Severity:
    """Return the qualitative rating of a vector's base score; v2 has no critical (NVD's bands).

    Raises:
        ValueError: As ``base_score``.
    """
    score = base_score(vector)
    if score == 0:
        return Severity.INFO
    if score < 4:
        return Severity.LOW
    if score < 7:
        return Severity.MEDIUM
    return Severity.CRITICAL if score >= 9 and vector.startswith("CVSS:") else Severity.HIGH


def _metrics(text: str, weights: dict[str, dict[str, float]]) -> dict[str, str]:
    """Return the base metrics' values."""
    values: dict[str, str] = {}
    for part in text.split("/"):
        name, _, value = part.partition(":")
        if name in values:
            raise ValueError(f"metric {name} twice")
        values[name] = value
    for name, known in weights.items():
        if values.get(name) not in known:
            raise ValueError(f"metric {name} is missing or unknown")
    return {name: values[name] for name in weights}


def _v3(metrics: dict[str, str], *, exact: bool) -> float:
    weight = {name: _V3[name][value] for name, value in metrics.items()}
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
    weight = {name: _V2[name][value] for name, value in metrics.items()}
    impact = 10.41 * (1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"]))
    exploitability = 20 * weight["AV"] * weight["AC"] * weight["Au"]
    factor = 0.0 if impact == 0 else 1.176
    return round((0.6 * impact + 0.4 * exploitability - 1.5) * factor + 1e-9, 1)
