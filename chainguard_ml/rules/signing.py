"""Rules about signatures: what a signature says, does not say, or fails to say about a model."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06, cwe

_OMS = Reference("OMS v1.0", "https://github.com/ossf/model-signing-spec/blob/main/spec/v1.0.md")
_SHARED = (ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06)

UNSIGNED_MODEL = Rule(
    id="unsigned-model",
    title="No trusted signature covers a model",
    family="signing",
    severity=Severity.LOW,
    why="Nobody vouches for these bytes. A model that was swapped in a registry, a cache or a mirror looks the same as "
    "the one that was trained and reviewed.",
    remediation="Sign the model where it is made ('chainguard-ml sign'), keep the signature beside it, and configure "
    "the signer's public key under [signing] public-keys.",
    references=(cwe(353), *_SHARED, _OMS),
)

MODEL_TAMPERED = Rule(
    id="model-tampered",
    title="A model differs from what was signed",
    family="signing",
    severity=Severity.CRITICAL,
    why="A trusted signer signed other content: a file was changed, removed, added, or replaced by a link after "
    "signing. Whoever did it can change what the model answers, or run code where it is loaded.",
    remediation="Do not load the model. Fetch it again from its source and verify it; sign it anew only if you know "
    "who changed it and why.",
    references=(cwe(345), cwe(494), *_SHARED, _OMS),
)

SIGNATURE_INVALID = Rule(
    id="signature-invalid",
    title="A signature does not match what it signs",
    family="signing",
    severity=Severity.CRITICAL,
    why="The bundle names a trusted key, and that key did not sign these bytes: the list of files or the signature was "
    "altered after signing.",
    remediation="Do not load the model. Fetch the model and its signature again from their source.",
    references=(cwe(347), *_SHARED, _OMS),
)

UNTRUSTED_SIGNER = Rule(
    id="untrusted-signer",
    title="Nobody who is trusted made a signature",
    family="signing",
    severity=Severity.HIGH,
    why="Anybody can sign. A signature by a signer who is not configured as trusted says nothing about where a model "
    "comes from.",
    remediation="Compare the key or identity with the one its owner publishes, through another channel; add it under "
    "[signing] public-keys, certificates or identities only if it is theirs.",
    references=(cwe(347), *_SHARED, _OMS),
)

EXPIRED_SIGNER = Rule(
    id="expired-signer",
    title="The certificate behind a signature is not valid",
    family="signing",
    severity=Severity.HIGH,
    why="An authority vouches for a signer only as long as the certificate is valid. Afterwards nobody watches the "
    "key: it may be lost or stolen, and what it signs proves nothing.",
    remediation="Ask the signer to sign the model again with a certificate that is valid. Check the clock of this "
    "machine if the certificate is only valid later.",
    references=(cwe(298), *_SHARED, _OMS),
)

SIGNATURE_MALFORMED = Rule(
    id="signature-malformed",
    title="A signature breaks the rules of its format",
    family="signing",
    severity=Severity.HIGH,
    why="Two readers could understand it differently: one verifies it, another loads what the first never saw. "
    "Repeated names, paths that leave the model, and lists that do not match their own digest are how it is done.",
    remediation="Do not load the model. Ask its signer for a signature that conforms to OpenSSF Model Signing v1.0.",
    references=(cwe(347), cwe(436), *_SHARED, _OMS),
)

UNCOVERED_FILE = Rule(
    id="uncovered-file",
    title="A file is present that the signature leaves out",
    family="signing",
    severity=Severity.HIGH,
    why="The format lets a signature leave paths out, .git and .github always. What lies there can be replaced without "
    "the signature noticing, and was possibly planted for that reason.",
    remediation="Remove the files before release, or sign them elsewhere. If they belong there and nothing loads them, "
    "list the path under [signing] ignore.",
    references=(cwe(353), *_SHARED, _OMS),
)

RULES = (
    UNSIGNED_MODEL,
    MODEL_TAMPERED,
    SIGNATURE_INVALID,
    UNTRUSTED_SIGNER,
    EXPIRED_SIGNER,
    SIGNATURE_MALFORMED,
    UNCOVERED_FILE,
)
"""Every rule of the family, in the order of its pages."""
