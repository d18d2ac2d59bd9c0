"""The instance: all services together, their trust configuration, and bundles minted without a client."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.testing import entries, trust
from chainguard_ml.testing.authority import CertificateAuthority
from chainguard_ml.testing.faults import Fault
from chainguard_ml.testing.identities import Person
from chainguard_ml.testing.log import TransparencyLog
from chainguard_ml.testing.server import Server
from chainguard_ml.testing.timestamps import TimestampAuthority
from chainguard_ml.testing.tokens import AUDIENCE, Issuer
from chainguard_ml.testing.web import Web

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.testing.identities import Claims, Identity

_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_STATEMENT = "application/vnd.in-toto+json"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class FakeSigstore:
    """A whole Sigstore instance on loopback: OpenID Connect, Fulcio, certificate transparency, Rekor, timestamps.

    Keys, certificates, Merkle trees, proofs, checkpoints and timestamps are real; only nobody has a reason to trust
    them. Enter it to start its server, leave it to stop::

        with FakeSigstore() as fake:
            config = fake.write_trust_config(tmp_path / "trust.json")
            bundle = fake.mint(statement, Workflow(event="pull_request_target"), faults={Fault.MISSING_SCT})

    Attributes:
        rekor: Version of the log that clients are sent to, 1 or 2; both are there and trusted.
        faults: What the services get wrong from now on. What a signer gets wrong itself only ``mint`` can.
        authority: The certificate authority with its certificate transparency log.
        logs: Both logs by version.
        times: The timestamp authority.
        issuer: The issuer of identity tokens.
    """

    def __init__(self, *, rekor: int = 2, faults: Iterable[Fault] = (), signed_in: Identity | None = None) -> None:
        """Make new keys.

        Args:
            rekor: Version of the log that clients are sent to, 1 or 2.
            faults: What the services get wrong.
            signed_in: Who sits at the browser when a client opens one.

        Raises:
            ValueError: There is no such version.
        """
        if rekor not in {1, 2}:
            raise ValueError("the version of Rekor is 1 or 2")
        self.rekor = rekor
        self.faults = set(faults)
        self.issuer = Issuer()
        self.authority = CertificateAuthority()
        self.logs = {1: TransparencyLog(1, "127.0.0.1 - 1"), 2: TransparencyLog(2, "127.0.0.1")}
        self.times = TimestampAuthority()
        self._web = Web(self, signed_in or Person())
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = Server(self._web.routes())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """Where every service answers: ``http://127.0.0.1:PORT``.

        Raises:
            RuntimeError: The instance was not entered.
        """
        if self._server is None:
            raise RuntimeError("FakeSigstore answers only inside 'with'")
        return self._server.url

    def token(
        self,
        who: Identity | None = None,
        *,
        audience: str = AUDIENCE,
        lifetime: int = 300,
        claims: Claims | None = None,
    ) -> str:
        """Return an identity token about ``who`` (a ``Person``) that ends after ``lifetime`` seconds.

        ``claims`` add to or replace theirs, so that any claim of any issuer can be had.
        """
        return self.issuer.token(who or Person(), audience=audience, lifetime=lifetime, claims=claims)

    def github_actions(self, who: Identity) -> dict[str, str]:
        """Return the environment variables that make a process look like a run of GitHub Actions by ``who``."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self._web.run(who),
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/github-actions/token?api-version=2.0",
        }

    def trusted_root(self) -> JsonObject:
        """Return the trusted root, for those who verify."""
        return trust.trusted_root(self.url, self.authority, self.logs.values(), self.times)

    def trust_config(self) -> JsonObject:
        """Return the client trust configuration, for those who sign: the trusted root and where the services are."""
        return trust.trust_config(self.url, self.trusted_root(), self.rekor)

    def write_trusted_root(self, path: Path) -> Path:
        """Write the trusted root to a file, and return its path."""
        path.write_text(json.dumps(self.trusted_root()), encoding="utf-8")
        return path

    def write_trust_config(self, path: Path) -> Path:
        """Write the client trust configuration to a file, and return its path."""
        path.write_text(json.dumps(self.trust_config()), encoding="utf-8")
        return path

    def mint(
        self,
        payload: bytes,
        who: Identity | None = None,
        *,
        payload_type: str = _STATEMENT,
        rekor: int | None = None,
        faults: Iterable[Fault] = (),
        claims: Claims | None = None,
    ) -> bytes:
        """Return a bundle (v0.3, JSON) with a DSSE envelope around ``payload``, signed by ``who`` (a ``Person``).

        Unlike with a client, any fault and any claims are possible.

        Args:
            payload: The bytes to sign; a verifier of models or attestations expects an in-toto statement.
            who: Whom the certificate is for.
            payload_type: Media type of the payload.
            rekor: Version of the log; by default the instance's.
            faults: What is wrong, beside ``self.faults``.
            claims: Added to the token's claims, or in place of theirs.

        Raises:
            ValueError: The claims are ones that no certificate is issued for.
        """
        mint = _Mint(self, rekor or self.rekor, self.faults | set(faults))
        return mint.bundle(self._claims(who, claims), payload, payload_type)

    def mint_artifact(
        self,
        artifact: bytes,
        who: Identity | None = None,
        *,
        rekor: int | None = None,
        faults: Iterable[Fault] = (),
        claims: Claims | None = None,
    ) -> bytes:
        """Return a bundle with a signature over ``artifact`` itself; otherwise as ``mint``.

        Raises:
            ValueError: The claims are ones that no certificate is issued for.
        """
        mint = _Mint(self, rekor or self.rekor, self.faults | set(faults))
        return mint.bundle(self._claims(who, claims), artifact, None)

    def _claims(self, who: Identity | None, claims: Claims | None) -> Claims:
        return self.issuer.verified(self.token(who, claims=claims))


