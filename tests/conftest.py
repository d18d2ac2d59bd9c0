"""Shared by all tests: running the command line, sample pipelines, golden files."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# No test is timed; the gate's examples are the same on every run, a developer's are new ones.
settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Run:
    """What a finished command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Run]:
    """Run ``chainguard-ml`` as a process of its own, with a data directory of its own."""

    def run(*arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = "") -> Run:
        removed = {"CHAINGUARD_ML_FORMAT", "SOURCE_DATE_EPOCH", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"}
        base = {key: value for key, value in os.environ.items() if key not in removed}
        base["CHAINGUARD_ML_DATA_DIR"] = str(tmp_path / "data-directory")
        result = subprocess.run(
            [sys.executable, "-P", "-m", "chainguard_ml", *map(str, arguments)],
            cwd=cwd or tmp_path,
            env={**base, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in result.stderr or "-v" in arguments, result.stderr
        return Run(result.returncode, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """Compare text with a golden file; ``CHAINGUARD_ML_GOLDEN=write`` rewrites it (``make golden``)."""

    def compare(name: str, text: str) -> None:
        path = REPOSITORY / "tests" / "golden" / name
        if os.environ.get("CHAINGUARD_ML_GOLDEN") == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; write it with: make golden"
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; after review: make golden"

    return compare
