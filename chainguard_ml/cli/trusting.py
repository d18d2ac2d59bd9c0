"""Whom to trust: options of verbs that verify a signature, and what they mean beside the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli.options import Input
from chainguard_ml.config import SigningConfig, TrustedIdentity
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record, replace

if TYPE_CHECKING:
    import typer


@open_record
class Trusting(Input):
    """Options of a verb that verifies what it is given, where it is told to."""

    signature: Annotated[
        Path | None,
        typer.Option(
            "--signature",
            metavar="FILE",
            help="Take only what this signs, by somebody trusted ([signing], or the options below).",
        ),
    ] = None
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="FILE", help="Public key (PEM) to trust; repeatable.")
    ] = None
    cert_chain: Annotated[
        list[Path] | None,
        typer.Option("--cert-chain", metavar="FILE", help="X.509 authorities (PEM) to trust; repeatable."),
    ] = None
    identity: Annotated[
        list[str] | None,
        typer.Option("--identity", metavar="ID", help="Mail address or URI to trust (Sigstore); repeatable."),
    ] = None
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="URL", help="Issuer of the identities; needed with --identity.")
    ] = None
    trusted_root: Annotated[
        Path | None, typer.Option("--trusted-root", metavar="FILE", help="Private instance of Sigstore.")
    ] = None

    def trusted(self, config: SigningConfig) -> SigningConfig | None:
        """Return whom to trust, or ``None`` where no signature is asked for.

        Raises:
            UsageError: There is nobody to trust, or an identity without an issuer.
        """
        who = (self.key or (), self.cert_chain or (), identities(self.identity or (), self.issuer))
        if not (self.signature or self.trusted_root or any(who)):
            return None
        return replace(among(config, *who), trusted_root=self.trusted_root or config.trusted_root)


def identities(given: Sequence[str], issuer: str | None) -> tuple[TrustedIdentity, ...]:
    """Return identities at an issuer.

    Raises:
        UsageError: One is given without the other.
    """
    if bool(given) != bool(issuer):
        raise UsageError("an identity counts only together with its issuer", hint="give --identity ID and --issuer URL")
    return tuple(TrustedIdentity(each, issuer or "") for each in given)


def among(
    config: SigningConfig, keys: Sequence[Path], certificates: Sequence[Path], who: tuple[TrustedIdentity, ...]
) -> SigningConfig:
    """Return whom to trust: the given ones alone, or without any the configured ones.

    Raises:
        UsageError: There is nobody.
    """
    if keys or certificates or who:
        return replace(config, public_keys=tuple(keys), certificates=tuple(certificates), identities=who)
    if not (config.public_keys or config.certificates or config.identities):
        raise UsageError(
            "there is nobody to trust: no public key, no authority and no identity",
            hint="give --key FILE, --cert-chain FILE, or --identity ID and --issuer URL, or configure [signing]",
        )
    return config
