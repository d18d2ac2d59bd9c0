"""Digests that signing need not compute, because they are known: the seam between a walk and where they come from.

What is taken on somebody's word can make a signature that does not verify. It can never make other bytes verify,
because whoever verifies hashes what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

REUSED = "reused"
"""The source of a digest that the same signer signed before, of a file that is unchanged since."""


class Known(NamedTuple):
    """A digest that was not computed, and where it comes from."""

    digest: str
    source: str


class Source(Protocol):
    """Where digests come from."""

    def known(self, path: str, descriptor: int) -> Known | None:
        """Return the digest of an open file, or ``None`` where it must be hashed.

        Raises:
            InputError: What is known contradicts the file.
        """

    def hashed(self, path: str, status: os.stat_result) -> None:
        """A file was hashed, or reused as it is; ``status`` is of before."""

    def beyond(self) -> Mapping[str, Known]:
        """Return the digests of files that need not be there."""
