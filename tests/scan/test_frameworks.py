"""What real frameworks write (``make corpus``) is clean, without a gap; what carries code by design is named so.

``CHAINGUARD_ML_CORPUS`` names another directory of such files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from chainguard_ml import rules
from chainguard_ml.model import Finding, Gap
from chainguard_ml.scan import scan_file

CORPUS = Path(os.environ.get("CHAINGUARD_ML_CORPUS") or Path(__file__).parents[2] / "build" / "corpus")
MANIFEST = CORPUS / "manifest.json"

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not MANIFEST.is_file(), reason="no corpus: `make corpus`, or set CHAINGUARD_ML_CORPUS"),
]


def carried() -> dict[str, str]:
    """Return what code each file carries by design, if any."""
    if not MANIFEST.is_file():
        return {"": ""}
    return {name: item["carries"] for name, item in json.loads(MANIFEST.read_text(encoding="utf-8")).items()}


def folders() -> dict[str, list[str]]:
    """Return the files by the folder of their framework."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in carried():
        found[name.partition("/")[0]].append(name)
    return found


def is_by_design(rule: str) -> bool:
    """Say whether a finding is about code by design, or about a class that the loading program must bring."""
    return rules.find(rule).family == "carries-code" or rule == "keras-custom-object"


@pytest.mark.parametrize("folder", sorted(folders()))
def test_files_of_real_frameworks_are_clean(folder: str) -> None:
    carries = carried()
    said = []
    for name in folders()[folder]:
        for item in scan_file(CORPUS / name):
            if isinstance(item, Gap):
                said.append(f"{name}: gap: {item.detail}")
            elif isinstance(item, Finding) and not (carries[name] and is_by_design(item.rule)):
                said.append(f"{name}: {item.rule}: {item.message}")
    assert said == []


def test_what_carries_code_is_found() -> None:
    certain = {"TorchScript", "Lambda", "py_func", "functions by value"}
    silent = [
        name
        for name, code in carried().items()
        if code in certain
        and name.endswith((".pt", ".ptl", ".keras", ".h5", ".json", "saved_model.pb", ".pkl", ".dill"))
        and not any(isinstance(item, Finding) and is_by_design(item.rule) for item in scan_file(CORPUS / name))
    ]
    assert silent == []


def test_the_whole_tree_is_clean_in_workers() -> None:
    command = [sys.executable, "-m", "chainguard_ml", "scan", str(CORPUS), "-f", "json", "--no-progress", "--no-config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CORPUS)
    report = json.loads(done.stdout)
    assert report["gaps"] == []
    assert [item for item in report["findings"] if not is_by_design(item["rule"])] == []
    assert report["summary"]["examined"] >= len(carried())
