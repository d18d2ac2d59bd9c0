"""Keys in a token: a real one in software, and URIs that name nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml import signing
from chainguard_ml.errors import MissingExtraError, ServiceError, UsageError
from chainguard_ml.signing.keysources import token, uri
from chainguard_ml.signing.keysources.forms import as_der
from tests.signing import authorities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.test_verbs import Cli
    from tests.signing.conftest import Kit, Pair

MODULES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
]
PIN = b"56785678"
IDS = {"p256": "a1", "p384": "a2", "p521": "a3", "ed25519": "a4"}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM's module with two tokens; it reads its configuration when it is loaded, once in a process."""
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    found = next((path for path in MODULES if path.exists()), None)
    if found is None or not shutil.which("softhsm2-util"):
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    directory = tmp_path_factory.mktemp("tokens")
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {directory}\nobjectstore.backend = file\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        for label in ("my token", "spare"):
            _softhsm("--init-token", "--free", "--label", label, "--so-pin", "1234", "--pin", PIN.decode())
        yield found
        pkcs11.unload(str(found))


def _softhsm(*arguments: object) -> None:
    subprocess.run(["softhsm2-util", *map(str, arguments)], check=True, capture_output=True)


def _put(private: Path, label: str, identifier: str, where: str = "my token") -> None:
    _softhsm("--import", private, "--token", where, "--label", label, "--id", identifier, "--pin", PIN.decode())


@pytest.fixture(scope="module")
def pairs(module: Path, shared_kit: Kit) -> dict[str, Pair]:
    """A key of each kind, in a file and in the token; two of the same name."""
    made = {kind: shared_kit.make(kind, f"my {kind}") for kind in IDS}
    for kind, pair in made.items():
        _put(pair.private, f"my {kind}", IDS[kind])
    for identifier in ("c1", "c2"):
        _put(made["p256"].private, "twice", identifier)
    return made


def _uri(module: Path, path: str, query: str = "") -> str:
    return f"pkcs11:{path}?module-path={module}{query}"


def _pin() -> bytes:
    return PIN


@pytest.mark.parametrize("kind", IDS)
def test_a_token_signs(kit: Kit, model: Path, module: Path, pairs: dict[str, Pair], kind: str) -> None:
    pair, pin = pairs[kind], kit.directory / "pin"
    pin.write_bytes(PIN + b"\n")
    asked: list[bytes] = []

    def ask() -> bytes:
        asked.append(PIN)
        return PIN

    for path, query in (
        (f"token=my%20token;object=my%20{kind}", ""),
        (f"token=my%20token;id=%{IDS[kind]};type=private;manufacturer=SoftHSM%20project", f"&pin-source=file:{pin}"),
        (f"object=my%20{kind};id=%{IDS[kind]};token=my%20token;model=SoftHSM%20v2", f"&pin-source={pin}"),
    ):
        for public in (pair.trusted, None):
            signer = signing.external_signer(_uri(module, path, query), public, ask)
            assert PIN.decode() not in repr(signer)
            assert signer.material() == pair.key.material()
            assert signing.sign_model(model, signer).signer == pair.trusted.hint
            assert kit.sort(signing.verify_model(model, None, [pair.trusted])).verified
    assert len(asked) == 2  # once for each signer, and not where the URI names a file


def test_a_certificate_with_its_key_in_a_token(kit: Kit, model: Path, module: Path) -> None:
    root = authorities.root()
    holder = root.signer()
    _put(holder.write(kit.directory)[0], "certified", "d1")
    held = signing.external_signer(_uri(module, "token=my%20token;object=certified"), None, _pin)
    signing.sign_model(model, signing.certificate_signer(held, [holder.certificate, root.certificate]))
    assert kit.sort(signing.verify_model(model, None, [], certificates=[root.certificate])).verified


def test_on_the_command_line(cli: Cli, kit: Kit, model: Path, module: Path, pairs: dict[str, Pair]) -> None:
    reference, pin = _uri(module, "token=my%20token;object=my%20p256"), kit.directory / "pin"
    pin.write_bytes(PIN + b"\n")
    public = ("verify", model, "--key", pairs["p256"].public)
    assert cli("sign", model, "--key", reference, "--passphrase-file", pin).code == 0
    assert cli(*public).code == 0
    environment = {"CHAINGUARD_ML_PASSPHRASE": PIN.decode()}
    assert cli("sign", model, "--key", reference, "--public-key", pairs["p256"].public, env=environment).code == 0
    assert cli(*public).code == 0
    refused = cli("sign", model, "--key", reference)
    assert (refused.code, "the token wants its PIN" in refused.err) == (2, True)
    wrong = cli("sign", model, "--key", reference, env={"CHAINGUARD_ML_PASSPHRASE": "87654321"})
    assert (wrong.code, "8765" in wrong.err) == (4, False)


def test_slots_and_serial_numbers(kit: Kit, model: Path, module: Path, pairs: dict[str, Pair]) -> None:
    import pkcs11

    tokens = [slot.get_token() for slot in pkcs11.lib(str(module)).get_slots(token_present=True)]
    found = next(each for each in tokens if each.label == "my token")
    for path in (f"slot-id={found.slot.slot_id};object=my%20p256", f"serial={found.serial.decode()};object=my%20p256"):
        signing.sign_model(model, signing.external_signer(_uri(module, path), None, _pin))
        assert kit.sort(signing.verify_model(model, None, [pairs["p256"].trusted])).verified


