from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from chainguard_ml import files
from chainguard_ml.errors import ChangedError, InputError, OutputError


def test_a_file_is_read_and_hashed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    data = os.urandom(600_000)
    (tmp_path / "a" / "b.bin").write_bytes(data)
    assert files.read_beneath(tmp_path, "a/b.bin", 600_000) == data
    assert files.sha256_beneath(tmp_path, "a/b.bin").hex == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/../b", "/etc/passwd", "./a", "a//b", "a/.", "missing", "a\0b"])
def test_paths_that_leave_or_miss_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError):
        files.open_beneath(tmp_path, name)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real/file")
    (tmp_path / "directory").symlink_to("real")
    for name in ("link", "directory/file"):
        with pytest.raises(InputError, match="cannot open"):
            files.open_beneath(tmp_path, name)


def test_a_pipe_is_no_file_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        files.open_beneath(tmp_path, "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        files.open_beneath(tmp_path.parent, tmp_path.name)


def test_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 101)
    with pytest.raises(InputError, match="larger than 100 bytes"):
        files.read_beneath(tmp_path, "big", 100)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x")
    with (
        files.open_beneath(tmp_path, "growing") as stream,
        pytest.raises(ChangedError, match="'growing' changed while it was read"),
        files.stable(stream, "growing"),
    ):
        path.write_bytes(b"xy")


def test_a_file_is_written_whole_with_the_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    files.write_atomic(path, b"one")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o640)
    files.write_atomic(path, b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o640)
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_place_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        files.write_atomic(tmp_path / "missing" / "out", b"x")
    (tmp_path / "directory").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        files.write_atomic(tmp_path / "directory", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OutputError):
        files.write_atomic(Path("/dev/full/x"), b"x")


def test_small_files_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    assert files.read_small(tmp_path, "a", 3) == b"abc"
    assert files.read_small(tmp_path, "a", 2) is None
    for other in ("link", "pipe", "missing", "../a", "", "a/b"):
        assert files.read_small(tmp_path, other, 9) is None
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda *arguments: (tmp_path / "a").write_bytes(b"abcd") and real(*arguments))
    assert files.read_small(tmp_path, "a", 9) is None

    def refuse(*_: object) -> bytes:
        raise OSError

    monkeypatch.setattr(os, "pread", refuse)
    assert files.read_small(tmp_path, "a", 9) is None
