"""Who signed, by a certificate of Fulcio, and whether that is somebody who is trusted (Fulcio, ``oid-info.md``).

An identity is only half a name: the same mail address can be claimed at another issuer. So the issuer always counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.records import field, record
from chainguard_ml.signing.interface import MalformedError, UntrustedError
from chainguard_ml.signing.sigstore.keys import unreadable
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.x509 import Certificate, GeneralName

_ARC = "1.3.6.1.4.1.57264.1."
_ISSUER_BEFORE_V2 = f"{_ARC}1"
_OTHER_NAME = f"{_ARC}7"
_ISSUER = "issuer"

EXTENSIONS = {
    _ISSUER: 8,
    "build-signer-uri": 9,
    "build-signer-digest": 10,
    "runner-environment": 11,
    "source-repository-uri": 12,
    "source-repository-digest": 13,
    "source-repository-ref": 14,
    "source-repository-id": 15,
    "source-repository-owner-uri": 16,
    "source-repository-owner-id": 17,
    "build-config-uri": 18,
    "build-config-digest": 19,
    "build-trigger": 20,
    "run-invocation-uri": 21,
    "source-repository-visibility": 22,
    "deployment-environment": 23,
    "token-subject": 24,
}
"""Claims about a workflow that a certificate can carry, by the last arc of their object identifiers."""

CONDITIONS = tuple(name for name in EXTENSIONS if name != _ISSUER)
"""Names that conditions can have."""


@record
class SignerIdentity:
    """A signer that the operator trusts: exactly one identity, or all that match a pattern, at one issuer.

    In ``identity`` and in the values of ``conditions``, ``*`` stands for any characters but ``/`` and ``**`` for any at
    all; everything else stands for itself, and the whole must match.

    Attributes:
        identity: Mail address or URI of the certificate's subject.
        issuer: URL of the identity provider, exactly.
        name: What the operator calls the signer.
        conditions: What else the certificate must say: names of ``CONDITIONS`` with their values.
    """

    identity: str
    issuer: str
    name: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would trust everybody or nobody.

        Raises:
            UsageError: Identity or issuer are empty, an identity is only a wildcard, or a condition has no known name.
        """
        if not self.identity.strip("*") or not self.issuer:
            raise UsageError("a trusted identity needs both an identity and its issuer",
                             hint="give --identity ID and --issuer URL")  # fmt: skip
        for condition in self.conditions:
            if condition not in CONDITIONS:
                shown = printable(condition, 60)
                raise UsageError(f"unknown condition '{shown}' of an identity{did_you_mean(condition, CONDITIONS)}",
                                 hint=f"conditions are: {', '.join(CONDITIONS)}")  # fmt: skip

    def refusal(self, proven: ProvenIdentity) -> str:
        """Return in which point ``proven`` is not this signer, and an empty text if it is."""
        if not matches(self.identity, proven.identity):
            return "identity"
        if proven.issuer != self.issuer:
            return _ISSUER
        for name, pattern in self.conditions.items():
            if name not in proven.claims or not matches(pattern, proven.claims[name]):
                return name
        return ""


