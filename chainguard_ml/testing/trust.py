"""Trusted root and client trust configuration (Sigstore protobuf specifications, ``sigstore_trustroot.proto``)."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.testing.authority import spki

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.testing.authority import CertificateAuthority, Chain
    from chainguard_ml.testing.log import TransparencyLog
    from chainguard_ml.testing.timestamps import TimestampAuthority

_MEDIA = "application/vnd.dev.sigstore."
_SINCE: JsonObject = {"start": "2020-01-01T00:00:00Z"}
_OPERATOR = "fake.sigstore.example"


def trusted_root(
    url: str, authority: CertificateAuthority, logs: Iterable[TransparencyLog], times: TimestampAuthority
) -> JsonObject:
    """Return the trusted root of the instance at ``url``."""
    ct = spki(authority.ct_key)
    return {
        "mediaType": f"{_MEDIA}trustedroot+json;version=0.1",
        "tlogs": [_log(url, log.public, log.version == 2, log.log_id) for log in logs],
        "certificateAuthorities": [_chain(url, authority.chain)],
        "ctlogs": [_log(url, ct, False, hashlib.sha256(ct).digest())],  # noqa: FBT003 (a log of ECDSA)
        "timestampAuthorities": [_chain(f"{url}/api/v1/timestamp", times.chain)],
    }


def trust_config(url: str, root: JsonObject, version: int) -> JsonObject:
    """Return the client trust configuration: the trusted root, and where to sign with a log of ``version``."""
    return {
        "mediaType": f"{_MEDIA}clienttrustconfig.v0.1+json",
        "trustedRoot": root,
        "signingConfig": {
            "mediaType": f"{_MEDIA}signingconfig.v0.2+json",
            "caUrls": [_service(url)],
            "oidcUrls": [_service(url)],
            "rekorTlogUrls": [_service(url, version)],
            "tsaUrls": [_service(f"{url}/api/v1/timestamp")],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        },
    }


def _service(url: str, version: int = 1) -> JsonObject:
    return {"url": url, "majorApiVersion": version, "validFor": _SINCE, "operator": _OPERATOR}


def _log(url: str, key: bytes, ed25519: bool, name: bytes) -> JsonObject:  # noqa: FBT001 (private)
    details = "PKIX_ED25519" if ed25519 else "PKIX_ECDSA_P256_SHA_256"
    public: JsonObject = {"rawBytes": _base64(key), "keyDetails": details, "validFor": _SINCE}
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": {"keyId": _base64(name)}}


def _chain(url: str, chain: Chain) -> JsonObject:
    certificates = [chain.certificate, chain.root]
    return {
        "subject": {"organization": _OPERATOR, "commonName": "fake"},
        "uri": url,
        "certChain": {"certificates": [{"rawBytes": _base64(it.public_bytes(Encoding.DER))} for it in certificates]},
        "validFor": _SINCE,
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
