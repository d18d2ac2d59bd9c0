"""Rules about models in protobuf: ONNX, TensorFlow, Core ML, PaddlePaddle."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

EXTERNAL_PATH = Rule(
    id="external-data-escapes",
    title="A model names a file outside of its own directory",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Weights and assets may lie in files beside the model. A place that is absolute, climbs out with '..' or is an "
        "address makes the loader read any file of the user into a tensor, from where the model can give it away "
        "(CVE-2022-25882, CVE-2024-27318)."
    ),
    remediation=(
        "Do not load the model. Save it again with its weights beside it, under plain relative names, from a source "
        "that you trust."
    ),
    references=(
        cwe(22),
        cwe(73),
        Reference("CVE-2022-25882", "https://nvd.nist.gov/vuln/detail/CVE-2022-25882"),
        Reference("CVE-2024-27318", "https://nvd.nist.gov/vuln/detail/CVE-2024-27318"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

TENSOR_SIZE = Rule(
    id="tensor-size-mismatch",
    title="A tensor's size is not what its shape and type say",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Readers in C and C++ take the buffer's size from the shape, or the shape from the buffer. Where both "
        "disagree, or the product overflows, they read or write outside of it."
    ),
    remediation="Export the model again, and load models from strangers with a current runtime only.",
    references=(cwe(190), cwe(125), cwe(787), ATLAS_UNSAFE_ARTIFACT),
)

METADATA_EXPRESSION = Rule(
    id="metadata-expression",
    title="The metadata of a model hold a Python expression that reaches for code",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Metadata are text. Some loaders pass class names and other values through eval, so that an expression there "
        "runs when the model is loaded."
    ),
    remediation="Do not load the model. Export it again; metadata need literals only, such as lists and numbers.",
    references=(cwe(95), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

CUSTOM_OPERATOR = Rule(
    id="custom-operator",
    title="A model needs an operator that its framework does not have",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The runtime finds such an operator in a native library or in the application's own code, which has to be "
        "loaded beside the model and runs with all rights of the process."
    ),
    remediation=(
        "Find out which library has the operator and whether you trust it, or export the model with standard operators "
        "only. Allow the finding with a reason if the library is yours."
    ),
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

GRAPH_FILE_ACCESS = Rule(
    id="graph-file-access",
    title="A model's graph reads or writes files",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Operators such as ReadFile, WriteFile and MatchingFiles work on any path of the user who runs the model: they "
        "read keys, and overwrite start-up scripts. Where they belong to the graph's initialisation they run as soon "
        "as the model is loaded."
    ),
    remediation=(
        "Do not run the model. Remove the operators from the graph: files are the application's business, and "
        "vocabularies belong to the model's assets."
    ),
    references=(cwe(73), cwe(552), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

GRAPH_NETWORK_ACCESS = Rule(
    id="graph-network-access",
    title="A model's graph talks to a network address",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Debugging, remote-call and data-service operators send tensors to an address, or take them from one. The "
        "address is in the graph, so the model's author decides where the data go."
    ),
    remediation="Do not run the model. Export it again without debugging, remote and data-service operators.",
    references=(cwe(200), cwe(918), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

GRAPH_HARMFUL = Rule(
    id="graph-harmful-operator",
    title="A model's graph holds an operator that ends or changes the process",
    family="scan",
    severity=Severity.HIGH,
    why="Such operators abort the process or load libraries into it. No model needs them to compute its result.",
    remediation="Do not run the model. Remove the operator, or export the model again.",
    references=(cwe(400), cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (
    EXTERNAL_PATH,
    TENSOR_SIZE,
    METADATA_EXPRESSION,
    CUSTOM_OPERATOR,
    GRAPH_FILE_ACCESS,
    GRAPH_NETWORK_ACCESS,
    GRAPH_HARMFUL,
)
