"""Options that name a private instance of Sigstore by its address, and where what is fetched from it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import settings
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing import Instance


@open_record
class Instanced:
    """Options of verbs that trust an instance, or sign with it."""

    instance: Annotated[
        str | None,
        typer.Option(
            "--instance",
            metavar="URL",
            help="Private instance of Sigstore: its TUF repository, asked for changes (network; not with --offline).",
        ),
    ] = None
    instance_root: Annotated[
        Path | None,
        typer.Option(
            "--instance-root",
            metavar="FILE",
            help="Root metadata of that repository, needed the first time.",
        ),
    ] = None


def found(options: Instanced, *, offline: bool = False) -> Instance | None:
    """Return the instance at an address, fetched or, offline, as it was last fetched; ``None`` without one.

    Raises:
        UsageError: It cannot be used, or nothing is known of it.
        ServiceError: It cannot be reached, or what it has does not verify.
    """
    if options.instance is None:
        if options.instance_root is not None:
            raise UsageError("--instance-root goes with --instance", hint="give --instance URL")
        return None
    from chainguard_ml import signing

    directory = settings.data_directory()
    if offline:
        return signing.kept_instance(options.instance, directory)
    return signing.fetch_instance(options.instance, directory, options.instance_root)
