"""What names, locks and installed environments give away without any advisory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import installed, locks
from chainguard_ml.audit.lookalikes import _one_edit, resembled
from chainguard_ml.audit.well_known import NAMES, REAL
from chainguard_ml.model import Component, Confidence, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("reqeusts", "requests"),
        ("request", "requests"),
        ("tourch", "torch"),
        ("t0rch", "torch"),
        ("torcb", "torch"),
        ("torch-vision", "torchvision"),
        ("scikitlearn", "scikit-learn"),
        ("transforrners", "transformers"),
        ("tensorfl0w", "tensorflow"),
        ("tensorfiow", "tensorflow"),
        ("hugging-face-hub", "huggingface-hub"),
        ("panda", "pandas"),
        ("r4y", "ray"),
    ],
)
def test_imitations(name: str, known: str) -> None:
    assert resembled(name) == known


@pytest.mark.parametrize(
    "name", [*sorted(NAMES), *sorted(REAL), "sklearn", "my-project", "dusk", "rays", "jaxx", "cupy-cuda13x", "numpy2",
             "nvidia-cublas-cu12", "x" * 101, "a", ""]
)  # fmt: skip
def test_names_that_imitate_nothing(name: str) -> None:
    assert resembled(name) is None


def _distance(one: str, other: str) -> int:
    """Compute the distance of Damerau and Levenshtein (optimal string alignment) by its definition."""
    rows = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return rows[len(one), len(other)]


@given(st.text(alphabet="ab-", max_size=7), st.text(alphabet="ab-", max_size=7))
def test_one_edit_is_a_distance_of_one(one: str, other: str) -> None:
    if one != other:
        assert _one_edit(one, other) == (_distance(one, other) == 1)


@given(name=st.sampled_from(sorted(name for name in NAMES if len(name) > 5)), data=st.data())
def test_every_edit_of_a_letter_is_found(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    edited = data.draw(st.sampled_from([
        name[:place] + name[place + 1 :], name[:place] + letter + name[place:],
        name[:place] + letter + name[place + 1 :],
        name[:place] + name[place : place + 2][::-1] + name[place + 2 :],
    ]))  # fmt: skip
    if edited not in NAMES | REAL and not any(letter.isdigit() for letter in name):
        assert resembled(edited) is not None


def test_an_imitated_name_at_its_line(examine: Callable, package: Callable) -> None:
    findings, _, _ = examine(package("Reqeusts", "1.0", 7), package("requests", "1.0"))
    (finding,) = (item for item in findings if item.rule == "lookalike-name")
    assert (str(finding.location), finding.facts["resembles"]) == ("requirements.txt:7", "requests")
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.LOW)


@pytest.mark.parametrize(
    ("uploaded", "days", "found"),
    [
        ("2026-01-30T10:00:00Z", 7, True),
        ("2026-01-24T00:00:01Z", 7, True),
        ("2026-01-24T00:00:00Z", 7, False),
        ("2026-01-30", 7, True),
        ("2026-01-30T10:00:00.123456", 7, True),
        ("2026-01-30T10:00:00Z", 0, False),
        ("2030-01-01T00:00:00Z", 7, True),
        ("2026-13-01", 7, False),
        ("0001-01-01T00:00:00+14:00", 7, False),
        (5, 7, False),
        (None, 7, False),
    ],
)
def test_fresh_releases(uploaded: object, days: int, found: bool, package: Callable) -> None:  # noqa: FBT001 (a case)
    findings = list(locks.findings([package("a", "1", uploaded=uploaded)], days, NOW))
    assert [finding.rule for finding in findings] == ["fresh-release"] * found


def test_the_cooldown_is_configured(examine: Callable, package: Callable) -> None:
    fresh = package("a", "1", uploaded="2999-01-01T00:00:00Z")
    assert [item.rule for item in examine(fresh)[0]] == ["fresh-release"]
    assert examine(fresh, cooldown_days=0)[0] == []


def test_a_release_without_wheels(package: Callable) -> None:
    (finding,) = locks.findings([package("a", "1", source_only=True)], 7, NOW)
    assert (finding.rule, finding.severity) == ("source-only-package", Severity.LOW)


def test_changed_and_missing_files(package: Callable) -> None:
    def found(**facts: object) -> list[tuple[str, Severity, str]]:
        component = package("a", "1", 1, "venv/a.dist-info/METADATA", source="environment", **facts)
        return [(item.rule, item.severity, str(item.location)) for item in installed.findings([component])]

    assert found() == []
    assert found(changed=["venv/a.py", "venv/b.txt"], changed_count=70, missing=["venv/c"], missing_count=1) == [
        ("installed-file-changed", Severity.HIGH, "venv/a.py"),
        ("installed-file-missing", Severity.LOW, "venv/c"),
    ]
    assert found(changed=["venv/b.json"])[0][1] == Severity.MEDIUM
    assert found(changed=["venv/bin/tool"])[0][1] == Severity.HIGH
    assert found(changed=["venv/a.py"], installer="conda")[0][1] == Severity.LOW


def test_what_is_installed_against_what_is_locked(package: Callable) -> None:
    def lock(name: str, version: str | None, **facts: object) -> Component:
        return package(name, version, 3, "uv.lock", source="uv", **facts)

    def present(name: str, version: str, **facts: object) -> Component:
        return package(name, version, 1, f"venv/{name}.dist-info/METADATA", source="environment", **facts)

    development = Component("library", "e", "1", scope=Scope.DEVELOPMENT, facts={"source": "uv"})
    components = [
        lock("a", "1.0"), lock("b", "2.0"), lock("b", "2.1"), lock("c", None), lock("gone", "1"), development,
        present("A", "1"), present("b", "3"), present("c", "9"), present("pip", "24"), present("extra", "1"),
        present("own", "0", editable=True),
    ]  # fmt: skip
    found = list(installed.findings(components))
    assert [(item.rule, item.subject.name) for item in found] == [
        ("installed-other-version", "pkg:pypi/b@3"),
        ("installed-not-locked", "pkg:pypi/extra@1"),
        ("locked-not-installed", "uv.lock"),
    ]
    assert found[0].facts["locked"] == ["2", "2.1"]
    assert found[2].facts["packages"] == ["gone"]
    assert list(installed.findings([item for item in components if item.facts["source"] == "uv"])) == []


def test_many_that_are_not_installed_are_one_finding(package: Callable) -> None:
    several = [package(f"p{number}", "1", number + 1, "uv.lock", source="uv") for number in range(20)]
    here = package("here", "1", source="environment", editable=True)
    (finding,) = installed.findings([*several, here])
    assert (finding.severity, "15 more" in finding.message) == (Severity.INFO, True)
