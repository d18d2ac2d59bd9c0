"""Rules about binary and XML models: flatbuffers, OpenVINO, PMML, R, native programs and scripts."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

FLATBUFFER_BOUNDS = Rule(
    id="flatbuffer-out-of-bounds",
    title="An offset, a length or an index of a flatbuffer leads outside of it",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Converters write offsets and indices that fit. Runtimes that do not verify them read and write outside of "
        "the model's memory, which has been used against TensorFlow Lite; an index that names nothing, or subgraphs "
        "that call each other for ever, are made by hand and count as high."
    ),
    remediation="Convert the model again from its original, and load models with the runtime's verifier only.",
    references=(
        cwe(125),
        cwe(787),
        cwe(674),
        Reference("FlatBuffers", "https://flatbuffers.dev/internals/"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

SCRIPT = Rule(
    id="script-in-model",
    title="A script stands where a model should be",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Weights need no script. One inside of a model's archive, or under a model's name, waits for somebody who "
        "unpacks the archive and runs it, or for a loader that does."
    ),
    remediation="Remove the script. What has to run beside the model belongs into a reviewed package.",
    references=(cwe(829), cwe(506), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

R_PROMISE = Rule(
    id="r-promise",
    title="An R file holds code that runs as soon as the object is looked at",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "A promise is an expression that R evaluates when its value is first needed. Saving an object evaluates it, so "
        "no honest file returns one; R before 4.4.0 runs it on the first look (CVE-2024-27322)."
    ),
    remediation="Do not read the file. Take the model from its publisher again, and use R 4.4.0 or later.",
    references=(
        cwe(502),
        cwe(94),
        Reference("CVE-2024-27322", "https://nvd.nist.gov/vuln/detail/CVE-2024-27322"),
        ATLAS_UNSAFE_ARTIFACT,
        OWASP_ML06,
    ),
)

R_NATIVE = Rule(
    id="r-native-object",
    title="An R file holds an object that native code restores",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Classes of alternative representation restore themselves by C code that gets its state from the file: mapped "
        "vectors open the file that they name, and classes of packages load their package."
    ),
    remediation=(
        "Save the model again after turning the object into an ordinary vector, or review the package that provides "
        "the class, and allow this finding with a reason."
    ),
    references=(cwe(502), cwe(73), ATLAS_UNSAFE_ARTIFACT),
)

R_CALL = Rule(
    id="r-unsafe-call",
    title="A call stored in an R file does more than describe a model",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Models of R keep the call and the formula they were fitted with, and update() and predict() evaluate them "
        "again. One that runs commands, changes files or loads other code has no business there. Text that is "
        "evaluated counts as medium."
    ),
    remediation="Do not use the model. Fit it again from its data with a formula that you have read.",
    references=(cwe(95), cwe(502), ATLAS_UNSAFE_ARTIFACT),
)

R_STARTUP = Rule(
    id="r-startup-function",
    title="An R workspace defines a function that R runs by itself",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "R loads .RData from the directory it is started in, and then calls .First; .Last is called at the end. A "
        "model needs neither."
    ),
    remediation="Do not start R in this directory. Delete the file, and take the model from its publisher again.",
    references=(cwe(427), cwe(94), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (
    SCRIPT,
    R_PROMISE,
    R_NATIVE,
    R_CALL,
    R_STARTUP,
    FLATBUFFER_BOUNDS,
)
