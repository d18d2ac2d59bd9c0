"""What lies beside models: an index of releases, a record of a signing, lists of digests."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.signing import digests, releases, reuse

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seeds() -> Iterator[bytes]:
    """Yield one of each kind."""
    first = releases.changed(None, NOW, add=releases.Release("1", "ab" * 32, NOW), expires=NOW + timedelta(1))
    second = releases.Release("2", "cd" * 32, NOW, NOW + timedelta(2))
    yield releases.build(releases.changed(first, NOW, add=second, revoke=["ab" * 32]))
    yield json.dumps({"type": "chainguard-ml/signing-record/v1", "statement": "ab" * 32, "hash": "sha256",
                      "files": {"a/b": [1, 2, 3, 4]}}).encode()  # fmt: skip
    yield f"{'ab' * 32}  a/b\n{'cd' * 32} *c\nSHA256 (d) = {'ef' * 32}\n".encode()
    layer = {"digest": f"sha256:{'ab' * 32}", "size": 1, "annotations": {"org.opencontainers.image.title": "a"}}
    yield json.dumps({"schemaVersion": 2, "layers": [layer]}).encode()


def target(data: bytes) -> None:
    """Read the bytes as each of them; each reader raises our errors only."""
    with contextlib.suppress(InputError):
        releases.parse(data)
    with contextlib.suppress(InputError):
        reuse.parse(data)
    with contextlib.suppress(InputError):
        list(digests.parse(data))
