"""The join through the public API, and what a person at a terminal sees of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

import chainguard_ml
from chainguard_ml import audit, config
from chainguard_ml.errors import NothingToExamineError, PolicyError, UsageError
from chainguard_ml.model import Outcome, Severity
from chainguard_ml.report import ReportFormat, render
from chainguard_ml.report.interface import Look
from chainguard_ml.report.json import schema

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def settings(repository: Path, tmp_path: Path) -> config.Config:
    database = tmp_path / "advisories.sqlite"
    audit.import_advisories(repository / "examples" / "advisories", database)
    loaded = config.load(repository / "examples" / "chainguard-ml.toml")
    return replace(loaded, audit=replace(loaded.audit, database=database))


def test_a_pipeline_is_checked_from_python(repository: Path, settings: config.Config) -> None:
    good = chainguard_ml.check_pipeline(repository / "examples" / "pipeline", settings)
    assert (good.verdict.outcome, good.complete, good.verdict.findings) == (Outcome.PASS, True, ())
    bad = chainguard_ml.check_pipeline(repository / "examples" / "tampered", settings)
    assert bad.verdict.outcome is Outcome.FAIL
    assert max(finding.severity for finding in bad.verdict.findings) is Severity.CRITICAL
    for report in (good, bad):
        document = json.loads(render(report, ReportFormat.JSON, Look()))
        jsonschema_rs.validator_for(schema()).validate(document)


def test_without_configuration_findings_decide(repository: Path) -> None:
    report = chainguard_ml.check_pipeline(repository / "examples" / "tampered")
    assert report.verdict.outcome is Outcome.FAIL
    assert report.verdict.decisions == ()
    assert not report.complete


def test_one_file_is_a_pipeline_too(repository: Path) -> None:
    report = chainguard_ml.check_pipeline(repository / "examples" / "tampered" / "model" / "classifier.pkl")
    assert report.examined == 1
    assert {finding.location.path for finding in report.verdict.findings} == {"classifier.pkl"}


def test_wrong_calls(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot examine"):
        chainguard_ml.check_pipeline(tmp_path / "missing")
    with pytest.raises(UsageError, match="cannot examine"):
        chainguard_ml.check_pipeline(Path("a\0b"))
    with pytest.raises(NothingToExamineError):
        chainguard_ml.check_pipeline(tmp_path)
    (tmp_path / "policy.yaml").write_text("rules: [{id: x}]\n", encoding="utf-8")
    with pytest.raises(PolicyError):
        chainguard_ml.check_pipeline(repository / "examples", config.Config(policy=tmp_path / "policy.yaml"))
    with pytest.raises(PolicyError):
        chainguard_ml.check_pipeline(repository / "examples", config.Config(waivers=tmp_path / "policy.yaml"))


def test_the_text_report(repository: Path, settings: config.Config, golden: Callable[[str, str], None]) -> None:
    for name in ("pipeline", "tampered"):
        report = chainguard_ml.check_pipeline(repository / "examples" / name, settings)
        golden(f"report-{name}.txt", render(report, ReportFormat.TEXT, Look(verbose=1)).decode())
        golden(f"report-{name}.json", render(report, ReportFormat.JSON, Look()).decode())


def terminal(arguments: list[str], directory: Path, environment: dict[str, str]) -> str:
    """Run the command line on a pseudo-terminal; return what a person would see, escape sequences included."""
    main, other = pty.openpty()
    command = [sys.executable, "-P", "-m", "chainguard_ml", *arguments]
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR"}}
    with subprocess.Popen(command, cwd=directory, stdout=other, stderr=other, env={**env, **environment}):
        os.close(other)
        seen = b""
        try:
            while chunk := os.read(main, 65536):
                seen += chunk
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(main)
    return seen.decode()


def test_progress_and_colour_on_a_terminal(repository: Path) -> None:
    arguments = ["scan", "examples/tampered", "--no-config"]
    seen = terminal(arguments, repository, {"TERM": "xterm"})
    assert "\r\x1b[Kinventory" in seen
    assert "\x1b[31mFAIL\x1b[0m" in seen
    quiet = terminal([*arguments, "--no-progress", "--color", "never"], repository, {"TERM": "xterm"})
    assert "\x1b" not in quiet
    assert "inventory" not in terminal(arguments, repository, {"TERM": "dumb", "CI": "true"})
