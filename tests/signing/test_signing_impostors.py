"""Somebody else signs: with the same mail address at another issuer, from a fork, for another job, with look-alikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import signing
from chainguard_ml.context import Silent
from chainguard_ml.signing import statement, tree
from chainguard_ml.signing.hashing import Recipe
from chainguard_ml.signing.manifest import of_files
from chainguard_ml.testing import FakeSigstore, Machine, Person, Workflow
from tests.signing.conftest import Kit, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainguard_ml.testing.identities import Identity

ADA = Person("ada@example.com")
RELEASE = Workflow(ref="refs/tags/v1.0.0", environment="production")
TAGS = "https://github.com/acme/models/.github/workflows/release.yml@refs/tags/*"


class Bench:
    """An instance that mints whatever it is asked for, and a model to sign with it."""

    def __init__(self, fake: FakeSigstore, model: Path) -> None:
        self.fake, self.model = fake, model
        self.root = signing.load_trusted_root(fake.write_trusted_root(model.parent / "root.json"))
        digests = tree.read_directory(model, Recipe(), (), Silent()).digests
        self.payload = statement.build(of_files("model", digests, Recipe(), frozenset()))

    def verify(self, who: Identity, *trusted: signing.SignerIdentity) -> Outcome:
        (self.model / "model.sig").write_bytes(self.fake.mint(self.payload, who))
        keyless = signing.Keyless(trusted, self.root)
        return Kit.sort(signing.verify_model(self.model, None, [], keyless=keyless))


@pytest.fixture(params=[1, 2], ids=["rekor-1", "rekor-2"])
def bench(request: pytest.FixtureRequest, model: Path) -> Iterator[Bench]:
    with FakeSigstore(rekor=request.param) as fake:
        yield Bench(fake, model)


def trusting(who: Identity, **conditions: str) -> signing.SignerIdentity:
    return signing.SignerIdentity(who.subject, who.issuer, "", conditions)


def test_whoever_is_trusted_is_trusted(bench: Bench) -> None:
    for who in (ADA, RELEASE, Machine()):
        outcome = bench.verify(who, trusting(who))
        assert outcome.verified, outcome.findings
        assert outcome.evidence[0].statement["signer"] == who.subject
        assert outcome.evidence[0].statement["issuer"] == who.issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "https://idp.example",
        f"{ADA.issuer}/",
        f"{ADA.issuer}.evil.example",
        ADA.issuer.replace("https", "http"),
        ADA.issuer.upper(),
        "https://accounts.examp\N{CYRILLIC SMALL LETTER IE}.com",
    ],
)
def test_the_same_mail_address_at_another_issuer_is_somebody_else(bench: Bench, issuer: str) -> None:
    (finding,) = bench.verify(Person(ADA.email, issuer), trusting(ADA)).findings
    assert (finding.rule, finding.facts["reason"]) == ("untrusted-signer", "untrusted")
    assert finding.message.endswith("its issuer is another")
    both = bench.verify(Person(ADA.email, issuer), trusting(ADA), trusting(Person("eve@example.com", issuer)))
    assert both.rules == {"untrusted-signer"}  # one identity's address with another's issuer is neither


@pytest.mark.parametrize(
    "email",
    [
        "eve@example.com",
        "ada@example.com.evil.example",
        "xada@example.com",
        "ada+x@example.com",
        "Ada@example.com",
        "ada@example.co",
    ],
)
def test_a_look_alike_at_the_right_issuer_is_somebody_else(bench: Bench, email: str) -> None:
    (finding,) = bench.verify(Person(email), trusting(ADA)).findings
    assert finding.facts["reason"] == "untrusted"
    assert "who is not trusted" in finding.message


@pytest.mark.parametrize(
    "impostor",
    [
        Workflow(repository="mallory/models"),
        Workflow(repository="acme/models-fork"),
        Workflow(workflow="other.yml"),
        Workflow(workflow="release.yml/../other.yml"),
        Workflow(ref="refs/heads/main"),
        Workflow(ref="refs/heads/refs/tags/v1"),
        Workflow(ref="refs/tags/v1/evil"),
        Workflow(ref="refs/pull/7/merge", event="pull_request_target"),
        Workflow(issuer="https://token.actions.example"),
        Person("https://github.com/acme/models/.github/workflows/release.yml@refs/tags/v1"),
        Workflow(reusable="mallory/tools/.github/workflows/sign.yml@refs/tags/v1"),
    ],
    ids=lambda who: f"{who.subject} {who.issuer}"[-60:],
)
def test_another_workflow_is_not_the_release(bench: Bench, impostor: Identity) -> None:
    trusted = signing.SignerIdentity(TAGS, RELEASE.issuer)
    assert bench.verify(RELEASE, trusted).verified
    assert bench.verify(impostor, trusted).rules == {"untrusted-signer"}


CONDITIONS = {
    "build-trigger": ("push", Workflow(event="pull_request_target", environment="production")),
    "runner-environment": ("github-hosted", Workflow(runner="self-hosted", environment="production")),
    "deployment-environment": ("production", Workflow()),
    "source-repository-id": ("1001", Workflow(repository_id=9, environment="production")),
    "source-repository-owner-id": ("2002", Workflow(owner_id=9, environment="production")),
    "source-repository-digest": (RELEASE.sha, Workflow(sha="f" * 40, environment="production")),
    "token-subject": ("repo:acme/models:environment:production", Workflow()),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_that_the_certificate_does_not_meet(bench: Bench, name: str) -> None:
    value, impostor = CONDITIONS[name]
    trusted = trusting(RELEASE, **{name: value})
    assert bench.verify(RELEASE, trusted).verified
    (finding,) = bench.verify(impostor, trusted).findings
    assert finding.facts["reason"] == "untrusted"
    assert finding.message.endswith(f"its {name} is another")
    (finding,) = bench.verify(ADA, signing.SignerIdentity(ADA.subject, ADA.issuer, "", {name: value})).findings
    assert finding.facts["reason"] == "untrusted"  # a claim that is absent meets no condition


def test_a_bundle_of_another_instance_proves_nothing(bench: Bench) -> None:
    with FakeSigstore(rekor=bench.fake.rekor) as other:
        (bench.model / "model.sig").write_bytes(other.mint(bench.payload, ADA))
    keyless = signing.Keyless((trusting(ADA),), bench.root)
    (finding,) = Kit.sort(signing.verify_model(bench.model, None, [], keyless=keyless)).findings
    assert finding.facts["reason"] == "untrusted"


def test_nobody_s_key_stands_in_for_an_identity(bench: Bench, kit: Kit) -> None:
    kit.sign(bench.model)
    keyless = signing.Keyless((trusting(ADA),), bench.root)
    outcome = kit.sort(signing.verify_model(bench.model, None, [], keyless=keyless))
    assert not outcome.evidence
    assert outcome.gaps or outcome.findings
