"""Sign again without hashing again: digests of an earlier signature, for files that did not change since.

An earlier signature by the same key says which digests were signed. A record, a local file that signing writes, says
what size, times and inode the files had then. A digest is reused where both know the file and it still looks the same.
The record is never looked at to verify anything: whoever falsifies it gets a signature that does not verify.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.signing import bundle, dsse, statement
from chainguard_ml.signing.keys import PublicKey
from chainguard_ml.signing.known import REUSED, Known
from chainguard_ml.signing.strictjson import loads, member, only
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json
    from chainguard_ml.signing.interface import Signer

_TYPE = "chainguard-ml/signing-record/v1"
_STRUCTURE = 10_000_000  # members and items: six for each file
_SETTLED = 2_000_000_000
"""Nanoseconds that a file must be older than the walk. A change within one tick of its clock leaves its times as they
are; the coarsest clock of a file system in use ticks every two seconds."""


@dataclass(slots=True)
class Reuse:
    """What may be reused, what was, and what the next signing may.

    Attributes:
        record: The record's file, read before and written after.
        hash_type: The algorithm of the digests.
        why: Why nothing can be reused; empty where something can.
        reused: How many files were not hashed again.
    """

    record: Path
    hash_type: str
    why: str = ""
    reused: int = 0
    _digests: Mapping[str, str] = field(default_factory=dict)
    _before: Mapping[str, Json] = field(default_factory=dict)
    _after: dict[str, Json] = field(default_factory=dict)
    _started: int = 0

    def known(self, path: str, descriptor: int) -> Known | None:
        """Return the signed digest of a file that looks as it did when it was signed."""
        digest, status = self._digests.get(path), os.fstat(descriptor)
        if digest is None or self._before.get(path) != _state(status):
            return None
        self.reused += 1
        self.hashed(path, status)
        return Known(digest, REUSED)

    def hashed(self, path: str, status: os.stat_result) -> None:
        """Keep what a file looks like, unless it is so new that a change could go unseen."""
        if max(status.st_mtime_ns, status.st_ctime_ns) < self._started - _SETTLED:
            self._after[path] = _state(status)

    def beyond(self) -> Mapping[str, Known]:
        """Return nothing: only what is there is reused."""
        return {}

    def save(self, signature: Path) -> None:
        """Write the record that goes with a new signature.

        Raises:
            InputError: The signature cannot be read.
            OutputError: The record cannot be written.
        """
        data = files.read_beneath(signature.parent.resolve(), signature.name, bundle.MAX_BYTES)
        signed = hashlib.sha256(bundle.parse(data).payload).hexdigest()
        value = {"type": _TYPE, "statement": signed, "hash": self.hash_type,
                 "files": dict(sorted(self._after.items()))}  # fmt: skip
        files.write_atomic(self.record, json.dumps(value, separators=(",", ":")).encode() + b"\n")


def load(
    model: Path, record: Path, hash_type: str, signature: Path | None, key: PublicKey | None, *, now: int | None = None
) -> Reuse:
    """Return what can be reused of an earlier signature of a model.

    Args:
        model: The model.
        record: The record's file; it may not lie in the model.
        hash_type: The algorithm that will be signed with.
        signature: The earlier signature; ``None`` only prepares the record.
        key: The public half of the key that signs.
        now: Nanoseconds since 1970; by default the clock's. What changed just before is not recorded.

    Raises:
        UsageError: The record is some other file or lies in the model, or the signature is not one by this key.
    """
    _hold_outside(model, record)
    before = _record(record)
    reuse = Reuse(record, hash_type, _started=time.time_ns() if now is None else now)
    if signature is None:
        return reuse
    shown = printable(str(signature))
    if not signature.exists():
        return replace(reuse, why=f"there is no '{shown}' yet")
    signed, digests = _proven(signature, hash_type, key)
    if before is None:
        return replace(reuse, why=f"there is no record '{printable(str(record))}' yet")
    if (before["statement"], before["hash"]) != (signed, hash_type):
        return replace(reuse, why=f"the record is not of '{shown}' with {hash_type}")
    return replace(reuse, _digests=digests, _before=member(before, "files", dict))


def public_half(signer: Signer) -> PublicKey | None:
    """Return the public half of a signer's key; ``None`` for one that takes a new key each time."""
    found = getattr(signer, "public", None)
    return found if isinstance(found, PublicKey) else None


def _proven(signature: Path, hash_type: str, key: PublicKey | None) -> tuple[str, Mapping[str, str]]:
    """Return the SHA-256 of what was signed, and the digests in it; none if they are of another kind."""
    shown = printable(str(signature))
    if key is None:
        raise UsageError("only signatures by a key can be reused", hint="sign with --key, or leave out --reuse")
    try:
        data = files.read_beneath(signature.parent.resolve(), signature.name, bundle.MAX_BYTES)
        parsed = bundle.parse(data)
        if not key.verifies(parsed.signature, dsse.encoding(parsed.payload_type, parsed.payload)):
            raise UsageError(f"'{shown}' was not made with this key", hint="leave out --reuse, and sign anew")
        manifest = statement.parse(parsed.payload)
    except InputError as error:
        raise UsageError(f"'{shown}' cannot be reused: {error.message}", hint="leave out --reuse") from None
    signed, recipe = hashlib.sha256(parsed.payload).hexdigest(), manifest.recipe
    if recipe.algorithm != hash_type or recipe.shard_size:
        return signed, {}
    return signed, {path: digest for path, digest in manifest.files.items() if path not in manifest.sources}


def _hold_outside(model: Path, record: Path) -> None:
    target = record.parent.resolve() / record.name
    if target.is_relative_to(model.resolve()):
        raise UsageError(
            f"the record '{printable(str(record))}' lies in the model, and would have to be signed with it",
            hint="give a place outside with --record FILE",
        )


def _record(path: Path) -> JsonObject | None:
    """Return a record, or ``None`` if there is none."""
    if not path.exists():
        return None
    try:
        return parse(files.read_beneath(path.parent.resolve(), path.name, bundle.MAX_BYTES))
    except InputError as error:
        raise UsageError(
            f"'{printable(str(path))}' is not a record of a signing: {error.message}",
            hint="remove it, or keep the record elsewhere with --record FILE",
        ) from None


def parse(data: bytes) -> JsonObject:
    """Return a record.

    Raises:
        InputError: It is none.
    """
    value = loads(data, "it", _STRUCTURE)
    only(value, {"type", "statement", "hash", "files"}, "it")
    for name, kind in (("type", str), ("statement", str), ("hash", str), ("files", dict)):
        member(value, name, kind)
    if value["type"] != _TYPE:
        raise InputError("it has another type")
    return value


def _state(status: os.stat_result) -> list[Json]:
    """Return what changes when a file changes: size, times and inode. Only the clock can set the second time."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
