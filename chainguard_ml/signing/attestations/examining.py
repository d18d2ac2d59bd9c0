"""Check every claim about a model whose signature was proven, and say what comes of each."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from chainguard_ml.errors import InputError
from chainguard_ml.model import Evidence, Gap, GapReason, Location
from chainguard_ml.records import record
from chainguard_ml.rules import attestations as rules
from chainguard_ml.signing import methods
from chainguard_ml.signing.attestations import binding, envelope, kinds, statement, store
from chainguard_ml.signing.interface import InvalidError, RefusedError, UntrustedError, UnverifiableError, gap_reason
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from chainguard_ml.model import Finding, Json, Observations, Rule, Subject
    from chainguard_ml.signing.attestations.interface import Line, Statement
    from chainguard_ml.signing.interface import Bundle, Identity, Trust
    from chainguard_ml.signing.manifest import Manifest

_REFUSALS = {
    "malformed": rules.CLAIM_MALFORMED,
    "invalid": rules.CLAIM_INVALID,
    "untrusted": rules.UNTRUSTED_CLAIM,
    "expired": rules.STALE_CLAIM,
}
_CLOCKS_DIFFER = timedelta(minutes=5)


@record
class Claims:
    """The claims about one model, and what they are held against.

    Attributes:
        model: The model as observations name it.
        manifest: What a trusted signer signed.
        whole: Whether the model is there as it was signed.
        trust: Whom the operator trusts.
        files: Files of claims with the names that reports use.
        covers: The model's files as observations name them, by their names in the manifest.
        max_age: Days after which a claim is not relied on; 0 is any age.
        now: The present.
    """

    model: Subject
    manifest: Manifest
    whole: bool
    trust: Trust
    files: Sequence[tuple[Path, str]]
    covers: Mapping[str, str]
    max_age: int
    now: datetime


def examine(claims: Claims) -> Observations:
    """Yield evidence for each claim of a trusted signer, and a finding or a gap for each that cannot be relied on.

    The same claim by the same signer is told once, however often it stands there.
    """
    seen: set[tuple[str, str]] = set()
    for path, name in claims.files:
        try:
            data = store.read(path)
            for line in store.lines(data, name) if data is not None else ():
                yield from _examined(claims, line, seen)
        except InputError as error:
            yield Gap(claims.model, gap_reason(error), error.message, Location(name))


def _examined(claims: Claims, line: Line, seen: set[tuple[str, str]]) -> Observations:
    """Yield what comes of one claim."""
    try:
        signed, identity = _proven(envelope.parse(line.data), claims.trust)
        key = (hashlib.sha256(signed.payload).hexdigest(), identity.signer)
        if key in seen:
            return
        seen.add(key)
        parsed = statement.parse(signed.payload)
        facts = kinds.describe(parsed.predicate_type, parsed.predicate)
        yield from _held(claims, line, identity, parsed, facts)
    except RefusedError as error:
        yield _finding(claims, line, _REFUSALS[error.reason], error.message, error.reason)
    except UnverifiableError as error:
        if error.gap is GapReason.NO_DATA:  # nobody of its method is trusted
            yield _finding(claims, line, rules.UNTRUSTED_CLAIM, error.message, UntrustedError.reason)
        else:
            yield Gap(claims.model, error.gap, error.message, line.origin)


def _proven(several: Sequence[Bundle], trust: Trust) -> tuple[Bundle, Identity]:
    """Return the first of an envelope's signatures that a trusted signer made, and who it is.

    Raises:
        RefusedError: None is; a signature that names a trusted key and is not by it says most.
        UnverifiableError: There is nobody to compare with.
    """
    refused: list[RefusedError] = []
    for each in several:
        try:
            return each, methods.verify(each, trust)
        except RefusedError as error:
            refused.append(error)
    raise next((error for error in refused if isinstance(error, InvalidError)), refused[0])


def _held(claims: Claims, line: Line, identity: Identity, parsed: Statement, known: Mapping[str, Json]) -> Observations:
    """Yield the evidence of a proven claim, and what speaks against it."""
    bound, files = binding.bind(parsed, claims.manifest)
    facts = {name: value for name, value in known.items() if name != "stated"}
    time, source = _time(identity, parsed, known.get("stated"))
    late = _late(claims, time)
    if bound is binding.Binding.NONE:
        yield _finding(claims, line, rules.CLAIM_MISMATCH, _about(parsed), "tampered", parsed)
    elif late:
        yield _finding(claims, line, rules.STALE_CLAIM, late, "expired", parsed)
    elif facts.get("verdict") == "fail":
        said = f"a claim by '{printable(identity.name)}' says that it failed ({parsed.predicate_type})"
        yield _finding(claims, line, rules.ADVERSE_CLAIM, printable(said), "policy", parsed)
    statement: dict[str, Json] = {
        "verified": claims.whole and bound.whole and not late,
        "type": parsed.predicate_type,
        **facts,
        "method": identity.method,
        "signer": identity.signer,
        "signer_name": identity.name,
        **{name: value for name, value in identity.details.items() if name in {"issuer", "claims"}},
        "binding": bound.value,
        "root": claims.manifest.root if bound.whole else "",
        "covers": [claims.covers[name] for name in files] if bound is binding.Binding.PART else [],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else "",
        "time_source": source,
    }
    yield Evidence("attestation", claims.model, "signing", statement, line.origin)


def _time(identity: Identity, parsed: Statement, stated: Json) -> tuple[datetime | None, str]:
    """Return when a claim was made, and who says so: ``proven`` by log or authority, or ``stated`` by its signer."""
    if proven := kinds.moment(identity.details.get("signed_at")):
        return proven, "proven"
    for text in (*(each.annotations.get("time") for each in parsed.subjects[:1]), stated):
        if time := kinds.moment(text):
            return time, "stated"
    return None, ""


def _late(claims: Claims, time: datetime | None) -> str:
    """Return why a claim is not fresh, where that is asked for; empty if it is."""
    if not claims.max_age:
        return ""
    if time is None:
        return "a claim that does not say when it was made"
    if time > claims.now + _CLOCKS_DIFFER:
        return "a claim that is dated in the future"
    return f"a claim older than {claims.max_age} days" if time < claims.now - timedelta(days=claims.max_age) else ""


def _about(parsed: Statement) -> str:
    names = ", ".join(f"'{printable(each.name, 80)}'" for each in parsed.subjects[:3])
    return f"the claim ({printable(parsed.predicate_type, 200)}) is about other bytes: {names}"


def _finding(
    claims: Claims, line: Line, rule: Rule, message: str, reason: str, parsed: Statement | None = None
) -> Finding:
    facts: dict[str, Json] = {"reason": reason}
    if parsed:
        facts["type"] = parsed.predicate_type
    key = (line.origin.path, hashlib.sha256(line.data.strip()).hexdigest())
    return rule.finding(claims.model, line.origin, message, facts=facts, key=key)
