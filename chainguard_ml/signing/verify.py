"""Verify a model against its signature: OpenSSF Model Signing v1.0, section 8."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypedDict, Unpack

from chainguard_ml import files
from chainguard_ml.context import Observer, Silent
from chainguard_ml.errors import InputError, NothingToExamineError, UsageError
from chainguard_ml.model import Evidence, Gap, GapReason, Location, Severity, Subject
from chainguard_ml.records import field, record, replace
from chainguard_ml.rules import signing as rules
from chainguard_ml.signing import bundle, compare, methods, statement, tree
from chainguard_ml.signing.attestations import beside
from chainguard_ml.signing.interface import Keyless, MalformedError, RefusedError, Trust, UnverifiableError, gap_reason
from chainguard_ml.signing.manifest import DEFAULT_EXCLUSIONS, SINGLE_FILE, canonical_exclusion
from chainguard_ml.signing.sign import default_signature, resolve
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.x509 import Certificate

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.signing.interface import Identity
    from chainguard_ml.signing.keys import PublicKey
    from chainguard_ml.signing.manifest import Manifest
    from chainguard_ml.signing.sigstore import TrustedRoot

_REFUSALS = {
    "malformed": rules.SIGNATURE_MALFORMED,
    "invalid": rules.SIGNATURE_INVALID,
    "untrusted": rules.UNTRUSTED_SIGNER,
    "expired": rules.EXPIRED_SIGNER,
}


@record
class Claim:
    """A signature, the model it is taken to be about, and how strictly to look.

    Attributes:
        root: Absolute directory; paths in observations are relative to it.
        model: The model's path relative to ``root``; ``.`` is ``root`` itself.
        directory: Whether the model is a directory.
        signature: Absolute path of the signature.
        trust: Whom the operator trusts.
        strict: Whether files that the signature leaves out are grave.
        ignore: Paths relative to the model that the operator accepts outside the signature.
        observer: Told about each file.
        claims: Files of claims beside the one that is kept with the model.
        max_age: Days after which a claim is not relied on; 0 is any age.
        only: The files to look at, canonical and relative to the model, which is a directory; none means all.
        releases: An index that must list the model as one to use.
        now: When that must be so; ``None`` means at present.
    """

    root: Path
    model: str
    directory: bool
    signature: Path
    trust: Trust
    strict: bool = True
    ignore: tuple[str, ...] = ()
    observer: Observer = field(default_factory=Silent)
    claims: tuple[Path, ...] = ()
    max_age: int = 0
    only: tuple[str, ...] = ()
    releases: Path | None = None
    now: datetime | None = None

    @property
    def subject(self) -> Subject:
        """The model as observations name it."""
        return Subject(self.model, "directory" if self.directory else "file")

    @property
    def origin(self) -> Location:
        """Where the signature is: relative to the root, or only its name if it is elsewhere."""
        return Location(self.label(self.signature))

    def label(self, path: Path) -> str:
        """Return a file as observations name it: relative to the root, or only its name if it is elsewhere."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    @property
    def base(self) -> Path:
        """The directory that the signed names are relative to."""
        return self.root / self.model if self.directory else (self.root / self.model).parent

    @property
    def inside(self) -> str:
        """The signature's own path relative to ``base``; empty if it is elsewhere."""
        base = self.base
        return self.signature.relative_to(base).as_posix() if self.signature.is_relative_to(base) else ""

    def place(self, path: str) -> str:
        """Return a path relative to ``base`` as one relative to ``root``."""
        prefix = self.model if self.directory else self.model.rpartition("/")[0]
        return path if prefix in {"", "."} else f"{prefix}/{path}"


class Look(TypedDict, total=False):
    """How strictly to look at a model, and at what of it.

    Attributes:
        strict: Whether present files that the signature leaves out are grave (high, the default) or noted (medium).
        ignore: Paths relative to the model that are accepted outside the signature.
        only: Files relative to the model to look at; the rest is then not looked at, which the evidence says.
        releases: An index of releases, which must list the model as one to use.
        now: When that must be so; by default at present.
        root: What an instance of Sigstore is verified with, in place of the configured or the public one.
        claims: Files of claims beside the one that is kept with the model.
        max_age: Days after which a claim is not relied on; 0 is any age.
    """

    strict: bool
    ignore: Sequence[str]
    only: Sequence[str]
    releases: Path | None
    now: datetime | None
    root: TrustedRoot | None
    claims: Sequence[Path]
    max_age: int


