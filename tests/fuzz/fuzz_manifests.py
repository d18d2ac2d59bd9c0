"""Fuzz target: everything that names packages, and statements about them."""

from __future__ import annotations

import contextlib
import importlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chainguard_ml.audit import uses, vex
from chainguard_ml.errors import InputError
from chainguard_ml.inventory.packages import COLLECTORS
from chainguard_ml.inventory.packages.installed_files import Comparison
from chainguard_ml.model import Component, Gap

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "manifest"

_SEEDS = (
    "-r a.txt\ntorch==2.3.0 ; os_name == 'posix' \\\n  --hash=sha256:00\n--extra-index-url https://u:p@i.example/\n",
    '[project]\ndependencies = ["a==1"]\n[tool.poetry.dependencies]\nb = {git = "https://g.example/b", rev = "1"}\n',
    'version = 1\n[[package]]\nname = "a"\nversion = "1"\nwheels = [{hash = "sha256:00", upload-time = "2026-01"}]\n',
    "dependencies:\n- conda-forge::numpy=1.26.4=py_0\n- pip:\n  - torch==2.3.0\n  - -r a.txt\n",
    "version: 6\npackages:\n- conda: https://c.example/main/linux-64/a-1-0.conda\n- pypi: https://p.example/b-1.tar.gz\n",
    "from setuptools import setup\nA = ['a==1']\nsetup(install_requires=A + ['b'], extras_require={'c': A})\n",
    "# escape=`\nARG A=1\nCOPY a.txt /x/\nRUN pip install a==$A -r /x/a.txt `\n && sh -c 'pip install \"b[c]\"'\n",
    "cat <<E\nx\nE\nsudo pip3 install -qr a.txt 'a @ https://x.example/a-1.zip' $(x) >out # c\nconda install a=1\n",
    json.dumps({"cells": [{"cell_type": "code", "source": ["!pip install a\n", "import torch\n", "torch.load(x)"]}]}),
    json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6",
                "components": [{"purl": "pkg:pypi/a@1", "bom-ref": "a"}],
                "vulnerabilities": [{"id": "X", "affects": [{"ref": "a"}], "analysis": {"state": "resolved"}}]}),
    '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><component><purl>pkg:pypi/a@1</purl></component></bom>',
    "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1\n",
    "a/b.py,sha256=x,1\n../c,sha512=y,\n",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """One of each kind."""
    yield from (seed.encode() for seed in _SEEDS)


def target(data: bytes) -> None:
    """Read bytes as every kind of manifest; anything but components, gaps and refusals is a defect."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "m").write_bytes(data)
        (root / "m.dist-info").mkdir()
        (root / "m.dist-info" / "RECORD").write_bytes(data)
        for _, module in COLLECTORS:
            for record in importlib.import_module(module).parse({"root": directory, "path": "m"}):
                assert isinstance(record, Component | Gap)
        for form in ("python", "notebook"):
            list(uses.parse({"root": directory, "path": "m", "format": form, "modules": ["torch"]}))
        assert isinstance(Comparison().facts(root, "", "m.dist-info"), dict)
        with contextlib.suppress(InputError):
            vex.read(root / "m")
