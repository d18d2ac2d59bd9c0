"""Private keys by reference: ``scheme:rest`` names a key that no file holds.

A scheme is one file of ``keysources/`` and one line in ``SOURCES``. What has no known scheme is a file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from chainguard_ml.signing.interface import Signer
    from chainguard_ml.signing.keys import PublicKey

SOURCES = {"exec": "command", "exec-message": "command"}
"""Scheme to module of ``keysources``."""


class Source(Protocol):
    """What a module of ``keysources`` offers."""

    def signer(self, scheme: str, rest: str, public: PublicKey) -> Signer:
        """Return the signer that a reference names.

        Raises:
            UsageError: The reference or the key is not one that the source has.
        """


def scheme(reference: str) -> str:
    """Return the scheme of a reference; empty for a file."""
    found, colon, _ = reference.partition(":")
    return found if colon and found in SOURCES else ""


def signer(reference: str, public: PublicKey) -> Signer:
    """Return the signer that a reference with a known scheme names; ``public`` is its public half.

    Raises:
        UsageError: As ``Source.signer``.
    """
    found, _, rest = reference.partition(":")
    source = cast("Source", importlib.import_module(f"chainguard_ml.signing.keysources.{SOURCES[found]}"))
    return source.signer(found, rest, public)
