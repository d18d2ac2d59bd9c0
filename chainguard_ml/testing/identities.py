"""Who signs: the claims that identity providers put into their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

GITHUB = "https://token.actions.githubusercontent.com"
"""Issuer of the tokens of GitHub Actions."""

_SHA = "0123456789abcdef0123456789abcdef01234567"

Claims: TypeAlias = "dict[str, str | int | bool]"
"""Members of an identity token."""


class Identity(Protocol):
    """Somebody whom an issuer makes tokens for."""

    @property
    def issuer(self) -> str:
        """The URL that the token names as its issuer."""

    @property
    def subject(self) -> str:
        """What the certificate's subject alternative name becomes: a mail address or a URI."""

    def claims(self) -> Claims:
        """Return the token's claims apart from the issuer, the audience and the times."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in with a mail address.

    Attributes:
        email: The mail address.
        issuer: The identity provider.
    """

    email: str = "releaser@example.com"
    issuer: str = "https://accounts.example.com"

    @property
    def subject(self) -> str:
        """The mail address."""
        return self.email

    def claims(self) -> Claims:
        """Return the claims of OpenID Connect Core, section 5.1."""
        return {"sub": self.email, "email": self.email, "email_verified": True}


@dataclass(frozen=True, slots=True)
class Machine:
    """A workload whose name is a URI.

    Attributes:
        uri: The name: SPIFFE or another scheme.
        issuer: The identity provider.
    """

    uri: str = "spiffe://example.com/builder"
    issuer: str = "https://spire.example.com"

    @property
    def subject(self) -> str:
        """The URI."""
        return self.uri

    def claims(self) -> Claims:
        """Return the one claim."""
        return {"sub": self.uri}


@dataclass(frozen=True, slots=True)
class Workflow:
    """A run of GitHub Actions.

    Attributes:
        repository: ``owner/name``.
        workflow: File below ``.github/workflows`` that the run was started with.
        ref: Full name of the branch or tag.
        sha: Commit.
        event: What started it: ``push``, ``pull_request_target`` …
        environment: Deployment environment, or nothing.
        runner: ``github-hosted`` or ``self-hosted``.
        visibility: ``public``, ``private`` or ``internal``.
        reusable: ``owner/name/path@ref`` of the reusable workflow that signs, or nothing if it is ``workflow``.
        name: What the workflow calls itself.
        repository_id: Number of the repository, which outlives renaming.
        owner_id: Number of its owner.
        run: Number of the run.
        attempt: Which attempt of the run.
        issuer: The identity provider; another one is an impostor with the same claims.
    """

    repository: str = "acme/models"
    workflow: str = "release.yml"
    ref: str = "refs/tags/v1.0.0"
    sha: str = _SHA
    event: str = "push"
    environment: str = ""
    runner: str = "github-hosted"
    visibility: str = "public"
    reusable: str = ""
    name: str = "release"
    repository_id: int = 1001
    owner_id: int = 2002
    run: int = 3003
    attempt: int = 1
    issuer: str = GITHUB

    @property
    def subject(self) -> str:
        """The URI of the workflow that signs, at its ref."""
        return f"https://github.com/{self._signer()}"

    def _own(self) -> str:
        return f"{self.repository}/.github/workflows/{self.workflow}@{self.ref}"

    def _signer(self) -> str:
        return self.reusable or self._own()

    def claims(self) -> Claims:
        """Return the claims of the tokens that GitHub issues to workflows."""
        owner = self.repository.partition("/")[0]
        place = f"environment:{self.environment}" if self.environment else f"ref:{self.ref}"
        claims: Claims = {
            "sub": f"repo:{self.repository}:{place}",
            "repository": self.repository,
            "repository_id": str(self.repository_id),
            "repository_owner": owner,
            "repository_owner_id": str(self.owner_id),
            "repository_visibility": self.visibility,
            "workflow": self.name,
            "workflow_ref": self._own(),
            "workflow_sha": self.sha,
            "job_workflow_ref": self._signer(),
            "job_workflow_sha": self.sha,
            "ref": self.ref,
            "sha": self.sha,
            "event_name": self.event,
            "runner_environment": self.runner,
            "run_id": str(self.run),
            "run_attempt": str(self.attempt),
        }
        return {**claims, "environment": self.environment} if self.environment else claims