@record
class Proven:
    """What a signature proves: who signed, and what."""

    identity: Identity
    manifest: Manifest


def verify_model(
    model: Path,
    signature: Path | None,
    keys: Sequence[PublicKey] | Trust,
    *,
    certificates: Sequence[Certificate] = (),
    keyless: Keyless | None = None,
    observer: Observer | None = None,
    **look: Unpack[Look],
) -> Observations:
    """Yield what a signature proves about a model, every difference, and every file it says nothing about.

    Paths in observations are relative to the model's directory, or to the directory of a model that is one file.

    Args:
        model: A file or a directory.
        signature: The bundle; by default ``model.sig`` in a directory, ``<file>.sig`` beside a file.
        keys: Public keys, any of which may have signed; or all whom the operator trusts, instead of the next two.
        certificates: X.509 certificates of authorities, any of whose signers may have signed.
        keyless: Identities of Sigstore, any of which may have signed.
        observer: Told about each file.
        look: How strictly to look, and at what.

    Raises:
        UsageError: The model, a file of claims or the index of releases is missing, or one of ``only`` is neither
            signed nor there.
        NothingToExamineError: The model is an empty directory without a signature.
    """
    trust = keys if isinstance(keys, Trust) else Trust(tuple(keys), tuple(certificates), keyless=keyless or Keyless())
    if root := look.get("root"):
        trust = replace(trust, keyless=replace(trust.keyless, root=root))
    claim = claimed(model, signature, trust)
    claim = replace(
        claim,
        strict=look.get("strict", True),
        ignore=tuple(look.get("ignore", ())),
        observer=observer or Silent(),
        only=_only(claim, look.get("only", ())),
        releases=look.get("releases"),
        now=look.get("now"),
        claims=tuple(map(_given, look.get("claims", ()))),
        max_age=look.get("max_age", 0),
    )
    if claim.directory and _is_empty(claim.root) and read(claim.signature) is None:
        raise NothingToExamineError(f"there is nothing to verify in '{printable(str(model))}'")
    yield from verify(claim)


def claimed(model: Path, signature: Path | None, trust: Trust) -> Claim:
    """Return the claim of a signature, by default the one in or beside the model, about a model.

    Raises:
        UsageError: The model is missing.
    """
    resolved = resolve(model)
    directory = resolved.is_dir()
    return Claim(
        root=resolved if directory else resolved.parent,
        model="." if directory else resolved.name,
        directory=directory,
        signature=located(signature or default_signature(model), follow=signature is not None),
        trust=trust,
    )


def _only(claim: Claim, names: Sequence[str]) -> tuple[str, ...]:
    """Return names of files in their canonical form."""
    if names and not claim.directory:
        raise UsageError("single files can be chosen in a directory only", hint="leave out --only")
    canonical = {name: canonical_exclusion(name) for name in names}
    for name, path in canonical.items():
        if path is None:
            raise UsageError(f"'{printable(name)}' names no file of the model", hint="give paths relative to the model")
    return tuple(filter(None, canonical.values()))


def located(signature: Path, *, follow: bool) -> Path:
    """Return the absolute path of a signature; only the caller's own choice is followed through a link."""
    try:
        return signature.resolve(strict=True) if follow else signature.parent.resolve() / signature.name
    except (OSError, RuntimeError, ValueError):
        return signature.absolute()


def _given(claims: Path) -> Path:
    """Return the absolute path of a file of claims that the operator names."""
    try:
        return claims.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot open '{printable(str(claims))}': {reason}", hint="check --claims") from None


def _is_empty(directory: Path) -> bool:
    try:
        return next(directory.iterdir(), None) is None
    except OSError:
        return False


