"""Who signs: options of signing with a key or with an identity, and where the identity comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import instances, keys, settings
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record
from chainguard_ml.text import printable

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing.interface import Signer


@open_record
class Keyless(keys.Key, instances.Instanced):
    """Options of signing, with an identity or a key."""

    keyless: Annotated[
        bool, typer.Option("--keyless", help="Sign with an identity instead of a key, through Sigstore (network).")
    ] = False
    identity_token_file: Annotated[
        Path | None,
        typer.Option(
            "--identity-token-file",
            metavar="FILE",
            help="OpenID Connect token; else the one that CI offers, else sign in with a browser.",
        ),
    ] = None
    trust_config: Annotated[
        Path | None,
        typer.Option("--trust-config", metavar="FILE", help="A private Sigstore instance instead of the public one."),
    ] = None
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Sign in with a code instead of a browser on this machine.")
    ] = False


def signer(options: Keyless) -> tuple[Signer, str]:
    """Return who signs, and what to call it.

    Raises:
        UsageError: There is no way to sign or there are two, an option does not go with it, or it cannot be used.
        ServiceError: A service fails, refuses, or answers something that does not verify.
    """
    _hold(options)
    return _identity(options) if options.key is None else keys.signer(options.key, options)


def _hold(options: Keyless) -> None:
    """Hold that there is one way to sign, and that no option of the other is given."""
    if options.keyless == (options.key is not None):
        raise UsageError("there are two ways to sign", hint="give either --key KEY or --keyless")
    if options.key is None and any((options.public_key, options.cert_chain, options.passphrase_file)):
        raise UsageError("--public-key, --cert-chain and --passphrase-file go with --key", hint="leave them out")
    about = (
        options.identity_token_file,
        options.trust_config,
        options.instance,
        options.instance_root,
        options.no_browser,
    )
    if options.key is not None and any(about):
        raise UsageError("--identity-token-file, --trust-config, --instance and --no-browser go with --keyless",
                         hint="leave them out")  # fmt: skip
    if options.trust_config and options.instance:
        raise UsageError("there are two instances", hint="give either --instance URL or --trust-config FILE")


def _identity(options: Keyless) -> tuple[Signer, str]:
    """Return a keyless signer and what to call it; its token is in a file, in CI's environment, or behind a browser."""
    from chainguard_ml.signing import keyless_sign as keyless

    if options.identity_token_file is not None:
        data = settings.secret(options.identity_token_file, "identity token")
        token: str | None = data.decode("utf-8", "replace").strip()
    else:
        token = keyless.ambient_token()
    if token is None and not sys.stdin.isatty():
        raise UsageError("there is no identity to sign with", hint="give --identity-token-file FILE")
    if options.trust_config:
        trust = keyless.load_trust(options.trust_config)
    else:
        instance = instances.found(options)
        trust = keyless.instance_trust(instance) if instance else keyless.public_trust()
    if token is None:
        token = keyless.interactive_token(trust, browser=not options.no_browser)
    made = keyless.KeylessSigner(token, trust)
    return made, printable(f"{made.fingerprint} ({made.issuer})")
