"""Verify a Sigstore bundle, offline (Sigstore client specification, section 4: verification).

What must hold of a keyless signature: a trusted log holds an entry about it; a trusted log or timestamp authority says
when it was made; at each of these times the certificate was valid and issued by a trusted authority; a trusted log
recorded the certificate; the certificate names a trusted identity; and its key made the signature.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.model import GapReason
from chainguard_ml.records import record
from chainguard_ml.signing.interface import InvalidError, MalformedError, UntrustedError, UnverifiableError
from chainguard_ml.signing.sigstore import certificate, identity, keys, log, timestamps
from chainguard_ml.signing.sigstore.entries import Signed, verify_body
from chainguard_ml.signing.sigstore.material import Envelope, MessageSignature, parse_bundle
from chainguard_ml.signing.strictjson import loads
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from chainguard_ml.signing.sigstore.identity import ProvenIdentity, SignerIdentity
    from chainguard_ml.signing.sigstore.material import Material, SigstoreBundle
    from chainguard_ml.signing.sigstore.trust import Log, TrustedRoot

_STATEMENT = re.compile(r"https://in-toto\.io/Statement/v(0\.1|1)")
_STRUCTURE = 20_000_000
_BLOCK = 1 << 18
_ALGORITHMS = ("sha256", "sha384", "sha512")


@record
class Artifact:
    """What a signature is about: its digests in binary, by algorithm."""

    digests: Mapping[str, bytes]

    @classmethod
    def of_file(cls, path: Path) -> Artifact:
        """Return the artifact that is a file, hashed with SHA-256, SHA-384 and SHA-512.

        Raises:
            UsageError: It cannot be read.
        """
        hashes = [hashlib.new(name) for name in _ALGORITHMS]
        try:
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    for each in hashes:
                        each.update(block)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"cannot read '{printable(str(path))}': {reason}") from None
        return cls({each.name: each.digest() for each in hashes})

    @classmethod
    def of_digest(cls, text: str) -> Artifact:
        """Return the artifact with the digest ``sha256:`` and 64 hexadecimal digits.

        Raises:
            UsageError: It is no such digest.
        """
        algorithm, _, digits = text.partition(":")
        if algorithm != "sha256" or not re.fullmatch("[0-9a-f]{64}", digits):
            raise UsageError(f"'{printable(text, 100)}' is no digest", hint="write sha256: and 64 hexadecimal digits")
        return cls({algorithm: bytes.fromhex(digits)})


@record
class Proven:
    """What a bundle proves.

    Attributes:
        identity: Who signed.
        signer: Which of the operator's identities that is.
        times: When it was signed, as logs and timestamp authorities say.
        entries: Number of log entries that were verified.
    """

    identity: ProvenIdentity
    signer: SignerIdentity
    times: tuple[datetime, ...]
    entries: int


def verify_bundle(data: bytes, artifact: Artifact, root: TrustedRoot, identities: Sequence[SignerIdentity]) -> Proven:
    """Return what a bundle with a certificate proves, over a file or over a statement about a file.

    Raises:
        RefusedError: It does not prove that one of ``identities`` signed the artifact.
        UnverifiableError: It is of a kind that is not known.
    """
    bundle = _about(data, artifact)
    if not bundle.material.certificates:
        raise UntrustedError("it is signed with a key, and an identity is trusted")
    return prove(bundle.material, bundle.content, artifact, root, identities)


def verify_key_bundle(
    data: bytes, artifact: Artifact, key: bytes, root: TrustedRoot | None = None
) -> tuple[datetime, ...]:
    """Return when a bundle with a managed key was made, over a file or over a statement about a file.

    Args:
        data: The bundle.
        artifact: The file.
        key: SubjectPublicKeyInfo in PEM.
        root: The instance whose logs must hold an entry about it; without one, nothing is asked of logs, and no time
            is proven.

    Raises:
        RefusedError: The key did not sign the artifact, or an entry is not in a trusted log or about something else.
        UnverifiableError: It is of a kind that is not known.
        UsageError: The key cannot be used.
    """
    trusted = keys.load_pem(key)
    bundle = _about(data, artifact)
    if bundle.material.certificates:
        raise UntrustedError("it is signed with a certificate, and a key is trusted")
    times = _times(bundle.material, bundle.content.signature, root) if root else ()
    _verify(bundle.material, _signed(bundle.content, artifact, trusted, keys.as_der(trusted)), bundle.content, trusted)
    return times


def prove(
    material: Material,
    content: Envelope | MessageSignature,
    artifact: Artifact | None,
    root: TrustedRoot,
    identities: Sequence[SignerIdentity],
) -> Proven:
    """Return what a keyless signature proves; an envelope's payload is not looked at, a message needs ``artifact``.

    Raises:
        RefusedError: It does not prove that one of ``identities`` signed.
        UnverifiableError: It is of a kind that is not known.
    """
    signer = certificate.load(material.certificates)
    times = _times(material, content.signature, root)
    if not times:
        raise UntrustedError("nothing proves when it was signed: no trusted log or timestamp authority says it")
    issuers = [certificate.verify_chain(signer, time, root) for time in times]
    certificate.verify_logged(signer, issuers[0], root)
    proven = identity.read(signer)
    accepted = identity.trusted(proven, identities)
    der = material.certificates[0]
    _verify(material, _signed(content, artifact, signer.public_key(), der), content, signer.public_key())
    return Proven(proven, accepted, times, len(material.entries))


def _times(material: Material, signature: bytes, root: TrustedRoot) -> tuple[datetime, ...]:
    """Verify every log entry, and return when it was signed, as trusted logs and timestamp authorities say."""
    if not material.entries:
        raise MalformedError("it has no entry of a transparency log")
    entries = [log.verify_entry(entry, material.version, root) for entry in material.entries]
    logged = [time for _, time in entries if time]
    stamped = timestamps.verified_times(material.timestamps, signature, root)
    for used, time in entries:
        if not time:
            _in_use(used, stamped)
    return *logged, *stamped


def _in_use(used: Log, times: Sequence[datetime]) -> None:
    """Hold that the key of a log that signs no time was in use when the signature was made."""
    for time in times:
        if not used.period.covers(time):
            raise UntrustedError(f"the transparency log's key was not in use at {time:%Y-%m-%dT%H:%M:%SZ}")


def _signed(content: Envelope | MessageSignature, artifact: Artifact | None, key: keys.Key, verifier: bytes) -> Signed:
    """Return what the log entries must be about."""
    if isinstance(content, Envelope):
        message = content.message
        names = {"sha256", keys.paired(key) or "sha256"}
        digests = {name: hashlib.new(name, message).digest() for name in names}
        return Signed(content.signature, verifier, digests, content.payload)
    digests = dict(artifact.digests) if artifact else {}
    if content.algorithm and digests.get(content.algorithm, content.digest) != content.digest:
        raise InvalidError("the file is not the one that was signed: its digest differs")
    return Signed(content.signature, verifier, digests)


def _verify(material: Material, signed: Signed, content: Envelope | MessageSignature, key: keys.Key) -> None:
    """Hold that the key made the signature, and that every log entry is about it."""
    if isinstance(content, Envelope):
        right = keys.verifies(key, content.signature, content.message)
    else:
        algorithm = keys.paired(key)
        if algorithm is None or algorithm not in signed.digests:
            raise UnverifiableError("the key signs no digest that is at hand", GapReason.UNSUPPORTED)
        right = keys.verifies_digest(key, content.signature, signed.digests[algorithm])
    if not right:
        raise InvalidError("the signature does not match what it signs")
    for entry in material.entries:
        verify_body(entry, signed)


def _about(data: bytes, artifact: Artifact) -> SigstoreBundle:
    """Return a bundle; what its envelope holds must be a statement with the artifact among its subjects (in-toto)."""
    bundle = parse_bundle(data)
    if isinstance(bundle.content, MessageSignature):
        return bundle
    statement = loads(bundle.content.payload, "the statement", _STRUCTURE)
    kind, subjects = statement.get("_type"), statement.get("subject")
    if not isinstance(kind, str) or not _STATEMENT.fullmatch(kind) or not isinstance(subjects, list):
        raise MalformedError("the envelope holds no statement with subjects")
    known = {name: digest.hex() for name, digest in artifact.digests.items()}
    for subject in subjects:
        digests = subject.get("digest") if isinstance(subject, dict) else None
        if isinstance(digests, dict) and any(digests.get(name) == digits for name, digits in known.items()):
            return bundle
    raise InvalidError("the file is none of the subjects of the signed statement")
