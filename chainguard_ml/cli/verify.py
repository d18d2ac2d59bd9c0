"""``chainguard-ml verify``: verify a signed model before it is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainguard_ml.cli import app as root
from chainguard_ml.cli import run, settings
from chainguard_ml.cli.options import Common, shared
from chainguard_ml.errors import UsageError

app = root.new()


@app.command(cls=root.PlainCommand)
@shared
def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Model: a directory or a file.")],
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="FILE", help="Public key (PEM) to trust; repeatable.")
    ] = None,
    cert_chain: Annotated[
        list[Path] | None,
        typer.Option("--cert-chain", metavar="FILE", help="X.509 authorities (PEM) to trust; repeatable."),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="Default: PATH/model.sig, or PATH.sig beside a file."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Refuse files that are present and not covered.")
    ] = True,
    *,
    common: Common,
) -> None:
    """Verify a signed model, offline: who signed it, what was signed, and the complete difference to what is there."""
    from chainguard_ml import check

    config = settings.settings(common, common.fail_on)
    keys, certificates = tuple(key or ()), tuple(cert_chain or ())
    if not keys and not certificates:
        keys, certificates = config.signing.public_keys, config.signing.certificates
    if not keys and not certificates:
        raise UsageError(
            "there is no public key to verify with and no authority",
            hint="give --key FILE or --cert-chain FILE, or configure signing.public-keys or signing.certificates",
        )
    run.conclude(common, lambda observer: check.verify(
        run.request("verify", [path], common, config, observer), keys, signature, certificates=certificates,
        strict=strict,
    ))  # fmt: skip
