"""Make claims about a model: measure it, state something about its root digest, sign, and keep it beside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chainguard_ml.errors import ChangedError, InputError, UsageError
from chainguard_ml.records import record
from chainguard_ml.signing import bundle, compare, sign, verify
from chainguard_ml.signing import statement as signature_statement
from chainguard_ml.signing.attestations import binding, kinds, statement, store
from chainguard_ml.signing.interface import RefusedError, Trust, UnverifiableError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.interface import Signer
    from chainguard_ml.signing.manifest import Manifest


@record
class Claim:
    """What is to be claimed: the predicate's type and the predicate."""

    predicate_type: str
    predicate: JsonObject


@record
class Attested:
    """What was attested.

    Attributes:
        path: The file of claims, as the caller names it.
        root: The model's root digest: SHA-256 in hexadecimal.
        files: How many files it is over.
        signer: What identifies the signer.
    """

    path: Path
    root: str
    files: int
    signer: str


def claim(predicate_type: str, data: bytes) -> Claim:
    """Return the claim whose predicate is the JSON object in ``data``.

    Raises:
        UsageError: The type is no URI or that of a model's signature, or the predicate is not what the type asks for.
    """
    shown = printable(predicate_type, 100)
    if not _is_uri(predicate_type) or predicate_type == signature_statement.PREDICATE_TYPE:
        raise UsageError(
            f"'{shown}' is not the type of a claim",
            hint="give a URI, for instance https://slsa.dev/provenance/v1",
        )
    try:
        predicate = statement.strict(data, "the predicate")
        kinds.describe(predicate_type, predicate)
    except (RefusedError, UnverifiableError) as error:
        raise UsageError(f"the predicate is not one of {shown}: {error.message}", hint="see docs/attest.md") from None
    return Claim(predicate_type, predicate)


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path) and text.isascii() and text.isprintable() \
        and " " not in text  # fmt: skip


def attest_model(
    model: Path,
    key: Signer,
    claims: Sequence[Claim],
    *,
    time: datetime,
    signature: Path | None = None,
    kept: Path | None = None,
    expected: str = "",
    fresh: bool = False,
) -> Attested:
    """Sign claims about a model, one after the other, and append them to the file of claims: all of them or none.

    Where the model is signed, it has to be as it was signed, and the claims are about exactly what the signature
    covers. That signature's signer is not the question here: who verifies the claims verifies it too.

    Args:
        model: A file or a directory.
        key: Who signs.
        claims: What to claim.
        time: When: it stands in the claims, and who relies on it can ask for fresh ones.
        signature: The model's signature; by default ``model.sig`` in a directory, ``<file>.sig`` beside a file.
        kept: Where to keep the claims; by default ``claims.jsonl`` in a directory, ``<file>.claims.jsonl`` beside one.
        expected: The manifest's digest (``measured``) as it was when what is claimed was found out.
        fresh: Whether the model was signed just now, so that its files need not be read again.

    Raises:
        UsageError: The model is missing, or the file of claims is something else or would be part of the model.
        NothingToExamineError: There is no file to attest.
        InputError: The model cannot be signed, or is not as it was signed.
        ChangedError: It is not as it was expected.
        OutputError: The claims cannot be written.
    """
    written = kept or store.default_claims(model)
    sign.resolve(model)  # a wrong path is said first
    target = written.parent.resolve() / written.name
    with store.locked(target):
        taken = _measured(model, signature, target, fresh=fresh)
        if expected and binding.manifest_digest(taken) != expected:
            raise ChangedError(f"'{printable(str(model))}' changed while it was examined", hint="try again")
        subject = binding.subject(taken, time.strftime("%Y-%m-%dT%H:%M:%SZ"))
        bundles = [bundle.build(statement.build(subject, each.predicate_type, each.predicate), key) for each in claims]
        store.append(target, bundles)
    return Attested(written, taken.root, len(taken.files), key.fingerprint)


def measured(model: Path, signature: Path | None = None, kept: Path | None = None) -> str:
    """Return the digest of the manifest that a claim about a model would be about, with the errors of making one."""
    sign.resolve(model)
    written = kept or store.default_claims(model)
    return binding.manifest_digest(_measured(model, signature, written.parent.resolve() / written.name))


def _measured(model: Path, signature: Path | None, target: Path, *, fresh: bool = False) -> Manifest:
    """Return the manifest of a model: the signed one if there is a signature, which then must be true."""
    resolved = sign.resolve(model)
    directory = resolved.is_dir()
    place = verify.located(signature or sign.default_signature(model), follow=signature is not None)
    data = verify.read(place)
    if data is None:
        if signature is not None:
            raise UsageError(f"there is no signature '{printable(str(signature))}'", hint="check --signature")
        return sign.measure(model, [place, target])
    signed = _signed(data, place)
    if directory:
        _hold_outside(resolved, target, signed)
    if fresh:
        return signed
    root, name = (resolved, ".") if directory else (resolved.parent, resolved.name)
    expected, found = verify.both(verify.Claim(root, name, directory, place, Trust()), signed)
    for change in compare.changes(expected, found):
        raise InputError(
            f"'{printable(change.path)}' {change.what}: the model is not as it was signed",
            hint="sign it again, if you know who changed it and why",
        )
    for path in sorted(found.errors):
        raise found.errors[path]
    return signed


def _signed(data: bytes, place: Path) -> Manifest:
    """Return the manifest in a signature that nobody vouches for yet."""
    try:
        signed = signature_statement.parse(bundle.parse(data).payload)
        signed.recipe.check()
    except (RefusedError, UnverifiableError) as error:
        raise InputError(
            f"'{printable(place.name)}' is not a signature that can be read: {error.message}",
            hint="sign the model again, or give --signature",
        ) from None
    return signed


def _hold_outside(model: Path, target: Path, signed: Manifest) -> None:
    """Hold that the file of claims is no part of what was signed."""
    if not target.is_relative_to(model):
        return
    place = target.relative_to(model)
    if not any(each.as_posix() in signed.ignored for each in (place, *place.parents)):
        raise UsageError(
            f"the model's signature does not leave '{printable(place.as_posix())}' out",
            hint="sign it again, or keep the claims elsewhere with --claims FILE",
        )
