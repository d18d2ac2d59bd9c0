"""An index of releases: which models are released, until when, which one follows which, and what was withdrawn.

A signature holds for ever, also that of a model with a known fault. The index, ``releases.json``, is signed in the same
ways (a Sigstore bundle over an in-toto Statement v1 of its own predicate type) and knows models by their root digest.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.errors import UsageError
from chainguard_ml.records import field, record, replace
from chainguard_ml.signing.interface import MalformedError
from chainguard_ml.signing.statement import STATEMENT_TYPE
from chainguard_ml.signing.strictjson import loads, member, only
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

PREDICATE_TYPE = "urn:chainguard-ml:releases:v1"
"""Type of the predicate: ``serial``, ``updated``, ``expires``, ``releases`` and ``revoked``."""

_STRUCTURE = 1_000_000
_ROOT = re.compile(r"[0-9a-f]{64}\Z")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@record
class Release:
    """One released model.

    Attributes:
        version: What its publisher calls it.
        root: Its root digest: SHA-256 in hexadecimal.
        released: When it was added.
        expires: From when on it must not be used any more.
        superseded_by: The version to use instead.
    """

    version: str
    root: str
    released: datetime
    expires: datetime | None = None
    superseded_by: str = ""


@record
class Index:
    """Releases of one model, the newest last.

    Attributes:
        serial: Counts the changes, so that an older index is told from a newer one.
        updated: When it was signed.
        expires: From when on it must not be relied on any more: a newer one must be fetched.
        releases: What was released.
        revoked: Root digests that were withdrawn, and when. They need not have been released.
    """

    serial: int
    updated: datetime
    expires: datetime | None = None
    releases: tuple[Release, ...] = ()
    revoked: dict[str, datetime] = field(default_factory=dict)

    def find(self, root: str) -> Release | None:
        """Return the release with a root digest."""
        return next((release for release in self.releases if release.root == root), None)


def changed(
    before: Index | None, now: datetime, *, add: Release | None = None, revoke: Sequence[str] = (),
    expires: datetime | None = None,
) -> Index:  # fmt: skip
    """Return an index with a release added, which supersedes the earlier ones, and with root digests revoked.

    A release that is the newest already is only renewed.

    Raises:
        UsageError: The version is another model's, the model has another version, is revoked or superseded, a digest is
            none, or nothing would be in it.
    """
    now = now.replace(microsecond=0)
    before = before or Index(0, now)
    revoked = dict(before.revoked)
    for digest in revoke:
        root = digest.removeprefix("sha256:")
        if not _ROOT.match(root):
            raise UsageError(f"'{printable(digest)}' is not a root digest", hint="give SHA-256 in hexadecimal")
        revoked.setdefault(root, now)
    releases = before.releases
    if add is not None:
        _hold_new(before, add, revoked)
        others = (replace(each, superseded_by=each.superseded_by or add.version) for each in releases
                  if each.root != add.root)  # fmt: skip
        releases = (*others, add)
    if not releases and not revoked:
        raise UsageError("there is nothing to write into the index", hint="give --release VERSION or --revoke DIGEST")
    return Index(before.serial + 1, now, expires, releases, revoked)


def _hold_new(index: Index, add: Release, revoked: dict[str, datetime]) -> None:
    shown, same = printable(add.version), index.find(add.root)
    if not add.version.strip():
        raise UsageError("a release needs a version", hint="give --release VERSION")
    if add.root in revoked:
        raise UsageError(f"the model '{shown}' is revoked", hint="release another one")
    if same and (same.version != add.version or same.superseded_by):
        state = f"superseded by '{printable(same.superseded_by)}'" if same.superseded_by else "there"
        raise UsageError(f"the model is already released as '{printable(same.version)}', and {state}",
                         hint="release a model that differs")  # fmt: skip
    if not same and any(each.version == add.version for each in index.releases):
        raise UsageError(f"the version '{shown}' is another model's", hint="give a new version")


def build(index: Index) -> bytes:
    """Return the statement of an index, as bytes to sign."""
    releases: list[Json] = []
    for each in index.releases:
        value: JsonObject = {"version": each.version, "root": each.root, "released": _written(each.released)}
        if each.expires:
            value["expires"] = _written(each.expires)
        if each.superseded_by:
            value["superseded_by"] = each.superseded_by
        releases.append(value)
    predicate: JsonObject = {
        "serial": index.serial,
        "updated": _written(index.updated),
        **({"expires": _written(index.expires)} if index.expires else {}),
        "releases": releases,
        "revoked": [{"root": root, "at": _written(at)} for root, at in sorted(index.revoked.items())],
    }
    named = [(each.version, each.root) for each in index.releases]
    named += [("revoked", root) for root in sorted(index.revoked) if not index.find(root)]
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": root}} for name, root in named],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(statement, separators=(",", ":"), ensure_ascii=False).encode()


def parse(payload: bytes) -> Index:
    """Return the index in a statement. What its subjects say is not looked at: they repeat the predicate.

    Raises:
        MalformedError: It is another statement, or not what this module writes.
        UnverifiableError: A budget is hit.
    """
    value = loads(payload, "the index", _STRUCTURE)
    if (value.get("_type"), value.get("predicateType")) != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise MalformedError(f"it is not an index of releases: 'predicateType' is not {PREDICATE_TYPE}")
    only(value, {"_type", "subject", "predicateType", "predicate"}, "the index")
    predicate = member(value, "predicate", dict)
    only(predicate, {"serial", "updated", "expires", "releases", "revoked"}, "'predicate'")
    releases = tuple(map(_release, member(predicate, "releases", list)))
    for names in ([each.version for each in releases], [each.root for each in releases]):
        if len(set(names)) != len(names):
            raise MalformedError("a release is listed twice")
    revoked = dict(map(_revoked, member(predicate, "revoked", list)))
    return Index(member(predicate, "serial", int), _time(predicate, "updated"), _until(predicate), releases, revoked)


def _release(value: Json) -> Release:
    if not isinstance(value, dict):
        raise MalformedError("a release is not an object")
    only(value, {"version", "root", "released", "expires", "superseded_by"}, "a release")
    newer = member(value, "superseded_by", str) if "superseded_by" in value else ""
    return Release(member(value, "version", str), _root(value), _time(value, "released"), _until(value), newer)


def _revoked(value: Json) -> tuple[str, datetime]:
    if not isinstance(value, dict):
        raise MalformedError("a revocation is not an object")
    only(value, {"root", "at"}, "a revocation")
    return _root(value), _time(value, "at")


def _root(value: JsonObject) -> str:
    root = member(value, "root", str)
    if not _ROOT.match(root):
        raise MalformedError("'root' is not a digest of sha256 in lower-case hexadecimal")
    return root


def _until(value: JsonObject) -> datetime | None:
    return _time(value, "expires") if "expires" in value else None


def _time(value: JsonObject, name: str) -> datetime:
    try:
        return datetime.strptime(member(value, name, str), _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedError(f"'{name}' is not a time in UTC such as 2026-01-31T12:00:00Z") from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)
