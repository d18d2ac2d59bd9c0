"""Every fuzz target, briefly: the same mutations in every run."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path

import pytest

from chainguard_ml.errors import ChainguardError
from tests.fuzz.frame import inputs, target_of

AREAS = sorted(path.stem.removeprefix("fuzz_") for path in Path(__file__).parent.glob("fuzz_*.py"))
RUNS = 400


@pytest.mark.parametrize("area", AREAS)
def test_mutations_only_give_observations(area: str) -> None:
    module = importlib.import_module(f"tests.fuzz.fuzz_{area}")
    target = target_of(module)
    for data in inputs(module, RUNS):
        with contextlib.suppress(ChainguardError):  # our own errors, which parsers outside of scan may raise
            target(data)
