"""Parts of keyless verification, each by its standard: proofs, checkpoints, identities, roots, bundles, entries."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.errors import ChainguardError, UsageError
from chainguard_ml.signing import sigstore
from chainguard_ml.signing.interface import InvalidError, MalformedError, UntrustedError, UnverifiableError
from chainguard_ml.signing.sigstore import identity, log, material, trust
from chainguard_ml.signing.sigstore.entries import Signed, verify_body
from chainguard_ml.signing.sigstore.identity import ProvenIdentity, SignerIdentity

if TYPE_CHECKING:
    from pathlib import Path

V3 = "application/vnd.dev.sigstore.bundle.v0.3+json"


# -- Merkle trees (RFC 6962): a plain recursive reference, as section 2.1 defines it


def _tree(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return log.leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _tree(leaves[:split]) + _tree(leaves[split:])).digest()


def _path(index: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    if len(leaves) == 1:
        return ()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return (*_path(index, leaves[:split]), _tree(leaves[split:]))
    return (*_path(index - split, leaves[split:]), _tree(leaves[:split]))


def test_proofs_lead_to_the_root_of_every_tree_and_to_no_other() -> None:
    for size in range(1, 18):
        leaves = [b"%d" % number for number in range(size)]
        root = _tree(leaves)
        for index, leaf in enumerate(leaves):
            path = _path(index, leaves)
            assert log.root_hash(log.leaf_hash(leaf), index, size, path) == root
            assert log.root_hash(log.leaf_hash(b"other"), index, size, path) != root
            assert log.root_hash(log.leaf_hash(leaf), index, size, (*path, root)) is None
            assert log.root_hash(log.leaf_hash(leaf), size, size, path) is None
            assert not path or log.root_hash(log.leaf_hash(leaf), index, size, path[:-1]) is None


# -- checkpoints of logs

ROOT = base64.b64encode(bytes(32)).decode()
LINE = f"\N{EM DASH} log {base64.b64encode(b'hint' + b'signature').decode()}\n"


def test_a_checkpoint_is_read() -> None:
    found = log.parse_checkpoint(f"log\n7\n{ROOT}\nmore\n\n{LINE}")
    assert (found.origin, found.size, found.root) == ("log", 7, bytes(32))
    assert found.text == f"log\n7\n{ROOT}\nmore\n".encode()
    assert found.signatures == (("log", b"hint", b"signature"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log\n7\n\n{LINE}",
        f"\n7\n{ROOT}\n\n{LINE}",
        f"log\n-7\n{ROOT}\n\n{LINE}",
        f"log\n\N{SUPERSCRIPT TWO}\n{ROOT}\n\n{LINE}",
        f"log\n{'9' * 20}\n{ROOT}\n\n{LINE}",
        f"log\n7\nAAAA\n\n{LINE}",
        f"log\n7\n{ROOT}",
        f"log\n7\n{ROOT}\n\n",
        f"log\n7\n{ROOT}\n\n{LINE[:-1]}",
        f"log\n7\n{ROOT}\n\n{LINE}\n",
        f"log\n7\n{ROOT}\n\n\N{EM DASH} log AAAA\n",
        f"log\n7\n{ROOT}\n\n\N{EM DASH} log %\n",
        f"log\n7\n{ROOT}\n\n- log {ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        log.parse_checkpoint(text)


# -- identities


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a@b.example", "a@b.example", True),
        ("a@b.example", "xa@b.example", False),
        ("*@b.example", "a@b.example", True),
        ("*@b.example", "a@b.example.evil", False),
        ("a.b", "axb", False),
        ("https://github.com/org/*", "https://github.com/org/repo", True),
        ("https://github.com/org/*", "https://github.com/org/repo/x", False),
        ("https://github.com/org/**", "https://github.com/org/repo/x", True),
        ("https://github.com/*/repo", "https://github.com/org/x/repo", False),
        ("https://github.com/**/repo", "https://github.com/org/x/repo", True),
        ("***x", "a/x", True),
        ("a**b*c", "a/b/bc", True),
        ("zz**", "a", False),
        ("*a*a*a*a*a*a*a*a*b", "a" * 5000, False),
    ],
)
def test_patterns_are_anchored_and_stars_stay_within_segments(pattern: str, text: str, *, expected: bool) -> None:
    assert identity.matches(pattern, text) is expected


PROVEN = ProvenIdentity("a@b.example", "https://issuer.example", {"build-trigger": "push", "source-repository-id": "7"})


def test_the_first_identity_that_fits_is_the_signer() -> None:
    other = SignerIdentity("x@b.example", "https://issuer.example")
    right = SignerIdentity("*@b.example", "https://issuer.example", "us", {"build-trigger": "pu*"})
    assert identity.trusted(PROVEN, [other, right]) is right


@pytest.mark.parametrize(
    ("signer", "said"),
    [
        (SignerIdentity("x@b.example", "https://issuer.example"), "not trusted"),
        (SignerIdentity("a@b.example", "https://other.example"), "its issuer is another"),
        (SignerIdentity("a@b.example", "https://issuer.*"), "its issuer is another"),
        (SignerIdentity("a@b.example", "https://issuer.example", "", {"build-trigger": "tag"}), "its build-trigger"),
        (SignerIdentity("a@b.example", "https://issuer.example", "", {"token-subject": "*"}), "its token-subject"),
    ],
)
def test_a_refusal_says_who_signed_and_what_is_off(signer: SignerIdentity, said: str) -> None:
    with pytest.raises(UntrustedError, match=said) as refusal:
        identity.trusted(PROVEN, [signer])
    assert "'a@b.example' of the issuer 'https://issuer.example'" in refusal.value.message


def test_nobody_is_trusted_without_an_identity() -> None:
    with pytest.raises(UntrustedError, match=r"not trusted$"):
        identity.trusted(PROVEN, [])


@pytest.mark.parametrize(
    ("name", "issuer", "conditions"),
    [
        ("", "https://issuer.example", {}),
        ("**", "https://issuer.example", {}),
        ("a@b.example", "", {}),
        ("a@b.example", "https://issuer.example", {"trigger": "push"}),
        ("a@b.example", "https://issuer.example", {"issuer": "https://issuer.example"}),
    ],
)
def test_identities_that_would_trust_everybody_or_nobody_are_refused(
    name: str, issuer: str, conditions: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        SignerIdentity(name, issuer, "", conditions)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 4000])
def test_texts_of_claims_are_read(length: int) -> None:
    size = (
        bytes([length])
        if length < 128
        else b"\x81" + bytes([length])
        if length < 256
        else b"\x82" + length.to_bytes(2, "big")
    )
    assert identity.utf8_string(b"\x0c" + size + b"a" * length) == "a" * length


@pytest.mark.parametrize(
    "der", [b"", b"\x0c", b"\x0d\1a", b"\x0c\2a", b"\x0c\1ab", b"\x0c\1\xff", b"\x0c\x80", b"\x0c\x83\0\0\1a"]
)
def test_what_is_no_text_of_a_claim_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError):
        identity.utf8_string(der)


# -- trusted roots


def _root(**changes: object) -> dict[str, object]:
    return {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", **changes}


LOG = {
    "logId": {"keyId": "AAAA"},
    "publicKey": {
        "rawBytes": "AAAA",
        "validFor": {"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T01:00:00+01:00"},
    },
}


def test_a_trusted_root_is_read_alone_and_inside_a_trust_configuration() -> None:
    alone = trust.parse_trusted_root(json.dumps(_root(tlogs=[LOG])).encode(), "here")
    inside = trust.parse_trusted_root(json.dumps({"trustedRoot": _root(tlogs=[LOG])}).encode(), "here")
    assert alone.logs == inside.logs
    (found,) = alone.logs
    assert found.period.end is not None
    assert (found.period.start.isoformat(), found.period.end.isoformat()) == (
        "2024-01-01T00:00:00+00:00",
        "2024-02-01T00:00:00+00:00",
    )
    assert found.period.covers(found.period.start)
    assert found.period.covers(found.period.end)
    assert alone.newest == "2024-01-01"
    assert trust.parse_trusted_root(json.dumps(_root()).encode(), "here").newest == ""


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"trustedRoot": 7},
        _root(mediaType="text/plain"),
        _root(tlogs={}),
        _root(tlogs=[7]),
        _root(tlogs=[{**LOG, "publicKey": {"rawBytes": "AAAA", "validFor": {}}}]),
        _root(tlogs=[{**LOG, "publicKey": {"rawBytes": "AAAA", "validFor": {"start": "soon"}}}]),
        _root(
            certificateAuthorities=[{"certChain": {"certificates": []}, "validFor": {"start": "2024-01-01T00:00:00Z"}}]
        ),
    ],
)
def test_what_is_no_trusted_root_is_a_mistake_of_the_operator(tmp_path: Path, value: object) -> None:
    path = tmp_path / "root.json"
    path.write_text(json.dumps(value))
    with pytest.raises(UsageError, match=r"root\.json"):
        sigstore.load_trusted_root(path)
    with pytest.raises(UsageError, match="cannot read"):
        sigstore.load_trusted_root(tmp_path / "absent.json")


def test_the_embedded_roots_say_where_they_come_from() -> None:
    for instance, host in ((sigstore.PRODUCTION, "sigstore.dev"), (sigstore.STAGING, "sigstage.dev")):
        root = sigstore.embedded(instance)
        assert host in root.source
        assert root.newest > "2022"
        assert len(root.digest) == 64
    with pytest.raises(UsageError):
        sigstore.embedded("https://index.example")


# -- artifacts and bundles


def test_artifacts_are_files_or_digests(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    digest = hashlib.sha256(b"a").hexdigest()
    assert sigstore.Artifact.of_file(tmp_path / "a").digests["sha256"].hex() == digest
    assert sigstore.Artifact.of_digest(f"sha256:{digest}").digests == {"sha256": bytes.fromhex(digest)}
    for wrong in ("sha256:", digest, f"sha512:{digest}", f"sha256:{digest.upper()}"):
        with pytest.raises(UsageError):
            sigstore.Artifact.of_digest(wrong)
    with pytest.raises(UsageError):
        sigstore.Artifact.of_file(tmp_path / "absent")


ENTRY = {
    "logIndex": "1",
    "logId": {"keyId": "AAAA"},
    "kindVersion": {"kind": "dsse", "version": "0.0.1"},
    "canonicalizedBody": "AAAA",
}
CERTIFICATE = {"certificate": {"rawBytes": "AAAA"}}
MESSAGE = {"signature": "AAAA", "messageDigest": {"algorithm": "SHA2_256", "digest": "AAAA"}}


def _bundle(verification: object = CERTIFICATE, media_type: str = V3, **content: object) -> bytes:
    content = content or {"messageSignature": MESSAGE}
    return json.dumps({"mediaType": media_type, "verificationMaterial": verification, **content}).encode()


@pytest.mark.parametrize(
    "data",
    [
        _bundle(media_type="application/vnd.dev.sigstore.bundle.v0.4+json"),
        _bundle({}),
        _bundle({**CERTIFICATE, "publicKey": {}}),
        _bundle({"publicKey": 7}),
        _bundle({**CERTIFICATE, "tlogEntries": {}}),
        _bundle({**CERTIFICATE, "tlogEntries": [7]}),
        _bundle({**CERTIFICATE, "tlogEntries": [ENTRY] * 33}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "logIndex": "-1"}]}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "logIndex": "01"}]}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "logIndex": 1.5}]}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "logIndex": 1 << 63}]}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "integratedTime": "999999999999999"}]}),
        _bundle({**CERTIFICATE, "tlogEntries": [{**ENTRY, "inclusionProof": {"hashes": ["AAAA"] * 65}}]}),
        _bundle(messageSignature=MESSAGE, dsseEnvelope={}),
        _bundle(dsseEnvelope={"payload": "AAAA", "payloadType": "x", "signatures": []}),
        b"[]",
        b"",
    ],
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        material.parse_bundle(data)


def test_bundles_beyond_a_budget_or_with_unknown_digests_are_not_judged() -> None:
    unknown = {"signature": "AAAA", "messageDigest": {"algorithm": "SHA3_256", "digest": "AAAA"}}
    for data in (_bundle(messageSignature=unknown), bytes(material.MAX_BYTES + 1)):
        with pytest.raises(UnverifiableError):
            material.parse_bundle(data)


def test_a_message_need_not_have_a_digest() -> None:
    found = material.parse_bundle(_bundle({"publicKey": {"hint": "x"}}, messageSignature={"signature": "AAAA"}))
    assert found.content == material.MessageSignature("", b"", b"\0\0\0")


ARTIFACT = sigstore.Artifact.of_digest(f"sha256:{'0' * 64}")
KEY = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EMPTY_ROOT = trust.TrustedRoot("", "", (), (), (), ())


NAMES = st.sampled_from([*ENTRY, "inclusionProof", "inclusionPromise"])
ENTRIES = st.lists(st.dictionaries(NAMES, st.none() | st.text() | st.integers()))


@given(st.binary(max_size=200) | ENTRIES.map(lambda entries: _bundle({**CERTIFICATE, "tlogEntries": entries})))
def test_any_bytes_are_refused_with_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(ChainguardError):
        sigstore.verify_bundle(data, ARTIFACT, EMPTY_ROOT, [])
    with pytest.raises(ChainguardError):
        sigstore.verify_key_bundle(data, ARTIFACT, KEY)
    with pytest.raises(ChainguardError):
        trust.parse_trusted_root(data, "")


# -- entries


def _entry(kind: str, version: str, spec: object) -> material.Entry:
    body = json.dumps({"kind": kind, "apiVersion": version, "spec": spec}).encode()
    return material.Entry(0, b"", (kind, version), None, None, None, body)


def test_entries_of_other_kinds_and_without_a_signature_are_refused() -> None:
    signed = Signed(b"s", b"v", {}, b"payload")
    payload = {"algorithm": "sha256", "value": hashlib.sha256(b"payload").hexdigest()}
    with pytest.raises(UnverifiableError, match="tuf"):
        verify_body(_entry("tuf", "0.0.1", {}), signed)
    with pytest.raises(MalformedError, match="another kind"):
        verify_body(material.Entry(0, b"", ("dsse", "0.0.1"), None, None, None, b"{}"), signed)
    for version, spec in (
        ("dsse 0.0.1", {"payloadHash": payload, "signatures": []}),
        ("intoto 0.0.2", {"content": {"payloadHash": payload, "envelope": {"signatures": []}}}),
        ("hashedrekord 0.0.2", {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": {"content": "cw==", "verifier": {}}}}),
    ):  # fmt: skip
        kind, _, number = version.partition(" ")
        right = Signed(b"s", b"v", {"sha256": b"\0\0\0"}, b"payload")
        with pytest.raises(MalformedError, match="not exactly one"):
            verify_body(_entry(kind, number, spec), right)
    with pytest.raises(InvalidError, match="over an envelope"):
        verify_body(_entry("dsse", "0.0.1", {"payloadHash": payload}), Signed(b"s", b"v", {}))


def test_an_unknown_algorithm_of_an_entry_equals_nothing() -> None:
    spec = {"data": {"hash": {"algorithm": "md5", "value": ""}}, "signature": {}}
    with pytest.raises(InvalidError, match="what is signed"):
        verify_body(_entry("hashedrekord", "0.0.1", spec), Signed(b"s", b"v", {}))
