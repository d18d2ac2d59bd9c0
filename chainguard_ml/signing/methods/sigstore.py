"""The method ``sigstore``: an identity signs with a certificate of minutes, logged in public (OMS v1.0, section 4.1).

Verified offline: the bundle brings all proof along, and the trusted root is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.signing.interface import Identity, Keyless, UnverifiableError

if TYPE_CHECKING:
    from chainguard_ml.config import SigningConfig
    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Bundle, Trust
    from chainguard_ml.signing.sigstore import Proven, TrustedRoot

NAME = "sigstore"
MATERIAL = "certificate"


def keyless(config: SigningConfig) -> Keyless:
    """Return the identities that the operator configured, and the instance.

    Raises:
        UsageError: An identity would trust everybody or nobody, or the trusted root cannot be used.
    """
    if not (config.identities or config.trusted_root):
        return Keyless()
    from chainguard_ml.signing.sigstore import SignerIdentity, load_trusted_root

    identities = (SignerIdentity(each.identity, each.issuer, each.name, each.conditions) for each in config.identities)
    return Keyless(tuple(identities), load_trusted_root(config.trusted_root) if config.trusted_root else None)


def verify(bundle: Bundle, trust: Trust) -> Identity:
    """Return which trusted identity signed the payload, by the operator's trusted root or the embedded one.

    Raises:
        RefusedError: The bundle does not prove that one of the trusted identities signed these bytes.
        UnverifiableError: No identity is trusted, or the bundle is of a kind that is not known.
        UsageError: No trusted root was given, and none is embedded.
    """
    from chainguard_ml.signing.sigstore import embedded, prove
    from chainguard_ml.signing.sigstore.material import Envelope, parse_material

    if not trust.keyless.identities:
        detail = "no identity is configured to verify it with: add the signer's under [signing] identities"
        raise UnverifiableError(detail, GapReason.NO_DATA)
    root = trust.keyless.root or embedded()
    material = parse_material(bundle.media_type, dict(bundle.verification))
    envelope = Envelope(bundle.payload_type, bundle.payload, bundle.signature)
    proven = prove(material, envelope, None, root, trust.keyless.identities)
    name = proven.signer.name or proven.identity.identity
    return Identity(NAME, proven.identity.identity, name, _details(proven, root))


def _details(proven: Proven, root: TrustedRoot) -> dict[str, Json]:
    """Return what the certificate says, when it was signed, and by which root that is known."""
    return {
        "issuer": proven.identity.issuer,
        "claims": dict(proven.identity.claims),
        "signed_at": min(proven.times).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "trusted_root": {"source": root.source, "sha256": root.digest, "newest_key": root.newest},
    }
