"""Rules about models in XML: OpenVINO, PMML, object streams."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

XML_ENTITY = Rule(
    id="xml-entity",
    title="An XML document declares entities or includes other documents",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Readers that resolve external entities read files and addresses of the machine into the document, and "
        "entities made of entities grow until memory ends. No exporter of models writes them."
    ),
    remediation="Do not load the document. Export the model again, and switch entities off in the reader.",
    references=(
        cwe(611),
        cwe(776),
        Reference(
            "OWASP: XXE prevention",
            "https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html",
        ),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

OPENVINO_BOUNDS = Rule(
    id="openvino-constant-mismatch",
    title="A constant of an OpenVINO model is not where or as large as its description says",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Constants are places in the file of weights. An offset or a size that is negative or overflows, or that does "
        "not fit shape and type, makes readers that trust it read outside of the weights."
    ),
    remediation="Convert the model again from its original, and use a current runtime.",
    references=(cwe(125), cwe(190), ATLAS_UNSAFE_ARTIFACT),
)

PMML_FUNCTION = Rule(
    id="pmml-foreign-function",
    title="A PMML model calls a function that PMML does not define",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Evaluators look up other functions among their extensions; some take a class name and load that class. A name "
        "that is a path of packages counts as high."
    ),
    remediation=(
        "Export the model with PMML's own functions, or review the extension that provides the function, and allow "
        "this finding with a reason."
    ),
    references=(
        cwe(470),
        cwe(829),
        Reference("PMML 4.4: functions", "https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

PMML_CODE = Rule(
    id="pmml-embedded-code",
    title="A PMML model holds code in an extension",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Extensions hold whatever a vendor's program puts there and reads again. A script, or calls that start "
        "programs, wait for a consumer that runs them; a model needs none."
    ),
    remediation="Do not load the model. Export it again without extensions, or read them before you allow them.",
    references=(cwe(94), cwe(506), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

PMML_TABLE = Rule(
    id="pmml-external-table",
    title="A PMML model takes a table from outside of the document",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "A TableLocator tells the consumer where to find the data: a database, a file, an address. The author of the "
        "model decides what the consumer opens."
    ),
    remediation="Export the model with its tables in the document (InlineTable).",
    references=(cwe(610), cwe(918), ATLAS_UNSAFE_ARTIFACT),
)

OBJECT_STREAM = Rule(
    id="xml-object-stream",
    title="An XML document is a program that builds Java objects",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Streams of XMLEncoder name classes and methods, and XMLDecoder calls them with arguments from the file: "
        "reading one is running it."
    ),
    remediation="Do not read it with XMLDecoder. Export the model in a format that holds data only.",
    references=(
        cwe(502),
        Reference("java.beans.XMLDecoder", "https://docs.oracle.com/javase/8/docs/api/java/beans/XMLDecoder.html"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

RULES = (
    XML_ENTITY,
    OPENVINO_BOUNDS,
    PMML_FUNCTION,
    PMML_CODE,
    PMML_TABLE,
    OBJECT_STREAM,
)
