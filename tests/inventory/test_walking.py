"""One pass through a tree: every file once, nothing followed, nothing left out in silence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.errors import UsageError
from chainguard_ml.inventory import walk
from chainguard_ml.model import Artifact, ArtifactKind, Evidence, Gap, GapReason, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tree = Callable[[dict[str, bytes | str]], Path]

DESCRIPTORS = Path("/proc/self/fd")


def test_names_come_in_the_order_of_their_bytes(tree: Tree) -> None:
    root = tree({"b/x": "", "b.txt": "", "B": "", "a": "", "é": "", "z": "", "b/a": "", "c/": ""})
    found = [item.path for item in walk(root) if isinstance(item, Artifact)]
    assert found == ["B", "a", "b/a", "b/x", "b.txt", "z", "é"]


def test_an_empty_directory_yields_nothing(tree: Tree) -> None:
    assert list(walk(tree({"a/b/c/": ""}))) == []


def test_odd_names_are_kept_raw(tree: Tree, find: Callable) -> None:
    root = tree({"a\n\x1b[2J\u202e.pkl": b"", " ": "", "back\\slash": ""})
    (root / os.fsdecode(b"not-utf8-\xff.csv")).touch()
    artifacts, gaps, _ = find(root)
    assert sorted(artifacts) == [" ", "a\n\x1b[2J\u202e.pkl", "back\\slash", "not-utf8-\udcff.csv"]
    assert gaps == []


@pytest.mark.parametrize("target", ["a/file", "a", ".", "a/../a/file", "link"])
def test_a_link_to_what_is_walked_is_nothing_to_tell(tree: Tree, find: Callable, target: str) -> None:
    root = tree({"a/file": ""})
    (root / "link").symlink_to("a/file")
    (root / "other").symlink_to(target)
    (root / "absolute").symlink_to(root / "a")
    artifacts, gaps, _ = find(root)
    assert (sorted(artifacts), gaps) == (["a/file"], [])


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("../outside", "leads out"),
        ("/", "leads out"),
        ("a/../../outside", "leads out"),
        ("missing", "not there"),
        ("link", "leads to itself"),
        (".git/hooks", "not examined"),
        ("venv/lib/x", "not examined"),
        ("left-out.bin", "not examined"),
    ],
)
def test_a_link_to_anything_else_is_a_gap(tree: Tree, find: Callable, target: str, why: str) -> None:
    root = tree(
        {"../outside": "", "a/file": "", ".git/hooks": "", "left-out.bin": "", "venv/pyvenv.cfg": "home = /usr\n",
         "venv/bin/python": "", "venv/lib/x": ""}
    )  # fmt: skip
    (root / "link").symlink_to(target)
    artifacts, gaps, _ = find(root, exclude=["*.bin"])
    assert sorted(artifacts) == ["a/file", "venv/"]
    assert [(gap.subject, gap.reason) for gap in gaps] == [(Subject("link", "link"), GapReason.LINK)]
    assert why in gaps[0].detail
    assert str(root) not in gaps[0].detail


def test_a_link_out_of_the_inputs_is_a_gap(tree: Tree, find: Callable) -> None:
    root = tree({"a/x": "", "b/y": "", "c": ""})
    (root / "a" / "link").symlink_to("../b/y")
    _, gaps, _ = find(root, root / "a", root / "c")
    assert [gap.reason for gap in gaps] == [GapReason.LINK]
    assert find(root, root / "a", root / "b")[1] == []
    assert find(root, root / "a", root / "b" / "y")[1] == []


def test_what_is_no_file_is_a_gap(tree: Tree, find: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"file": ""})
    os.mkfifo(root / "pipe.pkl")
    monkeypatch.chdir(root)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        artifacts, gaps, _ = find(root)
    assert list(artifacts) == ["file"]
    assert [(gap.subject.name, gap.reason) for gap in gaps] == [
        ("pipe.pkl", GapReason.UNSUPPORTED),
        ("socket", GapReason.UNSUPPORTED),
    ]
    assert [gap.detail for gap in gaps] == ["it is no file but a pipe", "it is no file but a socket"]


def test_a_device_is_a_gap(find: Callable) -> None:
    _, gaps, _ = find(Path("/dev"), Path("/dev/null"))
    assert [(gap.reason, gap.detail) for gap in gaps] == [(GapReason.UNSUPPORTED, "it is no file but a device")]


@pytest.fixture
def readable_root() -> Iterator[Path]:
    """A directory that every user may enter, unlike those of pytest."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    yield root
    (root / "closed").chmod(0o755)
    shutil.rmtree(root)


