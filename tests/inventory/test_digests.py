"""Digests of what the inventory found."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from chainguard_ml.inventory import walk
from chainguard_ml.model import Artifact, ArtifactKind, Digest, Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tree = Callable[[dict[str, bytes | str]], Path]

LARGE = bytes(3 << 20)


def test_models_data_cards_and_signatures_get_their_digest(tree: Tree, find: Callable) -> None:
    files: dict[str, bytes | str] = {
        "m.pkl": "m",
        "d.csv": "d",
        "MODEL_CARD.md": "c",
        "m.sig": "{}",
        "large.bin": LARGE,
    }
    artifacts, gaps, _ = find(tree({**files, "train.py": "", "a.json": "{}"}), digests=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        assert artifacts[name].digest == Digest("sha256", hashlib.sha256(data).hexdigest())
    assert artifacts["train.py"].digest is None
    assert artifacts["a.json"].digest is None
    assert gaps == []


def test_the_order_stays_that_of_the_walk(tree: Tree) -> None:
    root = tree({f"{number:03}.bin": LARGE if number % 50 == 0 else b"x" for number in range(400)})
    found = [item.path for item in walk(root, digests=True) if isinstance(item, Artifact)]
    assert found == sorted(found)
    assert len(found) == 400


def test_without_being_asked_there_are_none(tree: Tree, find: Callable) -> None:
    assert find(tree({"m.pkl": "m"}))[0]["m.pkl"].digest is None


def test_what_is_gone_before_it_is_hashed_is_recorded_with_a_gap(tree: Tree) -> None:
    """The walk is ahead of the digests, so a file can be lost between the two."""
    root = tree({"a.csv": "x", "b.csv": "x"})

    class Removing:
        def stage(self, name: str, total: int | None = None) -> None:
            raise AssertionError(name, total)

        def advance(self, name: str) -> None:
            (root / name).unlink()

    items = list(walk(root, digests=True, observer=Removing()))
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [item.kind for item in items if isinstance(item, Artifact)] == [ArtifactKind.DATASET] * 2
    assert [(gap.subject.name, gap.reason) for gap in gaps] == [
        ("a.csv", GapReason.UNREADABLE),
        ("b.csv", GapReason.UNREADABLE),
    ]


def test_stopping_early_ends_the_threads(tree: Tree) -> None:
    items = walk(tree({"a.bin": LARGE, "b.bin": LARGE}), digests=True)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert all(not name.startswith("digest") for name in _threads())


def _threads() -> list[str]:
    directory = f"/proc/{os.getpid()}/task"
    names = []
    for task in os.listdir(directory):  # noqa: PTH208 (names, not paths)
        with open(f"{directory}/{task}/comm", encoding="utf-8") as stream:  # noqa: PTH123 (as above)
            names.append(stream.read().strip())
    return names
