"""Options of timestamps over signatures: asked for while signing, or added to a signature that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chainguard_ml.cli import console, identity
from chainguard_ml.errors import UsageError
from chainguard_ml.records import open_record
from chainguard_ml.text import printable

if TYPE_CHECKING:
    import typer

    from chainguard_ml.signing.interface import Signer
    from chainguard_ml.signing.stamping import Source


@open_record
class Stamped(identity.Keyless):
    """Options of signing with an identity, and of timestamps over signatures with keys and certificates."""

    timestamp_url: Annotated[
        str | None,
        typer.Option(
            "--timestamp-url",
            metavar="URL",
            help="Ask this timestamp authority (RFC 3161, network), so that the signature outlives its certificate. "
            "Without --key: for the signature that is there.",
        ),
    ] = None
    timestamp_request: Annotated[
        Path | None,
        typer.Option(
            "--timestamp-request",
            metavar="FILE",
            help="Write a request for a timestamp over the signature, to be answered elsewhere.",
        ),
    ] = None
    timestamp_file: Annotated[
        Path | None,
        typer.Option(
            "--timestamp-file",
            metavar="FILE",
            help="Add the answer of a timestamp authority to the signature that is there.",
        ),
    ] = None

    @property
    def about_time(self) -> bool:
        """Whether anything about timestamps is asked for."""
        return bool(self.timestamp_url or self.timestamp_request or self.timestamp_file)


def alone(options: Stamped) -> bool:
    """Return whether a signature that is there shall be stamped, instead of a new one made.

    Raises:
        UsageError: Timestamps are asked for with an identity.
    """
    if options.keyless and options.about_time:
        raise UsageError("a keyless signature brings its own proof of time", hint="leave the timestamp options out")
    return options.key is None and options.about_time


def signer(options: Stamped, signed: Signer) -> Signer:
    """Return a signer that also gets the timestamps that are asked for."""
    from chainguard_ml import signing

    sources = _sources(options)
    return signing.StampedSigner(sources, signed) if sources else signed


def _sources(options: Stamped) -> list[Source]:
    from chainguard_ml.signing import stamping

    sources = [stamping.from_authority(options.timestamp_url)] if options.timestamp_url else []
    return [*sources, *([stamping.from_file(options.timestamp_file)] if options.timestamp_file else [])]


def add(options: Stamped, signature: Path) -> None:
    """Add what is asked for to the signature in a file, and write the request that is asked for.

    Raises:
        UsageError: The file is no signature that can be stamped, or a given timestamp is not over it.
        ServiceError: The timestamp authority gives none.
    """
    from chainguard_ml import signing

    if sources := _sources(options):
        signing.add_timestamps(signature, sources)
        console.say(f"added a timestamp to {printable(str(signature))}")
    request(options, signature)


def request(options: Stamped, signature: Path) -> None:
    """Write the request for a timestamp over a signature, if it is asked for."""
    from chainguard_ml import files, signing

    if options.timestamp_request is not None:
        files.write_atomic(options.timestamp_request, signing.timestamp_request(signature))
        console.say(f"wrote {printable(str(options.timestamp_request))}")