WRONG = {
    "token=other;object=my%20p256": "no tokens are",
    "slot-id=77;object=my%20p256": "no tokens are",
    "object=my%20p256": "2 tokens are",
    "token=my%20token;object=none": "no private keys in the token are",
    "token=my%20token;object=twice": "2 private keys in the token are",
    "token=my%20token;object=my%20p256;id=%ff": "no private keys",
    "token=my%20token;object=my%20p256": "did not sign with the key 'release",
}


@pytest.mark.parametrize("path", WRONG)
def test_a_token_that_does_not_sign(kit: Kit, model: Path, module: Path, pairs: dict[str, Pair], path: str) -> None:
    signer = signing.external_signer(_uri(module, path), kit.pair.trusted, _pin)
    with pytest.raises(ServiceError, match=WRONG[path]):
        signing.sign_model(model, signer)
    assert not (model / "model.sig").exists()


def test_a_wrong_pin(kit: Kit, module: Path, pairs: dict[str, Pair]) -> None:
    with pytest.raises(ServiceError, match="PinIncorrect") as caught:
        signing.external_signer(_uri(module, "token=my%20token;object=my%20p256"), None, lambda: b"87654321")
    assert "8765" not in f"{caught.value}{caught.value.hint}"
    with pytest.raises(UsageError, match="nothing opens it"):
        signing.external_signer(_uri(module, "token=my%20token;object=my%20p256"))
    with pytest.raises(UsageError, match="not text"):
        signing.external_signer(_uri(module, "token=my%20token;object=my%20p256"), None, lambda: b"\xff")


@pytest.mark.parametrize("path", ["/nonexistent.so", "/etc/passwd"])
def test_a_module_that_is_none(kit: Kit, path: str) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    with pytest.raises(ServiceError, match="the token does not sign"):
        signing.external_signer(f"pkcs11:object=x?module-path={path}", None, _pin)


def test_a_key_of_another_kind(kit: Kit, module: Path) -> None:
    for number, name in enumerate(("secp256k1", "rsa")):
        path = kit.directory / f"{name}.pem"
        options = ["RSA"] if name == "rsa" else ["EC", "-pkeyopt", f"ec_paramgen_curve:{name}"]
        subprocess.run(["openssl", "genpkey", "-algorithm", *options, "-out", path], check=True, capture_output=True)
        _put(path, name, f"e{number}")
        with pytest.raises(UsageError, match=f"the key '{name}' in the token is of a kind"):
            signing.external_signer(_uri(module, f"token=my%20token;object={name}"), None, _pin)


def test_tokens_without_a_login_and_with_a_keypad() -> None:
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    flag = pkcs11.TokenFlag
    assert token._login(SimpleNamespace(flags=flag.TOKEN_INITIALIZED), _pin) is None
    keypad = SimpleNamespace(flags=flag.LOGIN_REQUIRED | flag.PROTECTED_AUTHENTICATION_PATH)
    assert token._login(keypad, _pin) is pkcs11.types.PROTECTED_AUTH


URIS = {
    "object=x": "names no module",
    "object=x?module-path=m.so": "no absolute path",
    "object=x?module-path=/m%00.so": "no absolute path",
    "token=x?module-path=/m.so": "names no key",
    "object=x;type=cert?module-path=/m.so": "names no private key",
    "object=x?module-path=/m.so&pin-value=1234": "does not belong into a URI",
    "object=x;pin-value=1234?module-path=/m.so": "does not belong into a URI",
    "objekt=x?module-path=/m.so": "unknown attribute 'objekt'; did you mean 'object'",
    "object=x?module-name=m": "unknown attribute 'module-name'",
    "object=x;object=y?module-path=/m.so": "twice",
    "object?module-path=/m.so": "without a value",
    "object=?module-path=/m.so": "without a value",
    "object=%4?module-path=/m.so": "badly encoded",
    "object=x;slot-id=one?module-path=/m.so": "'slot-id' in the PKCS #11 URI is no number",
    "object=x?module-path=/m.so&pin-source=%7Ccommand": "'pin-source' in the PKCS #11 URI is no file",
    "object=x?module-path=/m.so&pin-source=file://host/x": "is no file",
}


@pytest.mark.parametrize("rest", URIS)
def test_uris_that_name_nothing(kit: Kit, rest: str) -> None:
    with pytest.raises(UsageError, match=URIS[rest]) as caught:
        signing.external_signer(f"pkcs11:{rest}", kit.pair.trusted)
    assert "1234" not in f"{caught.value}{caught.value.hint}"


@given(st.text(alphabet=st.sampled_from("object=id;&?%0a/.:x-pinsrcevlumt\0"), max_size=60))
def test_any_text_is_a_uri_or_a_usage_error(text: str) -> None:
    for rest in (text, f"object=x?module-path=/{text}", f"{text}?module-path=/m.so"):
        try:
            assert uri.parse(rest).module.startswith("/")
        except UsageError:
            continue


@pytest.mark.parametrize("source", ["file:/nonexistent", "/nonexistent", "file:///nonexistent", "/a%00b"])
def test_a_file_of_the_pin_that_cannot_be_read(source: str) -> None:
    with pytest.raises(UsageError, match="file of the PIN"):
        uri.parse(f"object=x?module-path=/m.so&pin-source={source}").pin()


def test_without_the_extra(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    signer = signing.external_signer("pkcs11:object=x?module-path=/m.so", kit.pair.trusted)
    with pytest.raises(MissingExtraError, match="needs the extra 'pkcs11'") as caught:
        signer.sign(b"message")
    assert "chainguard-ml[pkcs11]" in str(caught.value.hint)


def test_numbers_as_der() -> None:
    assert as_der(b"\x01\x02") == b"\x30\x06\x02\x01\x01\x02\x01\x02"
