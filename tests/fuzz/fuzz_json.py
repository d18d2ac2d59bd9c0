"""JSON documents that loaders act on, whole and broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus import benign_configs, malicious_repositories

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "config.json"


def seeds() -> Iterator[bytes]:
    """Yield documents that ask for code, keys, and ordinary ones; one of each in a wide encoding."""
    documents = [document for _, document, _ in malicious_repositories.DOCUMENTS.values()]
    documents += [*benign_configs.JSON.values(), {"keys": list(malicious_repositories.keys().values())}]
    for document in documents:
        yield json.dumps(document, indent=1).encode()
    yield json.dumps(documents[0]).encode("utf-16")
    yield json.dumps(documents[1]).encode("utf-32-le")
