"""Verifying some files: what was looked at is compared as always, and the rest is said not to have been."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.errors import UsageError
from chainguard_ml.model import GapReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.signing.conftest import Kit, Write


def test_the_rest_is_not_looked_at_and_the_evidence_says_so(kit: Kit, model: Path) -> None:
    kit.sign(model)
    (model / "weights.bin").write_bytes(b"changed")
    (model / "planted.py").write_bytes(b"")
    outcome = kit.verify(model, only=["config.json", "./sub/deep/vocab.txt"])
    assert (outcome.findings, outcome.gaps) == ([], [])
    (evidence,) = outcome.evidence
    said = {name: evidence.statement[name] for name in ("verified", "partial", "unseen", "files", "covers")}
    assert said == {"verified": False, "partial": True, "unseen": 2, "files": 4,
                    "covers": ["config.json", "sub/deep/vocab.txt"]}  # fmt: skip
    assert "partial" not in kit.verify(model).evidence[0].statement


def test_what_is_chosen_is_compared_as_in_a_whole_verification(kit: Kit, model: Path, tmp_path: Path) -> None:
    kit.sign(model, ignore=["notes"])
    (model / "weights.bin").write_bytes(b"changed")
    (model / "config.json").unlink()
    (model / "planted.py").write_bytes(b"")
    (model / "py.typed").unlink()
    os.mkfifo(model / "py.typed")
    (model / "sub").rename(tmp_path / "sub")
    (model / "sub").symlink_to(tmp_path / "sub")
    names = ["weights.bin", "config.json", "planted.py", "py.typed", "sub/deep/vocab.txt"]
    expected = {"weights.bin": "changed", "config.json": "missing", "planted.py": "added", "py.typed": "changed",
                "sub/deep/vocab.txt": "link"}  # fmt: skip
    assert kit.verify(model, only=names).changes == expected
    (model / "weights.bin").unlink()
    (model / "weights.bin").symlink_to("planted.py")
    assert kit.verify(model, only=["weights.bin"]).changes == {"weights.bin": "link"}


def test_a_file_where_a_directory_was_is_missing(kit: Kit, model: Path) -> None:
    kit.sign(model)
    for path in (model / "sub/deep/vocab.txt", model / "sub/deep", model / "sub"):
        path.unlink() if path.is_file() else path.rmdir()
    (model / "sub").write_bytes(b"")
    assert kit.verify(model, only=["sub/deep/vocab.txt"]).changes == {"sub/deep/vocab.txt": "missing"}


def test_what_the_signature_leaves_out_is_said(kit: Kit, model: Path, tree: Write) -> None:
    tree(model, {"notes/a/b": b"x", ".git/hooks/post": b"x", "other": b"x"})
    kit.sign(model, ignore=["notes", "other"])
    chosen = ["notes/a/b", ".git/hooks/post", "other", "model.sig"]
    outcome = kit.verify(model, only=chosen)
    assert {finding.location.path: finding.rule for finding in outcome.findings} == dict.fromkeys(
        ["notes", ".git", "other"], "uncovered-file"
    )
    assert not kit.verify(model, only=chosen, ignore=["notes", ".git", "other"]).findings


def test_links_and_shards_are_as_the_signer_took_them(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"blobs/1": b"weights"})
    (model / "link").symlink_to("blobs/1")
    kit.seal(model / "model.sig", kit.statement({"blobs/1": b"weights", "link": b"weights"}, allow_symlinks=True))
    assert kit.verify(model, only=["link"]).evidence[0].statement["covers"] == ["link"]
    parts = {"blobs/1:0:4": b"weig", "blobs/1:4:7": b"hts"}
    kit.seal(model / "model.sig", kit.statement(parts, method="shards", shard_size=4))
    (model / "empty").write_bytes(b"")
    assert kit.verify(model, only=["blobs/1"]).evidence[0].statement["covers"] == ["blobs/1"]
    assert kit.verify(model, only=["empty"]).rules == {"uncovered-file"}


def test_what_cannot_be_read_is_a_gap(kit: Kit, model: Path) -> None:
    kit.sign(model)
    with pytest.raises(UsageError, match="neither signed nor there"):
        kit.verify(model, only=["config.jsn"])
    long = "x" * 300
    kit.seal(model / "model.sig", kit.statement({long: b""}))
    (gap,) = kit.verify(model, only=[long]).gaps
    assert (gap.reason, "too long" in gap.detail) == (GapReason.UNREADABLE, True)


def test_a_wrong_choice_is_an_error(kit: Kit, model: Path) -> None:
    kit.sign(model)
    kit.sign(model / "weights.bin")
    for name in ("../model/config.json", "/etc/passwd", ""):
        with pytest.raises(UsageError, match="names no file of the model"):
            kit.verify(model, only=[name])
    with pytest.raises(UsageError, match="'sub/deep' is a directory"):
        kit.verify(model, only=["sub/deep/"])
    with pytest.raises(UsageError, match="in a directory only"):
        kit.verify(model / "weights.bin", only=["weights.bin"])


def test_the_command_says_that_it_is_partial(kit: Kit, model: Path, cli: Callable[..., Run]) -> None:
    kit.sign(model)
    run = cli("verify", model, "--key", kit.pair.public, "--only", "config.json")
    assert run.code == 0
    assert "the model: 1 file as signed by release.pub; partial: 3 files not looked at" in run.out
    assert "PASS  partial: only what was asked for was examined" in run.out
    (model / "config.json").write_bytes(b"[]")
    run = cli("verify", model, "--key", kit.pair.public, "--only", "config.json", "-f", "json")
    report = json.loads(run.out)
    assert (run.code, report["outcome"], report["evidence"][0]["statement"]["covers"]) == (1, "fail", [])
