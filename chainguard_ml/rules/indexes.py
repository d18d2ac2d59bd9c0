"""Rules of the room ``audit`` about what package indexes say, where they may be asked."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06, cwe

_SHARED = (ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06)
_SIMPLE = Reference(
    "Simple repository API", "https://packaging.python.org/en/latest/specifications/simple-repository-api/"
)
_ATTESTATIONS = Reference("PEP 740: digital attestations", "https://peps.python.org/pep-0740/")

YANKED_RELEASE = Rule(
    id="yanked-release",
    title="A release was yanked",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "Its authors withdrew the release: it is broken, vulnerable, or was published by somebody else. Installers no "
        "longer choose it by themselves, but a pin still gets it (PEP 592)."
    ),
    remediation="Read the reason, and move to a release that stands.",
    references=(cwe(1104), *_SHARED, _SIMPLE),
    offline=False,
)

RELEASE_NOT_ON_INDEX = Rule(
    id="release-not-on-index",
    title="A release is not on the index",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "The index does not know the release, or the project. Malicious releases are removed when they are found; a "
        "name that nobody holds can be taken by anybody, and what they publish is installed then."
    ),
    remediation="Find out where it came from; pin its digest, or bind the package to the index that has it.",
    references=(cwe(1357), cwe(427), *_SHARED, _SIMPLE),
    offline=False,
)

FILE_NOT_ON_INDEX = Rule(
    id="file-not-on-index",
    title="A locked file is not one that the index has",
    family="audit",
    severity=Severity.CRITICAL,
    why=(
        "The index has the release, but none of its files has a digest that the manifest asks for. Either the lock was "
        "made from somewhere else, or the files were replaced on one of the two sides."
    ),
    remediation="Do not install it. Compare the lock's history with the index, and lock anew from a trusted source.",
    references=(cwe(353), cwe(494), *_SHARED, _SIMPLE),
    offline=False,
)

PROJECT_STATUS = Rule(
    id="project-status",
    title="A project is archived, deprecated or quarantined",
    family="audit",
    severity=Severity.LOW,
    why=(
        "The index states it (PEP 792). Nobody mends what is found in an archived project; a quarantined one is under "
        "suspicion of being malware, and its files are not offered until that is settled."
    ),
    remediation="Move to a project that is maintained; take machines with a quarantined package for compromised.",
    references=(cwe(1104), *_SHARED, _SIMPLE),
    offline=False,
)

SERVED_BY_SEVERAL_INDEXES = Rule(
    id="served-by-several-indexes",
    title="Several indexes have a package of the same name",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "An installer that knows both takes the highest version of either. Whoever holds the name on one of them "
        "decides what is installed (dependency confusion)."
    ),
    remediation="Bind the package to its index, or use one index that proxies the others; require hashes.",
    references=(cwe(427), *_SHARED),
    offline=False,
)

ATTESTATION_INVALID = Rule(
    id="attestation-invalid",
    title="An attestation of a file proves nothing",
    family="audit",
    severity=Severity.CRITICAL,
    why=(
        "The index hands over an attestation (PEP 740) that was not signed by the publisher that it states, or is "
        "about another file. An honest index takes no such attestation."
    ),
    remediation="Do not install the file; tell the index and the project.",
    references=(cwe(347), *_SHARED, _ATTESTATIONS),
    offline=False,
)

OTHER_PUBLISHER = Rule(
    id="other-publisher",
    title="A release was not published by who has to publish it",
    family="audit",
    severity=Severity.HIGH,
    why=(
        "The configuration says who publishes the package, and the attestations of the index prove somebody else or "
        "nobody. That is what a release with stolen credentials looks like, which was uploaded by hand."
    ),
    remediation="Find out from the project whether it changed how it publishes; else stay with the release before.",
    references=(cwe(345), *_SHARED, _ATTESTATIONS),
    offline=False,
)

RULES = (
    ATTESTATION_INVALID,
    OTHER_PUBLISHER,
    YANKED_RELEASE,
    RELEASE_NOT_ON_INDEX,
    FILE_NOT_ON_INDEX,
    PROJECT_STATUS,
    SERVED_BY_SEVERAL_INDEXES,
)
