"""Rules of the room ``audit`` about what locks and installed environments give away without any advisory."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06, atlas, cwe

_SHARED = (ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06)
_RECORD = Reference(
    "Recording installed projects",
    "https://packaging.python.org/en/latest/specifications/recording-installed-packages/",
)

_SPDX = Reference("SPDX licence expressions", "https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/")

LOOKALIKE_NAME = Rule(
    id="lookalike-name",
    title="A package's name is nearly that of a well-known one",
    family="audit",
    severity=Severity.MEDIUM,
    why=(
        "Attackers publish packages whose names differ from a well-known one by a letter, a swapped pair, a missing "
        "hyphen or a digit that looks like a letter, and wait for somebody to mistype it."
    ),
    remediation="Compare the name with the one in the project's own documentation; waive the finding if it is meant.",
    references=(cwe(1357), atlas("AML.T0011.001"), *_SHARED),
)

SOURCE_ONLY_PACKAGE = Rule(
    id="source-only-package",
    title="A locked package has no wheel",
    family="audit",
    severity=Severity.LOW,
    why=(
        "Installing a source distribution runs its build, which is code of the package, on the machine that installs "
        "it, before anything of it was looked at; and what is built is not what others get."
    ),
    remediation="Build the wheel once in isolation and lock that, or install with --only-binary :all:.",
    references=(cwe(829), *_SHARED),
)

FRESH_RELEASE = Rule(
    id="fresh-release",
    title="A locked release was uploaded only days ago",
    family="audit",
    severity=Severity.LOW,
    why=(
        "Releases that attackers publish with stolen credentials are found and removed within days. They reach "
        "those who take every release at once."
    ),
    remediation="Lock a release that is older than the cooldown, or wait; security fixes are worth a waiver.",
    references=(cwe(1357), *_SHARED),
)

INSTALLED_FILE_CHANGED = Rule(
    id="installed-file-changed",
    title="An installed file is not the one that was installed",
    family="audit",
    severity=Severity.HIGH,
    why=(
        "The installer recorded the digest of every file. A file that differs now was changed afterwards: by hand, by "
        "another package that overwrote it, or by an attacker who wants code to stay."
    ),
    remediation="Install the package again with --force-reinstall and hashes, and find out what changed the file.",
    references=(cwe(353), *_SHARED, _RECORD),
)

INSTALLED_FILE_MISSING = Rule(
    id="installed-file-missing",
    title="An installed file was removed",
    family="audit",
    severity=Severity.LOW,
    why="The environment is not what the installer made: imports may fail, or find another file of that name.",
    remediation="Install the package again, or rebuild the environment.",
    references=(cwe(353), *_SHARED, _RECORD),
)

INSTALLED_OTHER_VERSION = Rule(
    id="installed-other-version",
    title="Another version is installed than is locked",
    family="audit",
    severity=Severity.MEDIUM,
    why="What was audited, tested and locked is not what runs.",
    remediation="Install from the lock into a new environment.",
    references=(cwe(1357), *_SHARED),
)

INSTALLED_NOT_LOCKED = Rule(
    id="installed-not-locked",
    title="A package is installed that no lock names",
    family="audit",
    severity=Severity.LOW,
    why="Somebody installed it by hand, or something did. It runs with the rest, and nobody reviews its updates.",
    remediation="Add it to the project's dependencies and lock them, or install from the lock into a new environment.",
    references=(cwe(1357), *_SHARED),
)

LOCKED_NOT_INSTALLED = Rule(
    id="locked-not-installed",
    title="Locked packages are not installed",
    family="audit",
    severity=Severity.INFO,
    why="They may be for another platform or an extra; else the environment is not the one that the lock describes.",
    remediation="Nothing, if markers or extras exclude them; else install from the lock.",
    references=(cwe(1357), *_SHARED),
)

LICENCE_NOT_ACCEPTED = Rule(
    id="licence-not-accepted",
    title="A package is under a licence that is not accepted",
    family="audit",
    severity=Severity.HIGH,
    why=(
        "The operator's configuration denies the licence, or allows only others. What is released with the package may "
        "have to be published under the same terms, or must not be released at all."
    ),
    remediation="Replace the package, or have it cleared and waive the finding with the reason.",
    references=(ATLAS_SUPPLY_CHAIN_SOFTWARE, _SPDX),
)

LICENCE_UNKNOWN = Rule(
    id="licence-unknown",
    title="The licence of a package is not known",
    family="audit",
    severity=Severity.LOW,
    why=(
        "Nothing in the pipeline states it, or what is stated is no SPDX expression. Requirements and most locks state "
        "no licences; installed environments and bills of materials do."
    ),
    remediation="Audit the installed environment too (--environment), or find out and waive the finding.",
    references=(ATLAS_SUPPLY_CHAIN_SOFTWARE, _SPDX),
)

ABANDONED_PACKAGE = Rule(
    id="abandoned-package",
    title="A package is no longer maintained",
    family="audit",
    severity=Severity.LOW,
    why=(
        "Nobody mends what is found in it, and a name that its owners gave up can be taken over. Some of these names "
        "are placeholders for a package of another name."
    ),
    remediation="Move to its successor, or to a package that is maintained.",
    references=(cwe(1104), *_SHARED),
)

RULES = (
    LICENCE_NOT_ACCEPTED,
    LICENCE_UNKNOWN,
    ABANDONED_PACKAGE,
    LOOKALIKE_NAME,
    SOURCE_ONLY_PACKAGE,
    FRESH_RELEASE,
    INSTALLED_FILE_CHANGED,
    INSTALLED_FILE_MISSING,
    INSTALLED_OTHER_VERSION,
    INSTALLED_NOT_LOCKED,
    LOCKED_NOT_INSTALLED,
)
