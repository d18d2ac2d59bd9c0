"""Signers with X.509 certificates: whose count, and every way in which one does not."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.errors import UsageError
from chainguard_ml.model import GapReason
from chainguard_ml.signing import bundle, certificates
from chainguard_ml.signing.interface import Trust
from chainguard_ml.signing.verify import Claim, verify
from tests.signing import authorities
from tests.signing.authorities import CODE, DAY, NOW, SERVER, SIGNS, Holder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.signing.conftest import Kit, Outcome

ROOT = authorities.root()
MIDDLE = ROOT.authority("middle")
SIGNER = MIDDLE.signer()
USE = x509.ExtendedKeyUsage([CODE])


class Desk:
    """Signs a model with a holder's key and certificates, and verifies it with authorities."""

    def __init__(self, kit: Kit, model: Path, directory: Path) -> None:
        self.kit, self.model, self.directory = kit, model, directory

    def key(self, holder: Holder) -> signing.SigningKey:
        return signing.load_signing_key(holder.write(self.directory)[0])

    def sign(self, holder: Holder, *others: Holder, force: bool = False) -> signing.Signed:
        """Sign; with force, whatever the certificates are."""
        chain = tuple(each.certificate for each in (holder, *others))
        if force:
            return signing.sign_model(self.model, signing.CertificateSigner(chain, self.key(holder)))
        return signing.sign_model(self.model, signing.certificate_signer(self.key(holder), chain))

    def verify(self, *anchors: Holder, at: datetime | None = None, keys: tuple = ()) -> Outcome:
        trust = Trust(keys, tuple(anchor.certificate for anchor in anchors), at)
        return self.kit.sort(verify(Claim(self.model, ".", True, self.model / "model.sig", trust)))  # noqa: FBT003

    def reason(self, *anchors: Holder, at: datetime | None = None) -> str:
        (finding,) = self.verify(*anchors, at=at).findings
        return finding.facts["reason"]

    def bend(self, values: list) -> None:
        path = self.model / "model.sig"
        value = json.loads(path.read_bytes())
        value["verificationMaterial"]["x509CertificateChain"] = {"certificates": values}
        path.write_text(json.dumps(value), encoding="utf-8")


@pytest.fixture
def desk(kit: Kit, model: Path, tmp_path: Path) -> Desk:
    return Desk(kit, model, tmp_path)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_a_signer_whose_authority_is_trusted(desk: Desk, curve: ec.EllipticCurve) -> None:
    holder = MIDDLE.signer(key=ec.generate_private_key(curve))
    signed = desk.sign(holder, MIDDLE)
    outcome = desk.verify(ROOT)
    assert outcome.verified
    assert not outcome.findings
    facts = outcome.evidence[0].statement
    assert facts["method"] == "certificate"
    assert facts["signer"] == signed.signer == certificates.fingerprint(holder.certificate)
    assert (facts["signer_name"], facts["issuer"], facts["authority"]) == ("CN=signer", "CN=middle", "CN=root")
    assert facts["valid_until"] == holder.certificate.not_valid_after_utc.isoformat()
    (desk.model / "weights.bin").write_bytes(b"changed")
    assert desk.verify(ROOT).changes == {"weights.bin": "changed"}


def test_certificates_in_any_order_without_the_root_in_the_bundle(desk: Desk) -> None:
    key = desk.key(SIGNER)
    given_in = [ROOT.certificate, MIDDLE.certificate, SIGNER.certificate]
    signer = signing.certificate_signer(key, given_in)
    assert signer.chain == (SIGNER.certificate, MIDDLE.certificate)
    assert "private" not in repr(signer).lower()
    signing.sign_model(desk.model, signer)
    assert desk.verify(ROOT).verified


def test_an_authority_in_the_middle_may_be_trusted_alone(desk: Desk) -> None:
    desk.sign(SIGNER)
    assert desk.verify(MIDDLE).verified
    assert desk.reason(ROOT) == "untrusted"  # nothing leads to it


def test_a_certificate_may_be_trusted_itself(desk: Desk) -> None:
    alone = authorities.root("alone")
    own = Holder("own", alone.key, x509.CertificateBuilder(
        alone.certificate.subject, alone.certificate.subject, alone.key.public_key(), 1, NOW - DAY, NOW + DAY
    ).add_extension(SIGNS, critical=True).sign(alone.key, hashes.SHA256()))  # fmt: skip
    signer = signing.certificate_signer(desk.key(own), [own.certificate])
    assert signer.chain == (own.certificate,)
    signing.sign_model(desk.model, signer)
    assert desk.verify(own).verified
    assert desk.reason(ROOT) == "untrusted"


