"""Timestamps over signatures, as responses and as tokens, and URIs of keys in tokens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from chainguard_ml.errors import ChainguardError
from chainguard_ml.signing import stamping
from chainguard_ml.signing.keysources import uri
from chainguard_ml.signing.sigstore import timestamps
from chainguard_ml.testing import der
from chainguard_ml.testing.timestamps import TimestampAuthority

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"signature"
TIMES = TimestampAuthority()


def seeds() -> Iterator[bytes]:
    """A response, the token in it, an answer to a request with a nonce, and a URI."""
    response = TIMES.stamp(SIGNATURE)
    yield response
    _, token = (der.node(tag, content) for tag, content in der.read(next(der.read(response))[1]))
    yield token
    yield TIMES.answer(stamping._request(SIGNATURE, nonce=True).as_bytes())
    yield b"token=my%20token;object=key;id=%01;slot-id=1?module-path=/m.so&pin-source=file:/dev/null"


def target(data: bytes) -> None:
    """Read the bytes as each of these; our errors only."""
    for trusted in (TIMES.chain.root, TIMES.chain.certificate):
        with contextlib.suppress(ChainguardError):
            timestamps._by(timestamps.read(stamping._response(data), SIGNATURE), [trusted])
    with contextlib.suppress(ChainguardError):
        uri.parse(data.decode("utf-8", "replace"))
