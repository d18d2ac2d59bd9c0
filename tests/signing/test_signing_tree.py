"""The walk over a model's files: races, links, permissions, depth, shards."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.context import Silent
from chainguard_ml.errors import ChangedError, InputError, UsageError
from chainguard_ml.model import GapReason
from chainguard_ml.signing import compare, tree
from chainguard_ml.signing.hashing import Recipe, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.signing.conftest import Bound, Kit, Write


def test_a_file_that_grows_while_it_is_read_is_not_signed(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "m" / "big.bin"
    path.parent.mkdir()
    with path.open("wb") as stream:
        stream.truncate(256 << 20)
    done, started = threading.Event(), threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as stream:
            while not done.is_set():
                stream.write(b"x")
                started.set()

    writer = threading.Thread(target=grow)
    writer.start()
    started.wait()
    try:
        with pytest.raises(ChangedError, match=r"big\.bin"):
            kit.sign(path.parent)
        assert not (path.parent / "model.sig").exists()
    finally:
        done.set()
        writer.join()


def test_a_file_that_is_written_while_it_is_read_with_its_times_set_back_is_not_signed(
    kit: Kit, tmp_path: Path
) -> None:
    """Size and time of modification stay as they were; the system's time of the last change does not."""
    path = tmp_path / "m" / "big.bin"
    path.parent.mkdir()
    with path.open("wb") as stream:
        stream.truncate(256 << 20)
    before = path.stat()
    done, started = threading.Event(), threading.Event()

    def write() -> None:
        with path.open("r+b", buffering=0) as stream:
            while not done.is_set():
                stream.write(b"x")
                os.utime(stream.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
                started.set()

    writer = threading.Thread(target=write)
    writer.start()
    started.wait()
    try:
        with pytest.raises(ChangedError, match=r"big\.bin"):
            kit.sign(path.parent)
    finally:
        done.set()
        writer.join()


def test_a_file_with_other_bytes_than_its_size_says_is_not_signed(kit: Kit, tmp_path: Path) -> None:
    with pytest.raises(ChangedError, match="status"):
        kit.sign(Path("/proc/self/status"), signature=tmp_path / "s.sig")  # its size is 0, and it has content


def test_a_changing_file_is_a_gap_when_verified(kit: Kit, tmp_path: Path) -> None:
    signature = kit.seal(tmp_path / "s.sig", kit.statement({"uuid": b""}))
    outcome = kit.verify(Path("/proc/sys/kernel/random"), signature)  # as above, a directory of them
    assert GapReason.CHANGED in {gap.reason for gap in outcome.gaps if gap.subject.name == "uuid"}
    assert not outcome.verified
    assert not outcome.changes


def test_a_file_that_is_replaced_before_it_is_opened_is_not_followed(kit: Kit, model: Path) -> None:
    """A large file is opened after the walk; the observer is told of the small ones before that."""
    (model / "big").write_bytes(b"\0" * (2 << 20))
    secret = model.parent / "secret"
    secret.write_bytes(b"\1" * (2 << 20))

    class Replace(Silent):
        def advance(self, _: str) -> None:
            (model / "big").unlink()
            (model / "big").symlink_to(secret)
            self.advance = super().advance

    with pytest.raises(InputError, match="big"):
        kit.sign(model, observer=Replace())


@pytest.fixture
def bound() -> Iterator[Bound]:
    """Where permissions bind: a directory that everybody may enter, and a user who is not the superuser."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    effective = os.geteuid()
    yield directory, lambda: os.seteuid(65534) if effective == 0 else None
    os.seteuid(effective)
    for path in directory.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(directory)


def test_what_cannot_be_read_is_a_gap_and_nothing_is_verified(kit: Kit, bound: Bound, tree: Write) -> None:
    directory, become_ordinary = bound
    files = {name: name.encode() for name in ("a", "big", "sub/b", ".git/c", "z/deep/d")}
    model = tree(directory / "m", files | {"big": b"\0" * (2 << 20)})
    trusted, signature = [kit.pair.trusted], kit.sign(model, signature=directory / "m.sig").path
    for name in ("a", "big", "sub", ".git", "z"):
        (model / name).chmod(0o444 if name == "z" else 0)
    become_ordinary()
    outcome = kit.sort(signing.verify_model(model, signature, trusted))
    assert {(gap.subject.name, gap.reason) for gap in outcome.gaps} == {
        (name, GapReason.UNREADABLE) for name in ("a", "big", "sub", "z/deep")
    }
    assert {finding.location.path for finding in outcome.findings} == {".git"}
    assert not outcome.verified


def test_a_model_or_signature_that_cannot_be_opened_is_a_gap(kit: Kit, bound: Bound, tree: Write) -> None:
    directory, become_ordinary = bound
    model = tree(directory / "m", {"a": b"a"})
    (directory / "closed").mkdir()
    trusted, signature = [kit.pair.trusted], kit.sign(model, signature=directory / "m.sig").path
    single = kit.sign(model / "a", signature=directory / "a.sig").path
    model.chmod(0o711)
    (model / "a").chmod(0)
    (directory / "closed").chmod(0)
    become_ordinary()
    hidden = directory / "closed" / "m.sig"
    for path, about in ((model, signature), (model / "a", single), (model, hidden), (model, Path("a\0b"))):
        (gap,) = kit.sort(signing.verify_model(path, about, trusted)).gaps
        assert gap.reason is GapReason.UNREADABLE


def test_directories_nested_too_deep_are_a_gap(kit: Kit, model: Path) -> None:
    kit.sign(model)
    descriptor = os.open(model, os.O_RDONLY)
    for _ in range(250):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    outcome = kit.verify(model)
    (gap,) = outcome.gaps
    assert (gap.reason, "200" in gap.detail) == (GapReason.BUDGET, True)
    assert not outcome.verified
    with pytest.raises(InputError, match="nested deeper"):
        kit.sign(model, ignore=["sub"])
    (model / "d").rename(model / ".git")
    assert kit.verify(model).rules == {"uncovered-file"}


def test_a_link_is_followed_only_where_the_signer_did_and_only_inside(kit: Kit, tmp_path: Path, tree: Write) -> None:
    data = b"weights"
    signed = {"blobs/1": data, "link": data}
    model = tree(tmp_path / "m", {"blobs/1": data})
    (model / "link").symlink_to("blobs/1")
    kit.seal(model / "model.sig", kit.statement(signed, allow_symlinks=True))
    assert kit.verify(model).verified
    kit.seal(model / "model.sig", kit.statement(signed))
    assert kit.verify(model).changes == {"link": "link"}
    kit.seal(model / "model.sig", kit.statement(signed, allow_symlinks=True))
    for target in (tmp_path / "outside", "missing", "link", "blobs", "/etc/passwd"):
        (tmp_path / "outside").write_bytes(data)
        (model / "link").unlink()
        (model / "link").symlink_to(target)
        assert kit.verify(model).changes == {"link": "link"}


def test_a_directory_that_cannot_be_listed_stands_for_what_is_beneath_it(kit: Kit, model: Path) -> None:
    """One descriptor is left: enough to open the directory, not to list it."""
    free = os.dup(0)
    os.close(free)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))
    try:
        found = tree.read_directory(model, Recipe(), (), Silent())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert "Too many open files" in found.errors[""].message
    assert not list(compare.changes({"weights.bin": "00", "a/b": "00"}, found))


def test_a_digest_of_what_is_no_readable_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, message in ((tmp_path / "pipe", "not a regular file"), (Path("/proc/self/mem"), "cannot read")):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with pytest.raises(InputError, match=message):
            digest(descriptor, "it", Recipe(), memoryview(bytearray(1 << 10)))
        os.close(descriptor)


def test_blake3_without_its_library(kit: Kit, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.sign(model, hash_type="blake3")
    monkeypatch.setitem(sys.modules, "blake3", None)
    with pytest.raises(UsageError, match="not installed"):
        kit.sign(model, hash_type="blake3")
    (gap,) = kit.verify(model).gaps
    assert (gap.reason, "'blake3'" in gap.detail) == (GapReason.ENGINE, True)


def test_reading_a_directory_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        tree.read_directory(tmp_path / "none", Recipe(), (), Silent())


def test_empty_files_among_shards_are_not_covered(kit: Kit, model: Path) -> None:
    content = b"0123456789"
    for name in ("config.json", "sub/deep/vocab.txt"):
        (model / name).unlink()
    (model / "weights.bin").write_bytes(content)
    parts = [("weights.bin:0:4", b"0123"), ("weights.bin:4:8", b"4567"), ("weights.bin:8:10", b"89")]
    value = kit.statement(dict(parts), method="shards", shard_size=4)
    kit.seal(model / "model.sig", value)
    outcome = kit.verify(model)
    assert [(finding.rule, finding.location.path) for finding in outcome.findings] == [("uncovered-file", "py.typed")]
    (model / "py.typed").unlink()
    outcome = kit.verify(model)
    assert outcome.verified
    assert outcome.evidence[0].statement["files"] == 1
    for other in (content[:9], content + b"x", b"", b"x" + content[1:]):
        (model / "weights.bin").write_bytes(other)
        assert not kit.verify(model).verified
    for part in value["predicate"]["resources"]:
        part["algorithm"] = "sha256-sharded-4"
    kit.seal(model / "model.sig", value)
    (model / "weights.bin").write_bytes(content)
    assert kit.verify(model).verified


def test_a_single_file_that_is_a_link_a_pipe_or_gone(kit: Kit, tmp_path: Path) -> None:
    weights, signature = tmp_path / "w.bin", tmp_path / "s.sig"
    kit.seal(signature, kit.statement({"w.bin": b"w"}))
    from chainguard_ml.signing import verify
    from chainguard_ml.signing.interface import Trust

    claim = verify.Claim(tmp_path, "w.bin", directory=False, signature=signature, trust=Trust((kit.pair.trusted,)))
    assert kit.sort(verify.verify(claim)).changes == {"w.bin": "missing"}
    weights.symlink_to("s.sig")
    assert kit.sort(verify.verify(claim)).changes == {"w.bin": "link"}
    weights.unlink()
    os.mkfifo(weights)
    assert kit.sort(verify.verify(claim)).changes == {"w.bin": "changed"}
    weights.unlink()
    weights.write_bytes(b"w")
    assert kit.sort(verify.verify(claim)).verified


def test_a_digest_is_that_of_hashlib_for_sizes_around_the_buffer(kit: Kit, tmp_path: Path) -> None:
    for size in (0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, (1 << 20) + 1):
        data = os.urandom(size)
        (tmp_path / "f").write_bytes(data)
        found = tree.read_file(tmp_path, "f", Recipe(), Silent())
        assert found.digests == {"f": hashlib.sha256(data).hexdigest()}
        parts = [hashlib.sha256(data[start : start + 65_537]).hexdigest() for start in range(0, size, 65_537)]
        assert tree.read_file(tmp_path, "f", Recipe("sha256", 65_537), Silent()).digests == {"f": ",".join(parts)}


def test_the_signature_is_whole_or_not_there(kit: Kit, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.sign(model)
    before = (model / "model.sig").read_bytes()
    (model / "link").symlink_to("sub")
    with pytest.raises(InputError):
        signing.sign_model(model, kit.pair.key)
    assert (model / "model.sig").read_bytes() == before
    assert sorted(path.name for path in model.iterdir()) == sorted(
        ["config.json", "link", "model.sig", "py.typed", "sub", "weights.bin"]
    )
