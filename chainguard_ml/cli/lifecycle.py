"""Options about a model's way through time: what of it is looked at, and whether it is still to be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, instances, releasing, settings
from chainguard_ml.cli.claimed import Claimed
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing import Reuse, Signed, Signer, Source
    from chainguard_ml.signing.verify import Look


@open_record
class Verifying(Claimed, instances.Instanced):
    """Options of verifying."""

    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FILE", help="Look at this file of the model only; repeatable."),
    ] = None
    releases: Annotated[
        Path | None,
        typer.Option("--releases", metavar="FILE", help="Index of releases, which must list the model as one to use."),
    ] = None
    now: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="When that must be so; else SOURCE_DATE_EPOCH, else at present."),
    ] = None

    def look(self, *, strict: bool) -> Look:
        """Return what the options say about how to look.

        Raises:
            UsageError: A time is none, or an instance cannot be used.
            ServiceError: An instance cannot be reached, or what it has does not verify.
        """
        instance = instances.found(self, offline=self.offline)
        now = releasing.moment(self.now, "--now") or settings.epoch()
        return {"strict": strict, "only": self.only or (), "releases": self.releases, "now": now,
                "root": instance.root() if instance else None, "claims": self.claims or ()}  # fmt: skip


@open_record
class Signing(releasing.Releasing):
    """Options of signing."""

    reuse: Annotated[
        Path | None,
        typer.Option("--reuse", metavar="SIGNATURE", help="Do not hash again what is unchanged since this signature."),
    ] = None
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            help="Where sizes and times of the files are kept for --reuse. Default with it: PATH.record.",
        ),
    ] = None
    digests: Annotated[
        list[Path] | None,
        typer.Option(
            "--digests",
            metavar="FILE",
            help="Sign digests in this list of sha256sum or OCI image manifest, without reading the files; repeatable.",
        ),
    ] = None
    lfs_pointers: Annotated[
        bool, typer.Option("--lfs-pointers", help="Sign the files that Git LFS pointers stand for, not the pointers.")
    ] = False
    no_progress: Annotated[
        bool, typer.Option("--no-progress", help="No progress on standard error.", rich_help_panel="Output")
    ] = False


def sources(options: Signing, model: Path, hash_type: str, signer: Signer) -> tuple[list[Source], Reuse | None]:
    """Return where digests come from that need not be computed, and among them what is reused.

    Raises:
        UsageError: An earlier signature, a record or a list cannot be used, or they do not go together.
    """
    from chainguard_ml import signing

    found: list[Source] = []
    if options.digests or options.lfs_pointers:
        if hash_type != "sha256":
            raise UsageError("digests of others are SHA-256", hint="leave out --hash")
        found.append(signing.load_digests(options.digests or (), pointers=options.lfs_pointers))
    if options.reuse is None and options.record is None:
        return found, None
    place = model.resolve()
    record = options.record or place.parent / f"{place.name}.record"
    reuse = signing.load_reuse(model, record, hash_type, options.reuse, signing.public_half(signer))
    return [*found, reuse], reuse


def conclude(options: Signing, signed: Signed, reuse: Reuse | None) -> None:
    """Say what was not hashed, and write the record.

    Raises:
        OutputError: The record cannot be written.
    """
    if options.reuse is not None and reuse is not None:
        count = f"{plural(reuse.reused, 'file')} of {signed.files:,} reused from an earlier signature, not hashed again"
        console.say(f"nothing reused: {reuse.why}" if reuse.why else count)
    for source, number in sorted(signed.unread.items()):
        if source != "reused":
            console.say(f"{plural(number, 'digest')} from {source}, not computed here")
    if reuse is not None:
        reuse.save(signed.path)
        console.say(f"wrote {printable(str(reuse.record))}")
