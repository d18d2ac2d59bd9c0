"""Keys: which are taken, which are refused, and that nothing secret is ever said."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Kit

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SECRET = b"correct horse battery"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_opens_with_its_passphrase_only(
    kit: Kit, model: Path, tmp_path: Path, form: PrivateFormat
) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    path = tmp_path / "k.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(SECRET)))
    assert signing.sign_model(model, signing.load_signing_key(path, SECRET)).files == 4
    for passphrase in (None, b"", b"wrong horse battery"):
        with pytest.raises(UsageError) as caught:
            signing.load_signing_key(path, passphrase)
        assert caught.value.__cause__ is None
        text = f"{caught.value} {caught.value.hint} {caught.value.__suppress_context__}"
        assert "horse" not in text


def test_a_passphrase_for_a_plain_key_is_a_mistake(kit: Kit) -> None:
    with pytest.raises(UsageError, match="is not encrypted") as caught:
        signing.load_signing_key(kit.pair.private, SECRET)
    assert "horse" not in str(caught.value)


def test_a_key_shows_neither_itself_nor_its_parts(kit: Kit) -> None:
    body = "".join(kit.pair.private.read_text().splitlines()[1:-1])
    shown = repr(kit.pair.key) + str(kit.pair.key)
    assert not any(body[index : index + 12] in shown for index in range(len(body) - 12))
    assert kit.pair.key.fingerprint in shown


def test_the_hint_is_the_digest_of_the_pem(kit: Kit) -> None:
    assert kit.pair.trusted.hint == hashlib.sha256(kit.pair.public.read_bytes()).hexdigest()
    assert kit.pair.key.material()["publicKey"] == {"hint": kit.pair.trusted.hint}


def _pem_of(key: Key, *, private: bool) -> bytes:
    if private:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256K1())], ids=["rsa", "secp256k1"]
)
def test_other_kinds_of_keys_are_refused(tmp_path: Path, key: Key, *, private: bool) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(_pem_of(key, private=private))
    load = signing.load_signing_key if private else signing.load_public_key
    with pytest.raises(UsageError, match="that can be used"):
        load(path)


def test_a_private_key_is_not_taken_for_a_public_one(kit: Kit) -> None:
    with pytest.raises(UsageError, match="is a private key"):
        signing.load_public_key(kit.pair.private)


def test_a_public_key_is_not_taken_for_a_private_one(kit: Kit) -> None:
    with pytest.raises(UsageError, match="no private key"):
        signing.load_signing_key(kit.pair.public)


def test_an_unreadable_key(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(UsageError, match="cannot read the key"):
            signing.load_public_key(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=200), framed=st.booleans())
def test_any_bytes_as_a_key_are_refused(tmp_path: Path, body: bytes, *, framed: bool) -> None:
    path = tmp_path / "k.pem"
    data = b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n" if framed else body
    path.write_bytes(data)
    with pytest.raises(UsageError):
        signing.load_public_key(path)
    path.write_bytes(data.replace(b"PUBLIC", b"PRIVATE"))
    with pytest.raises(UsageError):
        signing.load_signing_key(path)


@pytest.mark.oracle
def test_a_key_made_by_openssl_works(kit: Kit, model: Path, tmp_path: Path) -> None:
    private, public = tmp_path / "o.key", tmp_path / "o.pub"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private], check=True)
    subprocess.run(["openssl", "ec", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    signing.sign_model(model, signing.load_signing_key(private))
    assert kit.sort(signing.verify_model(model, None, [signing.load_public_key(public)])).verified
