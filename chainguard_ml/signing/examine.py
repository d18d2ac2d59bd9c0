"""Verify every signature that the inventory found, and name the models that none covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import ArtifactKind, Evidence, Finding, Location
from chainguard_ml.rules import signing as rules
from chainguard_ml.signing import certificates, verify
from chainguard_ml.signing.interface import Trust
from chainguard_ml.signing.keys import load_public_key
from chainguard_ml.signing.methods.sigstore import keyless
from chainguard_ml.signing.sign import INDEX_NAME, SIGNATURE_NAME
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.config import SigningConfig
    from chainguard_ml.context import Context
    from chainguard_ml.model import Artifact, Observations

_SUFFIXES = (".sigstore.json", ".sigstore", ".sig")


def examine(context: Context) -> Observations:
    """Yield evidence and findings for each signature, then a finding for each model that no trusted signature covers.

    An index of releases says which of the signed models must not be used any more.
    ``model.sig`` is taken to be about its directory; ``<name>.sig`` and ``<name>.sigstore.json`` about the file or
    directory of that name beside them; any other signature about its directory. Bundles are read in this process:
    the reader is strict, its cost in proportion to the bytes, and it only hands on what a trusted key signed.

    Raises:
        UsageError: A configured key, certificate, identity or trusted root cannot be used.
    """
    from chainguard_ml.signing import released

    trusted = trust(context.config.signing)
    spoken_for: set[str] = set()
    proven: list[tuple[verify.Claim, str]] = []
    for claim in _claims(context, trusted, indexes=False):
        for observation in verify.verify(claim):
            spoken_for.update(_spoken_for(observation))
            proven.extend((claim, root) for root in _roots(observation))
            yield observation
        context.observer.advance(claim.origin.path)
    for claim in _claims(context, trusted, indexes=True):
        yield from released.examine(claim, proven)
        context.observer.advance(claim.origin.path)
    if context.config.signing.required:
        for artifact in context.of(ArtifactKind.MODEL):
            if artifact.path not in spoken_for:
                yield _unsigned(artifact)


def trust(config: SigningConfig) -> Trust:
    """Return whom the operator trusts.

    Raises:
        UsageError: A configured key, certificate, identity or trusted root cannot be used.
    """
    keys = tuple(map(load_public_key, config.public_keys))
    timestampers = certificates.load_timestampers(config.timestamp_certificates)
    return Trust(keys, certificates.load(config.certificates), None, keyless(config), timestampers)


def _claims(context: Context, trusted: Trust, *, indexes: bool) -> Iterator[verify.Claim]:
    """Yield the claims of signatures, or those of indexes of releases."""
    for artifact in context.of(ArtifactKind.SIGNATURE):
        if artifact.format == "claims":  # they are read with the signature of what they are about
            continue
        if artifact.path.endswith(INDEX_NAME) is indexes:
            yield _claim(context, artifact, trusted)


def _claim(context: Context, artifact: Artifact, trusted: Trust) -> verify.Claim:
    model, directory = _about(context.root, artifact.path)
    return verify.Claim(
        root=context.root,
        model=model,
        directory=directory,
        signature=context.root / artifact.path,
        trust=trusted,
        ignore=context.config.signing.ignore,
        max_age=context.config.signing.claims_max_age_days,
    )


def _about(root: Path, signature: str) -> tuple[str, bool]:
    """Return the path that a signature is about, and whether that is a directory."""
    parent, _, name = signature.rpartition("/")
    if name != SIGNATURE_NAME:
        for suffix in _SUFFIXES:
            stem = name.removesuffix(suffix)
            if stem not in {name, ""}:
                path = f"{parent}/{stem}" if parent else stem
                return path, (root / path).is_dir() and not (root / path).is_symlink()
    return parent or ".", True


def _spoken_for(observation: object) -> tuple[str, ...]:
    """Return the paths that a trusted signature covers, or that were found to differ from it."""
    match observation:
        case Evidence(kind="signature", statement={"covers": list(covers)}):
            return tuple(map(str, covers))
        case Finding(rule=rules.MODEL_TAMPERED.id, location=place):
            return (place.path,)
    return ()


def _roots(observation: object) -> tuple[str, ...]:
    """Return the root digest that a trusted signature proves."""
    match observation:
        case Evidence(kind="signature", statement={"root": str(root)}):
            return (root,)
    return ()


def _unsigned(artifact: Artifact) -> Finding:
    return rules.UNSIGNED_MODEL.finding(
        artifact.subject,
        Location(artifact.path),
        f"no trusted signature covers '{printable(artifact.path)}'",
        facts={"reason": "missing"},
    )
