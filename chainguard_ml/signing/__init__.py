"""Sign models and verify them: OpenSSF Model Signing v1.0 (OMS), strictly, offline, with the complete difference.

Adding a signing method is one file in ``methods/`` and one name in its ``METHODS``. A name is imported when it is asked
for: what verifies with a key does not wait for what signs with an identity.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from chainguard_ml.signing.examine import examine, trust

if TYPE_CHECKING:
    from chainguard_ml.signing.certificates import load as load_certificates
    from chainguard_ml.signing.certificates import load_timestampers
    from chainguard_ml.signing.digests import Digests
    from chainguard_ml.signing.digests import load as load_digests
    from chainguard_ml.signing.instance import Instance
    from chainguard_ml.signing.instance import fetch as fetch_instance
    from chainguard_ml.signing.instance import kept as kept_instance
    from chainguard_ml.signing.interface import Keyless, Signer, Trust
    from chainguard_ml.signing.keyring import scheme as key_scheme
    from chainguard_ml.signing.keyring import signer as external_signer
    from chainguard_ml.signing.keys import PublicKey, SigningKey, load_private_key, load_public_key, load_signing_key
    from chainguard_ml.signing.known import Source
    from chainguard_ml.signing.methods.certificate import CertificateSigner
    from chainguard_ml.signing.methods.certificate import signer as certificate_signer
    from chainguard_ml.signing.methods.sigstore import keyless
    from chainguard_ml.signing.released import load as load_index
    from chainguard_ml.signing.released import only as only_identity
    from chainguard_ml.signing.released import save as save_index
    from chainguard_ml.signing.releases import Index, Release
    from chainguard_ml.signing.releases import changed as changed_index
    from chainguard_ml.signing.reuse import Reuse, public_half
    from chainguard_ml.signing.reuse import load as load_reuse
    from chainguard_ml.signing.sign import Signed, default_signature, measured, sign_model
    from chainguard_ml.signing.sigstore import SignerIdentity, load_trusted_root
    from chainguard_ml.signing.stamping import StampedSigner, add_timestamps, timestamp_request
    from chainguard_ml.signing.verify import verify_model

_PUBLIC = {
    "CertificateSigner": "methods.certificate:CertificateSigner",
    "Digests": "digests:Digests",
    "Index": "releases:Index",
    "Instance": "instance:Instance",
    "Keyless": "interface:Keyless",
    "PublicKey": "keys:PublicKey",
    "Release": "releases:Release",
    "Reuse": "reuse:Reuse",
    "Signed": "sign:Signed",
    "Signer": "interface:Signer",
    "SignerIdentity": "sigstore:SignerIdentity",
    "SigningKey": "keys:SigningKey",
    "Source": "known:Source",
    "StampedSigner": "stamping:StampedSigner",
    "Trust": "interface:Trust",
    "add_timestamps": "stamping:add_timestamps",
    "certificate_signer": "methods.certificate:signer",
    "changed_index": "releases:changed",
    "default_signature": "sign:default_signature",
    "external_signer": "keyring:signer",
    "fetch_instance": "instance:fetch",
    "kept_instance": "instance:kept",
    "key_scheme": "keyring:scheme",
    "keyless": "methods.sigstore:keyless",
    "load_certificates": "certificates:load",
    "load_digests": "digests:load",
    "load_index": "released:load",
    "load_private_key": "keys:load_private_key",
    "load_public_key": "keys:load_public_key",
    "load_reuse": "reuse:load",
    "load_signing_key": "keys:load_signing_key",
    "load_timestampers": "certificates:load_timestampers",
    "load_trusted_root": "sigstore:load_trusted_root",
    "measured": "sign:measured",
    "only_identity": "released:only",
    "public_half": "reuse:public_half",
    "save_index": "released:save",
    "sign_model": "sign:sign_model",
    "timestamp_request": "stamping:timestamp_request",
    "verify_model": "verify:verify_model",
}
"""Module of this package and name there, by the name here."""

__all__ = [
    "CertificateSigner",
    "Digests",
    "Index",
    "Instance",
    "Keyless",
    "PublicKey",
    "Release",
    "Reuse",
    "Signed",
    "Signer",
    "SignerIdentity",
    "SigningKey",
    "Source",
    "StampedSigner",
    "Trust",
    "add_timestamps",
    "certificate_signer",
    "changed_index",
    "default_signature",
    "examine",
    "external_signer",
    "fetch_instance",
    "kept_instance",
    "key_scheme",
    "keyless",
    "load_certificates",
    "load_digests",
    "load_index",
    "load_private_key",
    "load_public_key",
    "load_reuse",
    "load_signing_key",
    "load_timestampers",
    "load_trusted_root",
    "measured",
    "only_identity",
    "public_half",
    "save_index",
    "sign_model",
    "timestamp_request",
    "trust",
    "verify_model",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
