"""What is signed verifies, for every key, hash and shape of a model; what cannot be signed is refused."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.context import Silent
from chainguard_ml.errors import InputError, NothingToExamineError, OutputError, UsageError
from chainguard_ml.model import GapReason, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Bend, Kit, Write

DEFAULTS = [".git", ".gitattributes", ".github", ".gitignore", "claims.jsonl"]


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519"])
def test_a_directory_verifies_with_the_key_that_signed_it(kit: Kit, model: Path, kind: str) -> None:
    pair = kit.make(kind, kind)
    signed = signing.sign_model(model, pair.key)
    outcome = kit.sort(signing.verify_model(model, None, [kit.pair.trusted, pair.trusted]))
    assert outcome.verified
    assert not outcome.findings
    assert not outcome.gaps
    (evidence,) = outcome.evidence
    assert evidence.statement == {
        "verified": True,
        "method": "key",
        "signer": pair.trusted.hint,
        "signer_name": f"{kind}.pub",
        "root": signed.root,
        "files": 4,
        "hash": "sha256",
        "covers": ["config.json", "py.typed", "sub/deep/vocab.txt", "weights.bin"],
        "excluded": [],
    }
    assert (evidence.subject.name, evidence.subject.kind, str(evidence.origin)) == (".", "directory", "model.sig")
    assert (signed.path, signed.files, signed.signer) == (model / "model.sig", 4, pair.trusted.hint)


@pytest.mark.parametrize("hash_type", ["sha256", "blake2b", "blake3"])
def test_every_hash_of_the_registry(kit: Kit, model: Path, hash_type: str) -> None:
    kit.sign(model, hash_type=hash_type)
    assert kit.verify(model).verified
    (model / "weights.bin").write_bytes(b"\x00\x01\x02\x04")
    assert kit.verify(model).changes == {"weights.bin": "changed"}


def test_a_single_file_is_signed_under_its_name_with_the_signature_beside_it(kit: Kit, tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    assert kit.sign(weights).path == tmp_path / "weights.bin.sig"
    predicate = kit.payload(tmp_path / "weights.bin.sig")["predicate"]
    assert [resource["name"] for resource in predicate["resources"]] == ["weights.bin"]
    assert "ignore_paths" not in predicate["serialization"]
    outcome = kit.verify(weights)
    assert outcome.verified
    assert outcome.evidence[0].statement["covers"] == ["weights.bin"]
    assert outcome.evidence[0].subject.kind == "file"


def test_the_statement_is_the_one_of_the_specification(kit: Kit, model: Path) -> None:
    signed = kit.sign(model, ignore=["sub/", "./config.json"])
    statement = kit.payload(signed.path)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    assert statement["subject"] == [{"name": "model", "digest": {"sha256": signed.root}}]
    assert [resource["name"] for resource in statement["predicate"]["resources"]] == ["py.typed", "weights.bin"]
    assert statement["predicate"]["serialization"] == {
        "method": "files",
        "hash_type": "sha256",
        "allow_symlinks": False,
        "ignore_paths": sorted([*DEFAULTS, "model.sig", "sub", "config.json"]),
    }


def test_names_are_sorted_by_code_point(kit: Kit, tmp_path: Path, tree: Write) -> None:
    names = ["a/b", "a-b", "a", "Z", "é", "\U0001f600", "\uffee"]
    model = tree(tmp_path / "m", {name: b"" for name in names if name != "a"})
    resources = kit.payload(kit.sign(model).path)["predicate"]["resources"]
    assert [resource["name"] for resource in resources] == sorted(set(names) - {"a"})
    assert kit.verify(model).verified


def test_signing_twice_gives_the_same_bytes_and_replaces_the_signature(kit: Kit, model: Path) -> None:
    first = kit.sign(model).path.read_bytes()
    assert kit.sign(model).path.read_bytes() == first


def test_a_signature_elsewhere(kit: Kit, model: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "out" / "release.sig"
    elsewhere.parent.mkdir()
    assert kit.sign(model, signature=elsewhere).path == elsewhere
    assert "model.sig" not in kit.payload(elsewhere)["predicate"]["serialization"]["ignore_paths"]
    outcome = kit.verify(model, elsewhere)
    assert outcome.verified
    assert str(outcome.evidence[0].origin) == "release.sig"


def test_a_signature_given_through_a_link_is_read(kit: Kit, model: Path, tmp_path: Path) -> None:
    kit.sign(model, signature=tmp_path / "real.sig")
    (tmp_path / "link.sig").symlink_to("real.sig")
    assert kit.verify(model, tmp_path / "link.sig").verified


def test_a_relative_path_and_a_renamed_directory_verify(
    kit: Kit, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.sign(model)
    shutil.move(model, tmp_path / "renamed")
    monkeypatch.chdir(tmp_path / "renamed")
    assert kit.verify(type(model)()).verified
    assert str(kit.sign(type(model)()).path) == "model.sig"


def test_large_files_are_hashed_in_threads_and_in_one(kit: Kit, tmp_path: Path, tree: Write) -> None:
    for count, size in ((1, 3 << 20), (3, 12 << 20)):
        model = tree(tmp_path / str(count), {"small": b"x"})
        for index in range(count):
            with (model / f"big{index}").open("wb") as stream:
                stream.truncate(size + index)
        kit.sign(model)
        assert kit.verify(model).verified
        with (model / "big0").open("r+b") as stream:
            stream.seek(size - 1)
            stream.write(b"\x01")
        assert kit.verify(model).changes == {"big0": "changed"}


def test_progress_names_every_file(kit: Kit, model: Path) -> None:
    class Watch(Silent):
        def __init__(self) -> None:
            self.seen = []

        def advance(self, name: str) -> None:
            self.seen.append(name)

    with (model / "big").open("wb") as stream:
        stream.truncate(2 << 20)
    watch = Watch()
    kit.sign(model, observer=watch)
    assert sorted(watch.seen) == ["big", "config.json", "py.typed", "sub/deep/vocab.txt", "weights.bin"]


def test_an_empty_model_is_refused(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "m" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "m" / ".git").mkdir()
    (tmp_path / "m" / ".git" / "config").write_bytes(b"")
    with pytest.raises(NothingToExamineError):
        kit.sign(tmp_path / "m")
    assert not (tmp_path / "m" / "model.sig").exists()


def _link(model: Path) -> str:
    (model / "sub" / "alias").symlink_to("deep/vocab.txt")
    return "sub/alias"


def _link_to_directory(model: Path) -> str:
    (model / "alias").symlink_to("sub")
    return "alias"


def _pipe(model: Path) -> str:
    os.mkfifo(model / "pipe")
    return "pipe"


def _socket(model: Path) -> str:
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(model):  # a socket's path is short
        server.bind("sock")
    return "sock"


def _not_utf8(model: Path) -> str:
    (model / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    return r"caf\xe9"


def _backslash(model: Path) -> str:
    (model / "a\\b").write_bytes(b"")
    return r"a\b"


@pytest.mark.parametrize("plant", [_link, _link_to_directory, _pipe, _socket, _not_utf8, _backslash])
def test_what_cannot_be_signed_is_named(kit: Kit, model: Path, plant: Bend) -> None:
    name = plant(model)
    with pytest.raises(InputError, match=re.escape(f"'{name}'")):
        kit.sign(model)
    assert not (model / "model.sig").exists()


def test_what_is_ignored_need_not_be_signable(kit: Kit, model: Path) -> None:
    _link(model)
    (model / ".git").symlink_to("sub")
    kit.sign(model, ignore=["sub/alias"])
    outcome = kit.verify(model, strict=False)
    assert outcome.rules == {"uncovered-file"}
    assert {finding.location.path for finding in outcome.findings} == {".git", "sub/alias"}


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../b", "*.bin", "a?", "[a]", "", ".", "a\\b", "a\0"])
def test_a_path_that_cannot_be_ignored(kit: Kit, model: Path, path: str) -> None:
    with pytest.raises(UsageError, match="cannot be ignored"):
        kit.sign(model, ignore=[path])


def test_wrong_calls(kit: Kit, model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'sha256'"):
        kit.sign(model, hash_type="sha265")
    with pytest.raises(UsageError, match="No such file"):
        kit.sign(tmp_path / "missing")
    with pytest.raises(UsageError, match="No such file"):
        kit.verify(tmp_path / "missing")
    with pytest.raises(UsageError, match="null"):
        kit.sign(type(model)("a\0b"))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError):
        kit.sign(tmp_path / "loop")
    with pytest.raises(UsageError, match="is a directory"):
        kit.sign(model, signature=tmp_path)
    for signature in (tmp_path / "none" / "model.sig", type(model)("a\0b")):
        with pytest.raises(OutputError):
            kit.sign(model, signature=signature)


def test_a_file_that_is_no_signature_is_never_overwritten(kit: Kit, model: Path) -> None:
    with pytest.raises(UsageError, match="is not a signature"):
        kit.sign(model, signature=model / "weights.bin")
    assert (model / "weights.bin").read_bytes() == b"\x00\x01\x02\x03"


def test_a_missing_signature_is_a_finding_where_one_was_asked_for(kit: Kit, model: Path, tmp_path: Path) -> None:
    for signature in (None, tmp_path / "none.sig", model / "config.json" / "none.sig"):
        outcome = kit.verify(model, signature)
        (finding,) = outcome.findings
        assert (finding.rule, finding.severity, finding.facts["reason"]) == (
            "unsigned-model",
            Severity.HIGH,
            "missing",
        )


def test_an_empty_directory_without_a_signature_is_nothing_to_verify(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(NothingToExamineError):
        kit.verify(tmp_path / "m")


def test_without_a_key_nothing_is_said(kit: Kit, model: Path) -> None:
    kit.sign(model)
    outcome = kit.sort(signing.verify_model(model, None, []))
    (gap,) = outcome.gaps
    assert gap.reason is GapReason.NO_DATA
    assert "no public key is configured" in gap.detail
    assert not outcome.findings
    assert not outcome.evidence
