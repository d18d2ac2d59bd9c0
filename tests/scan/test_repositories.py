"""Configurations that ask for code, leave the model's directory, or carry keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Confidence, Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import config_code, secrets
from chainguard_ml.scan.interface import Blob
from tests.corpus import malicious_repositories

if TYPE_CHECKING:
    from tests.scan.conftest import Scan


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(("name", "text"), sorted(malicious_repositories.keys().items()))
def test_secrets_are_found_and_not_told(scan: Scan, name: str, text: str) -> None:
    told = scan("config.json", dump({"a": {"b": text}}))
    assert told.rules == {"secret-in-config"}, name
    said = json.dumps([[item.message, dict(item.facts), item.key, item.hint] for item in told.findings])
    for part in text.replace("\n", " ").split():
        assert part[8:24] not in said or len(part) < 20


def test_a_secret_is_told_once_with_its_line(scan: Scan) -> None:
    key = malicious_repositories.keys()["hugging-face"]
    told = scan(".env", f"A=1\nTOKEN={key}\nAGAIN={key}\n".encode())
    assert [item.location.line for item in told.findings] == [2]
    assert told.findings[0].message == f"a Hugging Face token stands here: {key[:4]}… ({len(key)} characters)"
    assert told.findings[0].facts == {"kind": "Hugging Face token", "characters": len(key)}


def test_a_checksum_makes_a_token_certain(scan: Scan) -> None:
    body = "0123456789abcdefghijABCDEFGHIJ"[::-1]
    key = malicious_repositories.keys()["github"]
    assert scan("config.json", dump({"a": key})).findings[0].confidence is Confidence.MEDIUM
    for digit in secrets._BASE62:
        assert secrets._github(f"ghp_{body}00000{digit}") is Confidence.MEDIUM
    import zlib

    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = secrets._BASE62[rest] + digits
    assert scan("config.json", dump({"a": f"ghp_{body}{digits:0>6}"})).findings[0].confidence is Confidence.HIGH


@pytest.mark.parametrize("prefix", ["a", "_", "0"])
def test_a_part_of_a_longer_word_is_no_secret(scan: Scan, prefix: str) -> None:
    key = malicious_repositories.keys()["hugging-face"]
    assert scan("config.json", dump({"a": prefix + key})).clean
    assert scan("config.json", dump({"a": key + "abcdefgh"})).clean


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "eyJhbGciOiJIUzI1NiJ9.eyJ!!!!!!!!!!!!!!!.abcdefghijklmnopqrstuvwxyz",
        "eyJaaaaaaaaaaaaaaa.eyJaaaaaaaaaaaaaaaaaa.abcdefghijklmnopqrstuvwxyz",
        "postgresql://admin:onlyletterspassword@db.corp.io/x",
        "https://user:s3cretpassw0rd@localhost:8080/",
    ],
)
def test_examples_are_no_secrets(scan: Scan, text: str) -> None:
    assert scan("config.json", dump({"a": text})).clean


def test_only_settings_are_looked_through(scan: Scan) -> None:
    key = malicious_repositories.keys()["hugging-face"].encode()
    for name in (".env", ".env.local", "prod.env", "a.toml", "a.ini", "a.cfg", ".netrc", "credentials"):
        assert scan(name, b"A = " + key).rules == {"secret-in-config"}, name
    for name in ("notes.txt", "a.toml.bak"):
        assert scan(name, b"A = " + key).clean, name
    assert scan("a.toml", b"\0\0" + key).clean


def test_documents_without_such_meanings_are_clean(scan: Scan) -> None:
    assert scan("modules.json", dump([{"path": "a", "type": "b.c"}, {"idx": 1, "path": "", "type": "none"}, 3])).clean
    assert scan("other.json", dump({"trust_remote_code": True, "custom_code": True})).clean
    assert scan("model_index.json", dump({"_class_name": "P", "_diffusers_version": "1", "a": [1, 2], "b": "c"})).clean
    assert scan("x.json", dump({"flavors": ["vanilla"], "weight_map": {"a": 1}, "lc": 1, "type": "x"})).clean
    assert scan("MLmodel", b"flavors: {a: 1, b: {artifacts: {c: 1}, code: null}}\n").clean


def test_unknown_classes_of_langchain_objects(scan: Scan) -> None:
    assert scan("x.json", dump({"lc": 1, "type": "constructor", "id": ["mine", "Tool"]})).clean
    assert scan("x.json", dump({"lc": 1, "type": "constructor", "id": []})).clean


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["os.system", "../x", "a.B"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["auto_map", "flavors", "weight_map", "type", "path", "idx", "lc", "id", "_class_name", "a", "code",
                 "_diffusers_version", "auto_mapping", "parent_library", "artifacts", "_target_", "trust_remote_code"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_any_document_is_examined(value: object) -> None:
    blob = Blob(b"", Subject("config.json"), Location("config.json"), "config.json")
    session = Session(allowlist.make_judge([]))
    seen = config_code.examine_document(blob, json.loads(json.dumps(value)), session)
    assert all(isinstance(item, Finding | Gap | Evidence) for item in seen)