class _Mint:
    """Does what a client does, wrong where it was asked to be."""

    def __init__(self, fake: FakeSigstore, version: int, faults: Collection[Fault]) -> None:
        self._fake, self._log, self._faults = fake, fake.logs[version], faults
        self._key = ec.generate_private_key(ec.SECP256R1())

    def bundle(self, claims: Claims, content: bytes, payload_type: str | None) -> bytes:
        """Return the bundle: an envelope around ``content``, or without a type a signature over it."""
        certificate = self._fake.authority.issue(self._key.public_key(), claims, self._faults)
        signature, digest, signed = self._signed(content, payload_type, self._signer())
        entry_of = (signature, digest, signed)
        if Fault.WRONG_ENTRY in self._faults:
            entry_of = self._signed(b"{}", payload_type, self._key)
        request = entries.requested(self._log.version, certificate, *entry_of[:2], entry_of[2].get("dsseEnvelope"))
        checked = Fault.WRONG_SIGNATURE not in self._faults
        entry = self._log.append(entries.recorded(self._log.version, request, checked=checked), self._faults)
        material: JsonObject = {
            "certificate": {"rawBytes": _text(certificate.public_bytes(Encoding.DER))},
            "tlogEntries": [entry.for_bundle()],
        }
        if Fault.MISSING_TIMESTAMP not in self._faults:
            stamp = self._fake.times.stamp(signature, self._faults)
            material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": _text(stamp)}]}
        bundle: JsonObject = {"mediaType": _MEDIA_TYPE, "verificationMaterial": material, **signed}
        return json.dumps(bundle).encode()

    def _signer(self) -> ec.EllipticCurvePrivateKey:
        other = Fault.WRONG_SIGNATURE in self._faults
        return ec.generate_private_key(ec.SECP256R1()) if other else self._key

    @staticmethod
    def _signed(
        content: bytes, payload_type: str | None, key: ec.EllipticCurvePrivateKey
    ) -> tuple[bytes, bytes, dict[str, JsonObject]]:
        """Return a signature, the digest that it is over, and the bundle's member that carries it."""
        message = content if payload_type is None else entries.encoding(payload_type, content)
        signature, digest = key.sign(message, _ALGORITHM), hashlib.sha256(message).digest()
        if payload_type is None:
            named: JsonObject = {"algorithm": "SHA2_256", "digest": _text(digest)}
            return signature, digest, {"messageSignature": {"messageDigest": named, "signature": _text(signature)}}
        envelope: JsonObject = {
            "payload": _text(content),
            "payloadType": payload_type,
            "signatures": [{"sig": _text(signature)}],
        }
        return signature, digest, {"dsseEnvelope": envelope}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
