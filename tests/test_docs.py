"""The documentation names what there is: configuration keys, rooms, verbs, and no page that is missing."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from chainguard_ml import config
from chainguard_ml.check import ROOMS
from chainguard_ml.cli.app import verbs

REPOSITORY = Path(__file__).parent.parent
DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.glob("*.md"), REPOSITORY / "examples" / "README.md"])
SECTIONS = [value for value in vars(config).values() if isinstance(value, type) and dataclasses.is_dataclass(value)]
KEYS = sorted({field.name.replace("_", "-") for section in SECTIONS for field in dataclasses.fields(section)})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_configuration_is_described(key: str) -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert f"| `{key}` |" in page or f"## `[{key}]`" in page


def test_every_described_key_exists() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) <= set(KEYS)


def test_every_verb_has_a_page() -> None:
    assert [verb for verb in verbs() if not (DOCS / f"{verb}.md").is_file()] == []


def test_every_room_is_in_the_architecture() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert [room for room in ROOMS if f"`{room}/`" not in page] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_contributing_names_files_that_exist() -> None:
    rows = re.findall(r"^\| .*\|$", (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    paths = {name for row in rows for name in re.findall(r"`((?:chainguard_ml|tests|scripts|docs)/[\w/.-]*)[`<]", row)}
    assert [name for name in sorted(paths) if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_blocks_end(path: Path) -> None:
    """A fence that is indented by four columns ends nothing: the rest of the page would be shown as code."""
    fences = re.findall(r"^ *(```.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[1::2]) <= {"```"}
    assert not [fence for fence in fences[::2] if fence == "```"]
    assert len(fences) % 2 == 0
    assert not re.search(r"^ {4,}```", path.read_text(encoding="utf-8"), re.MULTILINE)
