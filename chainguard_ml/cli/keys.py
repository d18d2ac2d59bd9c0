"""Options of signing with a key, and the signer that they name."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import settings
from chainguard_ml.cli.options import Base
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing.interface import Signer

_PASSPHRASE = "CHAINGUARD_ML_PASSPHRASE"  # noqa: S105 (the variable's name)


@open_record
class Key(Base):
    """Options of signing with a key."""

    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Private key: a file (PEM, PKCS #8; may be encrypted), exec:COMMAND that signs the digest on its "
            "standard input, exec-message:COMMAND that signs the message, or pkcs11:URI of a token (RFC 7512).",
        ),
    ] = None
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key",
            metavar="FILE",
            help="Public half (PEM) of a key that no file holds; a token may know it itself.",
        ),
    ] = None
    cert_chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--cert-chain",
            metavar="FILE",
            help="X.509 certificate of the key and of its authorities (PEM); repeatable.",
        ),
    ] = None
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            help=f"Passphrase of the key, or PIN of the token; else {_PASSPHRASE} in the environment, else asked for.",
        ),
    ] = None


def signer(key: str, options: Key) -> tuple[Signer, str]:
    """Return who signs, with the certificates of the key if there are any, and what to call it.

    Raises:
        UsageError: The key or a certificate cannot be used, or an option does not go with it.
    """
    from chainguard_ml import signing

    made = _held(key, options.public_key, options.passphrase_file)
    if options.cert_chain:
        made = signing.certificate_signer(made, signing.load_certificates(options.cert_chain))
    return made, made.fingerprint[:16]


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
    if passphrase_file is not None and signing.key_scheme(key) != "pkcs11":
        raise UsageError("--passphrase-file goes with a key in a file", hint="let the command ask for what it needs")
    public = signing.load_public_key(public_key) if public_key else None
    return signing.external_signer(key, public, lambda: _secret(passphrase_file, "PIN", "the token wants its PIN"))


def _passphrase(pem: bytes, file: Path | None) -> bytes | None:
    """Return the passphrase of an encrypted key from a file, the environment or the terminal; never from a flag."""
    if b"ENCRYPTED" not in pem:
        return None
    return _secret(file, "passphrase", "the private key is encrypted")


def _secret(file: Path | None, what: str, why: str) -> bytes:
    if file is not None:
        return settings.secret(file, what).rstrip(b"\r\n")
    if _PASSPHRASE in os.environ:
        return os.environb[_PASSPHRASE.encode()]
    if not sys.stdin.isatty():
        raise UsageError(why, hint=f"give --passphrase-file, or set {_PASSPHRASE}")
    import getpass

    return getpass.getpass(f"{what[0].upper()}{what[1:]} of the private key: ").encode()
