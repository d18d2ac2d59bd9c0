"""Options of signing that keep the index of releases, and what they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, instances, settings, stamps
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing import Index, Signed, Signer


@open_record
class Releasing(stamps.Stamped):
    """Options of signing that keep the index of releases."""

    releases: Annotated[
        Path | None,
        typer.Option("--releases", metavar="FILE", help="Index of releases to add to, or to begin; signed too."),
    ] = None
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="VERSION", help="Add the model to the index; it supersedes earlier ones."),
    ] = None
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="DATE", help="From when on the release must not be used.")
    ] = None
    revoke: Annotated[
        list[str] | None,
        typer.Option(
            "--revoke",
            metavar="DIGEST",
            help="Withdraw the model with this root digest; repeatable. Without --release nothing else is signed.",
        ),
    ] = None
    releases_days: Annotated[
        int,
        typer.Option(
            "--releases-days",
            metavar="DAYS",
            min=0,
            max=36_500,
            help="Days after which the index must be signed anew; 0: never.",
        ),
    ] = 0


def hold(options: Releasing, model: Path) -> None:
    """Hold that the options about releases go together.

    Raises:
        UsageError: They do not, or the index would lie in the model.
    """
    about = (options.release is not None, bool(options.revoke))
    if options.releases is None and (any(about) or options.expires or options.releases_days):
        raise UsageError("there is no index to write into", hint="give --releases FILE")
    if options.releases is not None and not any(about):
        raise UsageError("there is nothing to do with the index", hint="give --release VERSION or --revoke DIGEST")
    if options.expires is not None and options.release is None:
        raise UsageError("--expires goes with --release", hint="leave it out")
    if options.releases is not None and (options.releases.parent.resolve() / options.releases.name).is_relative_to(
        model.resolve()
    ):
        raise UsageError("the index lies in the model, and would have to be signed with it", hint="keep it beside it")


def load(options: Releasing, signer: Signer) -> Index | None:
    """Return the index as it is; ``None`` where there is none.

    Raises:
        UsageError: It is something else, or signed by another.
    """
    from chainguard_ml import signing

    if options.releases is None:
        return None
    key = signing.public_half(signer)
    if key is not None:
        return signing.load_index(options.releases, key)
    kept = instances.found(options, offline=True)  # it was just fetched, to sign
    given = signing.load_trusted_root(options.trust_config) if options.trust_config else None
    issuer = str(getattr(signer, "issuer", ""))
    trust = signing.only_identity(signer.fingerprint, issuer, kept.root() if kept else given)
    return signing.load_index(options.releases, None, trust)


def save(options: Releasing, before: Index | None, signer: Signer, signed: Signed | None) -> None:
    """Change the index and write it, if there is to be one.

    Raises:
        UsageError: The release or a revocation contradicts the index.
        OutputError: It cannot be written.
    """
    from chainguard_ml import signing

    if options.releases is None:
        return
    now = settings.epoch() or datetime.now(tz=UTC)
    ends = now + timedelta(days=options.releases_days) if options.releases_days else None
    until = moment(options.expires, "--expires")
    added = signing.Release(options.release, signed.root, now, until) if options.release and signed else None
    index = signing.changed_index(before, now, add=added, revoke=options.revoke or (), expires=ends)
    signing.save_index(options.releases, index, signer)
    count = f"{plural(len(index.releases), 'release')}, {len(index.revoked):,} revoked"
    console.say(f"wrote {printable(str(options.releases))}: {count}")


def moment(text: str | None, option: str) -> datetime | None:
    """Return a date or a time (ISO 8601; UTC unless it says otherwise).

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {printable(text)} is no date", hint="for instance 2026-12-31") from None
