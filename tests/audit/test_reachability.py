"""Whether the pipeline's code uses what an advisory is about: told beside the finding, and never hiding it."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import audit
from chainguard_ml.audit import uses
from chainguard_ml.audit.reachability import _means
from chainguard_ml.config import AuditConfig, Config, WorkersConfig
from chainguard_ml.context import Context
from chainguard_ml.model import Artifact, ArtifactKind, Component, Evidence, Finding, Location
from chainguard_ml.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def found(text: str, *modules: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for name, line in uses.used([ast.parse(text)], set(modules or ("torch",))):
        names.setdefault(name, line)
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import torch\n\ntorch.load(x)", {"torch": 1, "torch.load": 3}),
        ("import torch as t\nt.load(x)", {"torch": 1, "torch.load": 2}),
        ("import torch.nn as nn\nnn.Linear", {"torch.nn": 1, "torch.nn.Linear": 2}),
        ("from torch import load as l\nl(x)", {"torch": 1, "torch.load": 1}),
        ("from torch import *\nload(x)", {"torch": 1, "torch.load": 2, "torch.x": 2}),
        ("import torch\nf = torch.load\nf(x)", {"torch": 1, "torch.load": 2}),
        ("m = __import__('torch')\nm.load(x)", {"torch": 1, "torch.load": 2}),
        ("import importlib\nm = importlib.import_module('torch.hub')\nm.load", {"torch.hub": 2, "torch.hub.load": 3}),
        ("from . import torch\nfrom .torch import load\ntorch.load(x)", {}),
        ("import numpy\nnumpy.load(x)\ntorch.load(y)", {}),
        ("__import__(name)\nf()()\nx[0].y", {}),
    ],
)
def test_what_names_mean(text: str, names: Mapping[str, int]) -> None:
    assert found(text) == names


def test_names_that_are_affected() -> None:
    assert _means("transformers.models.rag", "transformers.models.rag")
    assert _means("transformers.models.rag.f", "transformers.models.rag")
    assert _means("torch.load", "torch.serialization.load")
    assert not _means("numpy.load", "torch.serialization.load")
    assert not _means("torch.loads", "torch.load")


NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "source": ["%matplotlib inline\n", "import torch"]},
               {"cell_type": "code", "source": "!ls\nif 1:\n  %time x\ntorch.load(x)"},
               {"cell_type": "code", "source": "not Python"}, {"cell_type": "markdown"}, 1]}
)  # fmt: skip


def parsed(tmp_path: Path, text: str | bytes, fmt: str = "python") -> dict:
    (tmp_path / "m").write_bytes(text if isinstance(text, bytes) else text.encode())
    records = list(uses.parse({"root": str(tmp_path), "path": "m", "format": fmt, "modules": ["torch"]}))
    return dict(records[0].statement) if records else {}


def test_files_and_notebooks(tmp_path: Path) -> None:
    assert parsed(tmp_path, "import torch") == {"torch": "m:1"}
    assert parsed(tmp_path, NOTEBOOK, "notebook") == {"torch": "m#/cells/0", "torch.load": "m#/cells/1"}
    assert parsed(tmp_path, "import numpy  # no t0rch") == {}
    assert parsed(tmp_path, "torch (") == {}
    assert parsed(tmp_path, "torch", "notebook") == {}
    assert parsed(tmp_path, '["torch"]', "notebook") == {}
    assert parsed(tmp_path, "torch = " + "-" * 100_000 + "1") == {}
    assert list(uses.parse({"root": str(tmp_path), "path": "gone", "modules": ["torch"]})) == []
    assert len(parsed(tmp_path, "import torch\n" + "".join(f"torch.a{n}\n" for n in range(3000)))) == 2000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.binary(max_size=60) | st.text(alphabet="torch.=()*import \nfrom_as[]'", max_size=60).map(str.encode))
def test_any_bytes_give_uses_or_nothing(data: bytes, tmp_path: Path) -> None:
    for fmt in ("python", "notebook"):
        assert isinstance(parsed(tmp_path, b"import torch\n" + data, fmt), dict)
    assert isinstance(parsed(tmp_path, json.dumps({"cells": [data.decode("latin-1")]}), "notebook"), dict)


@pytest.fixture
def reached(tmp_path: Path, database: Callable, record: Callable) -> Callable[..., list[Finding]]:
    """Audit ``a 1`` against records in a pipeline with these files."""

    def run(files: dict[str, str], *records: dict) -> list[Finding]:
        artifacts = []
        for path, text in files.items():
            (tmp_path / path).write_text(text)
            notebook = path.endswith(".ipynb")
            kind = ArtifactKind.NOTEBOOK if notebook else ArtifactKind.SOURCE
            artifacts.append(Artifact(kind, path, "notebook" if notebook else "python", 1))
        component = Component("library", "torch", "1", "pkg:pypi/torch@1", origin=Location("r.txt", line=1),
                              facts={"source": "requirements", "hashed": True})  # fmt: skip
        settings = Config(audit=AuditConfig(database=database(*records), max_age_days=99_999))
        with WorkerPool(WorkersConfig(processes=1)) as pool:
            context = Context(tmp_path, pool, tuple(artifacts), components=(component,), config=settings)
            everything = list(audit.examine(context))
        assert not any(isinstance(item, Evidence) and item.kind == "uses" for item in everything)
        return [item for item in everything if isinstance(item, Finding) and "advisory" in item.facts]

    return run


def advisory(record: Callable, **specific: object) -> dict:
    made = record("PYSEC-1", {"introduced": "0"}, name="torch")
    made["affected"][0]["ecosystem_specific"] = specific
    return made


def test_facts_beside_a_finding(reached: Callable, record: Callable) -> None:
    functions = advisory(record, affected_functions=["torch.serialization.load", "torch.hub", 5])
    files = {"train.py": "import torch\ntorch.load(x)\n", "n.ipynb": NOTEBOOK, "other.py": "import numpy\n"}
    (finding,) = reached(files, functions)
    facts = finding.facts
    assert facts["imported"] is True
    assert facts["imported_at"] == ["n.ipynb#/cells/0", "n.ipynb#/cells/1", "train.py:1", "train.py:2"]
    assert facts["affected"] == ["torch.hub", "torch.serialization.load"]
    assert facts["used"] == ["torch.serialization.load"]
    assert facts["used_at"] == ["n.ipynb#/cells/1", "train.py:2"]


def test_nothing_is_hidden(reached: Callable, record: Callable) -> None:
    imports = advisory(record, imports=[{"attribute": "hub_load", "modules": ["torch.hub"]}, {"modules": "x"}, 1])
    (unused,) = reached({"a.py": "import torch\n"}, imports)
    (absent,) = reached({"a.py": "import numpy\n"}, imports)
    (silent,) = reached({}, imports)
    assert (unused.facts["used"], unused.facts["affected"]) == ([], ["torch.hub.hub_load"])
    assert absent.facts["imported"] is False
    assert "imported" not in silent.facts
    assert unused.severity == absent.severity == silent.severity
    assert unused.fingerprint == absent.fingerprint == silent.fingerprint
