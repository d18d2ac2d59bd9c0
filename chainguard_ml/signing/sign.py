"""Sign a model: OpenSSF Model Signing v1.0, section 6."""

from __future__ import annotations

import stat
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.context import Silent
from chainguard_ml.errors import ChangedError, InputError, NothingToExamineError, UsageError
from chainguard_ml.records import field, record, replace
from chainguard_ml.signing import bundle, manifest, statement, tree
from chainguard_ml.signing.attestations import binding, store
from chainguard_ml.signing.attestations.interface import CLAIMS_NAME
from chainguard_ml.signing.hashing import LENGTHS, Recipe
from chainguard_ml.signing.interface import UnverifiableError
from chainguard_ml.signing.known import REUSED
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chainguard_ml.context import Observer
    from chainguard_ml.signing.interface import Signer
    from chainguard_ml.signing.known import Source

SIGNATURE_NAME = "model.sig"
"""Name of the signature inside a model's directory."""

INDEX_NAME = "releases.json"
"""How the name of an index of releases ends."""


@record
class Signed:
    """What was signed.

    Attributes:
        path: The signature's file, as the caller names it.
        root: The model's root digest: SHA-256 in hexadecimal.
        files: How many files are covered.
        signer: What identifies the signer; for a key the hint of its bundles.
        unread: How many of the digests were not computed, by where they come from.
    """

    path: Path
    root: str
    files: int
    signer: str
    unread: Mapping[str, int] = field(default_factory=dict)


def default_signature(model: Path) -> Path:
    """Return where a model's signature is kept: ``model.sig`` in a directory, ``<file>.sig`` beside a file."""
    return model / SIGNATURE_NAME if model.is_dir() else model.with_name(f"{model.name}.sig")


def sign_model(
    model: Path,
    key: Signer,
    *,
    signature: Path | None = None,
    ignore: Sequence[str] = (),
    hash_type: str = "sha256",
    observer: Observer | None = None,
    known: Sequence[Source] = (),
    expected: str = "",
) -> Signed:
    """Sign a file or everything in a directory, and write the bundle whole or not at all.

    Left out of a directory: the signature itself, the claims (``claims.jsonl``, unless that is something else),
    ``.git``, ``.gitattributes``, ``.github`` and ``.gitignore`` at its top, and the paths in ``ignore`` with everything
    beneath them. The bundle records all of these.

    Args:
        model: A regular file, or a directory.
        key: Who signs.
        signature: Where to write; by default ``model.sig`` in a directory, ``<file>.sig`` beside a file.
        ignore: Paths relative to the directory, without patterns.
        hash_type: ``sha256``, ``blake2b`` or ``blake3``.
        observer: Told about each file.
        known: Where digests come from that need not be computed, asked in their order.
        expected: What ``measured`` gave before the model was examined; empty where it was not.

    Raises:
        UsageError: The model is missing, an option is wrong, or ``signature`` is some other file.
        NothingToExamineError: There is no file to sign.
        InputError: It has a link, a device, a name that is not UTF-8, or a file that cannot be read or changed.
        ChangedError: It is not as it was expected.
        OutputError: The signature cannot be written.
    """
    recipe, resolved = _recipe(hash_type), resolve(model)
    written = signature or default_signature(model)
    target = _target(written)
    found, ignored = _taken(resolved, [target], ignore, recipe, observer, known)
    _hold_signable(found, model)
    statement.checked(found.digests)
    marked = {path: source for path, source in found.sources.items() if source != REUSED}
    signed = replace(manifest.of_files(resolved.name, found.digests, recipe, ignored), sources=marked)
    if expected and binding.manifest_digest(signed) != expected:
        raise ChangedError(f"'{printable(str(model))}' changed while it was examined", hint="try again")
    files.write_atomic(target, bundle.build(statement.build(signed), key))
    return Signed(written, signed.root, len(signed.files), key.fingerprint, Counter(found.sources.values()))


def measured(
    model: Path, *, signature: Path | None = None, ignore: Sequence[str] = (), hash_type: str = "sha256"
) -> str:
    """Return the digest of the manifest that ``sign_model`` would sign, with the errors of signing it."""
    target = _target(signature or default_signature(model))
    return binding.manifest_digest(measure(model, [target], ignore=ignore, hash_type=hash_type))


