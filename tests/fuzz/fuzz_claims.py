"""Claims: envelopes, bundles, statements and predicates, and a file of them beside a signed model."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING

from chainguard_ml.errors import ChainguardError
from chainguard_ml.signing.attestations import envelope, kinds, statement, store

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "claims.jsonl"

_PREDICATES = {
    kinds.PROVENANCE: {"buildDefinition": {"buildType": "t"}, "runDetails": {"builder": {"id": "b"}}},
    kinds.VSA: {"verifier": {"id": "v"}, "timeVerified": "2025-01-01T00:00:00Z", "resourceUri": "r",
                "policy": {"uri": "p"}, "verificationResult": "PASSED", "verifiedLevels": ["L"]},
    kinds.SVR: {"verifier": {"id": "v"}, "timeCreated": "2025-01-01T00:00:00Z", "properties": ["P"]},
    kinds.AUDIT: {"scanner": {"uri": "s", "result": []}, "metadata": {"scanFinishedOn": "2025-01-01T00:00:00Z"}},
    kinds.SCAN: {"tool": {"name": "t", "type": kinds.SCAN_TOOL}, "result": "PASS", "summary": {"findings": []}},
    kinds.TEST_RESULTS: {"result": "PASSED", "configuration": [], "passedTests": ["t"]},
    kinds.SBOM: {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]},
}  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Statements of every known kind, an envelope and a bundle around each."""
    for kind, predicate in _PREDICATES.items():
        subject = {"name": "m", "digest": {"sha256": "0" * 64}, "annotations": {"time": "2025-01-01T00:00:00Z"}}
        payload = statement.build(subject, kind, predicate)
        yield payload
        signed = {"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(payload).decode(),
                  "signatures": [{"sig": "AAAA", "keyid": "k"}]}  # fmt: skip
        yield json.dumps(signed).encode()
        yield json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {"publicKey": {"hint": "h"}},
                "dsseEnvelope": signed,
            }
        ).encode()


def target(data: bytes) -> None:
    """Read the bytes as a file of claims, as an envelope and as a statement; each raises our errors only."""
    with contextlib.suppress(ChainguardError):
        for line in store.lines(data, NAME):
            with contextlib.suppress(ChainguardError):
                for signed in envelope.parse(line.data):
                    _stated(signed.payload)
    _stated(data)


def _stated(payload: bytes) -> None:
    with contextlib.suppress(ChainguardError):
        parsed = statement.parse(payload)
        facts = kinds.describe(parsed.predicate_type, parsed.predicate)
        kinds.moment(facts.get("stated"))
