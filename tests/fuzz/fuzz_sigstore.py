"""Sigstore: bundles, trusted roots, checkpoints, certificates and timestamps, each of the bytes in turn."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING

from chainguard_ml.errors import ChainguardError
from chainguard_ml.signing import sigstore
from chainguard_ml.signing.sigstore import certificate, identity, log, material, timestamps, trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARTIFACT = sigstore.Artifact.of_digest(f"sha256:{'0' * 64}")
ROOT = sigstore.embedded()
NOTE = f"log\n7\n{base64.b64encode(bytes(32)).decode()}\n\n\N{EM DASH} log {base64.b64encode(bytes(70)).decode()}\n"


def _bundle(der: bytes) -> bytes:
    """Return a bundle that gets as far as its certificate, and whose log is a known one."""
    text = base64.b64encode(der).decode()
    proof = {"logIndex": "0", "treeSize": "1", "rootHash": base64.b64encode(bytes(32)).decode(), "hashes": [],
             "checkpoint": {"envelope": NOTE}}  # fmt: skip
    entry = {
        "logIndex": "0",
        "logId": {"keyId": base64.b64encode(ROOT.logs[0].id).decode()},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": "1700000000",
        "inclusionPromise": {"signedEntryTimestamp": text},
        "inclusionProof": proof,
        "canonicalizedBody": text,
    }
    stamps = {"rfc3161Timestamps": [{"signedTimestamp": text}]}
    verification = {"certificate": {"rawBytes": text}, "tlogEntries": [entry], "timestampVerificationData": stamps}
    media_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
    signature = {"signature": text, "messageDigest": {"algorithm": "SHA2_256", "digest": text}}
    return json.dumps(
        {"mediaType": media_type, "verificationMaterial": verification, "messageSignature": signature}
    ).encode()


def seeds() -> Iterator[bytes]:
    """Certificates of the embedded root, bundles around them, a root of its own, and a checkpoint."""
    for authority in (*ROOT.authorities, *ROOT.timestampers):
        for der in authority.certificates:
            yield der
            yield _bundle(der)
    period = {"start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}
    each = {"logId": {"keyId": "AAAA"}, "publicKey": {"rawBytes": "AAAA", "validFor": period}}
    yield json.dumps(
        {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [each]}
    ).encode()
    yield NOTE.encode()


def target(data: bytes) -> None:
    """Read the bytes as everything that comes from strangers; each reader raises our errors only."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: sigstore.verify_bundle(data, ARTIFACT, ROOT, []),
        lambda: material.parse_bundle(data),
        lambda: trust.parse_trusted_root(data, "fuzz"),
        lambda: log.parse_checkpoint(data.decode("utf-8", "replace")),
        lambda: timestamps.verified_times((data,), b"signature", ROOT),
        lambda: _certificate(data),
    )
    for read in readers:
        with contextlib.suppress(ChainguardError):
            read()


def _certificate(data: bytes) -> None:
    found = certificate.load((data,))
    with contextlib.suppress(ChainguardError):
        identity.read(found)
    with contextlib.suppress(ChainguardError):
        certificate.verify_logged(found, found, ROOT)
    certificate.verify_chain(found, ROOT.authorities[-1].period.start, ROOT)
