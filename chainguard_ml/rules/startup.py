"""Rules about Python that starts by itself: path files, ``sitecustomize``, modules that model servers import."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_MODEL, ATLAS_UNSAFE_ARTIFACT, cwe

_SITE = Reference("Python: site", "https://docs.python.org/3/library/site.html")

STARTUP_EFFECT = Rule(
    id="startup-code-runs-commands",
    title="Code that runs whenever Python starts runs commands, connects or evaluates text",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "Python executes lines of .pth files that begin with import, and imports sitecustomize and usercustomize, "
        "before any program's first line. Nobody has to load the model: any Python process of that environment runs it."
    ),
    remediation="Remove the file from the environment, find out what brought it, and treat the machine as compromised.",
    references=(cwe(506), cwe(829), _SITE, ATLAS_SUPPLY_CHAIN_MODEL, ATLAS_UNSAFE_ARTIFACT),
)

RULES = (STARTUP_EFFECT,)
"""Every rule of this file."""
