"""Copies that nobody can change: what they hold, and when none is made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

import pytest

from chainguard_ml import sealed
from chainguard_ml.errors import ChangedError, InputError

if TYPE_CHECKING:
    from pathlib import Path


def unbuffered(path: Path) -> BinaryIO:
    return path.open("rb", buffering=0)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_copy_is_whole_wherever_it_lies(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    for limit in (None, size, size + 1):
        with unbuffered(tmp_path / "f") as source, sealed.copy(source, "f", in_memory=limit, spool=tmp_path) as copy:
            assert copy.read() == data
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no sealed memory files")
def test_only_a_copy_in_memory_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"data")
    with unbuffered(tmp_path / "f") as source, sealed.copy(source, "f") as copy:
        for change in (lambda: os.pwrite(copy.fileno(), b"x", 0), lambda: os.ftruncate(copy.fileno(), 9)):
            with pytest.raises(OSError, match="not permitted"):
                change()
    with unbuffered(tmp_path / "f") as source, sealed.copy(source, "f", in_memory=4) as copy:
        assert os.fstat(copy.fileno()).st_nlink == 0


def test_a_file_that_changes_while_it_is_copied_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * (1 << 21))

    class Growing:
        """A file to which somebody appends after the first chunk."""

        def __init__(self, stream: BinaryIO) -> None:
            self.stream, self.fileno = stream, stream.fileno

        def read(self, size: int) -> bytes:
            with path.open("ab") as other:
                other.write(b"y" * (1 << 20))
            return self.stream.read(size)

    with unbuffered(path) as source, pytest.raises(ChangedError, match="'f' changed"):
        sealed.copy(Growing(source), "f")


def test_there_is_no_room(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"data")
    with unbuffered(tmp_path / "f") as source, pytest.raises(InputError, match="cannot copy 'f': No such file"):
        sealed.copy(source, "f", in_memory=0, spool=tmp_path / "none")


def test_a_system_whose_files_cannot_be_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.delattr(fcntl, "F_ADD_SEALS", raising=False)
    (tmp_path / "f").write_bytes(b"data")
    with unbuffered(tmp_path / "f") as source, sealed.copy(source, "f") as copy:
        assert copy.read() == b"data"
