"""How bad a vulnerability is, by what its advisories say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainguard_ml.audit import cvss
from chainguard_ml.model import Confidence, Severity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.audit.interface import Advisory
    from chainguard_ml.model import Json

_WORDS = {
    "NONE": Severity.INFO,
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "IMPORTANT": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Rating:
    """A severity and where it comes from.

    Attributes:
        severity: The severity; high where nobody rated it, so that an unrated one does not pass unseen.
        source: ``cvss``, ``database`` (the source's own word) or ``unknown``.
        score: CVSS score, where a vector was given that is one.
        vector: The vector.
        reason: Why it is unknown although there is a vector.
    """

    severity: Severity
    source: str
    score: float | None = None
    vector: str = ""
    reason: str = ""

    @property
    def confidence(self) -> Confidence:
        """How sure the severity is."""
        return Confidence.MEDIUM if self.source == "unknown" else Confidence.HIGH

    @property
    def facts(self) -> dict[str, Json]:
        """The facts of a finding: ``severity`` is ``unknown`` where nobody rated it."""
        word = "unknown" if self.source == "unknown" else str(self.severity)
        facts: dict[str, Json] = {"severity": word, "severity_source": self.source}
        if self.reason:
            facts["severity_reason"] = self.reason
        return facts if self.score is None else {**facts, "cvss": self.score, "cvss_vector": self.vector}


UNKNOWN = Rating(Severity.HIGH, "unknown")


def rate(advisories: Iterable[Advisory]) -> Rating:
    """Return the worst rating that any of these advisories, all about one vulnerability, gives it."""
    ratings = list(map(_rate, advisories))
    rated = [rating for rating in ratings if rating.source != "unknown"]
    if rated:
        return max(rated, key=lambda rating: (rating.severity, rating.score or 0, rating.vector))
    return max(ratings, key=lambda rating: rating.reason, default=UNKNOWN)


def _rate(advisory: Advisory) -> Rating:
    """Rate by the vector of the newest CVSS version that can be calculated, else by the source's word."""
    reason = ""
    for _, vector in sorted(advisory.vectors, reverse=True):
        try:
            return Rating(cvss.severity(vector), "cvss", cvss.score(vector), vector)
        except ValueError as error:
            reason = reason or f"{printable(vector, 120)}: {error}"
    word = _WORDS.get(advisory.rating)
    return Rating(word, "database") if word is not None else replace(UNKNOWN, reason=reason)
