"""The documentation says what the program does: every command in it is run, every generated page is current."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import rules
from chainguard_ml.cli.app import verbs

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def docs(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_script", repository / "scripts" / "docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(repository / "scripts")  # it imports a script beside it
        spec.loader.exec_module(module)
    return module


def test_pages_are_current(docs: ModuleType) -> None:
    wanted = docs.pages()
    differing = [path.name for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
    assert differing == [], "run: make docs"


def test_no_page_of_a_rule_that_is_gone(repository: Path) -> None:
    pages = {path.stem for path in (repository / "docs" / "rules").glob("*.md")} - {"README"}
    assert pages == {rule.id for rule in rules.catalogue()}


def test_the_readme_leads_to_every_verb(repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert [verb for verb in verbs() if f"docs/{verb}.md" not in text and verb != "rule"] == []


def test_commands_that_set_up_are_targets_of_the_makefile(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in (repository / "README.md", repository / "CONTRIBUTING.md"):
        assert set(re.findall(r"\bmake ([a-z]+)\b", page.read_text(encoding="utf-8"))) <= targets


def test_rules_are_unique_and_explain_themselves() -> None:
    catalogue = list(rules.catalogue())
    assert len({rule.id for rule in catalogue}) == len(catalogue)
    for rule in catalogue:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert not rule.title.endswith(".")
        assert len(rule.why) > 40
        assert len(rule.remediation) > 20
        assert rule.family in rules.FAMILIES
