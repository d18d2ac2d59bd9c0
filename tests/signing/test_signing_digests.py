"""Signing digests that others computed: where they come from, that they are marked, and when they are refused."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.errors import InputError, NothingToExamineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.signing.conftest import Kit, Write


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def layer(name: str, data: bytes, **more: object) -> dict:
    title = {"org.opencontainers.image.title": name}
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{sha256(data)}",
            "size": len(data), "annotations": title, **more}  # fmt: skip


def pointer(data: bytes, extension: str = "") -> bytes:
    text = f"version https://git-lfs.github.com/spec/v1\n{extension}oid sha256:{sha256(data)}\nsize {len(data)}\n"
    return text.encode()


def write(path: Path, *layers: object, **more: object) -> Path:
    path.write_text(json.dumps({"schemaVersion": 2, "layers": layers, **more}), encoding="utf-8")
    return path


def test_a_list_of_sha256sum_stands_for_files_that_are_not_there(kit: Kit, tmp_path: Path, tree: Write) -> None:
    content = {"a b.bin": b"one", "sub/c.bin": b"two", "d": b"three", "here": b"four"}
    listed = tmp_path / "SHA256SUMS"
    listed.write_text(
        f"{sha256(b'one').upper()}  ./a b.bin\n{sha256(b'two')} *sub/c.bin\nSHA256 (d) = {sha256(b'three')}\n"
        f"{sha256(b'x')}  .git/config\n{sha256(b'x')}  .gitignore\n",
        encoding="utf-8",
    )
    model = tree(tmp_path / "m", {"here": b"four"})
    signed = kit.sign(model, known=[signing.load_digests([listed])])
    assert (signed.files, dict(signed.unread)) == (4, {"digest-list": 3})
    tree(model, content)
    outcome = kit.verify(model)
    assert outcome.verified
    assert outcome.evidence[0].statement["signed_unread"] == 3
    whole = tree(tmp_path / "n", content)
    assert kit.sign(whole).root == signed.root


def test_a_list_of_any_names_and_line_ends(kit: Kit, tmp_path: Path, tree: Write) -> None:
    names = ["a b", " leading", "*star", "x (y) = z", "form\x0cfeed", "sep\u2028arator", "\u2603"]
    lines = [f"{sha256(name.encode())}  {name}" for name in names]
    model = tree(tmp_path / "m", {name: name.encode() for name in names})
    root = kit.sign(model).root
    for end in ("\n", "\r\n"):
        (tmp_path / "list").write_bytes("".join(line + end for line in lines).encode())
        empty = tmp_path / "n"
        empty.mkdir(exist_ok=True)
        assert kit.sign(empty, known=[signing.load_digests([tmp_path / "list"])]).root == root


def test_a_listed_file_that_is_a_directory(kit: Kit, model: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"{sha256(b'')}  sub\n", encoding="utf-8")
    with pytest.raises(InputError, match="'sub' is both a file and a directory"):
        kit.sign(model, known=[signing.load_digests([tmp_path / "list"])])


def test_what_a_list_says_goes_before_what_is_there(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"w": b"other bytes"})
    (tmp_path / "list").write_text(f"{sha256(b'signed')}  w\n", encoding="utf-8")
    kit.sign(model, known=[signing.load_digests([tmp_path / "list"])])
    assert kit.verify(model).changes == {"w": "changed"}
    (model / "w").write_bytes(b"signed")
    assert kit.verify(model).verified


def test_a_manifest_of_a_registry(kit: Kit, tmp_path: Path, tree: Write) -> None:
    content = {"model.safetensors": b"weights", "config/config.json": b"{}"}
    raw = layer("ignored.tar", b"{}", mediaType="application/vnd.cncf.model.weight.config.v1.raw")
    raw["annotations"]["org.cncf.model.filepath"] = "config/config.json"
    listed = write(tmp_path / "manifest.json", layer("model.safetensors", b"weights"), raw)
    model = tmp_path / "m"
    model.mkdir()
    signed = kit.sign(model, known=[signing.load_digests([listed])])
    assert dict(signed.unread) == {"oci-manifest": 2}
    tree(model, content)
    assert kit.verify(model).verified
    (model / "model.safetensors").write_bytes(b"weight")
    with pytest.raises(InputError, match="has 6 bytes, and its digest is of 7"):
        kit.sign(model, known=[signing.load_digests([listed])])


def test_pointers_stand_for_their_files(kit: Kit, tmp_path: Path, tree: Write) -> None:
    plain = {"README.md": b"version https://git-lfs.github.com/spec/v1\nabout pointers\n", "long": b"x" * 1024}
    model = tree(tmp_path / "m", {"w.bin": pointer(b"weights"), **plain})
    assert dict(kit.sign(model).unread) == {}
    assert kit.verify(model).verified
    signed = kit.sign(model, known=[signing.load_digests((), pointers=True)])
    assert dict(signed.unread) == {"git-lfs": 1}
    assert kit.verify(model).changes == {"w.bin": "changed"}
    (model / "w.bin").write_bytes(b"weights")
    assert kit.verify(model).verified
    (model / "w.bin").write_bytes(pointer(b"weights", f"ext-0-foo sha256:{sha256(b'x')}\n"))
    with pytest.raises(InputError, match="a Git LFS extension"):
        kit.sign(model, known=[signing.load_digests((), pointers=True)])


def test_the_mark_is_an_annotation_of_the_resource(kit: Kit, tmp_path: Path, tree: Write) -> None:
    model = tree(tmp_path / "m", {"w.bin": pointer(b"weights"), "x": b"x"})
    signed = kit.sign(model, known=[signing.load_digests((), pointers=True)])
    weights, other = kit.payload(signed.path)["predicate"]["resources"]
    assert weights["annotations"] == {"chainguard-ml/digest-source": "git-lfs"}
    assert set(other) == {"name", "digest", "algorithm"}


@pytest.mark.oracle
def test_the_reference_reads_marked_signatures(kit: Kit, tmp_path: Path, tree: Write) -> None:
    import model_signing

    model = tree(tmp_path / "m", {"w.bin": pointer(b"weights"), "x": b"x"})
    signed = kit.sign(model, known=[signing.load_digests((), pointers=True)])
    (model / "w.bin").write_bytes(b"weights")
    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=kit.pair.public)
    verifier.verify(model, signed.path)
    (model / "w.bin").write_bytes(b"others")
    with pytest.raises(ValueError, match=r"w\.bin"):
        verifier.verify(model, signed.path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\n", "neither UTF-8 nor JSON"),
        (b"abc  name\n", "line 1 is not of the form"),
        (f"{'0' * 64}  a\n\n".encode(), "line 2 is not of the form"),
        (f"{'0' * 64}  a\n{'1' * 64}  ./a\n".encode(), "two digests for './a'"),
        (f"{'0' * 64}  ../a\n".encode(), "no path beneath a model"),
        (f"\\{'0' * 64}  a\\nb\n".encode(), "line 1 is not of the form"),
        (b"{", "strict JSON"),
        (b'{"layers": []}', "no manifest of an image"),
        (b'{"schemaVersion": 2, "layers": []}', "no manifest of an image"),
        (b'{"schemaVersion": 2, "layers": [1]}', "layer 1 is not an object"),
        (b'{"schemaVersion": 2, "manifests": []}', "'layers' is missing"),
    ],
)
def test_what_is_no_list(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "list").write_bytes(data)
    with pytest.raises(UsageError, match=message):
        signing.load_digests([tmp_path / "list"])


def test_layers_that_are_not_files(tmp_path: Path) -> None:
    unpack = {"org.opencontainers.image.title": "d", "io.deis.oras.content.unpack": "true"}
    for bad, message in (
        (layer("d", b"", annotations=unpack), "archive or without a name"),
        (layer("d", b"", annotations={}), "archive or without a name"),
        (layer("d", b"", annotations=None), "archive or without a name"),
        (layer("d", b"", mediaType="application/vnd.cncf.model.weight.v1.tar+gzip"), "archive or without a name"),
        (layer("d", b"", digest="sha512:00"), "not one of sha256"),
        (layer("d", b"", digest="sha256:00"), "not one of sha256"),
        (layer("d", b"", size="1"), "'size' is not"),
    ):
        with pytest.raises(UsageError, match=message):
            signing.load_digests([write(tmp_path / "manifest.json", bad)])
    with pytest.raises(UsageError, match="cannot be taken from"):
        signing.load_digests([tmp_path / "none"])


def test_nothing_known_and_nothing_there(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "list").write_bytes(b"")
    with pytest.raises(NothingToExamineError):
        kit.sign(tmp_path / "m", known=[signing.load_digests([tmp_path / "list"])])


def test_pointers_and_reuse_go_together(kit: Kit, model: Path, cli: Callable[..., Run]) -> None:
    (model / "weights.bin").write_bytes(pointer(b"weights"))
    key = ("--key", kit.pair.private, "--lfs-pointers", "--reuse", model / "model.sig")
    first, second = (cli("sign", model, *key) for _ in range(2))
    assert "1 digest from git-lfs, not computed here" in first.err
    assert "nothing reused: there is no" in first.err
    assert "of 4 reused from an earlier signature" in second.err  # how many, depends on how old they are
    (model / "weights.bin").write_bytes(b"weights")
    assert kit.verify(model).verified
    run = cli("sign", model, *key, "--hash", "blake3")
    assert (run.code, "digests of others are SHA-256" in run.err) == (2, True)
    (model.parent / "list").write_text(f"{sha256(b'more')}  more\n", encoding="utf-8")
    run = cli("sign", model, "--key", kit.pair.private, "--digests", model.parent / "list")
    assert "1 digest from digest-list, not computed here" in run.err