def verify(claim: Claim) -> Observations:
    """Yield what comes of one claim: evidence if a trusted signer made the signature, and all that is wrong."""
    proven = prove(claim)
    if not isinstance(proven, Proven):
        yield proven
        yield from beside.unexamined(claim)
        return
    try:
        yield from _compared(claim, proven.identity, proven.manifest)
    except RefusedError as error:
        yield refused(claim, error)
    except InputError as error:
        yield unread(claim, None, error)
    if claim.releases is not None:
        from chainguard_ml.signing import released

        yield from released.judge(claim, claim.releases, proven.manifest.root)


def prove(claim: Claim) -> Proven | Finding | Gap:
    """Return what a signature proves, or why it proves nothing; the model is not looked at."""
    try:
        data = read(claim.signature)
        if data is None:
            return _missing(claim)
        parsed = bundle.parse(data)
        identity = methods.verify(parsed, claim.trust)
        manifest = statement.parse(parsed.payload)
        manifest.recipe.check()
    except RefusedError as error:
        return refused(claim, error)
    except InputError as error:
        return unread(claim, None, error)
    return Proven(identity, manifest)


def read(path: Path) -> bytes | None:
    """Return a signature's bytes, or ``None`` if there is no such file.

    Raises:
        UnverifiableError: It is larger than the budget.
        InputError: It cannot be read.
    """
    try:
        if path.lstat().st_size > bundle.MAX_BYTES:
            raise UnverifiableError(f"a signature larger than {bundle.MAX_BYTES:,} bytes", GapReason.BUDGET)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot open the signature: {reason}") from None
    return files.read_beneath(path.parent, path.name, bundle.MAX_BYTES)


def _missing(claim: Claim) -> Finding:
    return rules.UNSIGNED_MODEL.finding(
        claim.subject,
        claim.origin,
        f"there is no signature '{printable(claim.origin.path)}'",
        facts={"reason": "missing"},
        severity=Severity.HIGH,  # whoever asks to verify expects one
    )


def refused(claim: Claim, error: RefusedError) -> Finding:
    """Return the finding of a signature that proves nothing."""
    return _REFUSALS[error.reason].finding(
        claim.subject, claim.origin, error.message, facts={"reason": error.reason}, key=(claim.origin.path,)
    )


def _compared(claim: Claim, identity: Identity, manifest: Manifest) -> Observations:
    """Yield the differences between a proven manifest and the model, then the evidence."""
    signed, found = both(claim, manifest)
    left_out = compare.uncovered(found)
    left_out.pop(claim.inside, None)
    kept = beside.kept(claim, manifest)
    left_out.pop(kept.name if kept and claim.directory else "", None)  # each line of it is examined
    accepted = _accepted(claim)
    outside = {path: count for path, count in left_out.items() if path not in accepted}
    differences = list(compare.changes(signed, found))
    for change in differences:
        yield tampered(claim, change)
    for path, count in outside.items():
        yield _uncovered(claim, path, count)
    for path, error in sorted(found.errors.items()):
        yield unread(claim, path, error)
    whole = not differences and not found.errors and not (claim.strict and outside)
    unproven = {change.path for change in differences} | found.errors.keys()
    partial: dict[str, Json] = {"partial": True, "unseen": len(manifest.files) - len(signed)} if claim.only else {}
    facts: dict[str, Json] = {
        "verified": whole and not partial,
        **partial,
        "method": identity.method,
        "signer": identity.signer,
        "signer_name": identity.name,
        **identity.details,
        "root": manifest.root,
        "files": len(manifest.files),
        "hash": manifest.recipe.algorithm,
        **({"signed_unread": len(manifest.sources)} if manifest.sources else {}),
        "covers": [claim.place(path) for path in sorted(signed) if path not in unproven],
        "excluded": [claim.place(path) for path in left_out],
    }
    yield Evidence("signature", claim.subject, "signing", facts, claim.origin)
    yield from beside.examined(claim, manifest, [*filter(None, [kept]), *claim.claims], whole=whole and not partial)


