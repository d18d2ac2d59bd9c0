"""Keys that no file of ours holds: commands that sign, real ones and bad ones."""

from __future__ import annotations

import base64
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.signing.keysources import command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.signing.conftest import Kit, Pair

SIGN = """
import pathlib, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(pathlib.Path(sys.argv[1]).read_bytes(), None)
sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))
"""


def python(program: str, *arguments: object) -> str:
    return shlex.join([sys.executable, "-c", program, *map(str, arguments)])


def _external(pair: Pair, text: str) -> signing.Signer:
    return signing.external_signer(text, pair.trusted)


@pytest.mark.parametrize("kind", ["p256", "p384", "p521"])
def test_openssl_signs_digests(kit: Kit, model: Path, kind: str) -> None:
    pair = kit.make(kind, kind)
    signer = _external(pair, f"exec:openssl pkeyutl -sign -inkey {shlex.quote(str(pair.private))}")
    signed = signing.sign_model(model, signer)
    assert signed.signer == pair.trusted.hint
    assert kit.sort(signing.verify_model(model, None, [pair.trusted])).verified
    assert str(pair.private) not in repr(signer)


def test_a_command_signs_messages(kit: Kit, model: Path) -> None:
    pair = kit.make("ed25519", "ed")
    signing.sign_model(model, _external(pair, f"exec-message:{python(SIGN, pair.private)}"))
    assert kit.sort(signing.verify_model(model, None, [pair.trusted])).verified
    with pytest.raises(UsageError, match="signs messages, not digests"):
        _external(pair, "exec:true")


FORMS = {
    "base64": base64.encodebytes,
    "urlsafe": base64.urlsafe_b64encode,
    "numbers": lambda der: b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der)),
    "numbers in base64": lambda der: base64.b64encode(
        b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_signatures_in_every_form_that_services_write(kit: Kit, tmp_path: Path, form: str) -> None:
    der = kit.pair.key.sign(b"message")
    (tmp_path / "s").write_bytes(FORMS[form](der))
    assert _external(kit.pair, f"exec:cat {shlex.quote(str(tmp_path / 's'))}").sign(b"message") == der


BAD = {
    "exec:false": "failed with status 1",
    "exec:true": "did not write a signature",
    "exec:cat": "did not write a signature",
    "exec-message:cat": "did not write a signature",
    f"exec:{shlex.join([sys.executable, '-c', 'print(1, end=str(2) * 5000)'])}": "did not write a signature",
    "exec:/nonexistent/program --pin 1234": "does not start",
    f"exec:{shlex.join([sys.executable, '-c', 'import time; time.sleep(60)', '1234'])}": "longer than",
}


@pytest.mark.parametrize("reference", BAD)
def test_a_command_that_does_not_sign(kit: Kit, model: Path, reference: str) -> None:
    signer = _external(kit.pair, reference)
    signer = command.CommandSigner(signer.public, signer.command, signer.whole, 2)
    with pytest.raises(ServiceError, match=BAD[reference]) as caught:
        signing.sign_model(model, signer)
    assert "1234" not in f"{caught.value} {caught.value.hint}"
    assert not (model / "model.sig").exists()


def test_a_command_with_another_key_is_found_out(kit: Kit, model: Path) -> None:
    other = kit.make("p256", "other")
    with pytest.raises(ServiceError, match="signature of the key 'release"):
        signing.sign_model(model, _external(kit.pair, f"exec:openssl pkeyutl -sign -inkey {other.private}"))


def test_no_shell_reads_the_command(kit: Kit, tmp_path: Path) -> None:
    with pytest.raises(ServiceError):
        _external(kit.pair, f"exec:echo x > {tmp_path / 'y'}; touch {tmp_path / 'z'} $(touch {tmp_path / 'w'})").sign(
            b"m"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reference", "message"),
    [("exec:", "no command after"), ("exec: 'x", "cannot be read"), ("exec-message:a\0b", "no command after")],
)
def test_references_that_name_nothing(kit: Kit, reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _external(kit.pair, reference)


def test_a_command_does_not_know_the_public_half() -> None:
    with pytest.raises(UsageError, match="needs its public half"):
        signing.external_signer("exec:cat", None)


def test_what_is_a_reference() -> None:
    assert {text: signing.key_scheme(text) for text in ("exec:x", "exec-message:x", "exec", "c:/k.pem", "k.pem")} == {
        "exec:x": "exec",
        "exec-message:x": "exec-message",
        "exec": "",
        "c:/k.pem": "",
        "k.pem": "",
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(data=st.binary(max_size=140))
def test_any_bytes_written_are_no_signature(kit: Kit, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s").write_bytes(data)
    with pytest.raises(ServiceError):
        _external(kit.pair, f"exec:cat {shlex.quote(str(tmp_path / 's'))}").sign(b"message")
