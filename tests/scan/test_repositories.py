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


@pytest.mark.parametrize(
    "text",
    [
        "api_key: 3f8a2b1c9d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a",
        "client_secret = 'Xq7~'",
        '"auth_token": "f00dQ2Zk9sPw4Lr8Tn1Vb6Yc3Xe5"',
        "wandb.api_key=9c1b7e5d3a2f4c6b8d0e1f3a5b7c9d2e4f6a8b0c",
        "CLIENT_SECRET: q7Wm2Zx9Kt4Pv8Rb1Nc6Ld3Hs5Jf0Gy",
    ],
)
def test_settings_whose_name_says_that_they_are_secret(scan: Scan, text: str) -> None:
    told = scan("settings.yaml", f"model:\n  {text}\n".encode())
    assert told.rules == (set() if "~" in text else {"secret-in-config"})
    assert all(item.confidence is Confidence.MEDIUM for item in told.findings)


@pytest.mark.parametrize(
    "text",
    [
        "api_key: ${oc.env:SOME_API_KEY_OF_2024_EAST_1}",
        "api_key: SOME_API_KEY_OF_2024_EAST_ONE_OR_TWO",
        "private_key: /etc/ssl/x509/keys/server2024.pem.old",
        "private_key: keys/a1b2/c3d4/e5f6/g7h8/server.pem",
        "secret: projects/abc-12/secrets/production-2",
        "image_token: 3f8a2b1c9d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a",
        "secret: 123456789012345678901234567890",
        "tokenizer: 3f8a2b1c9d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a",
        "api_key: get_secret(v1, abcdef12345678)",
    ],
)
def test_settings_that_only_refer_to_a_secret(scan: Scan, text: str) -> None:
    assert scan("settings.yaml", f"model:\n  {text}\n".encode()).clean


def test_what_a_document_lets_be_evaluated(scan: Scan) -> None:
    told = scan("model.json", dump({"a": [{"py/repr": "os/os.system('echo seen')"}], "b": {"py/repr": 1}}))
    assert [(item.rule, item.location.pointer) for item in told.findings] == [
        ("dangerous-config-target", "/a/0/py/repr")
    ]


def test_only_settings_are_looked_through(scan: Scan) -> None:
    key = malicious_repositories.keys()["hugging-face"].encode()
    for name in (".env", ".env.local", "prod.env", "a.toml", "a.ini", "a.cfg", ".netrc", "credentials"):
        assert scan(name, b"A = " + key).rules == {"secret-in-config"}, name
    for name in ("notes.txt", "a.toml.bak"):
        assert scan(name, b"A = " + key).clean, name
    assert scan("a.toml", b"\0\0" + key).clean


def test_documents_without_such_meanings_are_clean(scan: Scan) -> None:
    assert scan("modules.json", dump([{"path": "a", "type": "bc"}, {"idx": 1, "path": "", "type": "none"}, 3])).clean
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
