"""Whether a signed model is still to be used, by a signed index of releases; and the index's next state.

An index of somebody who is not trusted says nothing, and then nothing is known about the model: both are refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml import files
from chainguard_ml.errors import InputError, UsageError
from chainguard_ml.model import Evidence, Gap, GapReason
from chainguard_ml.records import record
from chainguard_ml.rules import signing as rules
from chainguard_ml.signing import bundle, dsse, methods, releases, verify
from chainguard_ml.signing.interface import Keyless, RefusedError, Trust
from chainguard_ml.signing.sigstore import SignerIdentity
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chainguard_ml.model import Finding, Json, Observations, Rule
    from chainguard_ml.signing.interface import Identity, Signer
    from chainguard_ml.signing.keys import PublicKey
    from chainguard_ml.signing.releases import Index
    from chainguard_ml.signing.sigstore import TrustedRoot


def judge(claim: verify.Claim, path: Path, root: str) -> Observations:
    """Yield why a model with this root digest must not be used any more, or cannot be judged, then the evidence.

    Raises:
        UsageError: There is no such index.
    """
    about = replace(claim, signature=path.parent.resolve() / path.name)
    match _opened(about):
        case None:
            raise UsageError(f"there is no index '{printable(str(path))}'", hint="check --releases")
        case _Sound() as sound:
            yield from _judged(about, sound, root)
        case wrong:
            yield wrong


def examine(claim: verify.Claim, proven: Sequence[tuple[verify.Claim, str]]) -> Observations:
    """Yield what an index that lies in a project says about the models there whose signatures are proven.

    ``claim`` is about the index itself, ``proven`` are claims and root digests. Models that it does not list are left
    alone: it may be the index of others.
    """
    match _opened(claim):
        case _Sound() as sound:
            for model, root in proven:
                if sound.index.find(root) or root in sound.index.revoked:
                    yield from _judged(replace(model, signature=claim.signature), sound, root)
        case None:
            return
        case wrong:
            yield wrong


@record
class _Sound:
    """An index that somebody who is trusted signed."""

    index: Index
    identity: Identity


def _opened(claim: verify.Claim) -> _Sound | Finding | Gap | None:
    """Return the index that a claim names as its signature, why it says nothing, or ``None`` if there is none."""
    try:
        data = verify.read(claim.signature)
        if data is None:
            return None
        parsed = bundle.parse(data)
        identity = methods.verify(parsed, claim.trust)
        return _Sound(releases.parse(parsed.payload), identity)
    except RefusedError as error:
        return verify.refused(claim, error)
    except InputError as error:
        return verify.unread(claim, None, error)


def _judged(claim: verify.Claim, sound: _Sound, root: str) -> Observations:
    wrong = list(_wrong(claim, sound.index, root, claim.now or datetime.now(tz=UTC)))
    yield from wrong
    yield _evidence(claim, sound.index, root, sound.identity, current=not wrong)


def _wrong(claim: verify.Claim, index: Index, root: str, now: datetime) -> Iterator[Finding | Gap]:
    release = index.find(root)
    shown = f"release '{printable(release.version)}'" if release else "this model"
    if now < index.updated:
        detail = (
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, and the index was signed {index.updated:%Y-%m-%d %H:%M} UTC: "
        )
        yield Gap(claim.subject, GapReason.NO_DATA, f"{detail}what expired cannot be told", claim.origin)
    if index.expires and index.expires <= now:
        message = f"the index expired on {index.expires:%Y-%m-%d}: what was revoked since is not known"
        yield _finding(claim, rules.STALE_RELEASE_INDEX, message, "expired")
    if root in index.revoked:
        yield _finding(claim, rules.REVOKED_MODEL, f"{shown} was revoked on {index.revoked[root]:%Y-%m-%d}", "revoked")
    if release is None:
        if root not in index.revoked:
            yield _finding(claim, rules.UNLISTED_RELEASE, "the index does not list this model", "unlisted")
        return
    if release.expires and release.expires <= now:
        yield _finding(claim, rules.EXPIRED_RELEASE, f"{shown} expired on {release.expires:%Y-%m-%d}", "expired")
    if release.superseded_by:
        message = f"{shown} was superseded by '{printable(release.superseded_by)}'"
        yield _finding(claim, rules.SUPERSEDED_RELEASE, message, "superseded")


def _finding(claim: verify.Claim, rule: Rule, message: str, reason: str) -> Finding:
    return rule.finding(claim.subject, claim.origin, message, facts={"reason": reason}, key=(claim.origin.path,))


def _evidence(claim: verify.Claim, index: Index, root: str, identity: Identity, *, current: bool) -> Evidence:
    release = index.find(root)
    facts: dict[str, Json] = {
        "current": current,
        "version": release.version if release else None,
        "root": root,
        "serial": index.serial,
        "updated": index.updated.isoformat(),
        "expires": index.expires.isoformat() if index.expires else None,
        "method": identity.method,
        "signer": identity.signer,
        "signer_name": identity.name,
        **({"as_of": claim.now.isoformat()} if claim.now else {}),  # a clock that was set is said
    }
    return Evidence("release", claim.subject, "signing", facts, claim.origin)


def load(path: Path, key: PublicKey | None, trust: Trust | None = None) -> Index | None:
    """Return the index in a file, to be changed by whoever signed it; ``None`` if there is no file yet.

    Args:
        path: The file.
        key: The public half of the key that will sign.
        trust: Who will sign, where that is an identity and there is no such key.

    Raises:
        UsageError: It is something else, or another signed it.
    """
    shown = printable(str(path))
    try:
        data = verify.read(path.parent.resolve() / path.name)
        if data is None:
            return None
        parsed = bundle.parse(data)
        if key is None:
            methods.verify(parsed, trust or Trust())
        elif not key.verifies(parsed.signature, dsse.encoding(parsed.payload_type, parsed.payload)):
            raise UsageError(f"'{shown}' was not signed with this key", hint="sign with the key that signed it")
        return releases.parse(parsed.payload)
    except InputError as error:
        raise UsageError(f"the index '{shown}' cannot be changed: {error.message}", hint="give another file") from None


def only(identity: str, issuer: str, root: TrustedRoot | None) -> Trust:
    """Return the trust in one identity of Sigstore, of the public instance unless its root is given."""
    return Trust(keyless=Keyless((SignerIdentity(identity, issuer),), root))


def save(path: Path, index: Index, signer: Signer) -> None:
    """Sign an index and write it, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    files.write_atomic(path, bundle.build(releases.build(index), signer))
