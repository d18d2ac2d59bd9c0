"""``chainguard-ml verify``: verify a signed model before it is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import lifecycle, run, settings, trusting
from chainguard_ml.cli.app import Application
from chainguard_ml.errors import UsageError
from chainguard_ml.records import replace

if TYPE_CHECKING:
    import typer

app = Application()


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Model: a directory or a file.")],
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="FILE", help="Public key (PEM) to trust; repeatable.")
    ] = None,
    cert_chain: Annotated[
        list[Path] | None,
        typer.Option("--cert-chain", metavar="FILE", help="X.509 authorities (PEM) to trust; repeatable."),
    ] = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(
            "--identity", metavar="ID", help="Mail address or URI to trust (Sigstore), or a pattern; repeatable."
        ),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="URL", help="Issuer of the identities; needed with --identity.")
    ] = None,
    trusted_root: Annotated[
        Path | None,
        typer.Option(
            "--trusted-root",
            "--trust-config",
            metavar="FILE",
            help="Private instance of Sigstore: its trusted root, or a trust configuration with it.",
        ),
    ] = None,
    timestamp_chain: Annotated[
        list[Path] | None,
        typer.Option(
            "--timestamp-chain",
            metavar="FILE",
            help="Timestamp authorities (PEM, the root included) that may say when it was signed; repeatable.",
        ),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="Default: PATH/model.sig, or PATH.sig beside a file."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Refuse files that are present and not covered.")
    ] = True,
    *,
    common: lifecycle.Verifying,
) -> None:
    """Verify a signed model, offline: who signed it, what was signed, and the complete difference to what is there."""
    from chainguard_ml import check

    config = common.configured(settings.settings(common, common.fail_on))
    if common.instance and trusted_root:
        raise UsageError("there are two instances", hint="give either --instance URL or --trusted-root FILE")
    trusted = trusting.among(config.signing, key or (), cert_chain or (), trusting.identities(identity or (), issuer))
    trusted = replace(
        trusted,
        trusted_root=trusted_root or trusted.trusted_root,
        timestamp_certificates=tuple(timestamp_chain or trusted.timestamp_certificates),
    )
    run.conclude(common, lambda observer: check.verify(
        run.request("verify", [path], common, config, observer), trusted, signature, **common.look(strict=strict)
    ))  # fmt: skip