def test_nobody_is_trusted_without_an_authority(desk: Desk) -> None:
    desk.sign(SIGNER, MIDDLE)
    (gap,) = desk.verify(keys=(desk.kit.pair.trusted,)).gaps
    assert gap.reason is GapReason.NO_DATA
    assert "[signing] certificates" in gap.detail


def test_an_authority_of_the_same_name_is_another(desk: Desk) -> None:
    desk.sign(SIGNER, MIDDLE)
    assert desk.reason(authorities.root()) == "untrusted"


EARLIER = (NOW - 20 * DAY, NOW - DAY)
LATER = (NOW + DAY, NOW + 20 * DAY)


@pytest.mark.parametrize(("valid", "message"), [(EARLIER, "was valid until"), (LATER, "is valid only from")])
def test_a_signer_whose_certificate_is_not_valid_now(
    desk: Desk, valid: tuple[datetime, datetime], message: str
) -> None:
    holder = MIDDLE.signer(valid=valid)
    with pytest.raises(UsageError, match="is not valid now"):
        desk.sign(holder, MIDDLE)
    middle = ROOT.authority("middle", key=MIDDLE.key, valid=(NOW - 90 * DAY, NOW + 90 * DAY))
    desk.sign(holder, middle, force=True)
    (finding,) = desk.verify(ROOT).findings
    assert (finding.rule, finding.facts["reason"]) == ("expired-signer", "expired")
    assert message in finding.message
    assert desk.verify(ROOT, at=valid[0] + DAY).verified


def test_an_authority_that_is_not_valid_now(desk: Desk) -> None:
    middle = ROOT.authority("old", valid=EARLIER)
    holder = middle.signer(valid=(NOW - 30 * DAY, NOW + 30 * DAY))
    desk.sign(holder, middle)
    (finding,) = desk.verify(ROOT).findings
    assert finding.facts["reason"] == "expired"
    assert "an authority behind" in finding.message
    old = authorities.root("older", valid=EARLIER)
    desk.sign(old.signer(), force=True)
    assert desk.reason(old) == "expired"


def test_a_path_that_was_never_valid_at_once(desk: Desk) -> None:
    middle = ROOT.authority("old", valid=EARLIER)
    desk.sign(middle.signer(valid=LATER), middle, force=True)
    assert desk.reason(ROOT) == "untrusted"


def test_a_broken_signature_is_said_before_an_expired_certificate(desk: Desk) -> None:
    desk.sign(MIDDLE.signer(valid=EARLIER), MIDDLE, force=True)
    middle = ROOT.authority("middle", key=MIDDLE.key, valid=(NOW - 90 * DAY, NOW + 90 * DAY))
    other = middle.signer(valid=EARLIER)
    desk.bend([{"rawBytes": _der(each)} for each in (other, middle)])
    assert desk.reason(ROOT) == "invalid"


def _der(holder: Holder) -> str:
    return base64.b64encode(holder.certificate.public_bytes(Encoding.DER)).decode()


UNFIT = [
    ([authorities.usage(key_agreement=True), USE], "does not allow digital signatures"),
    ([SIGNS, x509.ExtendedKeyUsage([SERVER])], "does not allow code signing"),
    ([x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])], "does not allow code signing"),
    ([x509.BasicConstraints(ca=False, path_length=None)], "does not say"),
]


@pytest.mark.parametrize(("extensions", "fault"), UNFIT, ids=[fault for _, fault in UNFIT])
def test_a_certificate_for_something_else(desk: Desk, extensions: list, fault: str) -> None:
    holder = MIDDLE.signer("other", *extensions)
    with pytest.raises(UsageError, match=fault):
        desk.sign(holder, MIDDLE)
    desk.sign(holder, MIDDLE, force=True)
    (finding,) = desk.verify(ROOT).findings
    assert finding.facts["reason"] == "untrusted"
    assert fault in finding.message


@pytest.mark.parametrize("extension", [SIGNS, USE], ids=["usage", "extended"])
def test_one_of_the_two_usages_is_enough(desk: Desk, extension: x509.ExtensionType) -> None:
    desk.sign(MIDDLE.signer("one", extension), MIDDLE)
    assert desk.verify(ROOT).verified


