"""Sign without a key of one's own: Sigstore certifies a fresh key for a moment, on an identity provider's word.

The method ``sigstore`` of OpenSSF Model Signing v1.0 (section 4.1), through the ``sigstore`` package. This is the one
part of signing that needs the network: the identity provider, the certificate authority, the log and the timestamp
authority that the trust configuration names. What they answered is verified before it is handed on, so that a
signature that nobody could verify is never written. A token is never part of a message.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, cast

from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.signing import dsse
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.x509 import Certificate
    from sigstore.models import Bundle, ClientTrustConfig

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.instance import Instance

_MAX_BYTES = 10_000_000  # a trust configuration is some kilobytes
_REFUSED = "check that the identity is allowed there, and that the services are the ones of the trust configuration"
_TOKEN_HINT = "get a new token for the audience 'sigstore', and use it at once"  # noqa: S105 (advice)


class KeylessSigner:
    """Signs in-toto statements with a fresh key that is certified for one identity; good for about ten minutes.

    It is a ``Signer``: any statement that ``bundle.build`` is given can be signed with it, one after another.
    """

    def __init__(self, token: str, trust: ClientTrustConfig) -> None:
        """Ask for a certificate with an identity token.

        Raises:
            UsageError: The token cannot be used.
            ServiceError: A service fails, refuses, or answers something that does not verify.
        """
        from sigstore.oidc import ExpiredIdentity, IdentityError, IdentityToken
        from sigstore.sign import Signer, SigningContext

        self._trust = trust
        try:
            with _services():
                self._signer = Signer(IdentityToken(token), SigningContext.from_trust_config(trust))
                self._certificate = self._signer._signing_cert()  # noqa: SLF001 (the only way to see who signs)
        except (IdentityError, ExpiredIdentity):
            raise UsageError("the identity token is expired or malformed", hint=_TOKEN_HINT) from None
        self._material: JsonObject = {}

    @property
    def fingerprint(self) -> str:
        """The identity in the certificate: a mail address or a URI."""
        return _subject(self._certificate)

    @property
    def issuer(self) -> str:
        """The identity provider that vouched for it, as the certificate says."""
        return _issuer(self._certificate)

    def material(self) -> JsonObject:
        """Return the certificate, the log's entry and the timestamps of the last signature."""
        return self._material

    def sign(self, message: bytes) -> bytes:
        """Return the signature over the encoding of a statement, recorded in the log.

        Raises:
            UsageError: The message is not the encoding of a statement that Sigstore's client takes.
            ServiceError: A service fails, refuses, or answers something that does not verify, or the certificate has
                ended.
        """
        from sigstore.dsse import Statement
        from sigstore.errors import Error
        from sigstore.verify import Verifier

        try:
            statement = Statement(dsse.payload(message))
        except (Error, ValueError):
            raise UsageError("only in-toto statements about SHA digests can be signed keylessly") from None
        with _services():
            bundle = self._signer.sign_dsse(statement)
            Verifier(trusted_root=self._trust.trusted_root).verify_dsse(bundle, _Anybody())
        self._material, signature = _parts(bundle)
        return signature


