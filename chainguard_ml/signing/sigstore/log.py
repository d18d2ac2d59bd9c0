"""Transparency logs (Rekor, versions 1 and 2): that a log promised, and that it holds, an entry.

A proof of inclusion (RFC 6962, section 2.1.1) leads from the entry to the hash of the tree; a checkpoint (C2SP
``tlog-checkpoint``, a signed note) is the log's signature over that hash. The signed entry timestamp of version 1 is
its signature over entry and time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.records import record
from chainguard_ml.signing.interface import InvalidError, MalformedError, UntrustedError
from chainguard_ml.signing.sigstore import keys

if TYPE_CHECKING:
    from chainguard_ml.signing.sigstore.material import Entry, Proof
    from chainguard_ml.signing.sigstore.trust import Log, TrustedRoot

_HINT = 4  # bytes of a key's identifier in a note's signature
_HASH = 32  # bytes of SHA-256
_DIGITS = 19  # of a number of 63 bits
_OF_TILES = {("hashedrekord", "0.0.2")}  # version 2 of Rekor, whose logs are one tree each
_WITH_TIME = {("hashedrekord", "0.0.1"), ("dsse", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2")}


@record
class Checkpoint:
    """A log's signed statement about its tree.

    Attributes:
        text: What is signed.
        origin: The log's name.
        size: Number of the tree's leaves.
        root: The tree's hash.
        signatures: Name, key hint and signature of each line, of the log and of witnesses.
    """

    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def verify_entry(entry: Entry, version: tuple[int, int], root: TrustedRoot) -> tuple[Log, datetime | None]:
    """Return the log that holds ``entry``, and when it took it if it signed a time.

    ``version`` is the bundle's: from 0.2 on a proof of inclusion is needed, before a promise is enough.

    Raises:
        UntrustedError: The log is not one of ``root``.
        MalformedError: Proof or checkpoint are missing or cannot be read.
        InvalidError: A signature or a hash does not match.
    """
    log = next((each for each in root.logs if each.id == entry.log), None)
    if log is None:
        raise UntrustedError("the transparency log of its entry is not one of the trusted root")
    key = keys.load(log.key, "the key of a transparency log")
    if entry.kind in _OF_TILES and (entry.proof is None or entry.proof.index != entry.index):
        raise MalformedError("its entry has no proof that a transparency log holds it, or one of another entry")
    proven = entry.proof is not None and (bool(entry.proof.checkpoint) or version > (0, 1))
    if entry.proof is not None and proven:
        _verify_proof(entry.body, entry.proof)
        _verify_checkpoint(parse_checkpoint(entry.proof.checkpoint), entry.proof, log, key)
    elif version > (0, 1) or entry.promise is None:
        raise MalformedError("there is no proof that a transparency log holds it")
    if entry.promise is None:
        return log, None
    return log, _promised(entry, log, key)


def _promised(entry: Entry, log: Log, key: keys.Key) -> datetime:
    """Return the time in a signed entry timestamp, after verifying it."""
    if entry.kind not in _WITH_TIME or entry.time is None:
        raise MalformedError("a promise of inclusion has no time, or is over a kind of entry that has none")
    if not keys.verifies(key, entry.promise or b"", promise(entry)):
        raise InvalidError("the transparency log did not sign the time of its entry")
    time = datetime.fromtimestamp(entry.time, UTC)
    if not log.period.covers(time):
        raise UntrustedError(f"the transparency log's key was not in use at {time:%Y-%m-%dT%H:%M:%SZ}")
    return time


def promise(entry: Entry) -> bytes:
    """Return what a signed entry timestamp of Rekor 1 signs: canonical JSON (RFC 8785) of four members."""
    return json.dumps(
        {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": entry.time,
            "logID": entry.log.hex(),
            "logIndex": entry.index,
        },
        separators=(",", ":"),
    ).encode()


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\0" + body).digest()


def root_hash(leaf: bytes, index: int, size: int, path: tuple[bytes, ...]) -> bytes | None:
    """Return the hash of the tree that an audit path leads to (RFC 9162, section 2.1.3.2), ``None`` if to none."""
    if index >= size:
        return None
    node, last = index, size - 1
    current = leaf
    for sibling in path:
        if not last:
            return None
        if node & 1 or node == last:
            current = hashlib.sha256(b"\1" + sibling + current).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            current = hashlib.sha256(b"\1" + current + sibling).digest()
        node, last = node >> 1, last >> 1
    return None if last else current


def _verify_proof(body: bytes, proof: Proof) -> None:
    if any(len(each) != _HASH for each in (proof.root, *proof.hashes)):
        raise MalformedError("a hash of the proof of inclusion is not of 32 bytes")
    if root_hash(leaf_hash(body), proof.index, proof.size, proof.hashes) != proof.root:
        raise InvalidError("the proof of inclusion does not lead to the hash of the log's tree")


def parse_checkpoint(text: str) -> Checkpoint:
    """Return a checkpoint (C2SP ``tlog-checkpoint`` in ``signed-note``).

    Raises:
        MalformedError: It is none.
    """
    note, separator, rest = text.partition("\n\n")
    lines = note.split("\n")
    try:
        origin, size, root = lines[:3]
        decoded = base64.b64decode(root, validate=True)
    except (ValueError, binascii.Error):
        raise MalformedError("the checkpoint has no origin, size and hash") from None
    if not origin or not (size.isascii() and size.isdigit()) or len(size) > _DIGITS or len(decoded) != _HASH:
        raise MalformedError("the checkpoint's origin, size or hash is not one")
    if not separator or not rest.endswith("\n"):
        raise MalformedError("the checkpoint has no signatures")
    signatures = tuple(map(_line, rest.removesuffix("\n").split("\n")))
    return Checkpoint(f"{note}\n".encode(), origin, int(size), decoded, signatures)


def _line(line: str) -> tuple[str, bytes, bytes]:
    match line.split(" "):
        case ["\N{EM DASH}", str(name), str(encoded)] if name:
            try:
                data = base64.b64decode(encoded, validate=True)
            except (ValueError, binascii.Error):
                data = b""
            if len(data) > _HINT and base64.b64encode(data).decode() == encoded:
                return name, data[:_HINT], data[_HINT:]
    raise MalformedError("a line below the checkpoint is no signature")


def _verify_checkpoint(checkpoint: Checkpoint, proof: Proof, log: Log, key: keys.Key) -> None:
    """Hold that the log signed the tree of the proof; what witnesses signed besides is not asked for."""
    if (checkpoint.size, checkpoint.root) != (proof.size, proof.root):
        raise InvalidError("the checkpoint is of another tree than the proof of inclusion")
    signatures = [
        signature
        for name, hint, signature in checkpoint.signatures
        if hint == log.id[:_HINT] and (checkpoint.origin == name or checkpoint.origin.startswith(f"{name} - "))
    ]
    if not any(keys.verifies(key, signature, checkpoint.text) for signature in signatures):
        raise InvalidError("the checkpoint is not signed by the transparency log of the entry")
