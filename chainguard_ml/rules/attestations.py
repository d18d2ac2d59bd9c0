"""Rules about claims: what is attested about a model beside its signature."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06, cwe

_IN_TOTO = Reference("in-toto Attestation Framework v1", "https://github.com/in-toto/attestation/tree/main/spec/v1")
_SHARED = (ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06, _IN_TOTO)

CLAIM_MALFORMED = Rule(
    id="claim-malformed",
    title="A claim about a model breaks the rules of its format",
    family="signing",
    severity=Severity.HIGH,
    why="Two readers could understand it differently, or it was cut or altered on the way. What else stands in a file "
    "that is outside the model's signature is anybody's.",
    remediation="Remove the line from the file of claims, and ask its signer for a claim that conforms.",
    references=(cwe(347), cwe(436), *_SHARED),
)

CLAIM_INVALID = Rule(
    id="claim-invalid",
    title="A claim's signature does not match what it claims",
    family="signing",
    severity=Severity.HIGH,
    why="It names a trusted signer, who did not sign these bytes: the claim or its signature was altered.",
    remediation="Remove the line from the file of claims, find out who altered it, and fetch the claim again from its "
    "signer.",
    references=(cwe(347), *_SHARED),
)

UNTRUSTED_CLAIM = Rule(
    id="untrusted-claim",
    title="Nobody who is trusted made a claim",
    family="signing",
    severity=Severity.MEDIUM,
    why="Anybody can add a claim. One by a signer who is not configured as trusted proves nothing, and no policy "
    "sees it.",
    remediation="Add the signer under [signing] if their word counts, after comparing key or identity through another "
    "channel; else remove the line.",
    references=(cwe(347), *_SHARED),
)

CLAIM_MISMATCH = Rule(
    id="claim-mismatch",
    title="A claim beside a model is about something else",
    family="signing",
    severity=Severity.HIGH,
    why="A trusted signer made it, about other bytes or other names. Claims of a good release beside a bad one are how "
    "approval is borrowed.",
    remediation="Remove the line from the file of claims; ask for a claim about this release.",
    references=(cwe(345), *_SHARED),
)

STALE_CLAIM = Rule(
    id="stale-claim",
    title="A claim cannot be relied on any more",
    family="signing",
    severity=Severity.HIGH,
    why="It is older than the operator allows, does not say when it was made, or its signer's certificate was not "
    "valid. What a scan or an audit found then says little about what is known now.",
    remediation="Examine the model again and attest the result ('chainguard-ml attest').",
    references=(cwe(298), *_SHARED),
)

ADVERSE_CLAIM = Rule(
    id="adverse-claim",
    title="A trusted claim says no",
    family="signing",
    severity=Severity.HIGH,
    why="Somebody who is trusted examined these bytes and found that they must not be used.",
    remediation="Read the claim. Do not use the model until its signer says otherwise about a new release.",
    references=(cwe(345), *_SHARED),
)

RULES = (CLAIM_MALFORMED, CLAIM_INVALID, UNTRUSTED_CLAIM, CLAIM_MISMATCH, STALE_CLAIM, ADVERSE_CLAIM)
"""Every rule about claims, in the order of its pages."""