@record
class ProvenIdentity:
    """Who a certificate says its holder is.

    Attributes:
        identity: Mail address or URI.
        issuer: URL of the identity provider.
        claims: By the names of ``EXTENSIONS``, the issuer left out.
    """

    identity: str
    issuer: str
    claims: Mapping[str, str]


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole ``text`` matches ``pattern``, with ``*`` and ``**`` as ``SignerIdentity`` says."""
    places = {0}  # where in the text the rest of the pattern may begin
    for part in re.findall(r"\*+|[^*]+", pattern):
        if part == "*":
            places = set(_within_segments(places, text))
        elif part.startswith("*"):
            places = set(range(min(places, default=len(text) + 1), len(text) + 1))
        else:
            places = {place + len(part) for place in places if text.startswith(part, place)}
    return len(text) in places


def _within_segments(places: set[int], text: str) -> Iterator[int]:
    """Yield every place that is reached from one of ``places`` without passing a slash; linear in the text."""
    reached = False
    for place, char in enumerate(f"{text}/"):
        reached = reached or place in places
        if reached:
            yield place
        reached = reached and char != "/"


def read(certificate: Certificate) -> ProvenIdentity:
    """Return who a certificate names.

    Raises:
        MalformedError: It does not name exactly one identity and one issuer, or a claim is not text.
    """
    from cryptography.x509 import ExtensionNotFound, SubjectAlternativeName

    try:
        names = list(certificate.extensions.get_extension_for_class(SubjectAlternativeName).value)
    except unreadable(ExtensionNotFound):
        names = []
    if len(names) != 1:
        raise MalformedError(f"its certificate names {len(names)} identities instead of one")
    claims = _claims(certificate)
    if _ISSUER not in claims:
        raise MalformedError("its certificate names no issuer of the identity")
    issuer = claims.pop(_ISSUER)
    return ProvenIdentity(_text(names[0]), issuer, claims)


def _text(name: GeneralName) -> str:
    from cryptography.x509 import OtherName, RFC822Name, UniformResourceIdentifier

    match name:
        case RFC822Name() | UniformResourceIdentifier():
            return name.value
        case OtherName() if name.type_id.dotted_string == _OTHER_NAME:
            return utf8_string(name.value)
    raise MalformedError("its certificate names an identity of a kind that is not known")


def _claims(certificate: Certificate) -> dict[str, str]:
    """Return what the certificate's extensions say; the issuer also as certificates before 2023 say it."""
    from cryptography.x509 import UnrecognizedExtension

    values = {
        extension.oid.dotted_string: extension.value.value
        for extension in certificate.extensions
        if isinstance(extension.value, UnrecognizedExtension)
    }
    claims = {name: utf8_string(values[oid]) for name, arc in EXTENSIONS.items() if (oid := f"{_ARC}{arc}") in values}
    if _ISSUER_BEFORE_V2 in values:
        old = values[_ISSUER_BEFORE_V2].decode("utf-8", "replace")
        if claims.setdefault(_ISSUER, old) != old:
            raise MalformedError("its certificate names two issuers of the identity")
    return claims


def utf8_string(der: bytes) -> str:
    """Return the text of a ``UTF8String`` in DER (X.690), in its shortest form and with nothing behind it.

    Raises:
        MalformedError: It is something else.
    """
    start = next((start for start in (2, 3, 4) if der[:start] == _head(len(der) - start)), 0)
    if not start:
        raise MalformedError("a claim in its certificate is not text")
    try:
        return der[start:].decode()
    except UnicodeDecodeError:
        raise MalformedError("a claim in its certificate is not UTF-8") from None


def _head(length: int) -> bytes:
    """Return tag and length of a ``UTF8String``."""
    if length < 0x80:
        return bytes((0x0C, max(length, 0)))
    return bytes((0x0C, 0x81, length)) if length < 0x100 else b"\x0c\x82" + (length & 0xFFFF).to_bytes(2, "big")


def trusted(proven: ProvenIdentity, identities: Sequence[SignerIdentity]) -> SignerIdentity:
    """Return the first of the operator's identities that ``proven`` is.

    Raises:
        UntrustedError: It is none of them; the message says who signed, and how far the nearest is off.
    """
    refusals = []
    for identity in identities:
        refusal = identity.refusal(proven)
        if not refusal:
            return identity
        refusals.append(refusal)
    who = f"'{printable(proven.identity, 300)}' of the issuer '{printable(proven.issuer, 300)}'"
    # The refusal that lies furthest behind in the order of the checks is the nearest miss.
    order = ["identity", _ISSUER, *CONDITIONS]
    nearest = max(refusals, key=order.index, default="identity")
    what = "" if nearest == "identity" else f": its {nearest} is another"
    raise UntrustedError(f"signed by {who}, who is not trusted{what}")