def test_what_cannot_be_opened_is_a_gap(readable_root: Path, find: Callable) -> None:
    (readable_root / "closed").mkdir()
    (readable_root / "closed" / "inner").touch()
    for name in ("a.bin", "secret.bin"):
        (readable_root / name).touch()
    (readable_root / "closed").chmod(0)
    (readable_root / "secret.bin").chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read everything; nobody may not
    try:
        artifacts, gaps, _ = find(readable_root)
    finally:
        os.seteuid(user)
    assert list(artifacts) == ["a.bin"]
    assert [(gap.subject, gap.reason) for gap in gaps] == [
        (Subject("closed", "directory"), GapReason.UNREADABLE),
        (Subject("secret.bin"), GapReason.UNREADABLE),
    ]
    assert all("Permission denied" in gap.detail for gap in gaps)


def test_what_vanishes_meanwhile_is_a_gap(tree: Tree) -> None:
    root = tree({"a": "", "b": "", "c/x": "", "d.bin": "", "e": ""})
    items = walk(root)
    first = next(items)
    (root / "b").unlink()
    shutil.rmtree(root / "c")
    (root / "d.bin").unlink()
    (root / "d.bin").symlink_to("e")
    rest = list(items)
    assert isinstance(first, Artifact)
    assert [(item.subject.name, item.reason) for item in rest if isinstance(item, Gap)] == [
        ("b", GapReason.CHANGED),
        ("c", GapReason.CHANGED),
    ]
    assert [item.path for item in rest if isinstance(item, Artifact)] == ["e"]


def test_a_file_that_becomes_another_while_it_is_opened_is_not_followed(tree: Tree) -> None:
    root = tree({"../outside": "secret", "a": "", "b/x": "", "b/y": ""})
    items = walk(root)
    next(items)
    shutil.rmtree(root / "b")
    (root / "b").symlink_to("..")
    rest = list(items)
    assert not any(isinstance(item, Artifact) for item in rest)
    assert [item.reason for item in rest if isinstance(item, Gap)] == [GapReason.LINK]


def test_too_deep_is_a_gap(tree: Tree, find: Callable) -> None:
    root = tree({})
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(1200):  # deeper than any path can name
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)
    artifacts, gaps, _ = find(root)
    assert (artifacts, [gap.reason for gap in gaps]) == ({}, [GapReason.BUDGET])
    subprocess.run(["rm", "-r", str(root / "d")], check=True)  # pytest's own tidying is recursive


def test_no_descriptor_stays_open(tree: Tree) -> None:
    root = tree({"a/b/c": "", "a/b/d": ""})
    before = len(list(DESCRIPTORS.iterdir()))
    items = walk(root)
    next(items)
    assert len(list(DESCRIPTORS.iterdir())) > before
    items.close()  # type: ignore[attr-defined]
    assert len(list(DESCRIPTORS.iterdir())) == before
    assert len(list(walk(root))) == 2
    assert len(list(DESCRIPTORS.iterdir())) == before


def test_the_result_is_the_same_under_any_hash_seed_and_locale(tree: Tree, repository: Path) -> None:
    root = tree({f"{name}/{name}.pkl": name for name in "abcdefgé"})
    program = "import sys; from pathlib import Path; from chainguard_ml.inventory import walk; print(ascii(list(walk(Path(sys.argv[1])))))"  # fmt: skip  # noqa: E501 (a program on one line)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(root)],
            cwd=repository,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale in (("1", "C.UTF-8"), ("2", "POSIX"))
    }
    assert len(outputs) == 1


# --- inputs


def test_an_input_restricts_the_walk(tree: Tree, find: Callable) -> None:
    root = tree({"a/x": "", "b/y": "", "b/z": "", "c": ""})
    assert sorted(find(root, root / "b")[0]) == ["b/y", "b/z"]
    assert sorted(find(root, root / "b" / "y", root / "a")[0]) == ["a/x", "b/y"]
    assert sorted(find(root, Path("c"))[0]) == ["c"]
    assert sorted(find(root, root)[0]) == ["a/x", "b/y", "b/z", "c"]


def test_inputs_inside_each_other_are_walked_once(tree: Tree, find: Callable) -> None:
    root = tree({"a/b/x": "", "a/y": ""})
    assert sorted(find(root, root / "a", root / "a" / "b", root / "a" / "b" / "x", root / "a")[0]) == ["a/b/x", "a/y"]


def test_an_input_is_recorded_whatever_is_excluded(tree: Tree, find: Callable) -> None:
    root = tree({"a/x.bin": "", "a/y.bin": "", ".git/z": "", "b/x.bin": ""})
    artifacts, _, evidence = find(root, root / "a" / "x.bin", root / ".git", root, exclude=["*.bin", "a/"])
    assert sorted(artifacts) == [".git/z", "a/x.bin"]
    assert [item.subject.name for item in evidence] == ["a", "b/x.bin"]
    assert sorted(find(root, root / "a", exclude=["a/"])[0]) == ["a/x.bin", "a/y.bin"]