def load_trust(path: Path) -> ClientTrustConfig:
    """Return the client trust configuration of a private Sigstore instance from its JSON file.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    shown = printable(str(path))
    try:
        with path.open("rb") as stream:
            return _trust(stream.read(_MAX_BYTES), f"'{shown}'")
    except OSError as error:
        raise UsageError(f"cannot read the trust configuration '{shown}': {error.strerror}") from None


def instance_trust(instance: Instance) -> ClientTrustConfig:
    """Return the client trust configuration of an instance that was fetched.

    Raises:
        UsageError: It does not say where its services are, or is none that can be used.
    """
    return _trust(json.dumps(instance.trust_config()).encode(), "what the instance has")


def _trust(data: bytes, shown: str) -> ClientTrustConfig:
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    try:
        trust = ClientTrustConfig.from_json(data.decode())
        _ = trust.trusted_root, trust.signing_config  # they are read late
    except (ValueError, Error):
        raise UsageError(
            f"{shown} is not a Sigstore client trust configuration",
            hint="it has a trusted root and a signing configuration; ask whoever runs the instance for it",
        ) from None
    return trust


def public_trust() -> ClientTrustConfig:
    """Return the trust configuration of Sigstore's public instance, refreshed by TUF over the network.

    Raises:
        ServiceError: It cannot be refreshed.
    """
    from sigstore.models import ClientTrustConfig

    with _services():
        return ClientTrustConfig.production()


def ambient_token() -> str | None:
    """Return the identity token that the environment offers (GitHub Actions and others), or ``None`` if none does.

    Raises:
        ServiceError: The environment promises one and does not give it.
    """
    from sigstore.oidc import IdentityError, detect_credential

    try:
        return detect_credential()
    except IdentityError as error:
        raise ServiceError(
            f"no identity token from the environment: {printable(str(error), 300)}",
            hint="in GitHub Actions, give the job 'permissions: id-token: write'",
        ) from None


def interactive_token(trust: ClientTrustConfig, *, browser: bool = True) -> str:
    """Return an identity token after signing in with a browser, or with a code where none can or shall be opened.

    Raises:
        ServiceError: Signing in fails.
    """
    from sigstore.oidc import IdentityError, Issuer, IssuerError

    try:
        with _services():
            return str(Issuer(trust.signing_config.get_oidc_url()).identity_token(force_oob=not browser))
    except (IdentityError, IssuerError):
        raise ServiceError("signing in failed", hint="try again, or give --identity-token-file") from None


class _Anybody:
    """A policy of ``sigstore``: who signed is not the question when one verifies what one just signed oneself."""

    def verify(self, cert: Certificate) -> None:
        """Accept any certificate that the rest was verified with."""


@contextlib.contextmanager
def _services() -> Iterator[None]:
    """Turn what ``sigstore`` raises about services into our error; its text is about services, never a token."""
    import requests
    from sigstore._internal.fulcio.client import ExpiredCertificate, FulcioClientError
    from sigstore._internal.rekor import RekorClientError
    from sigstore.errors import Error, NetworkError, TUFError
    from sigstore.oidc import IdentityError

    try:
        yield
    except IdentityError:
        raise  # an `Error` too, and the caller's business
    except FulcioClientError:
        raise ServiceError("the certificate authority refuses", hint=_REFUSED) from None
    except RekorClientError as error:
        raise ServiceError(f"the transparency log refuses: {printable(str(error), 300)}", hint=_REFUSED) from None
    except ExpiredCertificate:
        raise ServiceError("the certificate has ended", hint="sign again: it is valid for minutes") from None
    except (requests.RequestException, NetworkError, TUFError) as error:
        raise ServiceError(
            f"a service of Sigstore cannot be reached ({type(error).__name__})", hint="check the network, and try again"
        ) from None
    except (Error, ValueError, KeyError) as error:
        raise ServiceError(
            f"what Sigstore's services answer does not verify: {printable(str(error), 300)}", hint=_REFUSED
        ) from None


def _parts(bundle: Bundle) -> tuple[JsonObject, bytes]:
    """Return a bundle's verification material and its signature."""
    material = cast("JsonObject", json.loads(bundle.to_json())["verificationMaterial"])
    return material, bundle.signature


def _subject(certificate: Certificate) -> str:
    from cryptography.x509 import SubjectAlternativeName

    (name,) = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    return str(name.value)


def _issuer(certificate: Certificate) -> str:
    """Return the issuer in Fulcio's extension 8, a UTF8String in DER; nothing where it is not said."""
    from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension

    wanted = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
    for extension in certificate.extensions:
        if extension.oid == wanted:
            value = cast("UnrecognizedExtension", extension.value).value
            return value[2 if value[1] < 0x80 else 2 + (value[1] & 0x7F) :].decode()
    return ""
