"""Rules about files of numerical software: MATLAB."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, cwe

_MAT = Reference(
    "MathWorks: MAT-File Format",
    "https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf",
)

MATLAB_CLASS = Rule(
    id="matlab-unknown-class",
    title="A MAT file holds an object of a class that is not MATLAB's",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Loading an object calls loadobj of its class, which MATLAB finds on its path, the directory of the file "
        "included. What it does is not written in the file."
    ),
    remediation="Save the values as numbers, texts and structures, or allow the class with a reason.",
    references=(cwe(502), _MAT, ATLAS_UNSAFE_ARTIFACT),
)

RULES = (MATLAB_CLASS,)
"""Every rule of this file."""
