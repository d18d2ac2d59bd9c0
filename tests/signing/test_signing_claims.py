"""Claims beside a signature: what is written is read; what is altered, foreign or about other bytes does not count."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.check import check_pipeline
from chainguard_ml.cli import exit as boundary
from chainguard_ml.config import Config, SigningConfig
from chainguard_ml.errors import InputError, NothingToExamineError, OutputError, UsageError
from chainguard_ml.model import GapReason, Severity
from chainguard_ml.signing import bundle, dsse
from chainguard_ml.signing.attestations import binding, kinds, making, statement, store
from chainguard_ml.signing.attestations.interface import BUDGETS
from chainguard_ml.testing import FakeSigstore, Workflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.signing.conftest import Kit, Outcome, Pair, Write

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER = "https://example.com/approval/v1"
PROVENANCE = {"buildDefinition": {"buildType": "https://example.com/train/v1"},
              "runDetails": {"builder": {"id": "https://builder.example.com"}}}  # fmt: skip


def attest(
    kit: Kit, model: Path, kind: str = OTHER, predicate: dict | None = None, pair: Pair | None = None, **options: object
) -> making.Attested:
    claim = making.claim(kind, json.dumps(predicate if predicate is not None else {"approved": True}).encode())
    return making.attest_model(model, (pair or kit.pair).key, [claim], **{"time": NOW, **options})


def claims(outcome: Outcome) -> list[dict]:
    return [dict(each.statement) for each in outcome.evidence if each.kind == "attestation"]


def envelope(kit: Kit, payload: dict | bytes, pair: Pair | None = None, **signature: str) -> dict:
    """Return a DSSE envelope on its own, as builders of SLSA provenance write it."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    made = (pair or kit.pair).key.sign(dsse.encoding(dsse.PAYLOAD_TYPE, data))
    return {
        "payloadType": dsse.PAYLOAD_TYPE,
        "payload": base64.b64encode(data).decode(),
        "signatures": [{"sig": base64.b64encode(made).decode(), "keyid": "", **signature}],
    }


