"""What a signature does not say: the sentences of docs/what-a-signature-says.md that the other tests leave."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.signing import interface

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Bend, Kit


def _permissions(model: Path) -> Path:
    (model / "weights.bin").chmod(0o777)
    return model


def _times(model: Path) -> Path:
    os.utime(model / "weights.bin", (1, 1))
    return model


def _attributes(model: Path) -> Path:
    try:
        os.setxattr(model / "weights.bin", "user.note", b"x")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    return model


def _one_file(model: Path) -> Path:
    (model / "copy.bin").unlink()
    os.link(model / "weights.bin", model / "copy.bin")
    return model


def _empty_directory(model: Path) -> Path:
    (model / "empty" / "deeper").mkdir(parents=True)
    return model


def _own_name(model: Path) -> Path:
    return model.rename(model.with_name("another name"))


CHANGES = [_permissions, _times, _attributes, _one_file, _empty_directory, _own_name]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_not_covered(kit: Kit, model: Path, change: Bend) -> None:
    (model / "copy.bin").write_bytes((model / "weights.bin").read_bytes())
    kit.sign(model)
    before = kit.verify(model).evidence[0].statement
    outcome = kit.verify(change(model))
    assert outcome.verified
    assert outcome.evidence[0].statement == before


def test_an_old_release_verifies_as_on_its_first_day(kit: Kit, model: Path) -> None:
    old = kit.sign(model).path.read_bytes()
    (model / "weights.bin").write_bytes(b"mended")
    kit.sign(model)
    (model / "weights.bin").write_bytes(b"\x00\x01\x02\x03")
    (model / "model.sig").write_bytes(old)
    assert kit.verify(model).verified


def test_names_and_digests_are_for_everybody_to_read(kit: Kit, model: Path) -> None:
    names = {item["name"] for item in kit.payload(kit.sign(model).path)["predicate"]["resources"]}
    assert names == {"config.json", "weights.bin", "sub/deep/vocab.txt", "py.typed"}


def test_the_way_the_bundle_is_written_says_nothing(kit: Kit, model: Path) -> None:
    signature = kit.sign(model).path
    before = kit.verify(model).evidence[0].statement
    value = json.loads(signature.read_bytes())
    value["verificationMaterial"]["publicKey"]["hint"] = "0" * 64
    value["dsseEnvelope"]["signatures"][0]["keyid"] = "somebody"
    signature.write_text(json.dumps(dict(reversed(value.items())), indent=2), encoding="utf-8")
    assert kit.verify(model).evidence[0].statement == before


def test_the_table_of_reasons_is_complete(repository: Path) -> None:
    page = (repository / "docs" / "verify.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z]+`(?:, `[a-z]+`)*) \|", page, re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`([a-z]+)`", row)}
    refused = {kind.reason for kind in vars(interface).values() if isinstance(kind, type) and hasattr(kind, "reason")}
    assert refused
    assert refused | {"tampered", "missing", "policy"} <= described