def measure(
    model: Path,
    outside: Sequence[Path],
    *,
    ignore: Sequence[str] = (),
    hash_type: str = "sha256",
) -> manifest.Manifest:
    """Return the manifest of a model without the files ``outside`` it: absolute paths, though in its directory.

    Raises:
        UsageError: The model is missing, or a path in ``ignore`` is wrong.
        NothingToExamineError: There is no file to sign.
        InputError: It has a link, a device, a name that is not UTF-8, or a file that cannot be read or changed.
    """
    resolved, recipe = resolve(model), _recipe(hash_type)
    found, ignored = _taken(resolved, outside, ignore, recipe, None)
    _hold_signable(found, model)
    return manifest.of_files(resolved.name, found.digests, recipe, ignored)


def _taken(
    resolved: Path,
    outside: Sequence[Path],
    ignore: Sequence[str],
    recipe: Recipe,
    observer: Observer | None,
    known: Sequence[Source] = (),
) -> tuple[tree.Tree, frozenset[str]]:
    """Return what is in a model, and the paths that are left out."""
    observer, ignored = observer or Silent(), frozenset[str]()
    if resolved.is_dir():
        ignored = _ignored(resolved, outside, ignore)
        found = tree.read_directory(resolved, recipe, ignored, observer, known=known)
    else:
        found = tree.read_file(resolved.parent, resolved.name, recipe, observer, known)
    _add(found, known, ignored)
    return found, ignored


def _add(found: tree.Tree, known: Sequence[Source], ignored: frozenset[str]) -> None:
    """Add the files that are known and not there, unless they are left out."""
    for source in known:
        for path, (digest, origin) in source.beyond().items():
            above = {path, *map(str, PurePosixPath(path).parents)}
            if not found.holds(path) and not above & ignored:
                found.digests[path], found.sources[path] = digest, origin


def resolve(model: Path) -> Path:
    """Return the absolute path of a model, links in it resolved.

    Raises:
        UsageError: It is missing, or cannot be looked at.
    """
    try:
        return model.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot open '{printable(str(model))}': {reason}", hint="check the path") from None


def _recipe(hash_type: str) -> Recipe:
    if hash_type not in LENGTHS:
        raise UsageError(
            f"no hash is called '{printable(hash_type)}'{did_you_mean(hash_type, LENGTHS)}",
            hint=f"choose one of: {', '.join(LENGTHS)}",
        )
    recipe = Recipe(hash_type)
    try:
        recipe.check()
    except UnverifiableError as error:
        raise UsageError(error.message, hint="install it, or choose sha256") from None
    return recipe


def _target(signature: Path) -> Path:
    """Return where to write; anything but an earlier signature there is not overwritten."""
    try:
        target = signature.parent.resolve() / signature.name
        mode = target.stat().st_mode
    except (OSError, RuntimeError, ValueError):
        return signature.absolute()  # nothing is there; if it cannot be written, writing says so
    if stat.S_ISDIR(mode):
        raise UsageError(f"'{printable(str(signature))}' is a directory", hint="give a file's name")
    try:
        bundle.parse(files.read_beneath(target.parent, target.name, bundle.MAX_BYTES))
    except InputError:
        raise UsageError(
            f"'{printable(str(signature))}' exists and is not a signature of a model",
            hint="remove it, or write the signature elsewhere",
        ) from None
    return target


def _ignored(model: Path, outside: Sequence[Path], ignore: Sequence[str]) -> frozenset[str]:
    """Return the paths that are left out, relative to the model; claims may come after the signature."""
    ignored = set(manifest.DEFAULT_EXCLUSIONS)
    ignored.update(path.relative_to(model).as_posix() for path in outside if path.is_relative_to(model))
    if store.holds_claims(model / CLAIMS_NAME):
        ignored.add(CLAIMS_NAME)
    for path in ignore:
        canonical = manifest.canonical_exclusion(path)
        if canonical is None or set("*?[") & set(canonical):
            raise UsageError(
                f"'{printable(path)}' cannot be ignored",
                hint="give a path relative to the model, without '..' and without patterns",
            )
        ignored.add(canonical)
    return frozenset(ignored)


def _hold_signable(found: tree.Tree, model: Path) -> None:
    """Hold that everything found can be signed; the first path in order that cannot is named."""
    for path in sorted(found.digests.keys() | found.links | found.others | found.errors.keys()):
        if path in found.errors:
            raise found.errors[path]
        if path in found.links:
            raise InputError(f"'{printable(path)}' is a symbolic link", hint="replace it by the file, or ignore it")
        if path in found.others:
            raise InputError(f"'{printable(path)}' is not a regular file", hint="remove it, or ignore it")
        if not manifest.is_canonical(path):
            raise InputError(f"the name '{printable(path)}' cannot be signed", hint="rename it: UTF-8, no backslash")
    if not found.digests:
        raise NothingToExamineError(f"there is no file to sign in '{printable(str(model))}'")
