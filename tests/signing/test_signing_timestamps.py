"""Timestamps over signatures: they outlive certificates, and nothing else passes for one."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.signing import stamping
from chainguard_ml.signing.interface import RefusedError, Trust
from chainguard_ml.signing.sigstore import TrustedRoot, timestamps
from chainguard_ml.signing.sigstore.trust import Authority as RootAuthority
from chainguard_ml.signing.sigstore.trust import Period
from chainguard_ml.signing.verify import Claim, verify
from chainguard_ml.testing import FakeSigstore, der
from chainguard_ml.testing.faults import Fault
from chainguard_ml.testing.server import Response, Server
from chainguard_ml.testing.timestamps import TimestampAuthority
from tests.signing import authorities
from tests.signing.authorities import DAY, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from chainguard_ml.testing.server import Request
    from tests.signing.conftest import Kit, Outcome

ROOT = authorities.root()
SIGNER = ROOT.signer(valid=(NOW - DAY, NOW + DAY))
LATER = NOW + 300 * DAY
SECOND = timedelta(seconds=1)


class Authority:
    """A timestamp authority on loopback, with the answer that a test wants."""

    def __init__(self) -> None:
        self.times = TimestampAuthority()
        self.answer: Callable[[bytes], Response] = lambda asked: Response(self.times.answer(asked))
        self.server = Server({("POST", "/timestamp"): self._answer})
        self.server.start()
        self.url = f"{self.server.url}/timestamp"
        self.trusted = (self.times.chain.root,)

    def _answer(self, request: Request) -> Response:
        return self.answer(request.body)


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.server.stop()


def _sign(model: Path, directory: Path, *sources: stamping.Source) -> signing.Signed:
    key = signing.load_signing_key(SIGNER.write(directory)[0])
    signer = signing.certificate_signer(key, [SIGNER.certificate])
    return signing.sign_model(model, signing.StampedSigner(sources, signer) if sources else signer)


def _verify(kit: Kit, model: Path, timestampers: tuple = (), at: datetime | None = LATER) -> Outcome:
    trust = Trust((kit.pair.trusted,), (ROOT.certificate,), at, timestampers=timestampers)
    return kit.sort(verify(Claim(model, ".", True, model / "model.sig", trust)))  # noqa: FBT003 (a field's value)


def _reasons(outcome: Outcome) -> list:
    return [finding.facts["reason"] for finding in outcome.findings]


def _bend(model: Path, data: object) -> None:
    value = json.loads((model / "model.sig").read_bytes())
    value["verificationMaterial"]["timestampVerificationData"] = data
    (model / "model.sig").write_text(json.dumps(value), encoding="utf-8")


def _stamp(model: Path, *stamps: bytes) -> None:
    """Put these timestamps into a bundle, whatever they are."""
    given = [{"signedTimestamp": base64.b64encode(data).decode()} for data in stamps]
    _bend(model, {"rfc3161Timestamps": given})


def _signature(model: Path) -> bytes:
    return base64.b64decode(json.loads((model / "model.sig").read_bytes())["dsseEnvelope"]["signatures"][0]["sig"])


# -- what a timestamp proves


def test_a_signature_outlives_its_certificate(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    signed = _sign(model, tmp_path, stamping.from_authority(authority.url))
    outcome = _verify(kit, model, authority.trusted)
    assert outcome.verified
    assert outcome.evidence[0].statement["signer"] == signed.signer
    assert str(outcome.evidence[0].statement["signed_at"]).startswith("20")
    (finding,) = _verify(kit, model).findings
    assert finding.facts["reason"] == "expired"
    assert "no timestamp authority is trusted" in finding.message
    assert _verify(kit, model, at=None).verified
    assert "signed_at" not in _verify(kit, model, at=None).evidence[0].statement


def test_without_a_timestamp_it_does_not(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    _sign(model, tmp_path)
    assert _reasons(_verify(kit, model, authority.trusted)) == ["expired"]
    assert _verify(kit, model, authority.trusted, at=None).verified


def test_a_key_has_a_time_too(kit: Kit, model: Path, authority: Authority) -> None:
    signer = signing.StampedSigner([stamping.from_authority(authority.url)], kit.pair.key)
    assert signing.sign_model(model, signer).signer == kit.pair.trusted.hint
    assert "signed_at" in _verify(kit, model, authority.trusted).evidence[0].statement
    assert "signed_at" not in _verify(kit, model).evidence[0].statement
    assert kit.verify(model).verified
    assert _reasons(_verify(kit, model, (ROOT.certificate,))) == ["untrusted"]


def test_the_certificate_counts_at_the_time_of_the_stamp(
    kit: Kit, model: Path, tmp_path: Path, authority: Authority
) -> None:
    _sign(model, tmp_path)
    first, last = SIGNER.certificate.not_valid_before_utc, SIGNER.certificate.not_valid_after_utc
    for moment, reasons in ((first, []), (last, []), (first - SECOND, ["expired"]), (last + SECOND, ["expired"])):
        _stamp(model, authority.times.stamp(_signature(model), at=moment))
        assert _reasons(_verify(kit, model, authority.trusted, at=None)) == reasons
    # Several: each holds, and the earliest counts.
    stamps = [authority.times.stamp(_signature(model), at=moment) for moment in (last + DAY, last, last + SECOND)]
    _stamp(model, *stamps)
    outcome = _verify(kit, model, authority.trusted)
    assert outcome.verified
    assert outcome.evidence[0].statement["signed_at"] == f"{last:%Y-%m-%dT%H:%M:%SZ}"


def test_the_end_of_an_authoritys_validity_belongs_to_it(
    kit: Kit, model: Path, tmp_path: Path, authority: Authority
) -> None:
    _sign(model, tmp_path)
    own = authority.times.chain.certificate
    first, last = own.not_valid_before_utc, own.not_valid_after_utc
    cases = {first - SECOND: "authority 'CN", first: "", last: "", last + SECOND: "authority 'CN"}
    for moment, message in cases.items():
        stamp = timestamps.read(authority.times.stamp(b"x", at=moment), b"x")
        fault = timestamps._fault(stamp, None, (), authority.trusted)
        assert (getattr(fault, "reason", None), message in str(fault)) == ("expired" if message else None, True)


def _by_root(stamp: bytes, chain: tuple, period: Period) -> tuple[datetime, ...]:
    encoded = tuple(each.public_bytes(Encoding.DER) for each in chain)
    root = TrustedRoot("", "", (), (RootAuthority(encoded, period),), (), ())
    return timestamps.verified_times((stamp,), b"x", root)


def test_authorities_of_a_trusted_root(authority: Authority) -> None:
    chain = (authority.times.chain.certificate, authority.times.chain.root)
    last = chain[0].not_valid_after_utc
    always = Period(last - 4000 * DAY, None)
    stamp = authority.times.stamp(b"x", at=last)
    assert _by_root(stamp, chain, always) == (last,)
    assert _by_root(stamp, chain, Period(last, last)) == (last,)
    other = TimestampAuthority().chain
    cases = (
        (stamp, chain, Period(last - 2 * SECOND, last - SECOND), "expired"),
        (authority.times.stamp(b"x", at=last + SECOND), chain, always, "expired"),
        (stamp, (other.certificate, other.root), always, "untrusted"),
        (stamp[:-1] + bytes([stamp[-1] ^ 1]), chain, always, "invalid"),
        (authority.times.stamp(b"y"), chain, always, "invalid"),
    )
    for data, given_chain, period, reason in cases:
        with pytest.raises(RefusedError) as refusal:
            _by_root(data, given_chain, period)
        assert refusal.value.reason == reason


# -- what proves nothing


def test_timestamps_that_prove_nothing(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    _sign(model, tmp_path)
    times, signature = authority.times, _signature(model)
    good = times.stamp(signature)
    cases = {
        times.stamp(b"another signature"): "invalid",
        times.stamp(signature, [Fault.UNTRUSTED_TIMESTAMP]): "untrusted",
        times.stamp(signature, at=times.chain.certificate.not_valid_after_utc + SECOND): "expired",
        good[:-1] + bytes([good[-1] ^ 1]): "invalid",
        good.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x02"): "malformed",
        bytes.fromhex("30053003020102"): "malformed",  # refused, so without a token
        b"nothing": "malformed",
        b"": "malformed",
    }
    for stamp, reason in cases.items():
        _stamp(model, good, stamp)
        assert _reasons(_verify(kit, model, authority.trusted)) == [reason]
    _stamp(model, good.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x01"))
    assert _verify(kit, model, authority.trusted).verified  # granted with modifications


@pytest.mark.parametrize(
    "data",
    [
        1,
        {"rfc3161Timestamps": {}},
        {"rfc3161Timestamps": [1]},
        {"rfc3161Timestamps": [{}]},
        {"rfc3161Timestamps": [{"signedTimestamp": 1}]},
        {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}] * 33},
    ],
)
def test_bent_timestamps(kit: Kit, model: Path, data: object) -> None:
    kit.sign(model)
    _bend(model, data)
    assert _verify(kit, model).rules == {"signature-malformed"}


@pytest.mark.parametrize("data", [None, {}, {"rfc3161Timestamps": []}])
def test_no_timestamps(kit: Kit, model: Path, authority: Authority, data: object) -> None:
    kit.sign(model)
    _bend(model, data)
    assert _verify(kit, model, authority.trusted).verified


def test_a_certificate_that_is_not_for_timestamps(authority: Authority) -> None:
    holder = ROOT.signer("times", authorities.SIGNS, ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]))
    kept = authority.times.chain.certificate, authority.times.chain.key
    authority.times.chain.certificate, authority.times.chain.key = holder.certificate, holder.key
    try:
        data = authority.times.stamp(b"x")  # its usage is not critical (RFC 3161, section 2.3)
    finally:
        authority.times.chain.certificate, authority.times.chain.key = kept
    fault = timestamps._fault(timestamps.read(data, b"x"), None, (), [ROOT.certificate])
    assert "may not make timestamps" in str(fault)


def _without_certificates(response: bytes) -> bytes:
    """Return a response as an authority makes it that was not asked for its certificate."""

    def rebuilt(data: bytes, *path: int) -> bytes:
        parts = [der.node(tag, content) for tag, content in der.read(data)]
        ((tag, content),) = list(der.read(parts[path[0]]))
        if len(path) == 1:
            del parts[path[0]]
        else:
            parts[path[0]] = der.node(tag, rebuilt(content, *path[1:]))
        return b"".join(parts)

    return rebuilt(response, 0, 1, 1, 0, 3)


def test_a_bare_timestamp_by_a_given_authority(authority: Authority) -> None:
    stamp = timestamps.read(_without_certificates(authority.times.stamp(b"x")), b"x")
    assert stamp.embedded == ()
    own = authority.times.chain.certificate
    assert timestamps._by(stamp, (own, *authority.trusted)) == stamp.time
    with pytest.raises(RefusedError, match="no trusted timestamp authority"):
        timestamps._by(stamp, authority.trusted)


def test_a_certificate_in_it_that_cannot_be_read_is_in_nobodys_way(authority: Authority) -> None:
    data = authority.times.stamp(b"x")
    own = authority.times.chain.certificate.public_bytes(Encoding.DER)
    version = own.index(bytes.fromhex("a003020102"))  # X.509 version 3, made one that is not known
    broken = data.replace(own, own[: version + 4] + b"\x07" + own[version + 5 :])
    with pytest.raises(RefusedError):
        timestamps._by(timestamps.read(broken, b"x"), authority.trusted)


def test_a_weak_digest(authority: Authority) -> None:
    sha1 = der.sequence(der.sequence(der.oid("1.3.14.3.2.26")), der.octets(b"\0" * 20))
    data = authority.times._response(sha1, b"", NOW, ())
    with pytest.raises(RefusedError, match="a digest") as refusal:
        timestamps.read(data, b"x")
    assert refusal.value.reason == "untrusted"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(place=st.integers(0, 2**16), bit=st.integers(0, 7), cut=st.booleans())
def test_any_bytes_as_a_timestamp_raise_only_our_errors(
    authority: Authority, place: int, bit: int, *, cut: bool
) -> None:
    good = bytearray(authority.times.stamp(b"signature"))
    place %= len(good)
    good[place] ^= 1 << bit
    try:
        timestamps._by(timestamps.read(bytes(good[:place] if cut else good), b"signature"), authority.trusted)
    except RefusedError:
        return
    assert not cut


# -- getting one


ANSWERS = {
    "HTTP status 500": lambda _: Response(status=500),
    "more than 100,000": lambda _: Response(b"x" * 100_001),
    "cannot be read": lambda _: Response(b"x"),
    "over something else": lambda _: Response(TimestampAuthority().stamp(b"else")),
}


@pytest.mark.parametrize("message", ANSWERS)
def test_an_authority_that_gives_no_timestamp(model: Path, tmp_path: Path, authority: Authority, message: str) -> None:
    kept, authority.answer = authority.answer, ANSWERS[message]
    try:
        with pytest.raises(ServiceError, match=message):
            _sign(model, tmp_path, stamping.from_authority(authority.url))
    finally:
        authority.answer = kept
    assert not (model / "model.sig").exists()


def test_an_answer_to_another_request(model: Path, tmp_path: Path, authority: Authority) -> None:
    _sign(model, tmp_path)
    before = (model / "model.sig").read_bytes()
    old = authority.times.stamp(_signature(model))  # without the nonce of the request
    kept, authority.answer = authority.answer, lambda _: Response(old)
    try:
        with pytest.raises(ServiceError, match="nonce differs"):
            signing.add_timestamps(model / "model.sig", [stamping.from_authority(authority.url)])
    finally:
        authority.answer = kept
    assert (model / "model.sig").read_bytes() == before


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "nothing", "http://[", "file:///etc/passwd"])
def test_an_authority_that_cannot_be_asked(model: Path, tmp_path: Path, url: str) -> None:
    with pytest.raises(ServiceError, match="cannot be asked"):
        _sign(model, tmp_path, stamping.from_authority(url))


# -- one that was fetched elsewhere


def test_a_timestamp_from_a_file(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    _sign(model, tmp_path)
    signature = model / "model.sig"
    response = authority.times.answer(signing.timestamp_request(signature))
    _, token = (der.node(tag, content) for tag, content in der.read(next(der.read(response))[1]))
    for number, data in enumerate((response, token), 1):
        path = tmp_path / f"stamp-{number}"
        path.write_bytes(data)
        signing.add_timestamps(signature, [stamping.from_file(path)])
        assert _verify(kit, model, authority.trusted).verified
        stamps = json.loads(signature.read_bytes())["verificationMaterial"]["timestampVerificationData"]
        assert len(stamps["rfc3161Timestamps"]) == 1  # they are the same one
    signing.add_timestamps(signature, [stamping.from_authority(authority.url)])
    assert _verify(kit, model, authority.trusted).verified
    # The same key signs the same bytes in the same way, so that it can come with the next signature, too.
    _sign(model, tmp_path, stamping.from_file(path))
    assert _verify(kit, model, authority.trusted).verified


def test_files_that_hold_no_timestamp(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    kit.sign(model)
    path = tmp_path / "stamp"
    cases = {
        b"": "is no timestamp",
        b"x" * 100: "is no timestamp",
        b"x" * 300: "is no timestamp",
        authority.times.stamp(b"something else"): "is of no use here",
    }
    for data, message in cases.items():
        path.write_bytes(data)
        with pytest.raises(UsageError, match=message):
            signing.add_timestamps(model / "model.sig", [stamping.from_file(path)])
    for other in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="cannot read the timestamp"):
            signing.add_timestamps(model / "model.sig", [stamping.from_file(other)])


def test_what_cannot_be_stamped(kit: Kit, model: Path, tmp_path: Path, authority: Authority) -> None:
    kit.sign(model)
    with FakeSigstore() as fake:
        (tmp_path / "keyless.sig").write_bytes(fake.mint(b"{}"))
    (tmp_path / "other.sig").write_bytes(b"{}")
    _bend(model, 1)
    cases = {
        tmp_path / "keyless.sig": "is a keyless signature",
        tmp_path / "other.sig": "is no signature",
        tmp_path / "none.sig": "is no signature",
        tmp_path: "is no signature",
        model / "model.sig": "is no signature",
    }
    for path, message in cases.items():
        for use in (signing.timestamp_request, lambda path: signing.add_timestamps(path, [])):
            with pytest.raises(UsageError, match=message):
                use(path)


def test_certificates_of_timestamp_authorities(tmp_path: Path, authority: Authority) -> None:
    chain = authority.times.chain
    own, top = tmp_path / "own.pem", tmp_path / "top.pem"
    own.write_bytes(chain.certificate.public_bytes(Encoding.PEM))
    top.write_bytes(chain.root.public_bytes(Encoding.PEM))
    assert signing.load_timestampers([]) == ()
    assert signing.load_timestampers([own, top]) == (chain.certificate, chain.root)
    with pytest.raises(UsageError, match="there is no root"):
        signing.load_timestampers([own])


# -- others


CONFIG = """
[tsa]
default_tsa = t
[t]
serial = {0}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _openssl(*arguments: object) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.oracle
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("digest", ["", "-sha256", "-sha384", "-sha512"])
def test_openssl_makes_timestamps(kit: Kit, model: Path, tmp_path: Path, digest: str) -> None:
    """Our request or its own, answered by OpenSSL's timestamp authority; a response or a token."""
    usage = ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    key, certificate = ROOT.issue("times", authorities.SIGNS, usage, critical=True).write(tmp_path)
    configuration = tmp_path / "tsa.cnf"
    configuration.write_text(CONFIG.format(tmp_path), encoding="utf-8")
    _sign(model, tmp_path)
    query, raw, response = (tmp_path / name for name in ("query", "raw", "response"))
    raw.write_bytes(_signature(model))
    if digest:
        _openssl("ts", "-query", "-data", raw, digest, "-cert", "-out", query)
    else:
        query.write_bytes(signing.timestamp_request(model / "model.sig"))
    token = ["-token_out"] if digest == "-sha384" else []
    _openssl("ts", "-reply", "-config", configuration, "-queryfile", query, "-signer", certificate, "-inkey", key,
             "-out", response, *token)  # fmt: skip
    signing.add_timestamps(model / "model.sig", [stamping.from_file(response)])
    assert _verify(kit, model, (ROOT.certificate,)).verified


@pytest.mark.oracle
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_what_is_in_a_bundle(model: Path, tmp_path: Path, authority: Authority) -> None:
    _sign(model, tmp_path, stamping.from_authority(authority.url))
    stamps = json.loads((model / "model.sig").read_bytes())["verificationMaterial"]["timestampVerificationData"]
    raw, response, top = (tmp_path / name for name in ("raw", "response", "top.pem"))
    raw.write_bytes(_signature(model))
    response.write_bytes(base64.b64decode(stamps["rfc3161Timestamps"][0]["signedTimestamp"]))
    top.write_bytes(authority.trusted[0].public_bytes(Encoding.PEM))
    assert "Verification: OK" in _openssl("ts", "-verify", "-data", raw, "-in", response, "-CAfile", top)


@pytest.mark.oracle
def test_the_reference_verifies_what_is_timestamped(model: Path, tmp_path: Path, authority: Authority) -> None:
    signed = _sign(model, tmp_path, stamping.from_authority(authority.url))
    (_, top) = ROOT.write(tmp_path)
    command = [sys.executable, "-W", "ignore", "-m", "model_signing", "verify", "certificate", "--signature"]
    done = subprocess.run(
        [*command, signed.path, "--certificate_chain", top, model], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
