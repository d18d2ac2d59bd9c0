"""A small model, signed in every way there is, and what each of the signatures proves."""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from chainguard_ml.signing import StampedSigner, bundle, certificate_signer, methods, statement
from chainguard_ml.signing.hashing import Recipe
from chainguard_ml.signing.interface import Keyless, Trust
from chainguard_ml.signing.keys import SigningKey, public_key
from chainguard_ml.signing.manifest import of_files
from chainguard_ml.signing.sigstore import SignerIdentity, load_trusted_root
from chainguard_ml.testing import FakeSigstore, Fault, Person
from chainguard_ml.testing.timestamps import TimestampAuthority
from tests.signing import authorities

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.signing.interface import Identity
    from chainguard_ml.signing.manifest import Manifest

ADA = Person("ada@example.com")
PAYLOAD = statement.build(of_files("model", {"a": "0" * 64, "b/c": "f" * 64}, Recipe(), frozenset()))


@dataclass(frozen=True)
class Signed:
    """A bundle and who is trusted.

    Attributes:
        data: The bundle.
        trust: That verifies it.
        unproven: Members of which no signature covers all, and what it does not cover nobody believes: the hint and the
            identifier of a key; of a timestamp the version numbers and the name of the algorithm, which RFC 5652
            (section 5.4) leaves outside its signature. Changing these has to change nothing.
    """

    data: bytes
    trust: Trust = field(repr=False)
    unproven: frozenset[str] = frozenset()

    def proves(self, data: bytes) -> tuple[Identity, Manifest]:
        """Return who signed what, by other bytes in the place of the bundle.

        Raises:
            InputError: They prove nothing.
        """
        parsed = bundle.parse(data)
        return methods.verify(parsed, self.trust), statement.parse(parsed.payload)


def by_key() -> Signed:
    private = ec.generate_private_key(ec.SECP256R1())
    key = SigningKey(public_key(private.public_key(), "release"), private)
    return Signed(bundle.build(PAYLOAD, key), Trust((key.public,)), frozenset({"hint", "keyid"}))


def by_certificate() -> Signed:
    root = authorities.root()
    middle = root.authority("middle")
    leaf = middle.signer()
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    key = SigningKey(public_key(leaf.key.public_key(), "release"), leaf.key)
    signer = certificate_signer(key, [leaf.certificate, middle.certificate])
    return Signed(bundle.build(PAYLOAD, signer), Trust((), (root.certificate,)), frozenset({"keyid"}))


def by_certificate_at_a_time() -> Signed:
    """Return a signature whose certificate has ended since: a timestamp authority saw it before."""
    root, authority = authorities.root(), TimestampAuthority()
    leaf = root.signer(valid=(authorities.NOW - authorities.DAY, authorities.NOW + authorities.DAY))
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    key = SigningKey(public_key(leaf.key.public_key(), "release"), leaf.key)
    signer = StampedSigner((authority.stamp,), certificate_signer(key, [leaf.certificate]))
    later, known = authorities.NOW + 300 * authorities.DAY, (authority.chain.root,)
    trust = Trust((), (root.certificate,), later, timestampers=known)
    return Signed(bundle.build(PAYLOAD, signer), trust, frozenset({"keyid", "signedTimestamp"}))


def keyless(rekor: int) -> Signed:
    """Return a signature logged in a log of a version; with version 1 the log alone says the time."""
    faults = [Fault.MISSING_TIMESTAMP] if rekor == 1 else []
    with FakeSigstore(rekor=rekor) as fake, tempfile.TemporaryDirectory() as directory:
        data = fake.mint(PAYLOAD, ADA, faults=faults)
        root = load_trusted_root(fake.write_trusted_root(Path(directory) / "root.json"))
    trusted = Keyless((SignerIdentity(ADA.subject, ADA.issuer),), root)
    return Signed(data, Trust((), keyless=trusted), frozenset({"signedTimestamp"}))


WAYS: dict[str, Callable[[], Signed]] = {
    "key": by_key,
    "certificate": by_certificate,
    "certificate-timestamp": by_certificate_at_a_time,
    "keyless-rekor-1": lambda: keyless(1),
    "keyless-rekor-2": lambda: keyless(2),
}


def differing(one: object, other: object, name: str = "") -> set[str]:
    """Return the names of the members in which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            found for key in one.keys() | other.keys() for found in differing(one.get(key), other.get(key), key)
        }  # fmt: skip
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return {found for pair in zip(one, other, strict=True) for found in differing(*pair, name)}
    return set() if one == other else {name}


def repacked(data: bytes, alter: Callable[[dict], object]) -> bytes:
    """Return a bundle with something about it altered."""
    value = json.loads(data)
    alter(value)
    return json.dumps(value).encode()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()
