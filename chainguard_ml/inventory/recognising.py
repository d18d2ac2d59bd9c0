"""What a file is: by a name that leaves no doubt, by its first bytes, by both, or by what its name promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.inventory.documents import document, signature
from chainguard_ml.inventory.interface import Recognised
from chainguard_ml.inventory.names import certain, promised
from chainguard_ml.inventory.signatures import signed
from chainguard_ml.model import ArtifactKind

if TYPE_CHECKING:
    from chainguard_ml.inventory.interface import File


def recognise(file: File) -> Recognised:
    """Return what a file is.

    The file is opened at most once, and not at all where its name leaves no doubt.

    Raises:
        OSError: It cannot be opened or read.
    """
    return certain(file) or signature(file) or signed(file) or document(file) or promised(file.name) or _other(file)


def _other(file: File) -> Recognised:
    if not file.head:
        return Recognised(ArtifactKind.OTHER, "empty")
    return Recognised(ArtifactKind.OTHER, "binary" if b"\x00" in file.head else "text")
