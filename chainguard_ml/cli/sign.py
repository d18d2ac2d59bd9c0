"""``chainguard-ml sign``: sign a model on release."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

from chainguard_ml.cli import attesting, console, identity, lifecycle, releasing, stamps
from chainguard_ml.cli.app import Application
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

app = Application()


class Hash(enum.StrEnum):
    """Digests of files that the specification's registry has."""

    SHA256 = "sha256"
    BLAKE2B = "blake2b"
    BLAKE3 = "blake3"


class Scope(TypedDict):
    """What of the model is signed, how, and where the signature is."""

    signature: Path | None
    ignore: Sequence[str]
    hash_type: str


@app.command()
def sign(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Model: a directory or a file.")],
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="Default: PATH/model.sig, or PATH.sig beside a file."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="PATH", help="Leave out this path (relative to the model); repeatable."),
    ] = None,
    hash_type: Annotated[Hash, typer.Option("--hash", help="Digest of the files.")] = Hash.SHA256,
    *,
    common: attesting.Signing,
) -> None:
    """Sign a model: every file's digest, in one OpenSSF Model Signing v1.0 bundle.

    Anyone with the public key, with the authority's certificate, or who trusts the identity, can verify it, with this
    tool or another that reads the format.
    """
    from chainguard_ml import signing

    releasing.hold(common, path)
    if stamps.alone(common) and common.releases is None:
        stamps.add(common, signature or signing.default_signature(path))
        return
    scope: Scope = {"signature": signature, "ignore": ignore or (), "hash_type": hash_type.value}
    claims, before = attesting.released(path, common, **scope)
    signer, who = identity.signer(common)
    dated, index = stamps.signer(common, signer), releasing.load(common, signer)
    if common.revoke and common.release is None:
        releasing.save(common, index, dated, None)
        return
    known, reuse = lifecycle.sources(common, path, hash_type.value, signer)
    observer = console.observer(common)
    observer.stage("sign")
    try:
        signed = signing.sign_model(path, dated, known=known, observer=observer, expected=before, **scope)
    finally:
        console.clear(observer)
    console.say(f"signed {plural(signed.files, 'file')} of {printable(str(path))} as {who}")
    console.say(f"wrote {printable(str(signed.path))}")
    stamps.request(common, signed.path)
    lifecycle.conclude(common, signed, reuse)
    dated = signer if common.timestamp_file else dated
    releasing.save(common, index, dated, signed)
    if claims:
        attesting.keep(path, signature, dated, claims, before)
