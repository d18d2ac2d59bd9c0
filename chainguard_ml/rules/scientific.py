"""Rules about files of numerical software and tables: MATLAB, Arrow."""

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

UNSAFE_EXTENSION = Rule(
    id="arrow-pickled-type",
    title="A table has a type that is restored by unpickling",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "pyarrow before 14.0.1 unpickles the description of arrow.py_extension_type when it reads the schema, whoever "
        "wrote it (CVE-2023-47248)."
    ),
    remediation="Read the table with pyarrow 14.0.1 or later only, and write it again with plain types.",
    references=(
        cwe(502),
        Reference("CVE-2023-47248", "https://nvd.nist.gov/vuln/detail/CVE-2023-47248"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

RULES = (MATLAB_CLASS, UNSAFE_EXTENSION)
"""Every rule of this file."""
