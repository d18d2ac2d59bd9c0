"""``chainguard-ml sign``: sign a model on release."""

from __future__ import annotations

import enum
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainguard_ml.cli import app as root
from chainguard_ml.cli import console, settings
from chainguard_ml.cli.options import Base, shared
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
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Private key (PEM, PKCS #8; may be encrypted).")],
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
    common: Base,  # noqa: ARG001 (its options are read by the boundary)
) -> None:
    """Sign a model: every file's digest, in one OpenSSF Model Signing v1.0 bundle.

    Anyone with the public key, or with the authority's certificate, can verify it, with this tool or another that
    reads the format.
    """
    from chainguard_ml import signing

    pem = settings.secret(key, "private key")
    passphrase = _passphrase(pem, passphrase_file)
    signer: Signer = signing.load_private_key(pem, passphrase, name=key.name)
    if cert_chain:
        signer = signing.certificate_signer(signer, signing.load_certificates(cert_chain))
    signed = signing.sign_model(path, signer, signature=signature, ignore=ignore or (), hash_type=hash_type.value)
    console.say(f"signed {plural(signed.files, 'file')} of {printable(str(path))} as {signed.signer[:16]}")
    console.say(f"wrote {printable(str(signed.path))}")


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
