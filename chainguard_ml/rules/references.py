"""References that several rules share. CWE 4.x; MITRE ATLAS v5.6.0; OWASP Machine Learning Security Top 10 (2023)."""

from __future__ import annotations

from chainguard_ml.model import Reference


def cwe(number: int) -> Reference:
    """Return the reference of one weakness of the Common Weakness Enumeration."""
    return Reference(f"CWE-{number}", f"https://cwe.mitre.org/data/definitions/{number}.html")


def atlas(technique: str) -> Reference:
    """Return the reference of one technique of MITRE ATLAS."""
    return Reference(technique, f"https://atlas.mitre.org/techniques/{technique}")


OWASP_ML06 = Reference(
    "ML06:2023",
    "https://owasp.org/www-project-machine-learning-security-top-10/docs/ML06_2023-AI_Supply_Chain_Attacks",
)
ATLAS_UNSAFE_ARTIFACT = atlas("AML.T0011.000")
ATLAS_SUPPLY_CHAIN_SOFTWARE = atlas("AML.T0010.001")
ATLAS_SUPPLY_CHAIN_MODEL = atlas("AML.T0010.003")