def _constrained() -> Holder:
    names = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.com")], excluded_subtrees=None)
    return ROOT.issue("named", x509.BasicConstraints(ca=True, path_length=None), authorities.ISSUES, names)


CHAINS = {
    "a signer issues": lambda: [SIGNER.signer("beneath"), SIGNER, MIDDLE],
    "no basic constraints": lambda: [(m := ROOT.issue("m", authorities.ISSUES)).signer(), m],
    "not an authority": lambda: [
        (m := ROOT.issue("m", x509.BasicConstraints(ca=False, path_length=None), authorities.ISSUES)).signer(), m],
    "may not sign certificates": lambda: [
        (m := ROOT.issue("m", x509.BasicConstraints(ca=True, path_length=None), SIGNS)).signer(), m],
    "authority for servers": lambda: [
        (m := ROOT.issue("m", x509.BasicConstraints(ca=True, path_length=None), authorities.ISSUES,
                         x509.ExtendedKeyUsage([SERVER]))).signer(), m],
    "path too long": lambda: [
        (n := (m := ROOT.authority("m", 0)).authority("n")).signer(), n, m],
    "names not permitted": lambda: [
        (m := _constrained()).signer("s", SIGNS, x509.SubjectAlternativeName([x509.DNSName("example.org")])), m],
    "unknown critical extension": lambda: [
        MIDDLE.signer("s", SIGNS, x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")), MIDDLE],
    "signed by another key": lambda: [Holder("middle", ROOT.key, MIDDLE.certificate).signer(), MIDDLE],
    "middle left out": lambda: [SIGNER],
    "a weak authority": lambda: [
        (m := ROOT.authority("m", key=rsa.generate_private_key(65537, 1024))).signer(), m],  # noqa: S505 (on purpose)
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_that_leads_nowhere(desk: Desk, name: str) -> None:
    desk.sign(*CHAINS[name](), force=True)
    assert desk.reason(ROOT) == "untrusted"


@pytest.mark.parametrize(
    "extensions",
    [
        [x509.BasicConstraints(ca=True, path_length=None)],
        [x509.BasicConstraints(ca=True, path_length=0), authorities.ISSUES, USE],
    ],
    ids=["silent", "for code"],
)
def test_an_authority_of_other_forms(desk: Desk, extensions: list) -> None:
    middle = ROOT.issue("m", *extensions)
    desk.sign(middle.signer(), middle)
    assert desk.verify(ROOT).verified


def test_authorities_with_rsa(desk: Desk) -> None:
    top = authorities.root(key=rsa.generate_private_key(65537, 2048))
    desk.sign(top.signer())
    assert desk.verify(top).verified


def test_keys_of_other_kinds(desk: Desk) -> None:
    holder = MIDDLE.signer(key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(UsageError, match="none of the certificates belongs"):
        desk.sign(holder, MIDDLE)
    for key in (holder, MIDDLE.signer(key=rsa.generate_private_key(65537, 2048))):
        desk.sign(SIGNER, MIDDLE)
        desk.bend([{"rawBytes": _der(key)}, {"rawBytes": _der(MIDDLE)}])
        (gap,) = desk.verify(ROOT).gaps
        assert gap.reason is GapReason.UNSUPPORTED


def test_what_signing_refuses(desk: Desk) -> None:
    with pytest.raises(UsageError, match="none of the certificates belongs"):
        signing.certificate_signer(desk.key(SIGNER), [MIDDLE.certificate])
    with pytest.raises(UsageError, match="is no part of the chain"):
        desk.sign(SIGNER, MIDDLE, authorities.root("stranger"))


BENT = {
    "is empty": [],
    "is not an object": ["x"],
    "is missing": [{}],
    "not canonical": [{"rawBytes": ""}],
    "not a certificate": [{"rawBytes": "AAAA"}],
}


@pytest.mark.parametrize("message", BENT)
def test_a_bent_chain(desk: Desk, message: str) -> None:
    desk.sign(SIGNER, MIDDLE)
    desk.bend(BENT[message])
    (finding,) = desk.verify(ROOT).findings
    assert finding.facts["reason"] == "malformed"
    assert message in finding.message


def test_a_chain_longer_than_any(desk: Desk) -> None:
    desk.sign(SIGNER, MIDDLE)
    desk.bend([{"rawBytes": _der(MIDDLE)}] * 17)
    (gap,) = desk.verify(ROOT).gaps
    assert gap.reason is GapReason.BUDGET


def test_a_certificate_with_repeated_or_unknown_parts(desk: Desk) -> None:
    der = SIGNER.certificate.public_bytes(Encoding.DER)
    usages, extended = b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x25"
    assert der.count(extended) == der.count(usages) == 1
    kind = b"\x2a\x86\x48\xce\x3d\x02"
    for bent in (der.replace(extended, usages), der.replace(kind + b"\x01", kind + b"\x07")):
        desk.sign(SIGNER, MIDDLE)
        desk.bend([{"rawBytes": base64.b64encode(bent).decode()}])
        assert desk.reason(ROOT) == "malformed"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(place=st.integers(0, 2**16), bit=st.integers(0, 7), whole=st.booleans())
def test_no_flipped_bit_of_a_certificate_verifies(desk: Desk, place: int, bit: int, *, whole: bool) -> None:
    desk.sign(SIGNER, MIDDLE)
    der = bytearray(SIGNER.certificate.public_bytes(Encoding.DER))
    place %= len(der)
    bent = bytes([*der[:place], der[place] ^ 1 << bit, *der[place + 1 :]]) if whole else bytes(der[:place]) or b"0"
    desk.bend([{"rawBytes": base64.b64encode(bent).decode()}, {"rawBytes": _der(MIDDLE)}])
    outcome = desk.verify(ROOT)
    assert outcome.findings or outcome.gaps
    assert not outcome.evidence


def test_files_of_certificates(tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(b"a comment\n" + ROOT.pem + MIDDLE.pem)
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    assert signing.load_certificates([both, tmp_path / "root.pem"]) == (ROOT.certificate, MIDDLE.certificate)
    assert signing.load_certificates([]) == ()
    bad = tmp_path / "bad.pem"
    framed = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    for data in (b"", b"text", framed, ROOT.pem + framed):
        bad.write_bytes(data)
        with pytest.raises(UsageError, match="no certificate that can be used"):
            signing.load_certificates([bad])
    bad.write_bytes(b" " * 10_000_001)
    with pytest.raises(UsageError, match="too large"):
        signing.load_certificates([bad])
    for path in (tmp_path / "none.pem", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(UsageError, match="cannot read the certificates"):
            signing.load_certificates([path])


def test_a_certificate_without_a_name_is_shown_by_its_digest() -> None:
    holder = MIDDLE.signer("", SIGNS, x509.SubjectAlternativeName([x509.RFC822Name("a@example.com")]))
    assert certificates.name(holder.certificate) == certificates.fingerprint(holder.certificate)


@pytest.mark.oracle
def test_the_reference_verifies_what_we_sign_and_the_reverse(desk: Desk) -> None:
    for kind in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        holder = MIDDLE.signer(key=ec.generate_private_key(kind))
        files = [each.write(desk.directory)[1] for each in (holder, MIDDLE, ROOT)]
        desk.sign(holder, MIDDLE)
        signature = desk.model / "model.sig"
        options = ["--signature", signature, "--certificate_chain"]
        done = _reference("verify", "certificate", *options, files[2], desk.model)
        assert done.returncode == 0, done.stdout + done.stderr
        signature.unlink()
        key = desk.directory / "signer.key"
        done = _reference("sign", "certificate", *options, files[1], "--private_key", key,
                          "--signing_certificate", files[0], desk.model)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert bundle.parse(signature.read_bytes()).material == "x509CertificateChain"
        assert desk.verify(ROOT).verified


def _reference(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_certificate_of_an_unknown_version_is_none() -> None:
    der = SIGNER.certificate.public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="version"):
        certificates.parse(der.replace(b"\xa0\3\2\1\2", b"\xa0\3\2\1\x1f", 1))


def test_a_signature_that_leaves_bits_out_is_not_another_form_of_the_same() -> None:
    """DER counts the bits of a BIT STRING that are not used; where they are zero, the signature would still verify."""
    root = authorities.root()
    made = next(each for _ in range(200) if not (each := root.signer().certificate).signature[-1] & 1)
    der = made.public_bytes(Encoding.DER)
    place = len(der) - len(made.signature) - 1
    assert (der[place], certificates.parse(der)) == (0, made)
    with pytest.raises(ValueError, match="no whole number of bytes"):
        certificates.parse(der[:place] + b"\1" + der[place + 1 :])
