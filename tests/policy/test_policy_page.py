"""The page about policies names every fact, and its example is a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml import policy
from chainguard_ml.policy.schema import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_fact_is_described(repository: Path) -> None:
    page = (repository / "docs" / "policy.md").read_text(encoding="utf-8")
    for name, group in GROUPS.items():
        assert f"`{name}`" in page
        for fact, described in group.facts.items():
            assert f"| `item.{fact}` | `{described.type}` | {described.doc} |" in page


def test_the_example_is_a_policy(repository: Path, write: Callable[..., Path]) -> None:
    page = (repository / "docs" / "policy.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example
    write((repository / "policies" / "release.yaml").read_text(encoding="utf-8"), "release.yaml", "")
    loaded = policy.load(write(example[1], header=""))
    assert loaded.rules[-1].id == "two-signatures"
    assert len(loaded.waivers) == 1
