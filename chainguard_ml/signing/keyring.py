"""Private keys by reference: ``scheme:rest`` names a key that no file holds.

A scheme is one file of ``keysources/`` and one line in ``SOURCES``. What has no known scheme is a file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from chainguard_ml.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.signing.interface import Signer
    from chainguard_ml.signing.keys import PublicKey

SOURCES = {"exec": "command", "exec-message": "command", "pkcs11": "token"}
"""Scheme to module of ``keysources``."""


class Source(Protocol):
    """What a module of ``keysources`` offers."""

    def signer(self, scheme: str, rest: str, public: PublicKey | None, secret: Callable[[], bytes]) -> Signer:
        """Return the signer that a reference names; ``secret`` gives what protects the key, if that is needed.

        Raises:
            UsageError: The reference or the key is not one that the source has.
        """


def scheme(reference: str) -> str:
    """Return the scheme of a reference; empty for a file."""
    found, colon, _ = reference.partition(":")
    return found if colon and found in SOURCES else ""


def signer(reference: str, public: PublicKey | None = None, secret: Callable[[], bytes] | None = None) -> Signer:
    """Return the signer that a reference with a known scheme names.

    Args:
        reference: ``scheme:rest``.
        public: Its public half, where the source cannot tell it.
        secret: Gives what protects the key, the PIN of a token; called only if it is needed.

    Raises:
        UsageError: As ``Source.signer``.
    """
    found, _, rest = reference.partition(":")
    source = cast("Source", importlib.import_module(f"chainguard_ml.signing.keysources.{SOURCES[found]}"))
    return source.signer(found, rest, public, secret or _none)


def _none() -> bytes:
    raise UsageError("the key is protected, and nothing opens it", hint="give its PIN or passphrase")
