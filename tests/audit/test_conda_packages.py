"""Packages of conda that are the same project as one on Python's index are compared with its advisories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.packages.conda_names import MatchSpec, conda_package
from chainguard_ml.model import Location

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
