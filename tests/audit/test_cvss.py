"""Base scores against published ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import cvss
from chainguard_ml.model import Severity

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
]


@pytest.mark.parametrize(("vector", "score", "severity"), PUBLISHED)
def test_published_scores(vector: str, score: float, severity: Severity) -> None:
    assert cvss.base_score(vector) == score
    assert cvss.severity(vector) == severity


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:3.1",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:9.9/AV:N",
        "7.5",
    ],
)
def test_what_is_no_vector_is_refused(vector: str) -> None:
    with pytest.raises(ValueError, match=r"metric|not calculated"):
        cvss.base_score(vector)


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["CVSS:3.1", "AV:N", "AC:L", "S:C", "/"]), max_size=9).map("/".join)
)
def test_any_text_gives_a_score_or_a_refusal(text: str) -> None:
    try:
        score = cvss.base_score(text)
    except ValueError:
        return
    assert 0 <= score <= 10