def about(files: dict[str, bytes], kind: str = OTHER, predicate: dict | None = None) -> dict:
    """Return a statement whose subjects are files."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": n, "digest": {"sha256": hashlib.sha256(d).hexdigest()}} for n, d in files.items()],
        "predicateType": kind,
        "predicate": predicate or {},
    }


def lines(path: Path, *values: dict | bytes) -> Path:
    path.write_bytes(b"".join((v if isinstance(v, bytes) else json.dumps(v).encode()) + b"\n" for v in values))
    return path


@pytest.fixture
def signed(kit: Kit, model: Path) -> Path:
    kit.sign(model)
    return model


def test_a_claim_is_bound_to_the_manifest(kit: Kit, signed: Path) -> None:
    made = attest(kit, signed, kinds.PROVENANCE, PROVENANCE)
    outcome = kit.verify(signed)
    assert outcome.verified
    assert not outcome.findings
    assert not outcome.gaps
    assert claims(outcome) == [
        {
            "verified": True,
            "type": "https://slsa.dev/provenance/v1",
            "kind": "provenance",
            "builder": "https://builder.example.com",
            "build_type": "https://example.com/train/v1",
            "sources": [],
            "method": "key",
            "signer": kit.pair.trusted.hint,
            "signer_name": "release.pub",
            "binding": "manifest",
            "root": made.root,
            "covers": [],
            "time": "2026-03-01T12:00:00Z",
            "time_source": "stated",
        }
    ]
    (evidence,) = (each for each in outcome.evidence if each.kind == "attestation")
    assert str(evidence.origin) == "claims.jsonl:1"
    assert (made.path, made.files, made.signer) == (signed / "claims.jsonl", 4, kit.pair.trusted.hint)
    assert "claims.jsonl" in kit.payload(signed / "model.sig")["predicate"]["serialization"]["ignore_paths"]


def test_the_manifest_digest_is_what_sha256sum_prints(kit: Kit, model: Path) -> None:
    attest(kit, model)
    (line,) = (model / "claims.jsonl").read_bytes().splitlines()
    (subject,) = statement.parse(bundle.parse(line).payload).subjects
    names = ["config.json", "py.typed", "sub/deep/vocab.txt", "weights.bin"]
    done = subprocess.run(["sha256sum", "--zero", *names], cwd=model, capture_output=True, check=True)
    assert subject.annotations["manifest"] == {"sha256": hashlib.sha256(done.stdout).hexdigest()}
    assert subject.annotations["time"] == "2026-03-01T12:00:00Z"
    assert subject.name == "model"


def test_a_claim_before_the_signature_is_about_the_same_root(kit: Kit, model: Path) -> None:
    made = attest(kit, model)
    assert kit.sign(model).root == made.root
    outcome = kit.verify(model)
    assert [each["binding"] for each in claims(outcome)] == ["manifest"]
    assert not outcome.findings


def test_claims_beside_a_single_file(kit: Kit, tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    kit.sign(weights)
    assert attest(kit, weights).path == tmp_path / "weights.bin.claims.jsonl"
    assert [each["verified"] for each in claims(kit.verify(weights))] == [True]
    provenance = lines(
        tmp_path / "weights.bin.intoto.jsonl", envelope(kit, about({"w": b"weights"}, kinds.PROVENANCE, PROVENANCE))
    )
    outcome = kit.verify(weights, claims=[provenance])
    assert {each["binding"] for each in claims(outcome)} == {"manifest", "files"}
    assert not outcome.findings


@pytest.mark.oracle
def test_another_reader_verifies_the_model_beside_its_claims(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    command = ["-m", "model_signing", "verify", "key", "--signature", signed / "model.sig"]
    command += ["--public_key", kit.pair.public, signed]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_claims_are_appended_and_nothing_is_lost(kit: Kit, signed: Path) -> None:
    threads = [threading.Thread(target=attest, args=(kit, signed, f"https://example.com/{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (signed / "claims.jsonl").write_bytes((signed / "claims.jsonl").read_bytes().rstrip() + b"\n\n \n")
    attest(kit, signed, "https://example.com/last")
    assert {each["type"] for each in claims(kit.verify(signed))} == {
        *(f"https://example.com/{n}" for n in range(8)), "https://example.com/last"
    }  # fmt: skip
    assert [path.name for path in signed.iterdir() if ".part" in path.name] == []


def test_a_file_that_was_cut_before_its_last_line_ended_is_continued(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    (signed / "claims.jsonl").write_bytes((signed / "claims.jsonl").read_bytes().rstrip())
    attest(kit, signed, "https://example.com/2")
    assert len(claims(kit.verify(signed))) == 2


def test_the_same_claim_twice_is_told_once(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    attest(kit, signed)  # another signature over the same bytes
    assert len((signed / "claims.jsonl").read_bytes().splitlines()) == 2
    assert len(claims(kit.verify(signed))) == 1


def test_a_data_set_of_that_name_is_part_of_the_model(kit: Kit, model: Path) -> None:
    lines(model / "claims.jsonl", {"claim": "broken window", "amount": 100})
    kit.sign(model)
    assert kit.verify(model).verified
    assert not kit.verify(model).findings
    with pytest.raises(UsageError, match=r"does not leave 'claims\.jsonl' out"):
        attest(kit, model)
    made = attest(kit, model, kept=model.parent / "elsewhere.jsonl")
    outcome = kit.verify(model, claims=[made.path])
    assert [each["verified"] for each in claims(outcome)] == [True]
    lines(model / "claims.jsonl", {"claim": "another"})
    assert kit.verify(model).changes == {"claims.jsonl": "changed"}


def test_a_signature_that_does_not_know_of_claims_is_not_broken_by_one(kit: Kit, model: Path, tree: Write) -> None:
    names = {
        path.relative_to(model).as_posix(): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()
    }
    kit.seal(model / "model.sig", kit.statement(dict(sorted(names.items()))))
    assert kit.verify(model).verified
    with pytest.raises(UsageError, match=r"does not leave 'claims\.jsonl' out"):
        attest(kit, model)
    assert kit.verify(model).verified
    # One that is there all the same was added.
    lines(model / "claims.jsonl", envelope(kit, about(names)))
    outcome = kit.verify(model)
    assert outcome.changes == {"claims.jsonl": "added"}
    assert claims(outcome) == []


def test_what_is_kept_in_a_directory_that_is_left_out(kit: Kit, model: Path) -> None:
    (model / "notes").mkdir()
    kit.sign(model, ignore=["notes"])
    made = attest(kit, model, kept=model / "notes" / "more.jsonl")
    assert len(claims(kit.verify(model, claims=[made.path], ignore=["notes"]))) == 1


@pytest.mark.parametrize("change", ["content", "rename"])
def test_a_changed_model_is_not_attested_and_its_claims_do_not_hold(kit: Kit, signed: Path, change: str) -> None:
    attest(kit, signed)
    if change == "content":
        (signed / "weights.bin").write_bytes(b"other")
    else:
        (signed / "weights.bin").rename(signed / "weightz.bin")
    assert [each["verified"] for each in claims(kit.verify(signed))] == [False]
    with pytest.raises(InputError, match="the model is not as it was signed"):
        attest(kit, signed)


def test_other_names_with_the_same_root_are_another_model(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    kept = (signed / "claims.jsonl").read_bytes()
    (signed / "weights.bin").rename(signed / "weightz.bin")
    root = kit.sign(signed).root
    assert json.loads(statement.build({}, "x", {}))  # a statement is JSON
    assert root in bundle.parse(kept).payload.decode()
    outcome = kit.verify(signed)
    assert outcome.rules == {"claim-mismatch"}
    assert [(each["verified"], each["binding"]) for each in claims(outcome)] == [(False, "")]


def test_a_claim_about_another_release(kit: Kit, signed: Path, tmp_path: Path, tree: Write) -> None:
    other = tree(tmp_path / "other", {"weights.bin": b"other"})
    attest(kit, other, kept=signed / "claims.jsonl")
    outcome = kit.verify(signed)
    (found,) = outcome.findings
    assert (found.rule, found.facts["reason"], str(found.location)) == ("claim-mismatch", "tampered", "claims.jsonl:1")
    assert found.message == f"the claim ({OTHER}) is about other bytes: 'other'"
    assert claims(outcome)[0]["verified"] is False


def test_a_root_without_the_names_is_weaker(kit: Kit, signed: Path) -> None:
    root = kit.payload(signed / "model.sig")["subject"][0]["digest"]["sha256"]
    value = {**about({}), "subject": [{"digest": {"sha256": root.upper()}, "name": None, "annotations": None}]}
    del value["predicate"]
    lines(signed / "claims.jsonl", envelope(kit, value))
    assert [(each["binding"], each["verified"]) for each in claims(kit.verify(signed))] == [("root", True)]


@pytest.mark.parametrize("hash_type", ["sha256", "blake2b", "blake3"])
def test_builders_name_every_file_or_some(kit: Kit, model: Path, tree: Write, hash_type: str) -> None:
    kit.sign(model, hash_type=hash_type)
    everything = {path.name: path.read_bytes() for path in model.rglob("*") if path.is_file() and path.suffix != ".sig"}
    some = {"weights.bin": everything["weights.bin"]}
    lines(model / "claims.jsonl", envelope(kit, about(everything)), envelope(kit, about(some)))
    outcome = kit.verify(model)
    found = [(each["binding"], each["verified"], each["covers"]) for each in claims(outcome)]
    if hash_type == "sha256":
        assert found == [("files", True, []), ("part", False, ["weights.bin"])]
        assert not outcome.findings
    else:
        assert outcome.rules == {"claim-mismatch"}


def test_strangers_claims_are_no_evidence(kit: Kit, signed: Path) -> None:
    attest(kit, signed, pair=kit.make("p256", "stranger"))
    lines(keyless := signed.parent / "k.json", {
        **json.loads((signed / "claims.jsonl").read_bytes()),
        "verificationMaterial": {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [{}]},
    })  # fmt: skip
    outcome = kit.verify(signed, claims=[keyless])
    assert [(each.rule, each.severity, each.facts["reason"]) for each in outcome.findings] == [
        ("untrusted-claim", Severity.MEDIUM, "untrusted")
    ] * 2
    assert not claims(outcome)
    assert not outcome.gaps
    assert outcome.verified


def test_an_altered_claim(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    value = json.loads((signed / "claims.jsonl").read_bytes())
    payload = base64.b64decode(value["dsseEnvelope"]["payload"]).replace(b"true", b"false")
    value["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    lines(signed / "claims.jsonl", value)
    (found,) = kit.verify(signed).findings
    assert (found.rule, found.facts["reason"]) == ("claim-invalid", "invalid")


def test_one_of_several_signatures_is_enough(kit: Kit, signed: Path) -> None:
    stranger = kit.make("p384", "stranger")
    names = {path.name: path.read_bytes() for path in signed.rglob("*") if path.is_file() and path.suffix != ".sig"}
    theirs, ours = envelope(kit, about(names), stranger), envelope(kit, about(names), cert="PEM")
    lines(signed / "claims.jsonl", {**theirs, "signatures": theirs["signatures"] + ours["signatures"]})
    assert [each["signer_name"] for each in claims(kit.verify(signed))] == ["release.pub"]
    # The one that names a trusted key and is not by it says most.
    forged = {**theirs["signatures"][0], "keyid": kit.pair.trusted.hint}
    lines(signed / "claims.jsonl", {**theirs, "signatures": [*theirs["signatures"], forged]})
    assert kit.verify(signed).rules == {"claim-invalid"}


MALFORMED: dict[str, Callable[[dict], object]] = {
    "the claim is not strict JSON": lambda value: b"{" + json.dumps(value).encode(),
    "the claim is not a JSON object": lambda _: b"[1]",
    "stands twice": lambda value: json.dumps(value).encode().replace(b'"payload"', b'"payload": "", "payload"', 1),
    "the envelope has the unknown member 'x'": lambda value: {**value, "x": 1},
    "'payloadType' is not application/vnd.in-toto+json": lambda value: {**value, "payloadType": "text/plain"},
    "'payloadType' is not a string": lambda value: {**value, "payloadType": 1},
    "'payload' is empty or not canonical Base64": lambda value: {**value, "payload": ""},
    "'payload' is not Base64": lambda value: {**value, "payload": "?"},
    "there are 0 signatures": lambda value: {**value, "signatures": []},
    "there are 21 signatures": lambda value: {**value, "signatures": value["signatures"] * 21},
    "a signature is not an object": lambda value: {**value, "signatures": [1]},
    "a signature has the unknown member": lambda value: {**value, "signatures": [{**value["signatures"][0], "x": 1}]},
    "'keyid' or 'cert' is not a string": lambda value: {**value, "signatures": [{"sig": "AAAA", "keyid": 1}]},
    "'mediaType' is missing": lambda value: {"dsseEnvelope": value},
}


@pytest.mark.parametrize("message", MALFORMED)
def test_a_malformed_line_is_told_with_its_place(kit: Kit, signed: Path, message: str) -> None:
    good = {path.name: path.read_bytes() for path in signed.rglob("*") if path.is_file() and path.suffix != ".sig"}
    bad = MALFORMED[message](envelope(kit, about(good)))
    lines(signed / "claims.jsonl", envelope(kit, about(good)), b"", bad)
    outcome = kit.verify(signed)
    (found,) = outcome.findings
    assert (found.rule, found.severity, str(found.location)) == ("claim-malformed", Severity.HIGH, "claims.jsonl:3")
    assert message in found.message
    assert [each["verified"] for each in claims(outcome)] == [True]


STATEMENTS: dict[str, Callable[[dict], object]] = {
    "the statement is not strict JSON": lambda _: b"{",
    "'_type' is not": lambda value: {**value, "_type": "https://in-toto.io/Statement/v2"},
    "'predicateType' is missing": lambda value: {k: v for k, v in value.items() if k != "predicateType"},
    "'predicateType' is empty": lambda value: {**value, "predicateType": ""},
    "that of a model's signature": lambda value: {**value, "predicateType": "https://model_signing/signature/v1.0"},
    "'subject' is not an array": lambda value: {**value, "subject": {}},
    "there is no subject": lambda value: {**value, "subject": []},
    "a subject is not an object": lambda value: {**value, "subject": [1]},
    "'digest' is missing": lambda value: {**value, "subject": [{"name": "x"}]},
    "the digests of a subject are not strings": lambda value: {**value, "subject": [{"digest": {"sha256": 1}}]},
    "'name' is not a string": lambda value: {**value, "subject": [{"digest": {"a": "b"}, "name": 1}]},
    "'annotations' is not an object": lambda value: {**value, "subject": [{"digest": {"a": "b"}, "annotations": 1}]},
    "'predicate' is not an object": lambda value: {**value, "predicate": []},
}


@pytest.mark.parametrize("message", STATEMENTS)
def test_a_malformed_statement(kit: Kit, signed: Path, message: str) -> None:
    lines(signed / "claims.jsonl", envelope(kit, STATEMENTS[message](about({"a": b"a"}))))
    (found,) = kit.verify(signed).findings
    assert found.rule == "claim-malformed"
    assert message in found.message


def test_unknown_members_of_a_statement_are_ignored_as_its_parsing_rules_say(kit: Kit, signed: Path) -> None:
    names = {path.name: path.read_bytes() for path in signed.rglob("*") if path.is_file() and path.suffix != ".sig"}
    value = {**about(names), "_type": "https://in-toto.io/Statement/v0.1", "x": 1}
    lines(signed / "claims.jsonl", envelope(kit, value))
    assert [each["kind"] for each in claims(kit.verify(signed))] == ["other"]


def test_budgets_are_gaps_with_their_numbers(kit: Kit, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gaps() -> list[tuple[GapReason, str]]:
        return [(gap.reason, gap.detail) for gap in kit.verify(signed).gaps]

    for number in range(3):
        attest(kit, signed, f"https://example.com/{number}")
    tight = {"claims": 2, "file_bytes": 100, "claim_bytes": 100, "members": 3, "nesting": 2}
    said = {
        "claims": "more than 2 claims; the rest is not read",
        "file_bytes": "more than 100 bytes of claims",
        "claim_bytes": "a claim of more than 100 bytes",
        "members": "the statement has more than 3 members",
        "nesting": "the statement is nested deeper than 2",
    }
    for name, limit in tight.items():
        before = getattr(BUDGETS, name)
        monkeypatch.setattr(type(BUDGETS), "__setattr__", object.__setattr__)
        object.__setattr__(BUDGETS, name, limit)
        try:
            assert set(gaps()) == {(GapReason.BUDGET, said[name])}
        finally:
            object.__setattr__(BUDGETS, name, before)
    assert gaps() == []


def test_nesting_is_counted_outside_strings(kit: Kit) -> None:
    deep = b'{"a": "' + b"[" * 200 + b'\\"{", "b": [[[1]]]}'
    assert statement.strict(deep, "x")["b"] == [[[1]]]
    with pytest.raises(InputError, match="nested deeper than 100"):
        statement.strict(b'{"a":' + b"[" * 100_000, "x")
    for cut in (b'{"a": "', b'{"a": "x\\', b'{"a": "\\"' * 3):
        with pytest.raises(InputError, match="not strict JSON"):
            statement.strict(cut, "x")
    with pytest.raises(InputError, match="more than 32,000,000 bytes"):
        statement.strict(b" " * 32_000_001, "x")


def test_a_bundle_over_a_plain_message_is_a_gap(kit: Kit, signed: Path) -> None:
    lines(
        signed / "claims.jsonl", {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}}
    )
    assert [(gap.reason, str(gap.location)) for gap in kit.verify(signed).gaps] == [
        (GapReason.UNSUPPORTED, "claims.jsonl:1")
    ]


def test_claims_that_cannot_be_read(kit: Kit, signed: Path, tmp_path: Path) -> None:
    attest(kit, signed)
    (tmp_path / "kept").write_bytes((signed / "claims.jsonl").read_bytes())
    (signed / "claims.jsonl").unlink()
    (signed / "claims.jsonl").symlink_to(tmp_path / "kept")
    outcome = kit.verify(signed)
    assert outcome.rules == {"uncovered-file"}  # a link is no file of claims
    assert claims(outcome) == []
    given = kit.verify(signed, claims=[tmp_path], ignore=["claims.jsonl"])
    assert [gap.reason for gap in given.gaps] == [GapReason.UNREADABLE]
    # Operators may name a link.
    assert len(claims(kit.verify(signed, claims=[signed / "claims.jsonl"], ignore=["claims.jsonl"]))) == 0 + 1
    with pytest.raises(UsageError, match="cannot open"):
        kit.verify(signed, claims=[tmp_path / "nothing"])
    with pytest.raises(InputError, match="cannot open the claims: File name too long"):
        store.read(tmp_path / ("x" * 300))


def test_a_given_bundle_is_one_claim_however_it_is_laid_out(kit: Kit, signed: Path, tmp_path: Path) -> None:
    attest(kit, signed)
    pretty = tmp_path / "claim.sigstore.json"
    pretty.write_text(json.dumps(json.loads((signed / "claims.jsonl").read_bytes()), indent=2), encoding="utf-8")
    (signed / "claims.jsonl").unlink()
    assert [str(each.origin) for each in kit.verify(signed, claims=[pretty]).evidence] == [
        "model.sig", "claim.sigstore.json"
    ]  # fmt: skip


def test_without_a_trusted_signature_claims_are_a_gap(kit: Kit, signed: Path) -> None:
    attest(kit, signed)
    (signed / "model.sig").unlink()
    outcome = kit.verify(signed, claims=[signed / "claims.jsonl"])
    assert outcome.rules == {"unsigned-model"}
    assert {(gap.reason, str(gap.location)) for gap in outcome.gaps} == {(GapReason.NO_DATA, "claims.jsonl")}


def test_fresh_claims(kit: Kit, signed: Path) -> None:
    now = datetime.now(UTC)
    attest(kit, signed, "https://example.com/new", time=now - timedelta(days=6))
    attest(kit, signed, "https://example.com/old", time=now - timedelta(days=8))
    attest(kit, signed, "https://example.com/next", time=now + timedelta(days=1))
    names = {
        path.name: path.read_bytes()
        for path in signed.rglob("*")
        if path.is_file() and path.suffix not in {".sig", ".jsonl"}
    }
    undated = lines(signed.parent / "more.jsonl", envelope(kit, about(names, "https://example.com/undated")))
    assert not kit.verify(signed, claims=[undated]).findings
    outcome = kit.verify(signed, claims=[undated], max_age=7)
    assert {each["type"]: each["verified"] for each in claims(outcome)} == {
        "https://example.com/new": True,
        "https://example.com/old": False,
        "https://example.com/next": False,
        "https://example.com/undated": False,
    }
    assert sorted(found.message for found in outcome.findings) == [
        "a claim older than 7 days",
        "a claim that does not say when it was made",
        "a claim that is dated in the future",
    ]
    assert {(found.rule, found.facts["reason"]) for found in outcome.findings} == {("stale-claim", "expired")}


KINDS: dict[str, tuple[str, dict, dict]] = {
    "provenance": (
        kinds.PROVENANCE,
        {
            "buildDefinition": {"buildType": "b", "resolvedDependencies": [{"uri": "git+https://x"}, {"name": "n"}, 1]},
            "runDetails": {"builder": {"id": "i"}, "metadata": {"startedOn": "2025-01-01T00:00:00+01:00"}},
        },
        {"builder": "i", "build_type": "b", "sources": ["git+https://x", "n"]},
    ),
    "early provenance": (
        "https://slsa.dev/provenance/v0.2",
        {"builder": {"id": "i"}, "buildType": "b", "materials": [{"uri": "u"}], "metadata": 1},
        {"kind": "provenance", "builder": "i", "build_type": "b", "sources": ["u"]},
    ),
    "vsa": (
        kinds.VSA,
        {"verifier": {"id": "v"}, "timeVerified": "2025-01-01T00:00:00.5Z", "resourceUri": "r", "policy": {"uri": "p"},
         "verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"]},
        {"kind": "verdict", "verdict": "pass", "verifier": "v", "resource": "r", "policy": "p",
         "properties": ["SLSA_BUILD_LEVEL_3"]},
    ),
    "svr": (
        kinds.SVR,
        {"verifier": {"id": "v", "policy": {"uri": "p"}}, "timeCreated": "x", "properties": ["A"]},
        {"kind": "verdict", "verdict": "pass", "verifier": "v", "policy": "p", "properties": ["A"]},
    ),
    "tests": (
        kinds.TEST_RESULTS,
        {"result": "WARNED", "configuration": [], "passedTests": ["a"]},
        {"kind": "test-results", "verdict": "pass", "passed": ["a"], "failed": []},
    ),
    "audit": (
        kinds.AUDIT,
        {"scanner": {"uri": "s", "db": {}, "result": [{"id": "CVE-1"}]},
         "metadata": {"scanFinishedOn": "2025-02-30T00:00:00Z"}},
        {"kind": "audit", "tool": "s", "findings": 1},
    ),
    "scan": (
        kinds.SCAN,
        {"tool": {"name": "t", "type": kinds.SCAN_TOOL}, "result": "PASS", "summary": {"findings": [1]}},
        {"kind": "scan", "tool": "t", "verdict": "pass", "findings": 1},
    ),
    "assessment": (
        kinds.SCAN, {"tool": {"name": "t", "type": "SAST"}, "result": "else"},
        {"kind": "assessment", "tool": "t", "verdict": "", "findings": 0},
    ),
    "cyclonedx": (
        kinds.SBOM,
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}],
         "metadata": {"timestamp": "2025-01-01T00:00:00Z"}},
        {"kind": "sbom", "specification": "CycloneDX 1.6", "components": 1},
    ),
    "spdx": (
        "https://spdx.dev/Document/v2.3", {"spdxVersion": "SPDX-2.3", "packages": [{}]},
        {"kind": "sbom", "specification": "SPDX-2.3", "components": 1},
    ),
    "spdx 3": ("https://spdx.dev/Document", {}, {"kind": "sbom", "specification": "SPDX", "components": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_what_is_read_of_known_predicates(kit: Kit, signed: Path, name: str) -> None:
    kind, predicate, expected = KINDS[name]
    attest(kit, signed, kind, predicate)
    (found,) = claims(kit.verify(signed))
    assert found == {**found, **expected}


@pytest.mark.parametrize(
    ("kind", "predicate", "message"),
    [
        (kinds.PROVENANCE, {}, "'buildDefinition' is missing"),
        (kinds.PROVENANCE, {**PROVENANCE, "runDetails": {"builder": {}}}, "'id' is missing"),
        (kinds.VSA, {**KINDS["vsa"][1], "verificationResult": "MAYBE"}, "'MAYBE' is none of PASSED, FAILED"),
        (kinds.VSA, {**KINDS["vsa"][1], "verifiedLevels": [1]}, "'verifiedLevels' is not a list of strings"),
        (kinds.SBOM, {"bomFormat": "SPDX"}, "'bomFormat' is not CycloneDX"),
        (kinds.TEST_RESULTS, {"result": "PASSED"}, "'configuration' is missing"),
    ],
)
def test_a_known_predicate_has_what_it_must_have(
    kit: Kit, signed: Path, kind: str, predicate: dict, message: str
) -> None:
    with pytest.raises(UsageError, match="the predicate is not one of") as caught:
        attest(kit, signed, kind, predicate)
    assert message in caught.value.message
    lines(signed / "claims.jsonl", envelope(kit, about({"a": b"a"}, kind, predicate or {"x": 1})))
    (found,) = kit.verify(signed).findings
    assert (found.rule, message in found.message) == ("claim-malformed", True)


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (kinds.VSA, {**KINDS["vsa"][1], "verificationResult": "FAILED", "verifiedLevels": ["FAILED"]}),
        (kinds.TEST_RESULTS, {"result": "FAILED", "configuration": []}),
        (kinds.SCAN, {"tool": {"name": "t", "type": kinds.SCAN_TOOL}, "result": "FAIL"}),
    ],
)
def test_a_trusted_claim_that_says_no(kit: Kit, signed: Path, kind: str, predicate: dict) -> None:
    attest(kit, signed, kind, predicate)
    outcome = kit.verify(signed)
    assert [(found.rule, found.severity, found.facts["reason"]) for found in outcome.findings] == [
        ("adverse-claim", Severity.HIGH, "policy")
    ]
    assert claims(outcome)[0]["verdict"] == "fail"


@pytest.mark.parametrize(
    "text", ["2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "x", 1, None]
)
def test_what_is_no_time(text: object) -> None:
    assert kinds.moment(text) is None


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "release",
        "https://",
        "https://model_signing/signature/v1.0",
        "https://x y",
        "https://ü",
        "https://[",
        "a:\n",
    ],
)
def test_types_that_are_none(kind: str) -> None:
    with pytest.raises(UsageError, match="is not the type of a claim"):
        making.claim(kind, b"{}")


def test_what_cannot_be_attested(kit: Kit, model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no signature"):
        attest(kit, model, signature=model / "other.sig")
    with pytest.raises(UsageError, match="cannot open"):
        attest(kit, tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToExamineError):
        attest(kit, tmp_path / "empty")
    with pytest.raises(OutputError, match="cannot write"):
        attest(kit, model, kept=tmp_path / "no" / "claims.jsonl")
    with pytest.raises(OutputError, match="cannot write"):
        attest(kit, model, kept=model / "weights.bin" / "claims.jsonl")
    lines(tmp_path / "data.jsonl", {"a": 1})
    with pytest.raises(UsageError, match="exists and does not hold claims"):
        attest(kit, model, kept=tmp_path / "data.jsonl")
    with pytest.raises(UsageError, match="exists and does not hold claims"):
        attest(kit, model, kept=tmp_path / "empty")
    (model / "model.sig").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"'model\.sig' is not a signature that can be read: 'mediaType' is missing"):
        attest(kit, model)


def test_a_file_of_claims_does_not_outgrow_its_readers(kit: Kit, model: Path) -> None:
    with pytest.raises(UsageError, match="would have more than 64,000,000 bytes"):
        store.append(model / "claims.jsonl", [b"x" * BUDGETS.file_bytes])
    assert not (model / "claims.jsonl").exists()


def test_a_file_of_the_model_that_cannot_be_read_is_no_reason_to_attest_the_rest(
    kit: Kit, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = signed / "weights.bin"
    weights.write_bytes(b"\0" * 2_000_000)
    kit.sign(signed)
    opened = os.open

    def refuses(path: object, flags: int, *args: int, **options: int) -> int:
        if str(path) == "weights.bin":
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", refuses)
    with pytest.raises(InputError, match=r"cannot open 'weights\.bin'"):
        attest(kit, signed)


def test_the_command_line(kit: Kit, signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                          monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    predicate = tmp_path / "predicate.json"
    predicate.write_text(json.dumps(PROVENANCE), encoding="utf-8")
    signer = ["--key", str(kit.pair.private)]
    arguments = ["attest", str(signed), "--type", kinds.PROVENANCE, "--predicate", str(predicate)]
    assert boundary.run([*arguments, *signer]) == 0
    out, err = capsys.readouterr()
    assert (out, "attested https://slsa.dev/provenance/v1 about 4 files" in err) == ("", True)
    verify = ["verify", str(signed), "--key", str(kit.pair.public)]
    assert boundary.run(verify) == 0
    assert "  claims  provenance by release.pub\n" in capsys.readouterr().out
    assert boundary.run([*verify, "--claims-max-age", "30", "--now", "2024-06-01", "-f", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    (claim,) = (each for each in report["evidence"] if each["kind"] == "attestation")
    assert claim["origin"] == {"path": "claims.jsonl", "line": 1}
    assert claim["statement"]["time"] == "2023-11-14T22:13:20Z"
    assert boundary.run([*verify, "--claims-max-age", "30", "--now", "2024-06-01"]) == 1
    assert "  claims  provenance not verified, by release.pub\n" in capsys.readouterr().out
    assert boundary.run([*arguments]) == 2  # nobody signs
    assert boundary.run(["attest", str(signed), "--type", "x", "--predicate", str(predicate), *signer]) == 2
    assert boundary.run([*arguments[:-1], str(tmp_path / "nothing"), *signer]) == 2
    with predicate.open("wb") as stream:
        stream.truncate(32_000_001)
    assert boundary.run([*arguments, *signer]) == 2
    assert "the predicate" in capsys.readouterr().err


@pytest.mark.oracle
def test_what_is_attested_keylessly_verifies_with_sigstores_own_client(signed: Path, tmp_path: Path) -> None:
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.verify import Verifier, policy

    release = Workflow(repository="acme/models", workflow="release.yml", ref="refs/tags/v1.0.0")
    with FakeSigstore() as fake:
        trust = fake.write_trust_config(tmp_path / "trust.json")
        (tmp_path / "token").write_text(fake.token(release), encoding="utf-8")
        (tmp_path / "predicate.json").write_text("{}", encoding="utf-8")
        keyless = ["--keyless", "--identity-token-file", str(tmp_path / "token"), "--trust-config", str(trust)]
        assert boundary.run(["sign", str(signed), *keyless]) == 0
        attest = ["attest", str(signed), "--type", OTHER, "--predicate", str(tmp_path / "predicate.json")]
        assert boundary.run([*attest, *keyless]) == 0
    line = (signed / "claims.jsonl").read_bytes()
    verifier = Verifier(trusted_root=ClientTrustConfig.from_json(trust.read_text(encoding="utf-8")).trusted_root)
    trusted = policy.Identity(identity=release.subject, issuer=release.issuer)
    kind, payload = verifier.verify_dsse(Bundle.from_json(line), trusted)
    assert kind == "application/vnd.in-toto+json"
    assert json.loads(payload)["predicateType"] == OTHER
    assert json.loads(line)["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    report = tmp_path / "report.json"
    identity = ["--identity", release.subject, "--issuer", release.issuer, "--trust-config", str(trust)]
    assert (
        boundary.run(["verify", str(signed), *identity, "--claims-max-age", "1", "-f", "json", "-o", str(report)]) == 0
    )
    (claim,) = (e for e in json.loads(report.read_bytes())["evidence"] if e["kind"] == "attestation")
    assert (claim["statement"]["time_source"], claim["statement"]["signer"]) == ("proven", release.subject)
    assert claim["statement"]["issuer"] == release.issuer
    other = [
        *identity[:1],
        "https://github.com/eve/models/.github/workflows/release.yml@refs/tags/v1.0.0",
        *identity[2:],
    ]
    assert boundary.run(["verify", str(signed), *other, "-o", str(report)]) == 1


def test_a_pipeline_is_checked_with_its_claims(kit: Kit, signed: Path) -> None:
    attest(kit, signed, kinds.PROVENANCE, PROVENANCE)
    lines(signed.parent / "train.jsonl", {"text": "payloadType"})
    config = Config(signing=SigningConfig(public_keys=(kit.pair.public,)))
    report = check_pipeline(signed.parent, config)
    (claim,) = (each for each in report.evidence if each.kind == "attestation")
    assert (claim.subject.name, str(claim.origin)) == ("model", "model/claims.jsonl:1")
    assert claim.statement["verified"] is True
    assert [str(gap.location) for gap in report.verdict.gaps] == ["model/weights.bin"]  # no model of any kind


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_and_any_altered_claims_end_in_observations(
    shared_kit: Kit, model: Path, data: st.DataObject
) -> None:
    if not (model / "model.sig").exists():
        shared_kit.sign(model)
        attest(shared_kit, model)
        (model.parent / "good").write_bytes((model / "claims.jsonl").read_bytes())
    good = (model.parent / "good").read_bytes()
    altered = st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255))
    position, value = data.draw(altered)
    hostile = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.just(good[:position]),
            st.just(good[:position] + bytes([value]) + good[position + 1 :]),
        )
    )
    (model / "claims.jsonl").write_bytes(hostile)
    outcome = shared_kit.verify(model)
    if claims(outcome):
        # Nothing but space, or the redundancy of Base64 in the signature's padding, may differ.
        before, after = bundle.parse(good.strip()), bundle.parse(hostile.strip())
        assert before.payload == after.payload
    elif hostile.strip():
        assert outcome.findings or outcome.gaps


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
                        ["verifier", "id", "policy", "uri", "scanner", "result", "metadata", "buildDefinition", "name",
                         "runDetails", "builder", "tool", "type", "summary", "findings", "properties", "db"]), inner)),
       st.sampled_from([row[0] for row in KINDS.values()]))  # fmt: skip
def test_any_predicate_is_described_or_malformed(value: object, kind: str) -> None:
    if isinstance(value, dict):
        try:
            facts = kinds.describe(kind, value)
        except InputError:
            return
        assert facts["kind"]


def test_every_binding_is_documented() -> None:
    assert [each.value for each in binding.Binding if each.whole] == ["manifest", "root", "files"]
