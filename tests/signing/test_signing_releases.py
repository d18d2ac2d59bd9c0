"""The index of releases: what it says about a model, what it refuses to become, and whose word counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import chainguard_ml
from chainguard_ml import signing
from chainguard_ml.cli import releasing
from chainguard_ml.config import Config, SigningConfig
from chainguard_ml.context import Context
from chainguard_ml.errors import OutputError, RefusedError, UsageError
from chainguard_ml.model import Artifact, ArtifactKind, GapReason
from chainguard_ml.signing import keyless_sign as keyless
from chainguard_ml.signing import released, releases, verify
from chainguard_ml.signing.interface import MalformedError
from chainguard_ml.testing import FakeSigstore, Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainguard_ml.workers import WorkerPool
    from tests.conftest import Run
    from tests.signing.conftest import Kit, Outcome

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROOT = "ab" * 32


class Shelf:
    """A signed model, and the index beside it."""

    def __init__(self, kit: Kit, model: Path) -> None:
        self.kit, self.model, self.path = kit, model, model.parent / "releases.json"
        self.root = kit.sign(model).root
        self.index: releases.Index | None = None

    def change(self, at: datetime = NOW, **changes: object) -> None:
        self.index = releases.changed(self.index, at, **changes)
        signing.save_index(self.path, self.index, self.kit.pair.key)

    def release(self, version: str = "1.0", root: str = "", **more: object) -> releases.Release:
        return releases.Release(version, root or self.root, NOW, **more)

    def verify(self, now: datetime = NOW, **options: object) -> Outcome:
        return self.kit.verify(self.model, releases=self.path, now=now, **options)

    def examine(self, pool: WorkerPool) -> Outcome:
        root = self.path.parent
        found = tuple(Artifact(ArtifactKind.SIGNATURE, path, "sigstore-bundle", 1)
                      for path in ("model/model.sig", "releases.json"))  # fmt: skip
        config = Config(signing=SigningConfig(public_keys=(self.kit.pair.public,)))
        return self.kit.sort(signing.examine(Context(root, pool, found, config=config)))

    def reasons(self, now: datetime = NOW) -> list[tuple[str, object]]:
        outcome = self.verify(now)
        return [(finding.rule, finding.facts["reason"]) for finding in outcome.findings]


@pytest.fixture
def shelf(kit: Kit, model: Path) -> Shelf:
    return Shelf(kit, model)


def test_the_newest_release_is_used(shelf: Shelf) -> None:
    shelf.change(add=shelf.release("0.9", ROOT))
    shelf.change(add=shelf.release(expires=NOW + DAY), expires=NOW + 2 * DAY)
    outcome = shelf.verify()
    assert (outcome.findings, outcome.gaps) == ([], [])
    signature, release = outcome.evidence
    assert signature.statement["verified"] is True
    said = {name: release.statement[name] for name in ("current", "version", "serial", "updated", "signer_name")}
    assert said == {"current": True, "version": "1.0", "serial": 2, "updated": "2026-11-26T12:00:00+00:00",
                    "signer_name": "release.pub"}  # fmt: skip
    assert released.load(shelf.path, shelf.kit.pair.trusted) == shelf.index


def test_each_reason_is_told_apart(shelf: Shelf) -> None:
    shelf.change(add=shelf.release("0.9", ROOT))
    assert shelf.reasons() == [("unlisted-release", "unlisted")]
    shelf.change(revoke=[f"sha256:{shelf.root}"])
    assert shelf.reasons() == [("revoked-model", "revoked")]
    shelf.index = None
    shelf.change(add=shelf.release(expires=NOW + DAY))
    assert shelf.reasons(NOW + DAY) == [("expired-release", "expired")]
    shelf.change(add=shelf.release("2.0", ROOT), revoke=[shelf.root], expires=NOW + DAY)
    outcome = shelf.verify(NOW + DAY)
    messages = {finding.rule: finding.message for finding in outcome.findings}
    assert messages == {
        "stale-release-index": "the index expired on 2026-11-27: what was revoked since is not known",
        "revoked-model": "release '1.0' was revoked on 2026-11-26",
        "expired-release": "release '1.0' expired on 2026-11-27",
        "superseded-release": "release '1.0' was superseded by '2.0'",
    }
    assert outcome.evidence[-1].statement["current"] is False


def test_a_clock_in_the_past_is_said(shelf: Shelf) -> None:
    shelf.change(add=shelf.release())
    (gap,) = shelf.verify(NOW - DAY).gaps
    assert (gap.reason, "what expired cannot be told" in gap.detail) == (GapReason.NO_DATA, True)
    outcome = shelf.kit.verify(shelf.model, releases=shelf.path)
    assert not outcome.rules  # by the clock of this machine, which is not said
    assert "as_of" not in outcome.evidence[-1].statement
    assert shelf.verify().evidence[-1].statement["as_of"] == "2026-11-26T12:00:00+00:00"


def test_only_an_index_of_somebody_trusted_counts(shelf: Shelf) -> None:
    shelf.change(add=shelf.release())
    other = shelf.kit.make("p256", "other")
    signing.save_index(shelf.path, shelf.index, other.key)
    assert shelf.reasons() == [("untrusted-signer", "untrusted")]
    shelf.path.write_bytes((shelf.model / "model.sig").read_bytes())
    assert shelf.reasons() == [("signature-malformed", "malformed")]
    shelf.path.unlink()
    shelf.path.mkdir()
    assert [gap.reason for gap in shelf.verify().gaps] == [GapReason.UNREADABLE]
    shelf.path.rmdir()
    with pytest.raises(UsageError, match="there is no index"):
        shelf.verify()


def test_an_index_is_no_signature_of_a_model(shelf: Shelf) -> None:
    shelf.change(add=shelf.release())
    assert shelf.kit.verify(shelf.model, shelf.path).rules == {"signature-malformed"}


def test_verified_open_asks_the_index(shelf: Shelf) -> None:
    shelf.change(add=shelf.release())
    trust = SigningConfig(public_keys=(shelf.kit.pair.public,))
    with chainguard_ml.verified_open(shelf.model, trust, releases=shelf.path, now=NOW) as opened:
        assert opened.open("config.json").read() == b"{}"
    shelf.change(revoke=[shelf.root])
    with pytest.raises(RefusedError, match="was revoked on"), chainguard_ml.verified_open(
        shelf.model, trust, releases=str(shelf.path), now=NOW
    ):  # fmt: skip
        pytest.fail("it was opened")


def test_renewing_and_what_is_refused(shelf: Shelf) -> None:
    shelf.change(add=shelf.release(expires=NOW))
    shelf.change(add=shelf.release(expires=NOW + DAY))
    assert [each.expires for each in shelf.index.releases] == [NOW + DAY]
    for wrong, message in (
        ({"add": shelf.release("1.1")}, "already released as '1.0', and there"),
        ({"add": shelf.release("1.0", ROOT)}, "another model's"),
        ({"add": shelf.release(" ", ROOT)}, "needs a version"),
        ({"add": shelf.release("2", ROOT), "revoke": [ROOT]}, "is revoked"),
        ({"revoke": ["abc"]}, "is not a root digest"),
    ):
        with pytest.raises(UsageError, match=message):
            shelf.change(**wrong)
    shelf.change(add=shelf.release("2.0", ROOT))
    with pytest.raises(UsageError, match=r"superseded by '2\.0'"):
        shelf.change(add=shelf.release())
    with pytest.raises(UsageError, match="nothing to write"):
        releases.changed(None, NOW)
    with pytest.raises(OutputError):
        signing.save_index(shelf.path / "none", shelf.index, shelf.kit.pair.key)


def test_an_index_is_changed_with_its_own_key_only(shelf: Shelf) -> None:
    assert released.load(shelf.path, None) is None
    shelf.change(add=shelf.release())
    with pytest.raises(UsageError, match="was not signed with this key"):
        released.load(shelf.path, shelf.kit.make("p256", "other").trusted)
    with pytest.raises(UsageError, match="cannot be changed: no public key is configured"):
        released.load(shelf.path, None)
    shelf.path.write_bytes(b"{}")
    with pytest.raises(UsageError, match="cannot be changed: 'mediaType' is missing"):
        released.load(shelf.path, shelf.kit.pair.trusted)


def test_an_identity_changes_its_own_index_only(shelf: Shelf, tmp_path: Path) -> None:
    with FakeSigstore() as fake:
        trust = fake.write_trust_config(tmp_path / "trust.json")
        people = [Person("ada@example.com"), Person("eve@example.com")]
        ada, eve = (keyless.KeylessSigner(fake.token(each), keyless.load_trust(trust)) for each in people)
        root = signing.load_trusted_root(trust)
        signing.save_index(shelf.path, releases.changed(None, NOW, add=shelf.release()), ada)
        found = released.load(shelf.path, None, signing.only_identity(ada.fingerprint, ada.issuer, root))
        assert found.find(shelf.root).version == "1.0"
        with pytest.raises(UsageError, match="cannot be changed"):
            released.load(shelf.path, None, signing.only_identity(eve.fingerprint, eve.issuer, root))
        options = releasing.Releasing(keyless=True, trust_config=trust, releases=shelf.path, release="1.0")
        assert releasing.load(options, ada) == found


def bent(change: Callable[[dict], object]) -> bytes:
    add = releases.Release("1", ROOT, NOW, NOW + DAY, "2")
    value = json.loads(releases.build(releases.changed(None, NOW, add=add, revoke=["cd" * 32], expires=NOW + DAY)))
    change(value["predicate"])
    return json.dumps(value).encode()


def test_what_is_written_is_read(shelf: Shelf) -> None:
    index = releases.parse(bent(dict.copy))
    assert index.releases == (releases.Release("1", ROOT, NOW, NOW + DAY, "2"),)
    assert (index.serial, index.expires, index.revoked) == (1, NOW + DAY, {"cd" * 32: NOW})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.update(x=1), "unknown member 'x'"),
        (lambda value: value.update(serial="1"), "'serial' is not"),
        (lambda value: value.update(serial=True), "'serial' is not"),
        (lambda value: value.update(updated="yesterday"), "'updated' is not a time"),
        (lambda value: value.update(updated="2026-02-30T00:00:00Z"), "'updated' is not a time"),
        (lambda value: value.update(releases=[1]), "a release is not an object"),
        (lambda value: value.update(releases=value["releases"] * 2), "listed twice"),
        (lambda value: value["releases"][0].update(x=1), "unknown member 'x'"),
        (lambda value: value["releases"][0].update(root="AB" * 32), "'root' is not a digest"),
        (lambda value: value["releases"][0].update(superseded_by=2), "'superseded_by' is not"),
        (lambda value: value.update(revoked=[1]), "a revocation is not an object"),
        (lambda value: value["revoked"][0].update(root=1), "'root' is not a string"),
        (lambda value: value["revoked"][0].pop("at"), "'at' is missing"),
    ],
)
def test_a_bent_index_is_refused(change: Callable[[dict], object], message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        releases.parse(bent(change))


def test_a_project_with_an_index(shelf: Shelf, tmp_path: Path, pool: WorkerPool) -> None:
    shelf.change(at=NOW - 400 * DAY, add=shelf.release(expires=NOW - 300 * DAY))
    outcome = shelf.examine(pool)
    assert [finding.rule for finding in outcome.findings] == ["expired-release"]
    assert [fact.kind for fact in outcome.evidence] == ["signature", "release"]
    shelf.index = None
    shelf.change(at=NOW - DAY, add=shelf.release("1.0", ROOT))  # an index of other models
    assert not shelf.examine(pool).findings
    shelf.path.write_bytes((shelf.model / "model.sig").read_bytes())
    assert [finding.rule for finding in shelf.examine(pool).findings] == ["signature-malformed"]
    shelf.path.unlink()
    claim = verify.Claim(tmp_path, ".", directory=True, signature=shelf.path, trust=verify.Trust())
    assert not list(released.examine(claim, []))


def test_the_commands(kit: Kit, model: Path, cli: Callable[..., Run]) -> None:
    index, key = model.parent / "releases.json", ("--key", kit.pair.private)
    env = {"SOURCE_DATE_EPOCH": str(int(NOW.timestamp()))}
    run = cli("sign", model, *key, "--releases", index, "--release", "1.0", "--expires", "2027-01-01",
              "--releases-days", "30", env=env)  # fmt: skip
    assert run.code == 0, run.err
    assert f"wrote {index}: 1 release, 0 revoked" in run.err
    check = ("verify", model, "--key", kit.pair.public, "--releases", index)
    run = cli(*check, env=env)
    assert run.code == 0, run.out
    assert "releases  release 1.0, to be used, as of 2026-11-26; index 1 of 2026-11-26" in run.out
    run = cli(*check, "--now", "2027-01-01T00:00:00+00:00")
    assert (run.code, "not to be used" in run.out, "expired-release" in run.out) == (1, True, True)
    assert cli(*check, "--now", "2026-01-01").code == 4
    assert cli(*check, "--now", "soon").code == 2
    before = (model / "model.sig").read_bytes()
    root = kit.payload(model / "model.sig")["subject"][0]["digest"]["sha256"]
    run = cli("sign", model, *key, "--releases", index, "--revoke", root, env=env)
    assert f"wrote {index}: 1 release, 1 revoked" in run.err
    assert (model / "model.sig").read_bytes() == before
    run = cli(*check, "-f", "json", env=env)
    assert [finding["facts"]["reason"] for finding in json.loads(run.out)["findings"]] == ["revoked"]


def test_options_that_do_not_go_together(model: Path) -> None:
    index = model.parent / "releases.json"
    for wrong, message in (
        ({"release": "1"}, "no index to write into"),
        ({"revoke": [ROOT]}, "no index to write into"),
        ({"expires": "2027-01-01"}, "no index to write into"),
        ({"releases_days": 1}, "no index to write into"),
        ({"releases": index}, "nothing to do with the index"),
        ({"releases": index, "revoke": [ROOT], "expires": "2027-01-01"}, "goes with --release"),
        ({"releases": model / "releases.json", "release": "1"}, "lies in the model"),
    ):
        with pytest.raises(UsageError, match=message):
            releasing.hold(releasing.Releasing(**wrong), model)
    for wrong in ("soon", "0001-01-01T00:00+14:00"):
        with pytest.raises(UsageError, match="is no date"):
            releasing.moment(wrong, "--expires")
    assert releasing.moment("2026-11-26T13:00+01:00", "--now") == releasing.moment("2026-11-26T12:00", "--now") == NOW
