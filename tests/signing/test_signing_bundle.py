"""The bundle around the statement: strict, bounded, and never a traceback."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.signing import bundle, dsse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Bend, Kit


def _set(*path: str | int, to: object) -> Bend:
    def bend(value: dict) -> dict:
        inner = value
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to
        return value

    return bend


def _drop(*path: str | int) -> Bend:
    def bend(value: dict) -> dict:
        inner = value
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]
        return value

    return bend


def _twice(value: dict) -> dict:
    value["dsseEnvelope"]["signatures"] *= 2
    return value


SIGNATURE = ("dsseEnvelope", "signatures", 0)
BENDS = [
    (_drop("mediaType"), "'mediaType' is missing"),
    (_set("mediaType", to="application/json"), "'mediaType' is not"),
    (_set("more", to=1), "the bundle has the unknown member 'more'"),
    (_drop("verificationMaterial"), "'verificationMaterial' is missing"),
    (_set("verificationMaterial", to=[]), "'verificationMaterial' is not an object"),
    (_set("verificationMaterial", to={}), "has 0 of"),
    (_set("verificationMaterial", "certificate", to={}), "has 2 of"),
    (_set("verificationMaterial", "publicKey", to="x"), "'publicKey' is not an object"),
    (_set("verificationMaterial", "publicKey", to={}), "neither a hint nor a key"),
    (_set("verificationMaterial", "publicKey", to={"hint": 1}), "neither a hint nor a key"),
    (_set("verificationMaterial", "publicKey", to={"rawBytes": "?"}), "'rawBytes' is not Base64"),
    (_set("verificationMaterial", to={"certificate": {}}), "'tlogEntries' is missing"),
    (_set("verificationMaterial", to={"certificate": {}, "tlogEntries": []}), "'tlogEntries' is empty"),
    (_drop("dsseEnvelope"), "'dsseEnvelope' is missing"),
    (_set("dsseEnvelope", "more", to=1), "'dsseEnvelope' has the unknown member"),
    (_set("dsseEnvelope", "payloadType", to="text/plain"), "'payloadType' is not"),
    (_set("dsseEnvelope", "payload", to=""), "'payload' is empty"),
    (_set("dsseEnvelope", "payload", to="e30"), "'payload' is not Base64"),
    (_set("dsseEnvelope", "payload", to="e31="), "'payload' is empty or not canonical"),
    (_set("dsseEnvelope", "payload", to="e3 0="), "'payload' is not Base64"),
    (_set("dsseEnvelope", "payload", to="é"), "'payload' is not Base64"),
    (_set("dsseEnvelope", "payload", to=1), "'payload' is not a string"),
    (_set("dsseEnvelope", "signatures", to=[]), "there are 0 signatures"),
    (_twice, "there are 2 signatures"),
    (_set("dsseEnvelope", "signatures", to=["x"]), "a signature is not an object"),
    (_set(*SIGNATURE, "keyid", to=1), "'keyid' is not a string"),
    (_set(*SIGNATURE, "cert", to=1), "a signature has the unknown member"),
    (_drop(*SIGNATURE, "sig"), "'sig' is missing"),
]


@pytest.mark.parametrize(("bend", "message"), BENDS, ids=[message for _, message in BENDS])
def test_a_bent_bundle(kit: Kit, model: Path, bend: Bend, message: str) -> None:
    signature = kit.sign(model).path
    signature.write_text(json.dumps(bend(json.loads(signature.read_bytes()))))
    (finding,) = kit.verify(model).findings
    assert (finding.rule, finding.facts["reason"]) == ("signature-malformed", "malformed")
    assert message in finding.message
    assert finding.location.path == "model.sig"


@pytest.mark.parametrize("keyid", [None, "", "anything"])
def test_the_key_id_says_nothing(kit: Kit, model: Path, keyid: str | None) -> None:
    signature = kit.sign(model).path
    signature.write_text(json.dumps(_set(*SIGNATURE, "keyid", to=keyid)(json.loads(signature.read_bytes()))))
    assert kit.verify(model).verified
    signature.write_text(json.dumps(_drop(*SIGNATURE, "keyid")(json.loads(signature.read_bytes()))))
    assert kit.verify(model).verified


def test_a_hint_of_another_form_says_nothing(kit: Kit, model: Path) -> None:
    signature = kit.sign(model).path
    bend = _set("verificationMaterial", "publicKey", to={"hint": ""})
    signature.write_text(json.dumps(bend(json.loads(signature.read_bytes()))))
    assert kit.verify(model).verified


def test_base64_for_urls_is_base64(kit: Kit, model: Path) -> None:
    signature = kit.sign(model).path
    value = json.loads(signature.read_bytes())
    inner = value["dsseEnvelope"]["signatures"][0]
    inner["sig"] = inner["sig"].replace("+", "-").replace("/", "_")
    signature.write_text(json.dumps(value))
    assert kit.verify(model).verified


def test_the_encoding_of_early_releases_is_taken_with_their_material_only(kit: Kit, model: Path) -> None:
    payload = json.dumps(kit.statement({"weights.bin": b"\x00\x01\x02\x03"})).encode()
    for name in ("config.json", "py.typed", "sub/deep/vocab.txt"):
        (model / name).unlink()
    early = kit.pair.key.sign(dsse.encoding_before_1_0(dsse.PAYLOAD_TYPE, payload))
    value = json.loads(bundle.build(payload, kit.pair.key))
    value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(early).decode()
    (model / "model.sig").write_text(json.dumps(value))
    assert kit.verify(model).rules == {"signature-invalid"}
    raw = base64.b64encode(kit.pair.public.read_bytes()).decode()
    value["verificationMaterial"] = {"publicKey": {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}}
    (model / "model.sig").write_text(json.dumps(value))
    assert kit.verify(model).verified


def test_a_bundle_over_a_plain_message_is_a_gap(kit: Kit, model: Path) -> None:
    value = {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1", "messageSignature": {}}
    (model / "model.sig").write_text(json.dumps(value))
    (gap,) = kit.verify(model).gaps
    assert gap.reason is GapReason.UNSUPPORTED


def test_too_much_structure_is_a_gap_before_anything_is_built(kit: Kit, model: Path) -> None:
    (model / "model.sig").write_bytes(b"[" + b"[]," * 50_000)
    (gap,) = kit.verify(model).gaps
    assert (gap.reason, "10,000" in gap.detail) == (GapReason.BUDGET, True)


def test_too_large_a_signature_is_a_gap_with_its_number(kit: Kit, model: Path) -> None:
    with (model / "model.sig").open("wb") as stream:
        stream.truncate(bundle.MAX_BYTES + 1)
    (gap,) = kit.verify(model).gaps
    assert (gap.reason, "256,000,000" in gap.detail) == (GapReason.BUDGET, True)


def test_the_encoding_is_the_one_of_the_protocol() -> None:
    assert dsse.encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_as_a_signature_give_a_finding_or_a_gap(shared_kit: Kit, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").mkdir(exist_ok=True)
    (tmp_path / "m" / "a").write_bytes(b"a")
    (tmp_path / "m" / "model.sig").write_bytes(data)
    outcome = shared_kit.verify(tmp_path / "m")
    assert len(outcome.findings) + len(outcome.gaps) == 1
    assert not outcome.evidence


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_bundle_with_pieces_cut_out_or_repeated_is_refused_or_the_same(shared_kit: Kit, data: st.DataObject) -> None:
    whole = bundle.build(json.dumps(shared_kit.statement({"a": b"a"})).encode(), shared_kit.pair.key)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    for piece in (whole[:start] + whole[end:], whole[:end] + whole[start:]):
        try:
            parsed = bundle.parse(piece)
        except InputError:
            continue
        assert parsed.payload
