"""One file in a worker: links, change, limits."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from chainguard_ml.model import Finding, Gap, GapReason
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.interface import Budgets
from chainguard_ml.scan.worker import examine_file

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from chainguard_ml.model import Subject
    from chainguard_ml.scan.interface import Judge, Judgement, Use
    from tests.scan.conftest import Build


class Meddling:
    """A judge during whose work somebody writes to the file."""

    needs_digest = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.real = allowlist.make_judge([])

    def judge(self, use: Use, subject: Subject) -> Judgement:
        with self.path.open("ab") as stream:
            stream.write(b"more")
        return self.real.judge(use, subject)


def test_a_file_that_changes_is_a_gap_beside_what_was_seen(tmp_path: Path, build: Build) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(build.payload)
    told = list(examine_file(tmp_path, "m.pkl", Meddling(path)))
    assert GapReason.CHANGED in {item.reason for item in told if isinstance(item, Gap)}
    assert any(isinstance(item, Finding) for item in told)


class Starving:
    """A judge with whom memory runs out."""

    needs_digest = False

    def judge(self, use: Use, subject: Subject) -> Judgement:
        raise MemoryError(use, subject)


def test_memory_that_runs_out_is_a_gap(tmp_path: Path, build: Build) -> None:
    data = build.zip({"../a": b"text", "b": build.payload})
    (tmp_path / "m.zip").write_bytes(data)
    judge: Judge = Starving()
    told = list(examine_file(tmp_path, "m.zip", judge))
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.MEMORY}
    assert "archive-path-traversal" in {item.rule for item in told if isinstance(item, Finding)}


def test_findings_of_one_rule_are_bounded(tmp_path: Path, build: Build) -> None:
    data = build.zip({f"../{index}": b"x" for index in range(30)} | {"m": build.payload})
    (tmp_path / "m.zip").write_bytes(data)
    told = list(examine_file(tmp_path, "m.zip", allowlist.make_judge([]), Budgets(findings=10)))
    traversals = [item for item in told if isinstance(item, Finding) and item.rule == "archive-path-traversal"]
    assert len(traversals) == 10
    gaps = [(item.reason, item.detail) for item in told if isinstance(item, Gap)]
    assert gaps == [(GapReason.BUDGET, "'archive-path-traversal' 30 times; 20 of them are not listed")]
    assert any(isinstance(item, Finding) and item.rule != "archive-path-traversal" for item in told)


def test_a_file_that_the_system_refuses_to_map_is_a_gap(
    tmp_path: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mmap

    def refuse(*_: object, **__: object) -> None:
        raise OSError(5, os.strerror(5))

    (tmp_path / "m.pkl").write_bytes(build.payload + bytes(100_000))
    monkeypatch.setattr(mmap, "mmap", refuse)
    (gap,) = examine_file(tmp_path, "m.pkl", allowlist.make_judge([]))
    assert gap.reason is GapReason.UNREADABLE


def test_globals_accepted_for_a_digest_hold_for_that_file_alone(tmp_path: Path) -> None:
    data = b"\x80\x02cmypackage\nNet\n)R."
    digest = hashlib.sha256(data).hexdigest()
    accepted = {"name": "mypackage.Net", "may_be": ["called"], "reason": "ours", "path": "", "sha256": digest}
    judge = allowlist.make_judge([accepted])
    for name, content, found in (("m.pkl", data, False), ("n.pkl", data + b"N.", True)):
        (tmp_path / name).write_bytes(content)
        told = list(examine_file(tmp_path, name, judge))
        assert any(isinstance(item, Finding) for item in told) is found
