"""Exclusion patterns mean what git makes of them."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.inventory.excluding import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = [
    "a",
    "b",
    "ab",
    "ba",
    "a b",
    "x.py",
    "a*",
    "-",
    "]",
    ".a",
    "a ",
    "[",
    "#a",
    "!a",
    "c",
    "1",
    "a+",
    "(",
    "{",
    "aab",
]
PIECES = ["a", "b", "ab", "*", "**", "?", "[ab]", "[!a]", "[^b]", "/", "**/", "/**", "/**/", "\\a", "\\*", "[a-c]",
          "[]a]", "[[:alpha:]]", "[[:digit:]", "[b/a]", " ", "\\ ", "-", "[c-a]", "[a\\]]", "!", "#", ".", "x.py",
          "*.py", "\\", "[", "[[:nonsense:]]", "[a-]", "[--a]", "[[:al]", "{", "(", "+"]  # fmt: skip
PATTERN = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


class Repository:
    """A git repository full of odd names: the oracle."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "HOME": str(root),
        }
        subprocess.run(["git", "init", "-q", str(root)], check=True, env=self.environment)
        for number, outer in enumerate([*NAMES[:8], "#a", "!a"]):
            for inner in NAMES[number % 3 :: 3]:
                (root / outer / inner).mkdir(parents=True)
                for name in ("a", "ab", "x.py"):
                    (root / outer / inner / name).touch()
        for name in NAMES:
            if not (root / name).exists():
                (root / name).touch()
        found = (path.relative_to(root).as_posix() for path in root.rglob("*"))
        self.paths = sorted(path for path in found if path.split("/")[0] != ".git")

    def ignored(self, patterns: Sequence[str]) -> set[str]:
        (self.root / ".git" / "info" / "exclude").write_text("\n".join(patterns) + "\n", encoding="utf-8")
        result = subprocess.run(
            ["git", "check-ignore", "--no-index", "--stdin", "-z"],
            cwd=self.root,
            env=self.environment,
            input="\0".join([*self.paths, ""]).encode(),
            capture_output=True,
            check=False,
        )
        return set(filter(None, result.stdout.decode().split("\0")))

    def excluded(self, patterns: Sequence[str]) -> set[str]:
        compiled = Patterns(patterns)

        def out(path: str) -> bool:
            parts = path.split("/")
            around = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
            return any(compiled.excluded(each, directory=(self.root / each).is_dir()) for each in around)

        return {path for path in self.paths if out(path)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


def quirky(pattern: str) -> bool:
    """Where git itself departs from its documentation: ``**`` behind a literal prefix, or before an escaped slash."""
    return re.search(r"[^/]\*\*|\\/", pattern.lstrip("/")) is not None


@pytest.mark.oracle
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERN.filter(lambda pattern: not quirky(pattern)), min_size=1, max_size=4))
def test_patterns_mean_what_git_makes_of_them(repository: Repository, patterns: list[str]) -> None:
    assert repository.excluded(patterns) == repository.ignored(patterns)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*.pkl", ["a.pkl", "d/e/a.pkl"], ["a.pkl.txt", "apkl"]),
        ("/a", ["a"], ["d/a"]),
        ("d/a", ["d/a"], ["e/d/a"]),
        ("build/", ["build/", "x/build/"], ["build"]),
        ("**/tmp", ["tmp", "a/tmp", "a/b/tmp"], ["tmps"]),
        ("a/**", ["a/b", "a/b/c"], ["a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["a/c", "a/b"]),
        ("foo*bar*z", ["foobarz", "foo-bar-z"], ["foo/barz", "foobar"]),
        ("d/*", ["d/a", "d/a/"], ["d/", "d/a/b"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c]x", ["bx"], ["dx"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("\\#x", ["#x"], ["x"]),
        ("#x", [], ["#x"]),
        ("x  ", ["x"], ["x  "]),
        ("x\\ ", ["x "], ["x"]),
        ("a\\", [], ["a", "a\\"]),
        ("[a", [], ["a", "[a"]),
        ("", [], ["a"]),
        ("!", [], ["!"]),
        ("/", [], ["a", "a/"]),
        ("*", ["\udcff\n", "a"], []),
    ],
)
def test_a_pattern(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = Patterns([pattern], defaults=())

    def by(path: str) -> str | None:
        return compiled.excluded(path.removesuffix("/"), directory=path.endswith("/"))

    assert [path for path in matching if by(path) != pattern] == []
    assert [path for path in others if by(path) is not None] == []


def test_the_last_pattern_that_matches_decides_and_is_named() -> None:
    patterns = Patterns(["*.bin", "!keep.bin", "d/keep.bin"])
    assert patterns.excluded("a.bin", directory=False) == "*.bin"
    assert patterns.excluded("keep.bin", directory=False) is None
    assert patterns.excluded("d/keep.bin", directory=False) == "d/keep.bin"


def test_version_control_is_left_out_unless_taken_back() -> None:
    assert Patterns([]).excluded("x/.git", directory=True) == "default"
    assert Patterns([]).excluded(".git", directory=False) is None
    assert Patterns(["!.git/"]).excluded(".git", directory=True) is None


@given(st.lists(st.text(max_size=12), max_size=5), st.text(min_size=1, max_size=40), st.booleans())
def test_any_pattern_can_be_asked_about_any_path(patterns: list[str], path: str, directory: bool) -> None:  # noqa: FBT001
    assert Patterns(patterns).excluded(path, directory=directory) in {None, "default", *patterns}


def test_patterns_of_many_stars_stay_cheap() -> None:
    """A matcher that goes back and forth would not come to an end here."""
    stars = Patterns(["*a" * 60 + "b", "/".join(["**", "a"] * 30) + "/b"], defaults=())
    assert stars.excluded("a" * 4000, directory=False) is None
    assert stars.excluded("a/" * 900 + "a", directory=False) is None
