"""Licences that are accepted or not, and packages that nobody maintains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.audit import spdx
from chainguard_ml.audit.abandoned import SUCCESSORS
from chainguard_ml.audit.well_known import NAMES
from chainguard_ml.config import LicencesConfig
from chainguard_ml.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run


@pytest.mark.parametrize(
    ("expression", "allow", "deny", "accepted"),
    [
        ("MIT", (), ("GPL-*",), True),
        ("GPL-3.0-only", (), ("gpl-*",), False),
        ("MIT", ("Apache-2.0",), (), False),
        ("MIT OR GPL-3.0-only", (), ("GPL-*",), True),
        ("MIT AND GPL-3.0-only", (), ("GPL-*",), False),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", (), ("GPL-*",), True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", (), ("GPL-*",), False),
        ("(MIT AND (BSD-3-Clause OR ISC)) OR GPL-3.0-only", ("MIT", "ISC"), (), True),
        ("GPL-2.0-or-later", ("GPL-2.0-or-later",), (), True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only",), (), True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only WITH Classpath-exception-2.0",), (), True),
        ("GPL-2.0-only", ("GPL-2.0-only WITH Classpath-exception-2.0",), (), False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", (), ("GPL-2.0-only",), True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", (), ("GPL-*",), False),
        ("LicenseRef-NVIDIA-EULA", ("MIT", "LicenseRef-NVIDIA-*"), (), True),
        ("MIT", ("MIT",), ("MIT",), False),
    ],
)
def test_expressions_mean_what_spdx_says(
    expression: str, allow: tuple[str, ...], deny: tuple[str, ...], accepted: bool  # noqa: FBT001 (a case)
) -> None:  # fmt: skip
    canonical = spdx.canonical(expression.lower().replace(" or ", " OR ").replace(" and ", " AND "))
    assert canonical is not None
    assert spdx.acceptable(canonical, spdx.Terms(allow, deny)) is accepted


LICENCES = {"MIT": True, "ISC": True, "GPL-3.0-only": False, "AGPL-3.0-only": False}
EXPRESSIONS = st.recursive(
    st.sampled_from(sorted(LICENCES)).map(lambda name: (name, LICENCES[name])),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda parts: (
            f"({parts[0][0]} {parts[1]} {parts[2][0]})",
            (parts[0][1] and parts[2][1]) if parts[1] == "AND" else (parts[0][1] or parts[2][1]),
        )
    ),
    max_leaves=8,
)


@given(case=EXPRESSIONS)
def test_any_nesting(case: tuple[str, bool]) -> None:
    expression, accepted = case
    canonical = spdx.canonical(expression)
    assert canonical is not None
    assert spdx.acceptable(canonical, spdx.Terms(deny=("*GPL*",))) is accepted


@given(text=st.text(max_size=30) | st.lists(st.sampled_from(["MIT", "(", ")", "AND", "OR", "WITH", " "])).map(" ".join))
def test_what_is_no_expression_is_none(text: str) -> None:
    canonical = spdx.canonical(text)
    if canonical is not None:
        assert spdx.acceptable(canonical, spdx.Terms()) is True


@pytest.fixture
def licensed(package: Callable) -> Callable:
    def make(name: str, *licences: str, **more: object) -> object:
        return replace(package(name, "1", **more), licences=licences)

    return make


def test_what_one_place_states_holds_for_the_release(examine: Callable, package: Callable, licensed: Callable) -> None:
    config = LicencesConfig(deny=("AGPL-*",))
    packages = [package("a", "1", line=3), licensed("A", "AGPL-3.0-only", path="env/METADATA"), licensed("b", "MIT")]
    findings, _, _ = examine(*packages, licences=config)
    (found,) = [item for item in findings if item.rule.startswith("licence")]
    assert (found.rule, str(found.location)) == ("licence-not-accepted", "requirements.txt:3")
    assert found.message == "a 1 is under AGPL-3.0-only, which is not accepted"


def test_several_licences_must_all_be_accepted(examine: Callable, licensed: Callable) -> None:
    findings, _, _ = examine(licensed("a", "MIT", "GPL-3.0-only"), licences=LicencesConfig(allow=("MIT",)))
    assert [item.facts["licences"] for item in findings if item.rule == "licence-not-accepted"] == [["GPL-3.0-only"]]


def test_what_is_not_known_is_told_once_for_each_file(examine: Callable, package: Callable, licensed: Callable) -> None:
    config = LicencesConfig(allow=("MIT",))
    findings, _, _ = examine(*(package(f"p{n}", "1") for n in range(7)), licensed("q", "Some words"), licences=config)
    (found,) = [item for item in findings if item.rule == "licence-unknown"]
    assert found.message == "the licence of 8 packages is not known: p0 1, p1 1, p2 1, p3 1, p4 1 and 3 more"
    assert not [item for item in examine(package("a", "1"))[0] if item.rule.startswith("licence")]


def test_packages_that_nobody_maintains(examine: Callable, package: Callable) -> None:
    findings, _, _ = examine(package("SKlearn", "0.0"), package("theirs", "1", inactive=True), package("torch", "2"))
    found = {item.message: item.hint for item in findings if item.rule == "abandoned-package"}
    assert (
        found["SKlearn 0.0 is not maintained: a placeholder that its owners gave up in 2023"] == "move to scikit-learn"
    )
    assert "theirs 1 is not maintained: its own classifiers call it inactive" in found
    assert len(found) == 2


def test_no_successor_is_abandoned_itself() -> None:
    for successor, story in SUCCESSORS.values():
        assert successor not in SUCCESSORS
        assert story
        assert (
            not successor
            or successor in NAMES
            or successor in {"pytensor", "pypdf", "tf-nightly", "prophet", "ydata-profiling", "pytest"}
        )


def test_an_environment_against_a_configuration(tmp_path: Path, cli: Callable[..., Run]) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "a-1.dist-info"
    site.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (site / "METADATA").write_text("Metadata-Version: 2.4\nName: a\nVersion: 1\nLicense-Expression: AGPL-3.0-only\n"
                                   "Classifier: Development Status :: 7 - Inactive\n")  # fmt: skip
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "requirements.txt").write_text("a==1\nb==1\n")
    (tmp_path / "c.toml").write_text('[audit.licences]\ndeny = ["AGPL-*"]\n')
    run = cli("audit", "p", "-c", "c.toml", "--environment", "venv", "-f", "json")
    found = {item["rule"]: item for item in json.loads(run.out)["findings"]}
    assert run.code == 1
    assert found["licence-not-accepted"]["message"] == "a 1 is under AGPL-3.0-only, which is not accepted"
    assert found["licence-unknown"]["facts"]["packages"] == ["b 1"]
    assert found["abandoned-package"]["subject"]["name"] == "pkg:pypi/a@1"