def test_an_input_that_is_a_link_is_judged_as_one(tree: Tree, find: Callable) -> None:
    root = tree({"a": "", "../outside": ""})
    (root / "link").symlink_to("../outside")
    _, gaps, _ = find(root, root / "link")
    assert [gap.reason for gap in gaps] == [GapReason.LINK]


@pytest.mark.parametrize("path", ["missing", "missing/deeper", "file/inner"])
def test_an_input_that_is_gone_is_a_gap(tree: Tree, find: Callable, path: str) -> None:
    root = tree({"file": ""})
    artifacts, gaps, _ = find(root, root / path)
    assert (artifacts, [gap.reason for gap in gaps]) == ({}, [GapReason.CHANGED])


def test_a_root_that_is_gone_is_a_gap(tmp_path: Path, find: Callable) -> None:
    _, gaps, _ = find(tmp_path / "missing")
    assert [(gap.subject, gap.reason) for gap in gaps] == [(Subject(".", "directory"), GapReason.CHANGED)]


@pytest.mark.parametrize("path", ["/etc", "../project-two", "a/../../b"])
def test_an_input_must_be_beneath_the_root(tree: Tree, path: str) -> None:
    root = tree({"a": ""})
    with pytest.raises(UsageError):
        list(walk(root, [Path(path)]))


# --- exclusion


def test_what_is_left_out_is_told(tree: Tree, find: Callable) -> None:
    root = tree({".git/config": "", "sub/.hg/x": "", "build/x/y": "", "a.tmp": "", "keep.tmp": "", "b": ""})
    artifacts, gaps, evidence = find(root, exclude=["build/", "*.tmp", "!keep.tmp"])
    assert sorted(artifacts) == ["b", "keep.tmp"]
    assert gaps == []
    assert evidence == [
        Evidence("excluded", Subject(".git", "directory"), "inventory", {"by": "default"}),
        Evidence("excluded", Subject("a.tmp"), "inventory", {"by": "*.tmp"}),
        Evidence("excluded", Subject("build", "directory"), "inventory", {"by": "build/"}),
        Evidence("excluded", Subject("sub/.hg", "directory"), "inventory", {"by": "default"}),
    ]


def test_a_great_many_are_told_by_their_number(tree: Tree, find: Callable) -> None:
    _, _, evidence = find(tree({f"{number:03}.tmp": "" for number in range(130)}), exclude=["*.tmp"])
    assert len(evidence) == 101
    assert evidence[-1].statement == {"by": "several", "further": 30}


def test_an_environment_is_one_record(tree: Tree, find: Callable) -> None:
    root = tree(
        {".venv/pyvenv.cfg": "home = /usr/bin\n", ".venv/bin/activate": "", ".venv/lib/python3/site-packages/m.pkl": "",
         ".venv/.gitignore": "*", ".venv/planted.pkl": "", ".venv/cache/planted.pkl": ""}
    )  # fmt: skip
    (root / ".venv" / "lib64").symlink_to("lib")
    (root / ".venv" / "bin" / "python").symlink_to("/usr/bin/python3")
    artifacts, gaps, evidence = find(root)
    assert sorted(artifacts) == [".venv/", ".venv/cache/planted.pkl", ".venv/planted.pkl"]
    assert (artifacts[".venv/"].kind, artifacts[".venv/"].format) == (ArtifactKind.ENVIRONMENT, "venv")
    assert [(item.subject, item.statement) for item in evidence] == [
        (Subject(".venv", "directory"), {"by": "environment"})
    ]
    assert gaps == []
    assert sorted(find(root / ".venv")[0]) == ["./", "cache/planted.pkl", "planted.pkl"]


@pytest.mark.parametrize(
    "files",
    [
        {"pyvenv.cfg": "home = /usr\n", "m.pkl": ""},
        {"pyvenv.cfg": "nothing", "bin/x": "", "m.pkl": ""},
        {"pyvenv.cfg/x": "", "bin/x": "", "m.pkl": ""},
    ],
)
def test_a_marker_alone_makes_no_environment(tree: Tree, find: Callable, files: dict[str, bytes | str]) -> None:
    artifacts, _, evidence = find(tree(files))
    assert "m.pkl" in artifacts
    assert evidence == []


def test_the_observer_is_told_of_every_file(tree: Tree) -> None:
    class Noting:
        def __init__(self) -> None:
            self.names: list[str] = []

        def stage(self, name: str, total: int | None = None) -> None:
            raise AssertionError(name, total)

        def advance(self, name: str) -> None:
            self.names.append(name)

    observer = Noting()
    list(walk(tree({"a/b": "", "c": ""}), observer=observer))
    assert observer.names == ["a/b", "c"]
