"""Rules of the room ``audit``: packages that the pipeline declares, locks or has installed."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules import indexes, packages
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06, atlas, cwe

_SHARED = (ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06)
_OSV = Reference("OSV schema, evaluation", "https://ossf.github.io/osv-schema/#evaluation")
_PIP_HASHES = Reference("pip: secure installs", "https://pip.pypa.io/en/stable/topics/secure-installs/")

VULNERABLE_DEPENDENCY = Rule(
    id="vulnerable-dependency",
    title="A package has a known vulnerability",
    family="audit",
    severity=Severity.HIGH,
    why=(
        "An advisory says that this version is affected. Training and serving code runs with access to data, models "
        "and credentials, and its dependencies run with the same rights. The finding's severity is the advisory's own "
        "(CVSS vector, else the source's rating); where no source rates it, it counts as high with medium confidence."
    ),
    remediation="Upgrade to the release that the finding names; without one, replace the package or isolate its use.",
    references=(cwe(1395), *_SHARED, _OSV),
)

MALICIOUS_PACKAGE = Rule(
    id="malicious-package",
    title="A package is known to be malicious",
    family="audit",
    severity=Severity.CRITICAL,
    why=(
        "The release was published to attack those who install it: installing or importing it runs the attacker's "
        "code. Machines on which it was installed must be taken for compromised."
    ),
    remediation="Remove the package, rebuild the environment from scratch, and replace every secret it could reach.",
    references=(cwe(506), atlas("AML.T0011.001"), *_SHARED),
)

ADVISORY_NOT_COMPARED = Rule(
    id="advisory-not-compared",
    title="An advisory about a package could not be compared with its version",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "The advisory's record is broken, or it or the package uses a version that is not PEP 440 and so has no "
        "order. Nobody can say by machine whether this version is affected."
    ),
    remediation="Read the advisory and decide; waive the finding with the reason.",
    references=(cwe(1395), *_SHARED, _OSV),
)

UNPINNED_REQUIREMENT = Rule(
    id="unpinned-requirement",
    title="A requirement does not state one exact version",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "Which release is installed is decided on the day of the install, by the index. The result cannot be "
        "reproduced, cannot be compared with advisories, and a release that an attacker publishes is taken at once."
    ),
    remediation="Pin it with == (and hashes), or lock the requirements with a tool and commit the lock.",
    references=(cwe(1357), *_SHARED),
)

REQUIREMENT_WITHOUT_HASH = Rule(
    id="requirement-without-hash",
    title="A requirement does not state the digest of what may be installed",
    family="audit",
    severity=Severity.LOW,
    why=(
        "Without a digest the index, a mirror or a proxy decides which bytes are installed for a version. A file in "
        "which only some requirements are hashed is worse: it looks protected, and installers refuse it or, with "
        "hash checking off, ignore the others."
    ),
    remediation="Lock with hashes (pip-compile --generate-hashes, uv export) and install with --require-hashes.",
    references=(cwe(494), *_SHARED, _PIP_HASHES),
)

DIRECT_URL_REQUIREMENT = Rule(
    id="direct-url-requirement",
    title="A requirement comes from a URL or from version control",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "What is behind a URL, a branch or a tag can be replaced without anyone noticing, no index has scanned it, "
        "and advisories about releases do not cover it."
    ),
    remediation="Depend on a released version; else pin the full commit, or the archive's sha256 in the URL.",
    references=(cwe(494), cwe(1357), *_SHARED),
)

SEVERAL_INDEXES = Rule(
    id="several-indexes",
    title="Requirements are taken from several indexes",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "An installer takes the highest version that any of its indexes offers. Whoever can publish a higher version "
        "under a private package's name on the public one has their code installed (dependency confusion)."
    ),
    remediation="Use one index that proxies the others, or bind each package to its index, and require hashes.",
    references=(cwe(427), *_SHARED),
)

INSECURE_INDEX = Rule(
    id="insecure-index",
    title="An index is reached without verified transport security",
    family="audit",
    severity=Severity.HIGH,
    why="With http:// or --trusted-host anyone on the way can replace every package that is not pinned by a digest.",
    remediation="Use https:// with a certificate that verifies, and remove --trusted-host.",
    references=(cwe(494), cwe(319), *_SHARED),
)

STALE_ADVISORIES = Rule(
    id="stale-advisories",
    title="The advisory database is old",
    family="audit",
    severity=Severity.MEDIUM,
    why="What became known after its newest record is not seen: the audit is only as good as its data.",
    remediation="Get the current advisories and import them: chainguard-ml audit db import FILE",
    references=(cwe(1395), *_SHARED),
)

RULES = (
    VULNERABLE_DEPENDENCY,
    MALICIOUS_PACKAGE,
    ADVISORY_NOT_COMPARED,
    UNPINNED_REQUIREMENT,
    REQUIREMENT_WITHOUT_HASH,
    DIRECT_URL_REQUIREMENT,
    SEVERAL_INDEXES,
    INSECURE_INDEX,
    STALE_ADVISORIES,
    *packages.RULES,
    *indexes.RULES,
)
