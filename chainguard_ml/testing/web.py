"""The HTTP interfaces of the services, as clients of Sigstore use them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from chainguard_ml.testing import entries
from chainguard_ml.testing.faults import Fault
from chainguard_ml.testing.server import Response, answered, refused
from chainguard_ml.testing.tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from chainguard_ml.testing.authority import CertificateAuthority
    from chainguard_ml.testing.identities import Identity
    from chainguard_ml.testing.log import TransparencyLog
    from chainguard_ml.testing.server import Request, Routes
    from chainguard_ml.testing.timestamps import TimestampAuthority
    from chainguard_ml.testing.tokens import Issuer


_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class Instance(Protocol):
    """The services that are spoken to."""

    @property
    def url(self) -> str:
        """Where they answer."""

    @property
    def faults(self) -> Collection[Fault]:
        """What they get wrong."""

    @property
    def issuer(self) -> Issuer:
        """The issuer of tokens."""

    @property
    def authority(self) -> CertificateAuthority:
        """The certificate authority."""

    @property
    def logs(self) -> Mapping[int, TransparencyLog]:
        """The logs by version."""

    @property
    def times(self) -> TimestampAuthority:
        """The timestamp authority."""


class Web:
    """Answers requests to an instance."""

    def __init__(self, instance: Instance, signed_in: Identity) -> None:
        self._instance, self._signed_in = instance, signed_in
        self._runs: dict[str, Identity] = {}
        self._codes: dict[str, str] = {}

    def routes(self) -> Routes:
        """Return what answers each method and path."""
        return {
            ("GET", "/.well-known/openid-configuration"): self._discovery,
            ("GET", "/keys"): lambda _: answered(self._instance.issuer.keys()),
            ("GET", "/authorize"): self._authorize,
            ("POST", "/token"): self._token,
            ("GET", "/github-actions/token"): self._github_actions,
            ("POST", "/api/v2/signingCert"): self._certificate,
            ("GET", "/api/v2/trustBundle"): self._chains,
            ("POST", "/api/v1/log/entries"): partial(self._entry, 1),
            ("POST", "/api/v2/log/entries"): partial(self._entry, 2),
            ("GET", "/api/v2/checkpoint"): self._checkpoint,
            ("POST", "/api/v1/timestamp"): self._timestamp,
        }

    def run(self, who: Identity) -> str:
        """Return the secret with which a run of GitHub Actions asks for tokens."""
        secret = secrets.token_urlsafe(16)
        self._runs[secret] = who
        return secret

    def _discovery(self, _: Request) -> Response:
        """Answer OpenID Connect Discovery 1.0, section 4."""
        url = self._instance.url
        return answered({
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    def _authorize(self, request: Request) -> Response:
        """Sign in at once and go back to the client (RFC 6749, section 4.1), which has to be on this machine.

        Out of band, the code is shown for the person to copy.
        """
        target = request.query.get("redirect_uri", "")
        if target != _OUT_OF_BAND and urlsplit(target).hostname not in {"127.0.0.1", "localhost"}:
            return refused(HTTPStatus.BAD_REQUEST, "the client is not on this machine")
        code = secrets.token_urlsafe(16)
        self._codes[code] = request.query.get("code_challenge", "")
        if target == _OUT_OF_BAND:
            return Response(code.encode(), "text/plain")
        query = urlencode({"code": code, "state": request.query.get("state", "")})
        return Response(status=HTTPStatus.FOUND, headers={"Location": f"{target}?{query}"})

    def _token(self, request: Request) -> Response:
        """Exchange a code for a token; the verifier has to match the challenge (RFC 7636, section 4.6)."""
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self._codes.pop(form.get("code", ""), None) != challenge:
            return answered({"error": "invalid_grant"}, HTTPStatus.BAD_REQUEST)
        token = self._instance.issuer.token(self._signed_in)
        return answered({"access_token": token, "id_token": token, "token_type": "Bearer", "expires_in": 300})

    def _github_actions(self, request: Request) -> Response:
        who = self._runs.get(request.token)
        if who is None:
            return refused(HTTPStatus.UNAUTHORIZED, "no run has this token")
        audience = request.query.get("audience", "https://github.com")
        return answered({"value": self._instance.issuer.token(who, audience=audience)})

    def _certificate(self, request: Request) -> Response:
        """Answer Fulcio's ``CreateSigningCertificate`` with a signing request in PEM."""
        authority = self._instance.authority
        try:
            claims = self._instance.issuer.verified(request.token)
            wanted = json.loads(request.body)["certificateSigningRequest"]
            csr = x509.load_pem_x509_csr(base64.b64decode(wanted))
            key = csr.public_key()
            if not csr.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
                return refused(HTTPStatus.BAD_REQUEST, "the request is not signed with an elliptic curve key")
            certificate = authority.issue(key, claims, self._instance.faults)
        except TokenError as error:
            return refused(HTTPStatus.UNAUTHORIZED, str(error))
        except (ValueError, KeyError, TypeError) as error:
            return refused(HTTPStatus.BAD_REQUEST, f"no certificate can be issued: {error}")
        chain = [certificate, authority.chain.certificate, authority.chain.root]
        return answered({"signedCertificateEmbeddedSct": {"chain": {"certificates": [_pem(it) for it in chain]}}})

    def _chains(self, _: Request) -> Response:
        chain = self._instance.authority.chain
        return answered({"chains": [{"certificates": [_pem(chain.certificate), _pem(chain.root)]}]})

    def _entry(self, version: int, request: Request) -> Response:
        """Record an entry of version 1 (``createLogEntry``) or 2 (``CreateEntry`` of rekor-tiles)."""
        try:
            body = entries.recorded(version, json.loads(request.body))
        except ValueError as error:
            return refused(HTTPStatus.BAD_REQUEST, str(error))
        entry = self._instance.logs[version].append(body, self._instance.faults)
        return answered(entry.for_version_1() if version == 1 else entry.for_bundle(), HTTPStatus.CREATED)

    def _checkpoint(self, _: Request) -> Response:
        return Response(self._instance.logs[2].checkpoint().encode(), "text/plain; charset=utf-8")

    def _timestamp(self, request: Request) -> Response:
        if Fault.MISSING_TIMESTAMP in self._instance.faults:
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, "there are no timestamps today")
        try:
            answer = self._instance.times.answer(request.body, self._instance.faults)
        except ValueError as error:
            return refused(HTTPStatus.BAD_REQUEST, str(error))
        return Response(answer, "application/timestamp-reply")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
