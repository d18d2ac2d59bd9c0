"""A transparency log: a Merkle tree (RFC 6962, section 2.1) with signed checkpoints (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chainguard_ml.testing.authority import LATE
from chainguard_ml.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chainguard_ml.codec import JsonObject

_EARLIER = 5  # entries of others, so that the first proof has hashes
_SHARDS = 1_000_000  # entries of earlier shards, which version 1 counts too


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over hashes of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return _parent(root(leaves[:middle]), root(leaves[middle:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, the lowest first."""
    if len(leaves) == 1:
        return []
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if index < middle:
        return [*path(index, leaves[:middle]), root(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), root(leaves[:middle])]


def leaf(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def canonical(value: JsonObject) -> bytes:
    """Return JSON in canonical form (RFC 8785) of a value with ASCII text and small integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with everything that proves it.

    Attributes:
        body: The canonical entry, which is the leaf.
        kind: Kind and version of the entry.
        log_id: SHA-256 that names the log's key.
        index: Place in the log, earlier shards included.
        leaf: Place in the tree.
        size: Leaves of the tree.
        root: Hash of the tree.
        path: Hashes from the leaf to the root.
        checkpoint: The signed checkpoint.
        time: Seconds when it was integrated, which version 2 does not say.
        promise: Signed entry timestamp of version 1.
    """

    body: bytes
    kind: tuple[str, str]
    log_id: bytes
    index: int
    leaf: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    time: int | None = None
    promise: bytes | None = None

    def for_bundle(self) -> JsonObject:
        """Return ``TransparencyLogEntry`` of the bundle format, which is what version 2 answers too."""
        value: JsonObject = {
            "logIndex": str(self.index),
            "logId": {"keyId": _base64(self.log_id)},
            "kindVersion": {"kind": self.kind[0], "version": self.kind[1]},
            "inclusionProof": {
                "logIndex": str(self.leaf),
                "rootHash": _base64(self.root),
                "treeSize": str(self.size),
                "hashes": [_base64(value) for value in self.path],
                "checkpoint": {"envelope": self.checkpoint},
            },
            "canonicalizedBody": _base64(self.body),
        }
        if self.time is not None and self.promise is not None:
            value["integratedTime"] = str(self.time)
            value["inclusionPromise"] = {"signedEntryTimestamp": _base64(self.promise)}
        return value

    def for_version_1(self) -> JsonObject:
        """Return the answer of version 1 about the entry."""
        name = f"{_SHARDS:016x}{leaf(self.body).hex()}"
        proof: JsonObject = {
            "checkpoint": self.checkpoint,
            "hashes": [value.hex() for value in self.path],
            "logIndex": self.leaf,
            "rootHash": self.root.hex(),
            "treeSize": self.size,
        }
        return {
            name: {
                "body": _base64(self.body),
                "integratedTime": self.time,
                "logID": self.log_id.hex(),
                "logIndex": self.index,
                "verification": {
                    "inclusionProof": proof,
                    "signedEntryTimestamp": _base64(self.promise or b""),
                },
            }
        }


class TransparencyLog:
    """A log of version 1 (ECDSA, with promises) or 2 (Ed25519, without).

    Attributes:
        version: 1 or 2.
        origin: Name of the log in its checkpoints.
        log_id: SHA-256 that names its key.
    """

    def __init__(self, version: int, origin: str) -> None:
        self.version, self.origin = version, origin
        self._key, self._other = (
            ec.generate_private_key(ec.SECP256R1()) if version == 1 else ed25519.Ed25519PrivateKey.generate()
            for _ in range(2)
        )
        public = self._key.public_key()
        if version == 1:
            self.log_id = hashlib.sha256(self.public).digest()
        else:  # the key identifier of signed notes (C2SP signed-note): type 1 is Ed25519
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            self.log_id = hashlib.sha256(origin.encode() + b"\n\1" + raw).digest()
        self._leaves = [leaf(b"an entry of somebody else %d" % number) for number in range(_EARLIER)]
        self._lock = threading.Lock()

    @property
    def public(self) -> bytes:
        """The public key as SubjectPublicKeyInfo in DER."""
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def append(self, body: JsonObject, faults: Collection[Fault] = ()) -> Entry:
        """Integrate an entry, and return it with its proofs."""
        data = canonical(body)
        with self._lock:
            self._leaves.append(leaf(data))
            leaves = tuple(self._leaves)
        place, top = len(leaves) - 1, root(leaves)
        hashes_up = path(place, leaves)
        if Fault.WRONG_PROOF in faults:
            hashes_up[0] = leaf(b"not of the tree")
        index = place + (_SHARDS if self.version == 1 else 0)
        moment = int(time.time()) + (int(LATE.total_seconds()) if Fault.LATE_TIMESTAMP in faults else 0)
        return Entry(
            body=data,
            kind=(str(body["kind"]), str(body["apiVersion"])),
            log_id=self.log_id,
            index=index,
            leaf=place,
            size=len(leaves),
            root=top,
            path=tuple(hashes_up),
            checkpoint=self._checkpoint(len(leaves), top, faults),
            time=moment if self.version == 1 else None,
            promise=self._promise(data, moment, index, faults) if self.version == 1 else None,
        )

    def checkpoint(self) -> str:
        """Return the signed checkpoint of the present tree."""
        with self._lock:
            leaves = tuple(self._leaves)
        return self._checkpoint(len(leaves), root(leaves), ())

    def _checkpoint(self, size: int, top: bytes, faults: Collection[Fault]) -> str:
        if Fault.FORKED_CHECKPOINT in faults:
            top = leaf(b"the root of another tree")
        note = f"{self.origin}\n{size}\n{_base64(top)}\n"
        signature = self._sign(note.encode(), other=Fault.WRONG_LOG_KEY in faults)
        name = self.origin.partition(" ")[0]  # version 1 adds the tree's number, which is not part of the signer's name
        return f"{note}\n\N{EM DASH} {name} {_base64(self.log_id[:4] + signature)}\n"

    def _promise(self, body: bytes, moment: int, index: int, faults: Collection[Fault]) -> bytes:
        """Return the signed entry timestamp: the log's signature over the entry in canonical JSON."""
        promised: JsonObject = {
            "body": _base64(body),
            "integratedTime": moment,
            "logID": self.log_id.hex(),
            "logIndex": index,
        }
        return self._sign(canonical(promised), other=Fault.WRONG_PROMISE in faults)

    def _sign(self, message: bytes, *, other: bool) -> bytes:
        key = self._other if other else self._key
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, ec.ECDSA(hashes.SHA256()))
        return key.sign(message)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
