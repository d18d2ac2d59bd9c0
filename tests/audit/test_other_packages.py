"""Packages of conda that are the same project as one on the index are compared; what is tried out counts less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.conda_names import MatchSpec, conda_package
from chainguard_ml.inventory.packages.naming import library
from chainguard_ml.model import Location, Severity
from chainguard_ml.report.summary import _audit

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_same_project_is_compared(examine: Callable, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", {"introduced": "0"}, name="torch"), record("PYSEC-2", name="redis"))
    place = Location("environment.yml", line=4)
    torch = conda_package(MatchSpec("pytorch"), "2.3.0", place, {"source": "conda", "pinned": True})
    redis = conda_package(MatchSpec("redis"), "7.0", place, {"source": "conda", "pinned": True})
    (finding,), gaps, _ = examine(torch, redis, database=path)
    assert gaps == []
    assert (finding.rule, finding.subject.name) == ("vulnerable-dependency", "pkg:conda/pytorch@2.3.0")
    assert (str(finding.location), finding.facts["package"]) == ("environment.yml:4", "torch")


def test_what_is_tried_out_counts_less(examine: Callable) -> None:
    place = Location("x", line=1)
    found = {
        (item.name, item.facts["source"]): examine(item)[0]
        for item in (
            library("torch", None, place, {"source": "dockerfile"}),
            library("torch", None, place, {"source": "notebook"}),
            library("pip", None, place, {"source": "dockerfile"}),
        )
    }
    severities = {key: finding.severity for key, (finding,) in found.items()}
    assert severities == {
        ("torch", "dockerfile"): Severity.MEDIUM,
        ("torch", "notebook"): Severity.LOW,
        ("pip", "dockerfile"): Severity.LOW,
    }


def test_what_is_not_compared_is_counted(examine: Callable, database: Callable, record: Callable) -> None:
    path = database(record("PYSEC-1", {"introduced": "0"}, name="torch"))
    place = Location("environment.yml", line=4)
    python = conda_package(MatchSpec("python"), "3.11", place, {"source": "conda", "pinned": True})
    torch = conda_package(MatchSpec("pytorch"), "2.3.0", place, {"source": "conda", "pinned": True})
    _, _, evidence = examine(python, torch, database=path)
    statement = next(item.statement for item in evidence if item.kind == "audit")
    assert statement == {"packages": 1, "compared": True, "vulnerable": 1, "others": 1}
    findings, gaps, (only,) = examine(python, database=path)
    assert (findings, gaps, only.statement["others"]) == ([], [], 1)
    assert "1 package of other ecosystems" in _audit([only], [])
