"""Signatures of models, by a key, with a certificate and keyless: whatever becomes of them says what was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.errors import ChainguardError
from tests.signing.signed import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED = [make() for make in WAYS.values()]
PROVEN = [each.proves(each.data) for each in SIGNED]


def seeds() -> Iterator[bytes]:
    """One bundle of each method."""
    for each in SIGNED:
        yield each.data


def target(data: bytes) -> None:
    """Verify the bytes by everybody's trust: our errors only, or the same signer and the same manifest."""
    for each, (identity, manifest) in zip(SIGNED, PROVEN, strict=True):
        try:
            found, said = each.proves(data)
        except ChainguardError:
            continue
        assert (found.method, found.signer, said) == (identity.method, identity.signer, manifest)
