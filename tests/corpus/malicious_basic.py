"""The first technique of all: a pickle that runs a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious


def samples() -> Iterator[Malicious]:
    """A plain call, and the same behind the name of a harmless format."""
    payload = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
    yield malicious("plain-call", "model.pkl", payload, "dangerous-global")
    yield malicious("plain-call-renamed", "model.safetensors", payload, "dangerous-global")
