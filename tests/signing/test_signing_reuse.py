"""Signing again without hashing again: what is reused, what never is, and that a wrong record cannot do harm."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.errors import OutputError, UsageError
from chainguard_ml.signing import reuse
from tests.signing import authorities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.signing.conftest import Kit

LATER = 10_000_000_000


def again(kit: Kit, model: Path, **options: object) -> tuple[signing.Signed, reuse.Reuse]:
    """Sign with a record, as if all files were old, and return what was signed and what was reused."""
    name, key = options.get("hash_type", "sha256"), kit.pair.key
    old, record = options.get("old", model / "model.sig"), model.parent / "record"
    now = time.time_ns() + options.get("later", LATER)
    found = reuse.load(model, record, name, old, signing.public_half(key), now=now)
    signed = signing.sign_model(model, key, hash_type=name, known=[found])
    found.save(signed.path)
    return signed, found


def test_only_what_changed_is_hashed_again(kit: Kit, model: Path) -> None:
    first, found = again(kit, model)
    assert (found.reused, "there is no" in found.why, dict(first.unread)) == (0, True, {})
    second, found = again(kit, model)
    assert (found.reused, found.why, dict(second.unread)) == (4, "", {"reused": 4})
    assert second.root == first.root
    assert kit.verify(model).verified
    (model / "config.json").write_bytes(b"[]")
    (model / "new").write_bytes(b"new")
    (model / "py.typed").unlink()
    third, found = again(kit, model)
    assert (found.reused, third.files) == (2, 4)
    assert kit.verify(model).verified
    assert "signed_unread" not in kit.verify(model).evidence[0].statement
    assert again(kit, model)[1].reused == 4


def test_large_files_and_single_files_are_reused_too(kit: Kit, tmp_path: Path) -> None:
    weights = tmp_path / "w.bin"
    weights.write_bytes(os.urandom((1 << 20) + 1))
    for model in (weights, tmp_path / "m"):
        (tmp_path / "m").mkdir(exist_ok=True)
        (tmp_path / "m/w.bin").write_bytes(weights.read_bytes())
        old, record = signing.default_signature(model), tmp_path / f"{model.name}.record"
        for expected in (0, 1):
            found = reuse.load(model, record, "sha256", old, kit.pair.trusted, now=time.time_ns() + LATER)
            signed = kit.sign(model, known=[found])
            found.save(signed.path)
            assert found.reused == expected
        assert kit.verify(model).verified


@pytest.mark.parametrize("how", ["size", "time", "inode", "restored time"])
def test_whatever_shows_a_change_is_seen(kit: Kit, model: Path, how: str) -> None:
    again(kit, model)
    path = model / "weights.bin"
    before = path.stat()
    match how:
        case "size":
            path.write_bytes(b"longer than it was")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "time":
            os.utime(path, ns=(1, 1))
        case "inode":
            (model / "other").write_bytes(path.read_bytes())
            os.utime(model / "other", ns=(before.st_atime_ns, before.st_mtime_ns))
            (model / "other").rename(path)
        case "restored time":
            path.write_bytes(b"\x03\x02\x01\x00")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert again(kit, model)[1].reused == 3
    assert kit.verify(model).verified


def test_what_changed_just_before_is_not_recorded(kit: Kit, model: Path) -> None:
    """A change within the same tick of the clock would leave size and times as they are."""
    again(kit, model, later=0)
    assert again(kit, model)[1].reused == 0
    assert again(kit, model)[1].reused == 4


def test_a_false_record_makes_a_signature_that_does_not_verify(kit: Kit, model: Path) -> None:
    again(kit, model)
    (model / "weights.bin").write_bytes(b"evil")
    record = model.parent / "record"
    value, status = json.loads(record.read_bytes()), (model / "weights.bin").stat()
    value["files"]["weights.bin"] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    record.write_text(json.dumps(value), encoding="utf-8")
    assert again(kit, model)[1].reused == 4
    assert kit.verify(model).changes == {"weights.bin": "changed"}


def test_nothing_is_reused_across_signatures_hashes_and_shards(kit: Kit, model: Path) -> None:
    again(kit, model)
    assert "with blake2b" in again(kit, model, hash_type="blake2b")[1].why
    kit.sign(model)
    assert "the record is not of" in again(kit, model)[1].why
    (model.parent / "record").unlink()
    assert "there is no record" in again(kit, model)[1].why
    old = model.parent / "old.sig"
    kit.seal(old, kit.statement({"weights.bin:0:4": b"\x00\x01\x02\x03"}, method="shards", shard_size=4))
    found = reuse.load(model, model.parent / "record", "sha256", None, None, now=time.time_ns() + LATER)
    kit.sign(model, known=[found])
    found.save(old)
    assert again(kit, model, old=old)[1].reused == 0


def test_an_earlier_signature_must_be_by_the_same_key(kit: Kit, model: Path) -> None:
    again(kit, model)
    record, old = model.parent / "record", model / "model.sig"
    with pytest.raises(UsageError, match="was not made with this key"):
        reuse.load(model, record, "sha256", old, kit.make("p256", "other").trusted)
    with pytest.raises(UsageError, match="only signatures by a key"):
        reuse.load(model, record, "sha256", old, signing.public_half(object()))
    old.write_bytes(b"{}")
    with pytest.raises(UsageError, match="cannot be reused: 'mediaType' is missing"):
        reuse.load(model, record, "sha256", old, kit.pair.trusted)


def test_a_record_is_told_from_other_files(kit: Kit, model: Path) -> None:
    record = model.parent / "record"
    good = {"type": "chainguard-ml/signing-record/v1", "statement": "", "hash": "sha256", "files": {}}
    for bad in (b"", b"[]", b"{}", {**good, "type": "x"}, {**good, "files": []}, {**good, "x": 1}):
        record.write_bytes(bad if isinstance(bad, bytes) else json.dumps(bad).encode())
        with pytest.raises(UsageError, match="is not a record of a signing"):
            reuse.load(model, record, "sha256", None, None)
    for inside in (model / "record", model / "sub" / "record", model):
        with pytest.raises(UsageError, match="lies in the model"):
            reuse.load(model, inside, "sha256", None, None)
    record.unlink()
    found = reuse.load(model, model.parent / "none" / "record", "sha256", None, None)
    with pytest.raises(OutputError):
        found.save(kit.sign(model, known=[found]).path)


def test_a_certificate_has_the_public_half_of_its_key(kit: Kit, tmp_path: Path) -> None:
    private, certificate = authorities.root().signer().write(tmp_path)
    key = signing.load_signing_key(private)
    signer = signing.certificate_signer(key, signing.load_certificates([certificate]))
    assert signing.public_half(signer).hint == signing.public_half(key).hint == key.public.hint


def test_the_command_says_what_was_reused(kit: Kit, model: Path, cli: Callable[..., Run]) -> None:
    again(kit, model)
    record = model.parent / "record"
    key = ("--key", kit.pair.private)
    run = cli("sign", model, *key, "--reuse", model / "model.sig", "--record", record)
    assert run.code == 0, run.err
    assert "4 files of 4 reused from an earlier signature, not hashed again" in run.err
    assert f"wrote {record}" in run.err
    run = cli("sign", model, *key, "--reuse", model / "model.sig")
    assert "nothing reused: there is no record" in run.err
    assert (model.parent / "model.record").is_file()
    assert "reused" not in cli("sign", model, *key, "--record", record).err
    assert "lies in the model" in cli("sign", model, *key, "--record", model / "r").err
