"""Attacks on a signed tree and on its signature; each must be seen, and named for what it is."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import shutil
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.model import GapReason, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Bend, Kit, Write


def _change(model: Path) -> None:
    (model / "weights.bin").write_bytes(b"\x00\x01\x02\x07")


def _truncate(model: Path) -> None:
    (model / "weights.bin").write_bytes(b"\x00\x01\x02")


def _swap(model: Path) -> None:
    (model / "config.json").rename(model / "x")
    (model / "weights.bin").rename(model / "config.json")
    (model / "x").rename(model / "weights.bin")


def _add(model: Path) -> None:
    (model / "sub" / "extra.py").write_bytes(b"print('harmless')")


def _add_empty(model: Path) -> None:
    (model / "__init__.py").write_bytes(b"")


def _remove(model: Path) -> None:
    (model / "weights.bin").unlink()


def _remove_empty(model: Path) -> None:
    (model / "py.typed").unlink()


def _remove_directory(model: Path) -> None:
    shutil.rmtree(model / "sub")


def _link_file(model: Path) -> None:
    (model / "copy").write_bytes((model / "weights.bin").read_bytes())
    (model / "weights.bin").unlink()
    (model / "weights.bin").symlink_to("copy")


def _link_directory(model: Path) -> None:
    (model / "sub").rename(model.parent / "elsewhere")
    (model / "sub").symlink_to(model.parent / "elsewhere")


def _add_link(model: Path) -> None:
    (model / "more").symlink_to("/etc")


def _case(model: Path) -> None:
    (model / "weights.bin").rename(model / "Weights.bin")


def _look_alike(model: Path) -> None:
    (model / "weights.bin").rename(model / "weіghts.bin")  # noqa: RUF001 (a Cyrillic letter, on purpose)


def _normal_form(model: Path) -> None:
    (model / "café.txt").write_bytes(b"")


def _unseen_letter(model: Path) -> None:
    (model / "weights.bin").rename(model / "weights.bin\N{ZERO WIDTH SPACE}")


def _space_behind(model: Path) -> None:
    (model / "config.json").rename(model / "config.json ")


def _right_to_left(model: Path) -> None:
    (model / "config.json").rename(model / "\N{RIGHT-TO-LEFT OVERRIDE}nosj.gifnoc")


def _same_order(model: Path) -> None:
    """Renamed so that the order of the digests, and with it the root digest, stays the same."""
    (model / "weights.bin").rename(model / "weights.pkl")


def _swap_directories(model: Path) -> None:
    (model / "sub" / "deep").rename(model / "deep")


def _grow(model: Path) -> None:
    with (model / "weights.bin").open("ab") as stream:
        stream.write(b"\0")


def _empty(model: Path) -> None:
    (model / "weights.bin").write_bytes(b"")


def _fill_empty(model: Path) -> None:
    (model / "py.typed").write_bytes(b"\n")


def _second_signature(model: Path) -> None:
    shutil.copy(model / "model.sig", model / "sub" / "model.sig")


def _link_to_itself(model: Path) -> None:
    (model / "loop").symlink_to(".")


def _pipe(model: Path) -> None:
    (model / "weights.bin").unlink()
    os.mkfifo(model / "weights.bin")


def _add_pipe(model: Path) -> None:
    os.mkfifo(model / "pipe")


def _nested_git(model: Path) -> None:
    (model / "sub" / ".git").mkdir()
    (model / "sub" / ".git" / "config").write_bytes(b"[core]")


def _not_utf8(model: Path) -> None:
    (model / os.fsdecode(b"caf\xe9")).write_bytes(b"")


def _directory_for_file(model: Path) -> None:
    (model / "weights.bin").unlink()
    (model / "weights.bin").mkdir()


ATTACKS = [
    (_change, {"weights.bin": "changed"}),
    (_truncate, {"weights.bin": "changed"}),
    (_swap, {"config.json": "changed", "weights.bin": "changed"}),
    (_add, {"sub/extra.py": "added"}),
    (_add_empty, {"__init__.py": "added"}),
    (_remove, {"weights.bin": "missing"}),
    (_remove_empty, {"py.typed": "missing"}),
    (_remove_directory, {"sub/deep/vocab.txt": "missing"}),
    (_link_file, {"weights.bin": "link", "copy": "added"}),
    (_link_directory, {"sub": "link", "sub/deep/vocab.txt": "missing"}),
    (_add_link, {"more": "link"}),
    (_case, {"weights.bin": "missing", "Weights.bin": "added"}),
    (_look_alike, {"weights.bin": "missing", "weіghts.bin": "added"}),  # noqa: RUF001 (as above)
    (_normal_form, {"café.txt": "added"}),
    (_unseen_letter, {"weights.bin": "missing", "weights.bin\N{ZERO WIDTH SPACE}": "added"}),
    (_space_behind, {"config.json": "missing", "config.json ": "added"}),
    (_right_to_left, {"config.json": "missing", "\N{RIGHT-TO-LEFT OVERRIDE}nosj.gifnoc": "added"}),
    (_same_order, {"weights.bin": "missing", "weights.pkl": "added"}),
    (_swap_directories, {"sub/deep/vocab.txt": "missing", "deep/vocab.txt": "added"}),
    (_grow, {"weights.bin": "changed"}),
    (_empty, {"weights.bin": "changed"}),
    (_fill_empty, {"py.typed": "changed"}),
    (_second_signature, {"sub/model.sig": "added"}),
    (_link_to_itself, {"loop": "link"}),
    (_pipe, {"weights.bin": "changed"}),
    (_add_pipe, {"pipe": "added"}),
    (_nested_git, {"sub/.git/config": "added"}),
    (_not_utf8, {os.fsdecode(b"caf\xe9"): "added"}),
    (_directory_for_file, {"weights.bin": "missing"}),
]


@pytest.mark.parametrize(("attack", "changes"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_an_altered_tree(kit: Kit, model: Path, attack: Bend, changes: dict[str, str]) -> None:
    kit.sign(model)
    attack(model)
    outcome = kit.verify(model)
    assert outcome.changes == changes
    assert outcome.rules == {"model-tampered"}
    assert all(finding.severity is Severity.CRITICAL for finding in outcome.findings)
    assert all(finding.facts["reason"] == "tampered" for finding in outcome.findings)
    assert not outcome.verified
    assert not set(changes) & set(outcome.evidence[0].statement["covers"])


def test_a_change_says_what_was_expected_and_what_is_there(kit: Kit, model: Path) -> None:
    kit.sign(model)
    _change(model)
    (finding,) = kit.verify(model).findings
    assert finding.facts == {
        "reason": "tampered",
        "change": "changed",
        "expected": hashlib.sha256(b"\x00\x01\x02\x03").hexdigest(),
        "actual": hashlib.sha256(b"\x00\x01\x02\x07").hexdigest(),
        "signature": "model.sig",
    }


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "name", [".git/hooks/post-checkout", ".github/workflows/x.yml", ".gitignore", ".gitattributes"]
)
def test_a_file_planted_where_signatures_do_not_look(
    kit: Kit, model: Path, tree: Write, name: str, *, strict: bool
) -> None:
    kit.sign(model)
    tree(model, {name: b"planted"})
    outcome = kit.verify(model, strict=strict)
    (finding,) = outcome.findings
    top = name.partition("/")[0]
    assert (finding.rule, finding.location.path, finding.facts["reason"]) == ("uncovered-file", top, "policy")
    assert finding.severity is (Severity.HIGH if strict else Severity.MEDIUM)
    assert outcome.verified is not strict
    assert outcome.evidence[0].statement["excluded"] == [top]
    accepted = kit.verify(model, strict=strict, ignore=[f"{top}/"])
    assert accepted.verified
    assert not accepted.findings
    assert accepted.evidence[0].statement["excluded"] == [top]


@pytest.mark.parametrize("target", ["sub", "/etc", "nowhere"])
def test_a_link_planted_where_signatures_do_not_look(kit: Kit, model: Path, target: str) -> None:
    kit.sign(model)
    (model / ".git").symlink_to(target)
    (finding,) = kit.verify(model).findings
    assert (finding.rule, finding.location.path, finding.facts["files"]) == ("uncovered-file", ".git", 1)


@pytest.mark.parametrize(("signed", "present"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_in_another_normal_form_is_another_name(kit: Kit, model: Path, signed: str, present: str) -> None:
    was, now = (unicodedata.normalize(form, "é.txt") for form in (signed, present))
    (model / was).write_bytes(b"e")
    kit.sign(model)
    (model / was).rename(model / now)
    assert kit.verify(model).changes == {was: "missing", now: "added"}


def test_a_signature_planted_beside_the_one_that_is_asked_for(kit: Kit, model: Path, tmp_path: Path) -> None:
    signature = kit.sign(model, signature=tmp_path / "release.sig").path
    assert kit.verify(model, signature).verified
    (model / "model.sig").write_bytes(b"{}")
    assert kit.verify(model, signature).changes == {"model.sig": "added"}


def test_a_file_that_is_both_signed_and_left_out_is_not_covered(kit: Kit, model: Path) -> None:
    files = {name: (model / name).read_bytes() for name in ("config.json", "py.typed", "weights.bin")}
    shutil.rmtree(model / "sub")
    kit.seal(model / "model.sig", kit.statement(files, ignore_paths=["weights.bin"]))
    outcome = kit.verify(model)
    assert not outcome.verified
    assert "weights.bin" in {finding.location.path for finding in outcome.findings}
    assert "weights.bin" not in outcome.evidence[0].statement["covers"]


def test_two_names_for_one_file(kit: Kit, model: Path) -> None:
    """A hard link is a file like any other: its bytes are what counts, and its name has to be signed."""
    kit.sign(model)
    os.link(model / "weights.bin", model / "again.bin")
    assert kit.verify(model).changes == {"again.bin": "added"}


def test_two_signatures_in_one_bundle_are_none(kit: Kit, model: Path) -> None:
    other = kit.make("p256", "other")
    values = []
    for key in (kit.pair.key, other.key):
        signing.sign_model(model, key)
        values.append(json.loads((model / "model.sig").read_bytes()))
    both = [value["dsseEnvelope"]["signatures"][0] for value in values]
    for signatures in (both, both[::-1], both[:1] * 2):
        values[0]["dsseEnvelope"]["signatures"] = signatures
        (model / "model.sig").write_text(json.dumps(values[0]))
        (finding,) = kit.verify(model).findings
        assert (finding.facts["reason"], "there are 2 signatures" in finding.message) == ("malformed", True)


@pytest.mark.parametrize("first", [True, False])
def test_a_second_payload_beside_the_signed_one(kit: Kit, model: Path, *, first: bool) -> None:
    """Two readers of the same bytes would see two statements."""
    text = kit.sign(model).path.read_text(encoding="utf-8")
    forged = base64.b64encode(json.dumps(kit.statement({"weights.bin": b"evil"})).encode()).decode()
    payload = re.search(r'"payload":"[^"]*"', text)
    assert payload
    pair = [f'"payload":"{forged}"', payload[0]][:: 1 if first else -1]
    (model / "model.sig").write_text(text.replace(payload[0], ",".join(pair)), encoding="utf-8")
    (finding,) = kit.verify(model).findings
    assert (finding.facts["reason"], "strict JSON" in finding.message) == ("malformed", True)


def test_an_empty_directory_where_signatures_do_not_look_is_nothing(kit: Kit, model: Path) -> None:
    kit.sign(model)
    (model / ".git" / "objects").mkdir(parents=True)
    assert kit.verify(model).verified


def test_a_changed_file_that_the_signer_left_out_is_named(kit: Kit, model: Path) -> None:
    kit.sign(model, ignore=["sub/deep"])
    (model / "sub" / "deep" / "vocab.txt").write_bytes(b"evil")
    outcome = kit.verify(model)
    assert [finding.location.path for finding in outcome.findings] == ["sub/deep"]
    assert outcome.rules == {"uncovered-file"}


def test_what_is_signed_is_compared_even_in_a_place_left_out_by_default(kit: Kit, model: Path, tree: Write) -> None:
    files = {".github/x": b"x", "weights.bin": b"w"}
    tree(model, files)
    for name in ("config.json", "py.typed"):
        (model / name).unlink()
    shutil.rmtree(model / "sub")
    kit.seal(model / "model.sig", kit.statement(files))
    assert kit.verify(model).verified
    tree(model, {".github/y": b"y", ".github/x": b"z"})
    assert kit.verify(model).changes == {".github/x": "changed", ".github/y": "added"}


def test_a_renamed_file_does_not_carry_its_signature_along(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a")
    kit.sign(tmp_path / "a.bin", signature=tmp_path / "s.sig")
    (tmp_path / "a.bin").rename(tmp_path / "b.bin")
    assert kit.verify(tmp_path / "b.bin", tmp_path / "s.sig").changes == {"a.bin": "missing", "b.bin": "added"}


def test_a_signature_of_a_directory_says_nothing_about_a_file(kit: Kit, model: Path) -> None:
    kit.sign(model)
    (finding,) = kit.verify(model / "weights.bin", model / "model.sig").findings
    assert finding.facts["reason"] == "malformed"
    assert "4 files of a directory" in finding.message


def test_another_key_is_not_trusted(kit: Kit, model: Path) -> None:
    other = kit.make("p256", "other")
    signing.sign_model(model, other.key)
    (finding,) = kit.verify(model).findings
    assert (finding.rule, finding.severity, finding.facts["reason"]) == (
        "untrusted-signer",
        Severity.HIGH,
        "untrusted",
    )


def test_a_key_of_another_kind_is_not_trusted(kit: Kit, model: Path) -> None:
    for kind in ("ed25519", "p521"):
        signing.sign_model(model, kit.make(kind, kind).key)
        assert kit.verify(model).rules == {"untrusted-signer"}


def test_claiming_a_trusted_key_does_not_help(kit: Kit, model: Path) -> None:
    other = kit.make("p256", "other")
    signing.sign_model(model, other.key)
    value = json.loads((model / "model.sig").read_bytes())
    value["verificationMaterial"]["publicKey"]["hint"] = kit.pair.trusted.hint
    (model / "model.sig").write_text(json.dumps(value))
    (finding,) = kit.verify(model).findings
    assert (finding.rule, finding.severity, finding.facts["reason"]) == (
        "signature-invalid",
        Severity.CRITICAL,
        "invalid",
    )


def test_another_payload_under_the_same_signature_is_invalid(kit: Kit, model: Path) -> None:
    kit.sign(model)
    value = json.loads((model / "model.sig").read_bytes())
    forged = kit.statement({"weights.bin": b"evil"})
    value["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(forged).encode()).decode()
    (model / "model.sig").write_text(json.dumps(value))
    assert kit.verify(model).rules == {"signature-invalid"}


def test_a_signature_behind_a_link_in_the_model_is_not_read(kit: Kit, model: Path, tmp_path: Path) -> None:
    kit.sign(model)
    (model / "model.sig").rename(tmp_path / "real.sig")
    (model / "model.sig").symlink_to(tmp_path / "real.sig")
    claim = kit.sort(signing.verify_model(model, None, [kit.pair.trusted]))
    assert [gap.reason for gap in claim.gaps] == [GapReason.UNREADABLE]
    assert not claim.evidence


def _signed_files(model: Path) -> list[Path]:
    return [path for path in sorted(model.rglob("*")) if path.is_file() and path.name != "model.sig"]


@pytest.mark.parametrize("bit", range(8))
def test_every_flip_of_a_bit_in_the_tree_is_seen(kit: Kit, model: Path, bit: int) -> None:
    kit.sign(model)
    for path in _signed_files(model):
        whole = path.read_bytes()
        for index in range(len(whole)):
            path.write_bytes(whole[:index] + bytes([whole[index] ^ 1 << bit]) + whole[index + 1 :])
            assert kit.verify(model).changes == {path.relative_to(model).as_posix(): "changed"}
        path.write_bytes(whole)
    assert kit.verify(model).verified


def test_every_flip_of_a_bit_in_a_name_is_seen(kit: Kit, model: Path) -> None:
    kit.sign(model)
    for path in _signed_files(model):
        name = os.fsencode(path.name)
        for index, mask in itertools.product(range(len(name)), (1 << bit for bit in range(8))):
            other = path.parent / os.fsdecode(name[:index] + bytes([name[index] ^ mask]) + name[index + 1 :])
            if "\0" in str(other) or other.exists() or other.name in {".", ".."}:
                continue
            other.parent.mkdir(exist_ok=True)  # a letter may have become a slash
            path.rename(other)
            was, now = path.relative_to(model).as_posix(), other.relative_to(model).as_posix()
            assert kit.verify(model).changes == {was: "missing", now: "added"}
            other.rename(path)
            if other.parent != path.parent:
                other.parent.rmdir()
    assert kit.verify(model).verified


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_a_tree_verifies_if_and_only_if_it_is_the_signed_one(
    shared_kit: Kit, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    names = st.lists(st.sampled_from(["a", "b", "d/a", "d/b", "d/e/c", "z-", "z.x"]), unique=True, min_size=1)
    contents = st.sampled_from([b"", b"0", b"1"])
    signed = {name: data.draw(contents) for name in data.draw(names)}
    present = {name: data.draw(contents) for name in data.draw(names)}
    root = tmp_path_factory.mktemp("tree")
    for name, content in present.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    shared_kit.seal(root / "model.sig", shared_kit.statement(dict(sorted(signed.items()))))
    outcome = shared_kit.verify(root)
    assert outcome.verified is (signed == present)
    differ = {name for name in signed.keys() | present.keys() if signed.get(name) != present.get(name)}
    assert outcome.changes.keys() == differ
