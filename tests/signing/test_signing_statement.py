"""The signed statement, bent in every way while its signature stays good: refused, with the reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.signing import statement

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Kit, Write

HEX = "a" * 64


def _resources(value: dict) -> list:
    return value["predicate"]["resources"]


def _serialization(value: dict) -> dict:
    return value["predicate"]["serialization"]


BENDS = {
    "is not a JSON object": lambda _: [],
    "'_type' is not": lambda value: value | {"_type": "https://in-toto.io/Statement/v0.1"},
    "'predicateType' is not": lambda value: value | {"predicateType": "https://slsa.dev/provenance/v1"},
    "'predicateType' is not ": lambda value: value | {"predicateType": 1},
    "the unknown member 'more'": lambda value: value | {"more": 1},
    "'predicate' is not an object": lambda value: value | {"predicate": []},
    "'subject' is not an array": lambda value: value | {"subject": {}},
    "there are 0 subjects": lambda value: value | {"subject": []},
    "there are 2 subjects": lambda value: value | {"subject": value["subject"] * 2},
    "a subject is not an object": lambda value: value | {"subject": [1]},
    "a subject has an empty name": lambda value: value | {"subject": [value["subject"][0] | {"name": ""}]},
    "'digest' is missing": lambda value: value | {"subject": [{"name": "m"}]},
    "'sha256' is missing": lambda value: value | {"subject": [{"name": "m", "digest": {"sha512": HEX}}]},
    "the digest of 'm' is not one": lambda value: value | {"subject": [{"name": "m", "digest": {"sha256": "A" * 64}}]},
    "is not that of the resources": lambda value: value | {"subject": [{"name": "m", "digest": {"sha256": HEX}}]},
    "'resources' is missing": lambda value: value["predicate"].pop("resources") and value,
    "'serialization' is missing": lambda value: value["predicate"].pop("serialization") and value,
    "'predicate' has the unknown member": lambda value: value["predicate"].update(extra=1) or value,
    "no file is signed": lambda value: value,
    "a resource is not an object": lambda value: _resources(value).append(1) or value,
    "'name' is missing": lambda value: _resources(value)[0].pop("name") and value,
    "'digest' is not a string": lambda value: _resources(value)[0].update(digest=1) or value,
    "another algorithm than": lambda value: _resources(value)[0].update(algorithm="blake3") or value,
    "is not one of sha256": lambda value: _resources(value)[0].update(digest=HEX[1:]) or value,
    "is not one of sha256 in": lambda value: _resources(value)[0].update(digest="g" * 64) or value,
    "are not sorted": lambda value: _resources(value).reverse() or value,
    "is listed twice": lambda value: _resources(value).append(_resources(value)[-1]) or value,
    "'method' is missing": lambda value: _serialization(value).pop("method") and value,
    "'method' is neither": lambda value: _serialization(value).update(method="tensors") or value,
    "'method' is neither ": lambda value: _serialization(value).update(shard_size=4) or value,
    "'method' is neither  ": lambda value: _serialization(value).update(method="shards") or value,
    "'method' is neither   ": lambda value: _serialization(value).update(method="shards", shard_size=0) or value,
    "'method' is neither    ": lambda value: _serialization(value).update(method="shards", shard_size=True) or value,
    "is not the name of a shard": lambda value: _serialization(value).update(method="shards", shard_size=4) or value,
    "'hash_type' is none of": lambda value: _serialization(value).update(hash_type="md5") or value,
    "'allow_symlinks' is missing": lambda value: _serialization(value).pop("allow_symlinks") in {True, False} and value,
    "'allow_symlinks' is not true or false": lambda value: _serialization(value).update(allow_symlinks="no") or value,
    "'serialization' has the unknown member": lambda value: _serialization(value).update(follow=1) or value,
    "'ignore_paths' is not an array": lambda value: _serialization(value).update(ignore_paths="x") or value,
    "'ignore_paths' is not a list of strings": lambda value: _serialization(value).update(ignore_paths=[1]) or value,
}


@pytest.mark.parametrize("message", BENDS)
def test_a_bent_statement(kit: Kit, model: Path, message: str) -> None:
    value = kit.statement({}) if message == "no file is signed" else kit.statement({"a": b"a", "weights.bin": b"w"})
    kit.seal(model / "model.sig", json.dumps(BENDS[message](value)).encode())
    outcome = kit.verify(model)
    (finding,) = outcome.findings
    assert (finding.rule, finding.facts["reason"]) == ("signature-malformed", "malformed")
    assert message.strip() in finding.message
    assert not outcome.evidence


@pytest.mark.parametrize(
    "name", ["../weights.bin", "/etc/passwd", "a//b", "a/./b", "./a", "a/..", "a/", "", "..", "a\\b", "a\0b", "\ud800"]
)
def test_a_name_that_is_no_canonical_path_beneath_the_model(kit: Kit, model: Path, name: str) -> None:
    kit.seal(model / "model.sig", json.dumps(kit.statement({name: b"x"})).encode())
    (finding,) = kit.verify(model).findings
    assert finding.rule == "signature-malformed"
    assert "not a canonical path" in finding.message
    assert "\ud800" not in finding.message


def test_names_sorted_by_path_components_are_taken_as_the_reference_writes_them(
    kit: Kit, tmp_path: Path, tree: Write
) -> None:
    files = {"a/b": b"1", "a-b": b"2"}
    model = tree(tmp_path / "m", files)
    kit.seal(model / "model.sig", kit.statement(files))
    assert kit.verify(model).verified


def test_unknown_fields_of_a_resource_are_ignored(kit: Kit, model: Path) -> None:
    value = kit.statement({"a": b"a"})
    value["predicate"]["resources"][0]["annotations"] = {"x": 1}
    assert statement.parse(json.dumps(value).encode()).files.keys() == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        b'{"_type": 1, "_type": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": 1} x',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"",
    ],
)
def test_json_that_is_not_strict(kit: Kit, model: Path, text: bytes) -> None:
    kit.seal(model / "model.sig", text or b" ")
    (finding,) = kit.verify(model).findings
    assert finding.rule == "signature-malformed"


def test_a_budget_is_a_gap_with_its_number(kit: Kit, model: Path) -> None:
    kit.seal(model / "model.sig", b"[" + b"," * 20_000_001)
    (gap,) = kit.verify(model).gaps
    assert gap.reason is GapReason.BUDGET
    assert "20,000,000" in gap.detail


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_our_errors(data: bytes) -> None:
    with pytest.raises(InputError):
        statement.parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    ("_type",), ("subject",), ("subject", 0), ("subject", 0, "name"), ("subject", 0, "digest"), ("predicateType",),
    ("predicate",), ("predicate", "resources"), ("predicate", "resources", 0), ("predicate", "resources", 0, "name"),
    ("predicate", "resources", 0, "digest"), ("predicate", "resources", 0, "algorithm"), ("predicate", "serialization"),
    ("predicate", "serialization", "method"), ("predicate", "serialization", "hash_type"),
    ("predicate", "serialization", "shard_size"), ("predicate", "serialization", "ignore_paths"),
    ("predicate", "serialization", "allow_symlinks"),
]  # fmt: skip


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place_gives_a_manifest_or_our_error(place: tuple, value: object) -> None:
    digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4f5f1b3a6a7b9b6c9a1e"
    whole = {
        "_type": statement.STATEMENT_TYPE,
        "subject": [{"name": "m", "digest": {"sha256": digest}}],
        "predicateType": statement.PREDICATE_TYPE,
        "predicate": {
            "resources": [{"name": "a", "digest": digest, "algorithm": "sha256"}],
            "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False},
        },
    }
    inner = whole
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    try:
        manifest = statement.parse(json.dumps(whole).encode())
    except InputError:
        return
    assert manifest.files


def _shards(*parts: str) -> dict:
    resources = [{"name": name, "digest": HEX, "algorithm": "sha256"} for name in parts]
    from chainguard_ml.signing.manifest import root_digest

    return {
        "_type": statement.STATEMENT_TYPE,
        "subject": [{"name": "m", "digest": {"sha256": root_digest([HEX] * len(parts))}}],
        "predicateType": statement.PREDICATE_TYPE,
        "predicate": {
            "resources": resources,
            "serialization": {
                "method": "shards",
                "hash_type": "sha256",
                "shard_size": 4,
                "allow_symlinks": False,
            },
        },
    }


@pytest.mark.parametrize(
    "parts",
    [
        ["a:4:8"],
        ["a:0:5"],
        ["a:0:3", "a:4:8"],
        ["a:0:4", "a:8:12"],
        ["a:0:4", "a:3:8"],
        ["a:0:3", "a:3:4"],
        ["a:00:4"],
        ["a:0:04"],
        ["a"],
        ["a:0"],
        [":0:4"],
        ["a:0:0"],
        ["a:4:4"],
        ["a:-1:4"],
        ["../a:0:4"],
    ],
)
def test_shards_that_do_not_make_up_a_file(parts: list[str]) -> None:
    with pytest.raises(InputError):
        statement.parse(json.dumps(_shards(*parts)).encode())


@pytest.mark.parametrize(
    "parts", [["a:0:4", "a:12:13", "a:4:8", "a:8:12"], ["a:0:4", "a:4:8", "a:8:12", "a:12:13"], ["a:0:4:0:1"]]
)
def test_shards_in_either_order_and_names_with_colons(parts: list[str]) -> None:
    manifest = statement.parse(json.dumps(_shards(*parts)).encode())
    assert len(manifest.files) == 1
    assert ",".join([HEX] * len(parts)) in manifest.files.values()
