"""Chat templates, whole and broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.benign_templates import FOLDER
from tests.corpus.malicious_templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "chat_template.jinja"


def seeds() -> Iterator[bytes]:
    """Yield attacks and ordinary templates."""
    yield from (text.encode() for text in TEMPLATES.values())
    yield from (path.read_bytes() for path in sorted(FOLDER.glob("*.jinja")))
