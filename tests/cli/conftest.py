"""Small pipelines that tests point the command line at."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Opcodes by hand: a pickle that would only print if anybody loaded it, which nobody does.
PRINTS = b"cbuiltins\nprint\n(S'harmless'\ntR."
BENIGN = b"\x80\x04}\x94(\x8c\x01a\x94K\x01u."

ADVISORY = {
    "id": "PYSEC-0000-1",
    "modified": "2024-01-01T00:00:00Z",
    "summary": "A flaw of a package that does not exist",
    "aliases": ["CVE-0000-0001"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "brokenlib"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
            "versions": ["1.0", "1.1"],
        }
    ],
}


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """OSV's layout: a zip with one JSON record for each advisory."""
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PYSEC-0000-1.json", json.dumps(ADVISORY))
    return path


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline with nothing wrong but an unsigned model."""
    root = tmp_path / "pipeline"
    (root / "model").mkdir(parents=True)
    (root / "model" / "weights.pkl").write_bytes(BENIGN)
    (root / "train.py").write_text("import math\n\nprint(math.pi)\n", encoding="utf-8")
    return root


@pytest.fixture
def bad(pipeline: Path) -> Path:
    """The same pipeline with a pickle that calls something when it is loaded."""
    (pipeline / "model" / "weights.pkl").write_bytes(PRINTS)
    return pipeline
