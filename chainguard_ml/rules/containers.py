"""Rules about containers and what frameworks build on them."""

from __future__ import annotations

from chainguard_ml.model import Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, cwe

ANTI_ITEM = Rule(
    id="archive-deletes-files",
    title="Unpacking an archive deletes files",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "An anti-item of a 7z archive tells the unpacker to delete the file or directory of that name. Backup tools "
        "use it; a model has no use for it."
    ),
    remediation="Do not unpack the archive over existing files. Write it again from a source that you trust.",
    references=(cwe(73), ATLAS_UNSAFE_ARTIFACT),
)

PROGRAM_FILES = Rule(
    id="torchscript-touches-files",
    title="A torch program reads or writes files, or calls other machines",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "Torch has operators that write tensors to any path, map any file, and call functions on other machines. "
        "A model that computes needs none of them; a program that has them can overwrite or send files when it runs."
    ),
    remediation="Do not run the program. Export the weights again from source that you trust.",
    references=(cwe(73), cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

CUSTOM_OPERATOR = Rule(
    id="torch-custom-operator",
    title="A torch program needs an operator from a library that is not torch's own",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The operator is native code that has to be loaded beside the program. What it does is not in the file, and a "
        "model can be made to fit a library that nobody reviewed."
    ),
    remediation="Find out which library registers the operator, and pin and verify it like any other dependency.",
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

EXPORT_EXPRESSION = Rule(
    id="torch-export-expression",
    title="An exported program has a text that runs as Python",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "torch.export.load evaluates symbolic sizes with sympy.sympify, which runs Python, executes guards, and writes "
        "the names of inputs and values into a source that it executes. A size or guard that is more than arithmetic, "
        "or a name that is more than a name, runs code when the program is loaded or unpacked."
    ),
    remediation="Do not load the file. Export the program again from source that you trust.",
    references=(cwe(95), ATLAS_UNSAFE_ARTIFACT),
)

EXPORT_TARGET = Rule(
    id="torch-export-foreign-target",
    title="An exported program names something that is no operator",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "The loader looks targets up as attributes of the torch package, and from there every module is reached that "
        "torch imports; modules that factories and enumerations of its inputs name are imported. Exported programs "
        "only name operators and Python's own types."
    ),
    remediation="Do not load the file. Export the program again from source that you trust.",
    references=(cwe(470), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (ANTI_ITEM, PROGRAM_FILES, CUSTOM_OPERATOR, EXPORT_EXPRESSION, EXPORT_TARGET)
"""Every rule of the area, in the order of its pages."""
