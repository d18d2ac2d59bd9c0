"""Rules about Keras configurations: what layers open, and what of Keras itself no model needs."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

KERAS_FILE = Rule(
    id="keras-file-argument",
    title="An argument of a Keras layer names a file or an address",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Layers open what their arguments name when the model is loaded: a vocabulary, a saved model, a preset. A path "
        "outside of the model reads any file of the user into the model, an address makes the machine ask a server "
        "(CVE-2025-12058)."
    ),
    remediation=(
        "Save the model with the content instead of its path (a vocabulary as a list, inside of the .keras archive), "
        "or allow this finding with a reason after a look at the path."
    ),
    references=(
        cwe(73),
        cwe(918),
        Reference("CVE-2025-12058", "https://nvd.nist.gov/vuln/detail/CVE-2025-12058"),
        ATLAS_UNSAFE_ARTIFACT,
        OWASP_ML06,
    ),
)

KERAS_UNSAFE = Rule(
    id="keras-unsafe-callable",
    title="A Keras configuration names a function of Keras or TensorFlow that is no part of a model",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Keras calls what a configuration names with arguments from the file. Its own helpers fetch and unpack files, "
        "load other models or switch the safe mode off (CVE-2025-8747, CVE-2025-9906); functions of TensorFlow read "
        "and write files and call Python."
    ),
    remediation=(
        "Do not load the model. Rebuild it from layers of Keras, and report the file to where you got it from. If a "
        "newer Keras has this name, allow the finding with a reason."
    ),
    references=(
        cwe(94),
        cwe(502),
        Reference("CVE-2025-8747", "https://nvd.nist.gov/vuln/detail/CVE-2025-8747"),
        Reference("CVE-2025-9906", "https://nvd.nist.gov/vuln/detail/CVE-2025-9906"),
        ATLAS_UNSAFE_ARTIFACT,
        OWASP_ML06,
    ),
)

RULES = (KERAS_FILE, KERAS_UNSAFE)
