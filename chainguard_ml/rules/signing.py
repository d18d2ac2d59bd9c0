"""Rules about signatures: what a signature says, does not say, or fails to say about a model."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules import attestations
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

REVOKED_MODEL = Rule(
    id="revoked-model",
    title="A model was withdrawn by its publisher",
    family="signing",
    severity=Severity.CRITICAL,
    why="The signature is sound, and the publisher says in the index of releases that this model must not be used: it "
    "has a fault, or should never have been signed. Old signatures are how a withdrawn model is offered again.",
    remediation="Do not load the model. Fetch the release that the publisher offers now.",
    references=(cwe(672), *_SHARED),
)

EXPIRED_RELEASE = Rule(
    id="expired-release",
    title="A release is past its date",
    family="signing",
    severity=Severity.HIGH,
    why="Its publisher stands behind a release only until a date. Data, dependencies and known attacks change; nobody "
    "has looked at whether it is still fit for use.",
    remediation="Fetch a newer release. Its publisher can renew it by signing it with a later date.",
    references=(cwe(672), *_SHARED),
)

SUPERSEDED_RELEASE = Rule(
    id="superseded-release",
    title="There is a newer release of a model",
    family="signing",
    severity=Severity.HIGH,
    why="Whoever can replace a file can put back an older model with its own sound signature, and with its known "
    "faults: a rollback.",
    remediation="Fetch the newer release that the message names.",
    references=(cwe(1328), *_SHARED),
)

UNLISTED_RELEASE = Rule(
    id="unlisted-release",
    title="A signed model was never released",
    family="signing",
    severity=Severity.HIGH,
    why="A trusted signer signed it, but the index of releases does not know it: a candidate, an experiment, or a "
    "model of another line was put where a release belongs.",
    remediation="Fetch a release. If this is one, its publisher must add it to the index (sign --releases).",
    references=(cwe(353), *_SHARED),
)

STALE_RELEASE_INDEX = Rule(
    id="stale-release-index",
    title="An index of releases is past its date",
    family="signing",
    severity=Severity.HIGH,
    why="Who holds back the newer index hides what was revoked since. A date in the index limits how long that works.",
    remediation="Fetch the index again from its publisher, who signs it anew before its date.",
    references=(cwe(672), *_SHARED),
)

RULES = (
    UNSIGNED_MODEL,
    MODEL_TAMPERED,
    SIGNATURE_INVALID,
    UNTRUSTED_SIGNER,
    EXPIRED_SIGNER,
    SIGNATURE_MALFORMED,
    UNCOVERED_FILE,
    REVOKED_MODEL,
    EXPIRED_RELEASE,
    SUPERSEDED_RELEASE,
    UNLISTED_RELEASE,
    STALE_RELEASE_INDEX,
    *attestations.RULES,
)
"""Every rule of the family, in the order of its pages."""
