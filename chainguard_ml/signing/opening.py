"""Verify, then load: a loader gets the bytes that were verified, whatever happens on disk in between.

Every file is copied once to where nobody can write any more (``sealed``), the copy is hashed and compared with the
signed digest, and only then is it handed out: not one byte is seen before all bytes of its file are verified. Files
that the signature does not name do not exist for the loader.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chainguard_ml import files, sealed
from chainguard_ml.config import Config
from chainguard_ml.errors import InputError, RefusedError
from chainguard_ml.model import Evidence, Location, Subject
from chainguard_ml.records import record
from chainguard_ml.rules import signing as rules
from chainguard_ml.signing import released, verify
from chainguard_ml.signing.compare import Change
from chainguard_ml.signing.examine import trust
from chainguard_ml.signing.hashing import BUFFER, digest
from chainguard_ml.signing.interface import RefusedError as RefusedSignature
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from chainguard_ml.config import SigningConfig
    from chainguard_ml.model import Finding, Gap
    from chainguard_ml.signing.hashing import Recipe
    from chainguard_ml.signing.interface import Identity

_IN_MEMORY = 1 << 30
_HINT = "see 'chainguard-ml verify' for the whole difference; fetch the model again from its source"


@record
class VerifiedModel:
    """A model whose signature is proven, and whose files are verified as they are asked for.

    Attributes:
        identity: Who signed, as proven.
        root: The signed root digest: SHA-256 in hexadecimal.
        files: Signed digest of each file by its name, which is its path relative to the model; the name of a model
            that is one file is that file's. A file that is not listed cannot be opened.
    """

    identity: Identity
    root: str
    files: Mapping[str, str]
    _place: _Place = field(repr=False)

    def open(self, name: str) -> BinaryIO:
        """Return a file's verified bytes as a stream that can seek and has a descriptor; closed after the block.

        Raises:
            RefusedError: The signature does not name the file, or it is missing, changed, or cannot be read.
        """
        return self._place.opened(name)

    def path(self, name: str) -> Path:
        """Return a path with the file's own last name, at which its verified bytes stand; gone after the block.

        It is good in this process, for loaders that open files themselves. Errors as for ``open``.
        """
        return self._place.linked([name], name)

    def directory(self) -> Path:
        """Return a directory at which every signed file's verified bytes stand; gone after the block.

        It is good in this process. Every file is copied, and stays open until the end of the block. Errors as for
        ``open``.
        """
        return self._place.linked(self.files, "")


@contextlib.contextmanager
def verified_open(
    model: Path | str,
    policy: SigningConfig | Config,
    *,
    signature: Path | str | None = None,
    in_memory: int = _IN_MEMORY,
    spool: Path | None = None,
    releases: Path | str | None = None,
    now: datetime | None = None,
) -> Iterator[VerifiedModel]:
    """Prove a model's signature, and give the model with every file verified before it is handed out.

    Only files that are asked for are read. Their streams and paths are gone after the block. No part of a changed file
    is ever handed out, so a file is copied whole: into memory, or where the copies of the block would become larger
    than ``in_memory``, into a file without a name on disk. Nobody can write to the first; to the second nobody but
    processes of the same user, and those could change this process too.

    Args:
        model: A directory, or a file.
        policy: Whom to trust: ``SigningConfig``, or the ``signing`` part of a ``Config``.
        signature: The bundle; by default ``model.sig`` in a directory, ``<file>.sig`` beside a file.
        in_memory: Bytes that the copies of the block may take in memory together; what is more is copied to disk.
        spool: Directory for copies on disk; by default the system's for temporary files.
        releases: An index of releases, which must list the model as one to use.
        now: When that must be so; by default at present.

    Raises:
        RefusedError: There is no signature, it does not prove that somebody trusted signed, or the model is not to be
            used any more; ``reasons`` say why.
        UsageError: The model or the index is missing, or a key, a certificate, an identity or a trusted root cannot be
            used.
    """
    trusted = trust(policy.signing if isinstance(policy, Config) else policy)
    claim = verify.claimed(Path(model), Path(signature) if signature is not None else None, trusted)
    proven = verify.prove(claim)
    if not isinstance(proven, verify.Proven):
        raise _refusal(claim, proven)
    try:
        signed = verify.signed_files(claim, proven.manifest)
    except RefusedSignature as error:
        raise _refusal(claim, verify.refused(claim, error)) from None
    if releases is not None:
        said = released.judge(replace(claim, now=now), Path(releases), proven.manifest.root)
        if reasons := [item for item in said if not isinstance(item, Evidence)]:
            raise _refusal(claim, *reasons)
    manifest = proven.manifest
    with files.opened_root(claim.base) as root, contextlib.ExitStack() as stack:
        copies = _Copies(in_memory, spool, manifest.recipe, follow=manifest.links)
        yield VerifiedModel(proven.identity, manifest.root, signed, _Place(claim, signed, root, copies, stack))


def _refusal(claim: verify.Claim, *reasons: Finding | Gap) -> RefusedError:
    name = (claim.root / claim.model).name
    return RefusedError(f"'{printable(name)}' is not opened", reasons, hint=_HINT)


@dataclass(slots=True)
class _Copies:
    """How copies are made and checked; ``room`` is how many bytes more may be in memory."""

    room: int
    spool: Path | None
    recipe: Recipe
    follow: bool


@record
class _Place:
    """Where the files are taken from, and what is open."""

    claim: verify.Claim
    signed: Mapping[str, str]
    root: Path | int
    copies: _Copies
    stack: contextlib.ExitStack

    def opened(self, name: str) -> BinaryIO:
        if name not in self.signed:
            raise _refusal(self.claim, _unsigned(self.claim, name))
        try:
            return self.stack.enter_context(self.copied(name))
        except InputError as error:
            raise _refusal(self.claim, verify.unread(self.claim, name, error)) from None

    def copied(self, name: str) -> BinaryIO:
        """Return a copy that was compared with the signed digest."""
        with files.open_beneath(self.root, self.real(name)) as source, contextlib.ExitStack() as unless:
            copies = self.copies
            copy = unless.enter_context(sealed.copy(source, name, in_memory=copies.room, spool=copies.spool))
            size = os.fstat(copy.fileno()).st_size
            copies.room -= size if size < copies.room else 0
            actual = digest(copy.fileno(), name, copies.recipe, memoryview(bytearray(BUFFER)))
            if actual != self.signed[name]:
                change = Change(name, "changed", self.signed[name], actual, "is not what was signed")
                raise _refusal(self.claim, verify.tampered(self.claim, change))
            unless.pop_all()
        return copy

    def real(self, name: str) -> str:
        """Return a name, or where the signer followed links, the name of what it leads to (section 6.1.1)."""
        if not self.copies.follow:
            return name
        base = os.path.realpath(self.claim.base)
        return os.path.relpath(os.path.realpath(f"{base}/{name}"), base)

    def linked(self, names: Iterable[str], wanted: str) -> Path:
        """Return ``wanted`` in a private directory, in which ``names`` are links to copies."""
        private = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="chainguard-ml-")))
        for name in names:
            stream = self.opened(name)
            (private / name).parent.mkdir(parents=True, exist_ok=True)
            sealed.link(private / name, stream)
        return private / wanted


def _unsigned(claim: verify.Claim, name: str) -> Finding:
    return rules.UNCOVERED_FILE.finding(
        Subject(claim.place(name)),
        Location(claim.place(name)),
        f"'{printable(name)}' is not a file that the signature names",
        facts={"reason": "policy", "signature": claim.origin.path},
        key=(claim.origin.path,),
    )
