"""Verify, then load: what is handed out is what was signed, and nothing else is."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chainguard_ml
from chainguard_ml.config import Config, SigningConfig
from chainguard_ml.errors import RefusedError, UsageError
from chainguard_ml.model import Finding, Gap

if TYPE_CHECKING:
    from tests.signing.conftest import Kit, Write


def trust(kit: Kit) -> SigningConfig:
    return SigningConfig(public_keys=(kit.pair.public,))


def test_every_signed_file_is_handed_out_as_it_was_signed(kit: Kit, model: Path) -> None:
    kit.sign(model)
    expected = {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    del expected["model.sig"]
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        assert dict.fromkeys(opened.files) == dict.fromkeys(sorted(expected))
        assert (opened.identity.method, opened.identity.name) == ("key", "release.pub")
        assert {name: opened.open(name).read() for name in opened.files} == expected
        assert {name: opened.path(name).read_bytes() for name in opened.files} == expected
        everything = opened.directory()
        found = {path.relative_to(everything).as_posix(): path.read_bytes()
                 for path in everything.rglob("*") if path.is_file()}  # fmt: skip
        assert found == expected
        assert opened.path("sub/deep/vocab.txt").name == "vocab.txt"
        stream = opened.open("config.json")
    assert stream.closed
    assert not everything.exists()


@pytest.mark.parametrize("in_memory", [1 << 30, 0])
def test_what_was_handed_out_stays_as_it_was_verified(kit: Kit, model: Path, in_memory: int) -> None:
    kit.sign(model)
    with chainguard_ml.verified_open(str(model), Config(signing=trust(kit)), in_memory=in_memory) as opened:
        stream, path = opened.open("config.json"), opened.path("config.json")
        (model / "config.json").write_bytes(b"[]")
        assert (stream.read(), path.read_bytes()) == (b"{}", b"{}")
        with pytest.raises(RefusedError, match=r"config.json: 'config.json' is not what was signed"):
            opened.open("config.json")


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no sealed memory files")
def test_memory_is_shared_by_all_copies(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {name: name.encode() * 100 for name in "abcd"})
    kit.sign(model)
    with chainguard_ml.verified_open(model, trust(kit), in_memory=250, spool=tmp_path) as opened:
        streams = [opened.open(name) for name in "abcd"]
        places = [str(Path(f"/proc/self/fd/{stream.fileno()}").readlink()) for stream in streams]
        assert [place.startswith("/memfd:") for place in places] == [True, True, False, False]
        assert [stream.read() for stream in streams] == [name.encode() * 100 for name in "abcd"]


def test_a_model_swapped_in_the_block_is_not_looked_at(kit: Kit, model: Path, tmp_path: Path, tree: Write) -> None:
    """The directory was opened once; another that takes its name is another."""
    kit.sign(model)
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        model.rename(tmp_path / "elsewhere")
        tree(model, {"config.json": b"planted"})
        assert opened.open("config.json").read() == b"{}"


def test_the_difference_is_the_reason(kit: Kit, model: Path) -> None:
    kit.sign(model, ignore=["notes"])
    (model / "notes").write_bytes(b"left out")
    (model / "planted.py").write_bytes(b"")
    (model / "weights.bin").write_bytes(b"\x00\x01\x02\x04")
    (model / "config.json").unlink()
    (model / "py.typed").unlink()
    (model / "py.typed").symlink_to("sub/deep/vocab.txt")
    reasons = {"notes": "policy", "planted.py": "policy", "../model/weights.bin": "policy", "./py.typed": "policy",
               "weights.bin": "tampered"}  # fmt: skip
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        for name, reason in reasons.items():
            with pytest.raises(RefusedError, match="'model' is not opened") as caught:
                opened.open(name)
            (why,) = caught.value.reasons
            assert isinstance(why, Finding)
            assert why.facts["reason"] == reason
        for name in ("config.json", "py.typed"):
            with pytest.raises(RefusedError) as caught:
                opened.path(name)
            assert isinstance(caught.value.reasons[0], Gap)
        with pytest.raises(RefusedError):
            opened.directory()
        assert opened.open("sub/deep/vocab.txt").read() == b"a\nb\n"


def test_no_file_without_a_proof(kit: Kit, model: Path) -> None:
    with pytest.raises(RefusedError, match="there is no signature") as caught, chainguard_ml.verified_open(
        model, trust(kit)
    ):  # fmt: skip
        pytest.fail("it was opened")
    assert caught.value.exit_code == 1
    signed = kit.sign(model)
    other = SigningConfig(public_keys=(kit.make("p384", "other").public,))
    for policy, reason in ((other, "untrusted"), (SigningConfig(), None)):
        with pytest.raises(RefusedError) as caught, chainguard_ml.verified_open(model, policy):
            pytest.fail("it was opened")
        assert getattr(caught.value.reasons[0], "facts", {}).get("reason") == reason
    with (
        pytest.raises(RefusedError, match="this is a file"),
        chainguard_ml.verified_open(model / "weights.bin", trust(kit), signature=signed.path),
    ):
        pytest.fail("it was opened")
    with pytest.raises(UsageError, match="cannot open"), chainguard_ml.verified_open(model / "none", trust(kit)):
        pytest.fail("it was opened")


def test_a_model_that_is_one_file(kit: Kit, tmp_path: Path) -> None:
    weights = tmp_path / "w.bin"
    weights.write_bytes(b"weights")
    kit.sign(weights)
    with chainguard_ml.verified_open(weights, trust(kit)) as opened:
        assert list(opened.files) == ["w.bin"]
        assert opened.path("w.bin").read_bytes() == b"weights"
    kit.seal(tmp_path / "other.sig", kit.statement({".": b"weights"}))
    with chainguard_ml.verified_open(weights, trust(kit), signature=str(tmp_path / "other.sig")) as opened:
        assert opened.open("w.bin").read() == b"weights"


def test_links_lead_where_the_signer_followed_them_and_stay_inside(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"blobs/1": b"weights"})
    (model / "link").symlink_to("blobs/1")
    kit.seal(model / "model.sig", kit.statement({"blobs/1": b"weights", "link": b"weights"}, allow_symlinks=True))
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        assert opened.open("link").read() == b"weights"
        (tmp_path / "outside").write_bytes(b"weights")
        (model / "link").unlink()
        (model / "link").symlink_to(tmp_path / "outside")
        with pytest.raises(RefusedError, match="not a path beneath the root"):
            opened.open("link")


def test_what_was_verified_can_be_scanned_and_loaded(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"values.pkl": pickle.dumps([1, 2])})
    kit.sign(model)
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        for path in (opened.path("values.pkl"), opened.directory() / "values.pkl"):
            (model / "values.pkl").write_bytes(pickle.dumps([3]))
            assert chainguard_ml.safe_load(path, pickle.load) == [1, 2]


def test_shards_are_verified_as_they_were_signed(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"w.bin": b"0123456789"})
    parts = {"w.bin:0:4": b"0123", "w.bin:4:8": b"4567", "w.bin:8:10": b"89"}
    kit.seal(model / "model.sig", kit.statement(parts, method="shards", shard_size=4))
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        assert opened.open("w.bin").read() == b"0123456789"
        (model / "w.bin").write_bytes(b"012345678")
        with pytest.raises(RefusedError, match="not what was signed"):
            opened.open("w.bin")


def test_a_name_cannot_be_a_file_and_a_directory(kit: Kit, model: Path) -> None:
    kit.seal(model / "model.sig", kit.statement({"a": b"", "a.b": b"", "a/b": b"", "c/d/e": b"", "c/d/f": b""}))
    assert kit.verify(model).rules == {"signature-malformed"}
    with pytest.raises(RefusedError, match="'a' is both a file and a directory"), chainguard_ml.verified_open(
        model, trust(kit)
    ):  # fmt: skip
        pytest.fail("it was opened")


def test_what_is_refused_leaves_no_descriptor(kit: Kit, model: Path) -> None:
    kit.sign(model)
    (model / "weights.bin").write_bytes(b"changed")
    with chainguard_ml.verified_open(model, trust(kit)) as opened:
        free = os.dup(0)
        os.close(free)
        with pytest.raises(RefusedError):
            opened.open("weights.bin")
        again = os.dup(0)
        os.close(again)
    assert again == free
