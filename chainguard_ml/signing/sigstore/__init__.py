"""Keyless signatures of Sigstore, verified offline on ``cryptography``; the package ``sigstore`` is never imported."""

from __future__ import annotations

from chainguard_ml.signing.sigstore.identity import CONDITIONS, ProvenIdentity, SignerIdentity
from chainguard_ml.signing.sigstore.trust import PRODUCTION, STAGING, TrustedRoot, embedded, load_trusted_root
from chainguard_ml.signing.sigstore.verify import Artifact, Proven, prove, verify_bundle, verify_key_bundle

__all__ = [
    "CONDITIONS",
    "PRODUCTION",
    "STAGING",
    "Artifact",
    "Proven",
    "ProvenIdentity",
    "SignerIdentity",
    "TrustedRoot",
    "embedded",
    "load_trusted_root",
    "prove",
    "verify_bundle",
    "verify_key_bundle",
]
