"""The scheme ``pkcs11``: a key in a token or a security module, named by a URI of RFC 7512.

The module, a library of the token's maker, is the operator's choice and runs in this process. Keys on P-256, P-384 and
P-521 sign digests with ``CKM_ECDSA`` (PKCS #11 v2.40, section 2.3.6), Ed25519 keys sign the message with ``CKM_EDDSA``
(v3.0). Nothing the token gives is believed: the signature must verify with the public key.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

from chainguard_ml.errors import MissingExtraError, ServiceError, UsageError
from chainguard_ml.records import field, record
from chainguard_ml.signing import keys
from chainguard_ml.signing.keysources import uri
from chainguard_ml.signing.keysources.forms import as_der, digest
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pkcs11 import PublicKey as TokenPublicKey
    from pkcs11 import Session, SignMixin, Token

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.keys import PublicKey
    from chainguard_ml.signing.keysources.uri import TokenUri

_ED25519 = (b"\x06\x03\x2b\x65\x70", b"\x13\x0cedwards25519")  # CKA_EC_PARAMS: the OID, or the curve's name


@record
class TokenSigner:
    """A signer whose key a token holds.

    Attributes:
        public: The public half of its key.
        uri: Where the private half is.
    """

    public: PublicKey
    uri: TokenUri
    _pin: Callable[[], str] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The hint of the public half."""
        return self.public.hint

    def material(self) -> JsonObject:
        """Return ``verificationMaterial`` with the key's hint."""
        return keys.material(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the token's signature over ``message``.

        Raises:
            ServiceError: The module, the token or the key is not there, the PIN is wrong, or another key signs.
            UsageError: The PIN is not to be had.
            MissingExtraError: The library for PKCS #11 is not installed.
        """
        with _session(self.uri, self._pin) as session:
            signature = self._signed(_private(session, self.uri), message)
        if not self.public.verifies(signature, message):
            hint = "compare the public key with the object that the URI names"
            raise ServiceError(f"the token did not sign with the key '{printable(self.public.name)}'", hint=hint)
        return signature

    def _signed(self, key: SignMixin, message: bytes) -> bytes:
        from pkcs11 import Mechanism

        if self.public.curve:
            return as_der(key.sign(digest(self.public.curve, message), mechanism=Mechanism.ECDSA))
        return key.sign(message, mechanism=Mechanism.EDDSA)


def signer(_scheme: str, rest: str, public: PublicKey | None, secret: Callable[[], bytes]) -> TokenSigner:
    """Return the signer for ``pkcs11:`` and the rest of a URI.

    Args:
        rest: The URI without its scheme.
        public: Its public half; without it, the token's own object of the same label and identifier.
        secret: Gives the PIN, if the token wants one and the URI names no file of it; asked once.

    Raises:
        UsageError: The URI is not one of RFC 7512 that names a key, or the token's public key is of an unknown kind.
        ServiceError: The public half is needed and the module, the token or the object is not there.
        MissingExtraError: The public half is needed and the library for PKCS #11 is not installed.
    """
    parsed = uri.parse(rest)
    pin = _once(parsed, secret)
    if public is None:
        with _session(parsed, pin) as session:
            public = _public(session, parsed)
    return TokenSigner(public, parsed, pin)


def _once(parsed: TokenUri, secret: Callable[[], bytes]) -> Callable[[], str]:
    known: list[str] = []

    def pin() -> str:
        if not known:
            given = parsed.pin()
            try:
                known.append((secret() if given is None else given).decode())
            except UnicodeDecodeError:
                raise UsageError("the PIN is not text in UTF-8") from None
        return known[0]

    return pin


@contextlib.contextmanager
def _session(parsed: TokenUri, pin: Callable[[], str]) -> Iterator[Session]:
    """Give a session with the token; what goes wrong in it is the token's failure."""
    try:
        import pkcs11
    except ImportError:
        raise MissingExtraError("a key in a token", "pkcs11") from None
    try:
        token = _token(parsed)
        with token.open(user_pin=_login(token, pin)) as session:
            yield session
    except pkcs11.PKCS11Error as error:
        reason = printable(str(error), 300) or type(error).__name__
        raise ServiceError(f"the token does not sign: {reason}", hint="check the module, the URI and the PIN") from None


def _login(token: Token, pin: Callable[[], str]) -> object:
    """Return how to log in: not at all, at the token's own keypad, or with the PIN."""
    from pkcs11 import TokenFlag
    from pkcs11.types import PROTECTED_AUTH

    if not token.flags & TokenFlag.LOGIN_REQUIRED:
        return None
    return PROTECTED_AUTH if token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH else pin()


def _token(parsed: TokenUri) -> Token:
    import pkcs11

    slots = pkcs11.lib(parsed.module).get_slots(token_present=True)
    slots = [each for each in slots if parsed.slot in {None, each.slot_id}]
    tokens = [found for each in slots if _is((found := each.get_token()), parsed.token)]
    if len(tokens) != 1:
        hint = "name one in the URI: token=LABEL, serial=NUMBER or slot-id=NUMBER"
        raise ServiceError(f"{len(tokens) or 'no'} tokens are what the PKCS #11 URI says", hint=hint)
    return tokens[0]


def _is(token: Token, wanted: dict[str, str]) -> bool:
    from pkcs11 import TokenFlag

    facts = {
        "token": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial": token.serial.decode("utf-8", "replace"),
    }
    initialised = bool(token.flags & TokenFlag.TOKEN_INITIALIZED)
    return initialised and all(facts[name].strip("\0 ") == value for name, value in wanted.items())


def _private(session: Session, parsed: TokenUri) -> SignMixin:
    from pkcs11 import ObjectClass

    return cast("SignMixin", _object(session, parsed, ObjectClass.PRIVATE_KEY, "private"))


def _object(session: Session, parsed: TokenUri, kind: object, shown: str) -> object:
    from pkcs11 import Attribute

    wanted: dict[Attribute, object] = {Attribute.CLASS: kind}
    if parsed.label:
        wanted[Attribute.LABEL] = parsed.label
    if parsed.id:
        wanted[Attribute.ID] = parsed.id
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        hint = "name one in the URI, object=LABEL or id=%01, or both"
        raise ServiceError(f"{len(found) or 'no'} {shown} keys in the token are what the PKCS #11 URI says", hint=hint)
    return found[0]


def _public(session: Session, parsed: TokenUri) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from pkcs11 import Attribute, KeyType, ObjectClass
    from pkcs11.util.ec import encode_ec_public_key

    found = cast("TokenPublicKey", _object(session, parsed, ObjectClass.PUBLIC_KEY, "public"))
    name = parsed.label or parsed.id.hex()
    try:
        if found.key_type == KeyType.EC:
            return keys.public_key(load_der_public_key(encode_ec_public_key(found)), name)
        if found.key_type == KeyType.EC_EDWARDS and found[Attribute.EC_PARAMS] in _ED25519:
            point = bytes(found[Attribute.EC_POINT])[-32:]  # bare, or an OCTET STRING around it
            return keys.public_key(Ed25519PublicKey.from_public_bytes(point), name)
    except (ValueError, TypeError):
        pass  # said below
    raise UsageError(f"the key '{printable(name)}' in the token is of a kind that is not known here",
                     hint="use a key on P-256, P-384 or P-521, or an Ed25519 key")  # fmt: skip
