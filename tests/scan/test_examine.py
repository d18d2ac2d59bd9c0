"""The room over a project: batches, failures of one file, what the second engine says."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import scan
from chainguard_ml.config import Config, ScanConfig, WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.model import Artifact, ArtifactKind, Evidence, Finding, Gap, GapReason
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainguard_ml.model import Observation
    from tests.scan.conftest import Build

    Examine = Callable[..., list[Observation]]


@pytest.fixture
def examine(tmp_path: Path) -> Iterator[Examine]:
    """Examine files of a project in workers."""
    with WorkerPool(WorkersConfig(processes=2, deadline_seconds=60)) as pool:

        def run(files: dict[str, bytes], engines: tuple[str, ...] = ("builtin",), size: int | None = None) -> list:
            for name, data in files.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            artifacts = tuple(
                Artifact(ArtifactKind.OTHER, name, "", len(data) if size is None else size)
                for name, data in files.items()
            )
            config = Config(scan=ScanConfig(engines=engines))
            return list(scan.examine(Context(tmp_path, pool, artifacts, config=config)))

        yield run


def ordered(observations: list[Observation]) -> list[Observation]:
    return sorted(observations, key=lambda item: (type(item).__name__, str(item.order)))


def _is_scan(item: Observation) -> bool:
    return isinstance(item, Evidence) and item.kind == "scan"


def test_every_file_is_examined_whatever_its_name(examine: Examine, build: Build) -> None:
    told = examine({"a.txt": b"text", "sub/b": build.payload, "c.pt": build.torch(build.harmless), "d.py": b""})
    assert {item.subject.name for item in told if isinstance(item, Finding)} == {"sub/b"}
    assert {item.subject.name for item in told if _is_scan(item)} == {"sub/b", "c.pt"}
    assert not [item for item in told if isinstance(item, Gap)]


def test_findings_carry_the_digest_and_clean_files_are_not_hashed(examine: Examine, build: Build) -> None:
    import hashlib

    told = examine({"bad.pkl": build.payload, "good.pkl": build.harmless})
    (digest,) = {item.subject.digest for item in told if isinstance(item, Finding)}
    assert digest.hex == hashlib.sha256(build.payload).hexdigest()
    assert {item.subject.digest for item in told if _is_scan(item)} == {None}


def test_the_result_does_not_depend_on_batches(examine: Examine, build: Build) -> None:
    files = {f"{index:03}.pkl": build.payload if index % 3 else build.harmless for index in range(90)}
    assert ordered(examine(files)) == ordered(examine(files, size=40_000_000))


def test_directories_give_their_members_and_environments_nothing(tmp_path: Path, build: Build) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x.pkl").write_bytes(build.payload)
    (tmp_path / "venv").mkdir()
    artifacts = (
        Artifact(ArtifactKind.MODEL_DIRECTORY, "m", "", 1, members=("m/x.pkl",)),
        Artifact(ArtifactKind.MODEL, "m/x.pkl", "pickle", len(build.payload)),
        Artifact(ArtifactKind.ENVIRONMENT, "venv", "", 0),
    )
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        told = list(scan.examine(Context(tmp_path, pool, artifacts)))
    assert {item.subject.name for item in told} == {"m/x.pkl"}
    assert sum(_is_scan(item) for item in told) == 1


def test_a_file_that_exhausts_its_worker_costs_itself_alone(tmp_path: Path, build: Build) -> None:
    files = {f"{index}.pkl": build.payload for index in range(12)}
    files["2.pkl"] = build.gguf(build.pair("k", 9, b"\x08\0\0\0" + (3_000_000).to_bytes(8, "little")), 1) + bytes(
        24_000_000
    )
    artifacts = []
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        artifacts.append(Artifact(ArtifactKind.OTHER, name, "", len(data)))
    with WorkerPool(WorkersConfig(processes=1, deadline_seconds=1)) as pool:
        told = list(scan.examine(Context(tmp_path, pool, tuple(artifacts))))
    assert {item.subject.name for item in told if isinstance(item, Finding)} >= {"0.pkl", "1.pkl", "3.pkl"}
    assert {item.subject.name for item in told if isinstance(item, Gap)} <= {"2.pkl"}


def test_what_cannot_be_read_is_a_gap(examine: Examine, tmp_path: Path, build: Build) -> None:
    (tmp_path / "link.pkl").symlink_to("real.pkl")
    os.mkfifo(tmp_path / "pipe.pkl")
    (tmp_path / "real.pkl").write_bytes(build.payload)
    artifacts = tuple(Artifact(ArtifactKind.OTHER, name, "", 1) for name in ("gone.pkl", "link.pkl", "pipe.pkl"))
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        told = list(scan.examine(Context(tmp_path, pool, artifacts)))
    assert {item.reason for item in told if isinstance(item, Gap)} == {GapReason.UNREADABLE}
    assert len(told) == 3


def test_names_that_are_not_utf8_are_examined(tmp_path: Path, build: Build) -> None:
    name = os.fsdecode(b"\xff\xfe\x1b[31m.pkl")
    (tmp_path / name).write_bytes(build.payload)
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        told = list(scan.examine(Context(tmp_path, pool, (Artifact(ArtifactKind.OTHER, name, "", 1),))))
    assert {item.subject.name for item in told} == {name}
    assert "\x1b" not in "".join(item.message for item in told if isinstance(item, Finding))


def test_accepted_globals_reach_the_worker(tmp_path: Path, build: Build) -> None:
    from chainguard_ml.config import AllowedGlobal

    data = b"\x80\x02cmypackage\nNet\n)R."
    (tmp_path / "m.pkl").write_bytes(data)
    artifacts = (Artifact(ArtifactKind.OTHER, "m.pkl", "", len(data)),)
    accepted = AllowedGlobal("mypackage.Net", ("called", "referenced"), "ours")
    with WorkerPool(WorkersConfig(processes=1)) as pool:
        context = Context(tmp_path, pool, artifacts)
        assert any(isinstance(item, Finding) for item in scan.examine(context))
        context = dataclasses.replace(context, config=Config(scan=ScanConfig(allow=(accepted,))))
        assert not any(isinstance(item, Finding) for item in scan.examine(context))


needs_modelscan = pytest.mark.skipif(importlib.util.find_spec("modelscan") is None, reason="modelscan is not installed")


@needs_modelscan
@pytest.mark.oracle
def test_the_second_engine_is_heard(examine: Examine, build: Build, tmp_path: Path) -> None:
    files = {
        "model": build.payload,  # the name would not make modelscan look at it
        "m.pt": build.torch(build.payload),
        "good.pkl": build.harmless,
        "readme.txt": b"text",
        "modelscan-settings.toml": b'[scanners."evil.Scanner"]\nenabled = true\n',
    }
    told = examine(files, engines=("builtin", "modelscan"))
    second = [item for item in told if isinstance(item, Finding) and item.rule == "modelscan-issue"]
    assert {item.subject.name for item in second} == {"model", "m.pt"}
    assert {item.location.member for item in second} == {(), ("archive/data.pkl",)}
    assert {item.facts["operator"] for item in second} == {"system"}
    assert {item.severity.name for item in second} == {"CRITICAL"}
    assert all(item.subject.digest for item in second)
    engines = {(item.subject.name, item.statement["engine"]) for item in told if _is_scan(item)}
    assert {("good.pkl", "modelscan"), ("good.pkl", "builtin"), ("model", "modelscan")} <= engines
    assert ("readme.txt", "modelscan") not in engines


@needs_modelscan
@pytest.mark.oracle
def test_what_the_second_engine_does_not_examine_is_a_gap(examine: Examine, build: Build) -> None:
    told = examine({"broken.pkl": build.harmless[:-1] + b"\xff"}, engines=("modelscan",))
    gaps = [item for item in told if isinstance(item, Gap) and item.reason is GapReason.ENGINE]
    assert gaps
    assert "modelscan did not examine it" in gaps[0].detail
    assert ("broken.pkl", "modelscan") not in {
        (item.subject.name, item.statement["engine"]) for item in told if _is_scan(item)
    }


def test_an_absent_engine_is_said_once(examine: Examine, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    told = examine({"a.pkl": build.harmless, "b.pkl": build.harmless}, engines=("modelscan",))
    (gap,) = [item for item in told if isinstance(item, Gap)]
    assert gap.reason is GapReason.ENGINE
    assert "not installed" in gap.detail
