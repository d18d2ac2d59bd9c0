"""Rules about formats of models that are data by design: trees, tensors, tokenizers, checkpoints in MessagePack."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, cwe

CODE_IN_METADATA = Rule(
    id="code-in-metadata",
    title="A text in a model's metadata is a program",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Metadata are names, numbers and descriptions. A call of a shell or of eval, a serialized object or a script "
        "in their place waits for a tool that evaluates, renders or unpacks it."
    ),
    remediation=(
        "Do not use the file. Find out which tool wrote the text, remove it, and save the model again from a source "
        "that you trust."
    ),
    references=(cwe(94), cwe(116), ATLAS_UNSAFE_ARTIFACT),
)

BROKEN_BOUNDS = Rule(
    id="model-bounds-broken",
    title="Sizes, counts or indices in a model file do not fit each other",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Readers in C and C++ take counts and indices from the file. Where they lead outside of an array, such a "
        "reader reads or writes memory that is not the model's."
    ),
    remediation="Train or convert the model again, and use a current version of its library.",
    references=(cwe(125), cwe(787), cwe(190), ATLAS_UNSAFE_ARTIFACT),
)

AMBIGUOUS_NAMES = Rule(
    id="ambiguous-names",
    title="A name stands twice where it must be unique",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "One reader takes the first value, another the last: what was reviewed is not what is loaded. No library "
        "writes such a file."
    ),
    remediation="Save the model again with its own library from a source that you trust.",
    references=(cwe(436), cwe(694), ATLAS_UNSAFE_ARTIFACT),
)

OUTSIDE_RESOURCE = Rule(
    id="model-names-outside-resource",
    title="A parameter of a model names a file or a host outside of the model",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Parameters are taken up again when training goes on or a tool reads the model's configuration. A path that "
        "leaves the directory, a device or an address in them makes that tool read, write or connect elsewhere."
    ),
    remediation="Remove the parameter, or set it where the model is used instead of in the file.",
    references=(cwe(73), cwe(918), ATLAS_UNSAFE_ARTIFACT),
)

SKOPS_FORGED = Rule(
    id="skops-forged-node",
    title="A node of a skops file is not what skops writes",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "skops shows its user the types that the nodes name. A node whose name is not what its loader builds, a method "
        "of another object or a file outside of the archive makes skops build something else than was shown "
        "(CVE-2024-37065, CVE-2025-54412, CVE-2025-54413)."
    ),
    remediation=(
        "Do not load the file. Save the model again with a current skops from a source that you trust, and update "
        "skops where it loads files of others."
    ),
    references=(
        cwe(502),
        cwe(351),
        Reference("CVE-2025-54412", "https://nvd.nist.gov/vuln/detail/CVE-2025-54412"),
        Reference("CVE-2025-54413", "https://nvd.nist.gov/vuln/detail/CVE-2025-54413"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

CODEC_RUNS_CODE = Rule(
    id="array-codec-runs-code",
    title="The metadata of an array ask for a codec that unpickles",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Zarr looks the codec up by its name and gives it every chunk that is read. The codec pickle runs what the "
        "chunk says."
    ),
    remediation=(
        "Do not open the array. Write it again with a type that is no object, or with the codec vlen-utf8, from a "
        "source that you trust."
    ),
    references=(cwe(502), ATLAS_UNSAFE_ARTIFACT),
)

UNKNOWN_REGISTERED = Rule(
    id="unknown-registered-function",
    title="A pipeline's configuration asks for a function that its library does not ship",
    family="scan",
    severity=Severity.LOW,
    why=(
        "spaCy looks functions up by a registered name and calls them with arguments from the configuration. One that "
        "is not spaCy's own comes from a package or a file that must be there, and that runs when it is imported."
    ),
    remediation="Look at the package that registers the function, pin it, and load no code that comes with the model.",
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (
    SKOPS_FORGED,
    UNKNOWN_REGISTERED,
    CODEC_RUNS_CODE,
    CODE_IN_METADATA,
    BROKEN_BOUNDS,
    AMBIGUOUS_NAMES,
    OUTSIDE_RESOURCE,
)
"""Every rule of the file, in the order of its pages."""
