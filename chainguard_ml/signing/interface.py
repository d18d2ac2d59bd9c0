"""The seam of the room: what a signing method offers, and how it refuses.

A **method** is one file of ``methods/``, named in ``METHODS`` there. It answers for one kind of verification material
of a Sigstore bundle, proves who signed the bundle's payload, and says nothing about the model: reading the signed
statement and comparing files is the same for every method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from chainguard_ml.errors import ChangedError, InputError
from chainguard_ml.model import GapReason
from chainguard_ml.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.x509 import Certificate

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.signing.keys import PublicKey
    from chainguard_ml.signing.sigstore import SignerIdentity, TrustedRoot


class RefusedError(InputError):
    """A signature proves nothing; ``reason`` says why in one word, as findings carry it."""

    reason: ClassVar[str] = "malformed"


class MalformedError(RefusedError):
    """It is not what its format says, so that two readers could understand it differently."""


class InvalidError(RefusedError):
    """Its cryptographic check fails: the signed bytes or the signature were altered."""

    reason: ClassVar[str] = "invalid"


class UntrustedError(RefusedError):
    """Nobody who is trusted made it."""

    reason: ClassVar[str] = "untrusted"


class ExpiredError(RefusedError):
    """It was made by somebody who is trusted, and cannot be relied on at this moment, or not any more."""

    reason: ClassVar[str] = "expired"


class UnverifiableError(InputError):
    """Nothing can be said about a signature or a file; ``gap`` is the reason of the gap it becomes."""

    def __init__(self, message: str, gap: GapReason) -> None:
        super().__init__(message)
        self.gap = gap


def gap_reason(error: InputError) -> GapReason:
    """Return the reason of the gap that an error becomes."""
    match error:
        case ChangedError():
            return GapReason.CHANGED
        case UnverifiableError():
            return error.gap
    return GapReason.UNREADABLE


@record
class Bundle:
    """A Sigstore bundle with a DSSE envelope, its shape checked, nothing in it proven.

    Attributes:
        material: The one member of ``verificationMaterial`` that names the method: ``publicKey`` …
        content: That member's value.
        payload_type: Media type of the payload.
        payload: The signed bytes.
        signature: The signature over the payload's pre-authentication encoding.
        media_type: The bundle's media type, which names its version.
        verification: The whole of ``verificationMaterial``, log entries and timestamps included.
    """

    material: str
    content: Mapping[str, Json]
    payload_type: str
    payload: bytes
    signature: bytes
    media_type: str
    verification: Mapping[str, Json] = field(repr=False)


@record
class Keyless:
    """Identities of Sigstore whose signatures are trusted, and the instance that they sign with.

    Attributes:
        identities: Signers.
        root: The instance; ``None`` means the public one.
    """

    identities: tuple[SignerIdentity, ...] = ()
    root: TrustedRoot | None = None


@record
class Trust:
    """Whom the operator trusts; each method looks at its own part.

    Attributes:
        keys: Public keys.
        certificates: X.509 certificates of authorities whose signers are trusted.
        now: The moment that certificates must be valid at if no timestamp is proven; ``None`` means the present.
        keyless: Identities of Sigstore.
        timestampers: X.509 certificates of timestamp authorities, whose word counts for when a key or certificate
            signed.
    """

    keys: tuple[PublicKey, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    now: datetime | None = None
    keyless: Keyless = field(default_factory=Keyless)
    timestampers: tuple[Certificate, ...] = ()


@record
class Identity:
    """Who signed, as proven.

    Attributes:
        method: The method that proved it.
        signer: What identifies the signer everywhere; for a key the hint of its bundles.
        name: What the operator calls the signer; for a key the name of its file.
        details: What else the method knows about the signer, for the evidence.
    """

    method: str
    signer: str
    name: str
    details: Mapping[str, Json] = field(default_factory=dict)


class Signer(Protocol):
    """Makes signatures: a private key, later a certificate's key, a token or a keyless identity."""

    @property
    def fingerprint(self) -> str:
        """What identifies the signer, as ``Identity.signer``."""

    def material(self) -> JsonObject:
        """Return the ``verificationMaterial`` of a bundle signed with it."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""


class Verifier(Protocol):
    """What a method's module offers."""

    NAME: str
    """The method's name in the specification: ``key``, ``certificate``, ``sigstore``."""

    MATERIAL: str
    """The member of ``verificationMaterial`` that it answers for."""

    def verify(self, bundle: Bundle, trust: Trust) -> Identity:
        """Return who signed the payload.

        Raises:
            RefusedError: The bundle does not prove that a trusted signer signed it.
            UnverifiableError: What it would be compared with is missing.
        """
