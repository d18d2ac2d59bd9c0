"""``chainguard-ml sign``: sign a model on release."""

from __future__ import annotations

import enum
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainguard_ml.cli import app as root
from chainguard_ml.cli import console, identity, settings
from chainguard_ml.cli.options import shared
from chainguard_ml.errors import UsageError
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from chainguard_ml.signing.interface import Signer

app = root.new()

_PASSPHRASE = "CHAINGUARD_ML_PASSPHRASE"  # noqa: S105 (the variable's name)


class Hash(enum.StrEnum):
    """Digests of files that the specification's registry has."""

    SHA256 = "sha256"
    BLAKE2B = "blake2b"
    BLAKE3 = "blake3"


@app.command(cls=root.PlainCommand)
@shared
def sign(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Model: a directory or a file.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Private key: a file (PEM, PKCS #8; may be encrypted), exec:COMMAND that signs the digest on its "
            "standard input, or exec-message:COMMAND that signs the message.",
        ),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", metavar="FILE", help="Public half (PEM) of a key that no file holds."),
    ] = None,
    cert_chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--cert-chain",
            metavar="FILE",
            help="X.509 certificate of the key and of its authorities (PEM); repeatable.",
        ),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="Default: PATH/model.sig, or PATH.sig beside a file."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="PATH", help="Leave out this path (relative to the model); repeatable."),
    ] = None,
    hash_type: Annotated[Hash, typer.Option("--hash", help="Digest of the files.")] = Hash.SHA256,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            help=f"Passphrase of the key; else {_PASSPHRASE} in the environment, else asked for.",
        ),
    ] = None,
    *,
    common: identity.Keyless,
) -> None:
    """Sign a model: every file's digest, in one OpenSSF Model Signing v1.0 bundle.

    Anyone with the public key, with the authority's certificate, or who trusts the identity, can verify it, with this
    tool or another that reads the format.
    """
    from chainguard_ml import signing

    identity.hold(common, key, public_key, cert_chain, passphrase_file)
    if key is None:
        signer, who = identity.signer(common)
    else:
        signer, who = _signer(key, public_key, passphrase_file, cert_chain)
    signed = signing.sign_model(path, signer, signature=signature, ignore=ignore or (), hash_type=hash_type.value)
    console.say(f"signed {plural(signed.files, 'file')} of {printable(str(path))} as {who}")
    console.say(f"wrote {printable(str(signed.path))}")


def _signer(
    key: str, public_key: Path | None, passphrase_file: Path | None, cert_chain: list[Path] | None
) -> tuple[Signer, str]:
    """Return who signs, with the certificates of the key if there are any, and what to call it.

    Raises:
        UsageError: The key or a certificate cannot be used, or an option does not go with it.
    """
    from chainguard_ml import signing

    signer = _held(key, public_key, passphrase_file)
    if cert_chain:
        signer = signing.certificate_signer(signer, signing.load_certificates(cert_chain))
    return signer, signer.fingerprint[:16]


def _held(key: str, public_key: Path | None, passphrase_file: Path | None) -> Signer:
    """Return who signs: a key in a file, or behind a reference.

    Raises:
        UsageError: The key cannot be used, or an option does not go with it.
    """
    from chainguard_ml import signing

    if not signing.key_scheme(key):
        if public_key is not None:
            raise UsageError("--public-key goes with a key that no file holds", hint="leave it out")
        pem = settings.secret(Path(key), "private key")
        return signing.load_private_key(pem, _passphrase(pem, passphrase_file), name=Path(key).name)
    if passphrase_file is not None:
        raise UsageError("--passphrase-file goes with a key in a file", hint="let the command ask for what it needs")
    if public_key is None:
        raise UsageError("a key that no file holds needs its public half", hint="give --public-key FILE")
    return signing.external_signer(key, signing.load_public_key(public_key))


def _passphrase(pem: bytes, file: Path | None) -> bytes | None:
    """Return the passphrase of an encrypted key from a file, the environment or the terminal; never from a flag."""
    if b"ENCRYPTED" not in pem:
        return None
    if file is not None:
        return settings.secret(file, "passphrase").rstrip(b"\r\n")
    if _PASSPHRASE in os.environ:
        return os.environb[_PASSPHRASE.encode()]
    if not sys.stdin.isatty():
        raise UsageError("the private key is encrypted", hint=f"give --passphrase-file, or set {_PASSPHRASE}")
    import getpass

    return getpass.getpass("Passphrase of the private key: ").encode()
