"""The examples of docs/testing.md work, and its table is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.oracle
def test_the_examples_work(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(examples) == 2
    binary = tmp_path / "chainguard-ml"
    binary.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chainguard_ml "$@"\n', encoding="utf-8")
    binary.chmod(0o700)
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(repository)}
    # Not measured: what reads the examples is a process without coverage, which can crash while threads end with it.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=tmp_path, env={**outside, **paths}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_every_fault_is_described(repository: Path) -> None:
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE) == [fault.name for fault in Fault]
