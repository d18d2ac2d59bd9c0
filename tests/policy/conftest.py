"""Policies written by the tests, and facts to decide about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml import policy
from chainguard_ml.errors import PolicyError
from chainguard_ml.model import Finding, Location, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "apiVersion: chainguard-ml/v1\nkind: Policy\nmetadata: {name: sample, title: A sample}\n"
ROOMS = {"scan", "audit", "source", "signing", "sbom"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a policy (the header is added) or, with ``header=""``, any document."""

    def write(text: str, name: str = "sample.yaml", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header + text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def problems(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return what is wrong with a policy."""

    def problems(text: str, header: str = HEADER) -> list[str]:
        return list(policy.check_document(write(text, header=header)))

    return problems


@pytest.fixture
def refused() -> Callable[..., str]:
    """Return the error that a call ends with, whole."""

    def refused(call: Callable[..., object], *arguments: object) -> str:
        with pytest.raises(PolicyError) as caught:
            call(*arguments)
        assert caught.value.exit_code == 2
        return str(caught.value)

    return refused


@pytest.fixture
def decide(write: Callable[..., Path]) -> Callable[..., policy.Facts]:
    """Decide one document about facts; return the decisions by rule."""

    def decide(text: str, facts: policy.Facts, params: dict[str, str] | None = None) -> dict[str, object]:
        decisions = policy.decide(policy.load(write(text)), facts, params)
        return {decision.rule: decision for decision in decisions}

    return decide


@pytest.fixture
def build() -> Callable[..., policy.Facts]:
    """Build facts; every room was asked unless the test says otherwise."""

    def build(**given: object) -> policy.Facts:
        nouns = {name: given.get(name, ()) for name in ("artifacts", "components", "findings", "gaps", "evidence")}
        return policy.Facts.build(**nouns, present=given.get("present", ROOMS))

    return build


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Return a finding of the audit about one package."""

    def finding(
        rule: str = "vulnerable-dependency", severity: str = "high", path: str = "requirements.txt", **facts: object
    ) -> Finding:
        subject = Subject(f"pkg:pypi/{facts.get('package', 'x')}", "package")
        return Finding(
            rule, subject, Location(path, line=3), f"{rule} in {path}", Severity[severity.upper()], facts=facts
        )

    return finding