def both(claim: Claim, manifest: Manifest) -> tuple[Mapping[str, str], tree.Tree]:
    """Return the signed digests and the tree they are about.

    Raises:
        MalformedError: The manifest is of one file and the model a directory, or the reverse.
        InputError: The directory cannot be opened.
    """
    signed = signed_files(claim, manifest)
    if claim.only:
        return _chosen(claim, manifest, signed)
    if claim.directory:
        excluded = _outside(claim, manifest)
        return signed, tree.read_directory(claim.base, manifest.recipe, excluded, claim.observer, follow=manifest.links)
    name = claim.model.rpartition("/")[2]
    return signed, tree.read_file(claim.base, name, manifest.recipe, claim.observer)


def _chosen(claim: Claim, manifest: Manifest, signed: Mapping[str, str]) -> tuple[Mapping[str, str], tree.Tree]:
    """Return the signed digests of the chosen files, and what is there of them."""
    found = tree.read_named(claim.base, set(claim.only), manifest.recipe, claim.observer, follow=manifest.links)
    signed = {path: digest for path, digest in signed.items() if path in claim.only}
    for path in claim.only:
        if path in signed:
            continue
        if any(name.startswith(f"{path}/") for name in manifest.files):
            raise UsageError(f"'{printable(path)}' is a directory", hint="name its files, or verify the whole model")
        if not found.holds(path):
            raise UsageError(f"'{printable(path)}' is neither signed nor there", hint="check --only")
        for under in sorted(_outside(claim, manifest) & {path, *map(str, PurePosixPath(path).parents)})[:1]:
            found.leave_out(path, under)
    return signed, found


def _outside(claim: Claim, manifest: Manifest) -> frozenset[str]:
    """Return the paths that the signature, its format or the operator leave out; what is signed is compared."""
    signed_tops = {path.partition("/")[0] for path in manifest.files}
    return manifest.ignored | set(DEFAULT_EXCLUSIONS) - signed_tops | _accepted(claim) | {claim.inside}


def signed_files(claim: Claim, manifest: Manifest) -> Mapping[str, str]:
    """Return the signed digests by name; a file that is a whole model is called by its own name.

    Raises:
        MalformedError: The manifest is of one file and the model a directory, or the reverse.
    """
    if claim.directory:
        if SINGLE_FILE in manifest.files:
            raise MalformedError("it signs a single file, and this is a directory")
        return manifest.files
    if not manifest.single:
        raise MalformedError(f"it signs {plural(len(manifest.files), 'file')} of a directory, and this is a file")
    ((name, digest),) = manifest.files.items()
    return {claim.model.rpartition("/")[2] if name == SINGLE_FILE else name: digest}


def _accepted(claim: Claim) -> set[str]:
    return set(filter(None, map(canonical_exclusion, claim.ignore)))


def tampered(claim: Claim, change: compare.Change) -> Finding:
    """Return the finding of one difference."""
    place = claim.place(change.path)
    return rules.MODEL_TAMPERED.finding(
        Subject(place),
        Location(place),
        f"'{printable(place)}' {change.what}",
        facts={
            "reason": "tampered",
            "change": change.kind,
            "expected": change.expected,
            "actual": change.actual,
            "signature": claim.origin.path,
        },
        key=(change.kind, claim.origin.path),
    )


def unread(claim: Claim, path: str | None, error: InputError) -> Gap:
    """Return the gap of a file that cannot be read; ``None`` is the whole model."""
    subject = claim.subject if path is None else Subject(claim.place(path))
    return Gap(subject, gap_reason(error), error.message, claim.origin)


def _uncovered(claim: Claim, path: str, count: int) -> Finding:
    place = claim.place(path)
    return rules.UNCOVERED_FILE.finding(
        Subject(place),
        Location(place),
        f"'{printable(place)}' ({plural(count, 'file')}) is present, and the signature does not cover it",
        facts={"reason": "policy", "files": count, "signature": claim.origin.path},
        severity=Severity.HIGH if claim.strict else Severity.MEDIUM,
        key=(claim.origin.path,),
    )
