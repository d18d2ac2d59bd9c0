"""Scores against published ones, and against those of another calculator."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import cvss, ratings
from chainguard_ml.audit.interface import Advisory
from chainguard_ml.model import Severity

ADJUSTED = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N"
PUBLISHED = [
    # FIRST, CVSS v3.1 examples
    ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N", 5.4, Severity.MEDIUM),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity.CRITICAL),
    ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1, Severity.LOW),
    ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, Severity.MEDIUM),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, Severity.CRITICAL),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8, Severity.HIGH),
    ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.INFO),
    ("CVSS:3.0/AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H", 9.0, Severity.CRITICAL),
    ("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9, Severity.MEDIUM),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:P/RL:O", 7.5, Severity.HIGH),
    # FIRST, CVSS v2 guide, section 3.3
    ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Severity.HIGH),
    ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Severity.HIGH),
    ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 6.2, Severity.MEDIUM),
    ("AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0, Severity.INFO),
    # FIRST, CVSS v4.0 examples
    ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3, Severity.HIGH),
    ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7, Severity.HIGH),
    (ADJUSTED, 8.3, Severity.HIGH),
    (f"{ADJUSTED}/CR:H/IR:L/AR:L/MAV:N/MAC:H/MVC:H/MVI:L/MVA:L", 8.1, Severity.HIGH),
    ("CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6, Severity.MEDIUM),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1, Severity.MEDIUM),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 6.9, Severity.MEDIUM),
    ("CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 5.9, Severity.MEDIUM),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:A", 8.7, Severity.HIGH),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:A", 10.0, Severity.CRITICAL),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A", 9.3, Severity.CRITICAL),
    ("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:H/SI:N/SA:H", 6.4, Severity.MEDIUM),
    ("CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/R:I", 8.4, Severity.HIGH),
    # Tests of FIRST's calculator: requirements, modified metrics, no impact left
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N/AR:L", 7.9, Severity.HIGH),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N/MSI:H", 7.7, Severity.HIGH),
    ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/CR:L/IR:L/AR:L", 5.4, Severity.MEDIUM),
    ("CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:P/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0, Severity.INFO),
]  # fmt: skip


@pytest.mark.parametrize(("vector", "score", "severity"), PUBLISHED)
def test_published_scores(vector: str, score: float, severity: Severity) -> None:
    assert cvss.score(vector) == score
    assert cvss.severity(vector) == severity


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:3.1",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:ND",
        "AV:N/AC:L/Au:N/C:C/I:C/A:C/E:X",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:R/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:S",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:F",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
        "CVSS:9.9/AV:N",
        "7.5",
    ],
)
def test_what_is_no_vector_is_refused(vector: str) -> None:
    with pytest.raises(ValueError, match=r"metric|not calculated"):
        cvss.score(vector)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["CVSS:3.1", "CVSS:4.0", "AV:N", "AC:L", "S:C", "/"]), max_size=9).map("/".join)
)
def test_any_text_gives_a_score_or_a_refusal(text: str) -> None:
    try:
        score = cvss.score(text)
    except ValueError:
        return
    assert 0 <= score <= 10


V2 = {"AV": "LAN", "AC": "HML", "Au": "MSN", "C": "NPC", "I": "NPC", "A": "NPC"}
V3 = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "HLN", "I": "HLN", "A": "HLN"}
V4 = {"AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA", "VC": "HLN", "VI": "HLN", "VA": "HLN",
      "SC": "HLN", "SI": "HLN", "SA": "HLN"}  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "values", "step", "digest"),
    [
        ("", V2, 1, "efed619b32adeeb5402004b8a9180ce9e25cc70b2b2453f48d631a941c756a01"),
        ("CVSS:3.0/", V3, 1, "18c7d4b21f4908d5950f38af660814a4aa4b79b6ad61901ec0dd35196a2e3f63"),
        ("CVSS:3.1/", V3, 1, "ad0f52124967752cabaff871eb43c121fa279e6b9a52feedc15d042401232eb4"),
        ("CVSS:4.0/", V4, 89, "32ebf66b6d1fd53796fd188e2972481d3c9f8cf9fe4a9eb4c3dd8095ee346ccb"),
        ("CVSS:4.0/E:U/CR:L/IR:M/", V4, 89, "374a0a4a333eee978414f2a00715455611b32aa2a76b066c5291868d495ffef9"),
    ],
)
def test_scores_are_those_of_another_calculator(prefix: str, values: dict[str, str], step: int, digest: str) -> None:
    """The digests were made with the PyPI project cvss 3.6, over the same vectors in the same order."""
    found = hashlib.sha256()
    for combination in itertools.islice(itertools.product(*values.values()), 0, None, step):
        vector = prefix + "/".join(map(":".join, zip(values, combination, strict=True)))
        found.update(f"{vector} {cvss.score(vector):.1f}\n".encode())
    assert found.hexdigest() == digest


def test_what_a_rating_rests_on() -> None:
    new = ("CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")
    old = ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    broken = ("CVSS_V4", "CVSS:4.0/AV:N")

    def rate(*vectors: tuple[str, str], rating: str = "") -> ratings.Rating:
        return ratings.rate([Advisory("X", "a", vectors=vectors, rating=rating)])

    assert (rate(old, new).score, rate(old, new).vector) == (7.3, new[1])
    assert rate(broken, old).score == 9.8
    assert rate(broken, rating="MODERATE").facts == {"severity": "medium", "severity_source": "database"}
    unknown = rate(broken)
    assert (unknown.severity, unknown.source) == (Severity.HIGH, "unknown")
    assert unknown.facts["severity_reason"] == "CVSS:4.0/AV:N: metric AC is missing"
    assert ratings.rate([]) == ratings.UNKNOWN
