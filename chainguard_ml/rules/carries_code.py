"""Rules of the family "carries code": what a model carries by design and its loader runs, malicious or not.

It is no attack by itself, and no scan can tell which program is meant well. So each is high, and a policy decides:
facts about these findings are the group ``carries_code``.
"""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_MODEL, ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

_PYTHON_DOCS = Reference("Python: pickle", "https://docs.python.org/3/library/pickle.html#restricting-globals")

PICKLE_CODE = Rule(
    id="pickle-carries-code",
    title="A pickle carries code by design",
    family="carries-code",
    severity=Severity.HIGH,
    why="cloudpickle, dill and TorchScript store functions and classes as bytecode or source and rebuild them when the "
    "file is loaded. That is what they are for, and it means that the file is a program. The same holds for formulas "
    "and sources in a state that its class evaluates.",
    remediation="Move the functions into a package and pickle references to them, or export the weights as "
    "safetensors. Where code in the file is intended, let the policy decide and require a signature of the builder.",
    references=(cwe(94), cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, _PYTHON_DOCS),
)

TORCHSCRIPT_CODE = Rule(
    id="torchscript-carries-code",
    title="A TorchScript archive carries the model's code",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "TorchScript programs are interpreted when the model runs. They can read and write files and call every "
        "registered operator, so the archive is a program, not data."
    ),
    remediation=(
        "Ship a state_dict as safetensors with reviewed source, or allow this finding with a reason if the archive "
        "is signed by its builder."
    ),
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

KERAS_LAMBDA = Rule(
    id="keras-lambda-layer",
    title="A Keras model carries the bytecode of a function",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "A Lambda layer is stored as marshalled Python bytecode, which runs when the model is loaded or called "
        "(CVE-2024-3660)."
    ),
    remediation=(
        "Replace the Lambda with a layer class in reviewed source, and save the model again; load with safe_mode=True."
    ),
    references=(
        cwe(94),
        cwe(502),
        Reference("CVE-2024-3660", "https://nvd.nist.gov/vuln/detail/CVE-2024-3660"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

KERAS_TORCH = Rule(
    id="keras-carries-pickle",
    title="A Keras model carries a pickled module of torch",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "TorchModuleWrapper stores a module of torch as a pickle in its configuration and loads it with every class "
        "allowed, so the file is a program (CVE-2025-49655)."
    ),
    remediation=(
        "Save the torch module on its own as safetensors and wrap it in reviewed source; load with safe_mode=True and "
        "Keras 3.11.3 or later."
    ),
    references=(
        cwe(502),
        Reference("CVE-2025-49655", "https://nvd.nist.gov/vuln/detail/CVE-2025-49655"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

KERAS_CUSTOM = Rule(
    id="keras-custom-object",
    title="A Keras model asks the loading program for a class or function of its own",
    family="carries-code",
    severity=Severity.MEDIUM,
    why=(
        "The configuration names an object that is not part of Keras. Loading fails unless the program registers it, "
        "so the model is not complete without code that this scan does not see."
    ),
    remediation=(
        "Ship the class in a reviewed package beside the model, and allow this finding with the package as the reason."
    ),
    references=(cwe(829), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06),
)

REPOSITORY_CODE = Rule(
    id="model-repository-carries-code",
    title="The model's configuration asks for code from its repository",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "auto_map names Python files that transformers downloads and imports with trust_remote_code=True. Who can "
        "push to the repository runs code where the model is loaded."
    ),
    remediation=(
        "Use the architecture that transformers ships, or review the code, pin the revision, and allow this "
        "finding with a reason."
    ),
    references=(cwe(829), cwe(494), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06),
)

GRAPH_PYTHON = Rule(
    id="graph-calls-python",
    title="A model's graph calls Python code",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "Operators such as PyFunc, PyOp and py_func call a Python function that the process has registered or that the "
        "operator names. What runs is not part of the graph, and no reader of the graph can tell what it does."
    ),
    remediation=(
        "Replace the operator with operators of the framework and export the model again, or review the function that "
        "it calls, and allow this finding with a reason."
    ),
    references=(cwe(94), cwe(829), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

R_CODE = Rule(
    id="r-carries-code",
    title="An R file carries functions",
    family="carries-code",
    severity=Severity.HIGH,
    why="Many models of R keep functions: link functions, prediction functions, whole environments of them. They are "
    "rebuilt when the file is read, and run when the model is used; so the file is a program, not only data.",
    remediation="Prefer a model without functions, or an exchange format such as PMML or ONNX. Where functions are "
    "intended, let the policy decide and require a signature of the builder.",
    references=(cwe(94), cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

TORCH_PACKAGE_CODE = Rule(
    id="torch-package-carries-code",
    title="A torch.package archive carries Python modules",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "torch.package stores the model's Python sources beside its pickles, and its importer runs them when the model "
        "is loaded, with all rights of the process."
    ),
    remediation=(
        "Ship a state_dict as safetensors with reviewed source, or review the modules that are listed, and allow this "
        "finding with a reason if the archive is signed by its builder."
    ),
    references=(cwe(829), cwe(94), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

MODEL_ARCHIVE_CODE = Rule(
    id="model-archive-carries-code",
    title="An archive for a model server carries code",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "Archives of TorchServe, BentoML and MLflow can hold Python files, packages and requirements. The server "
        "imports or installs them when it loads the model."
    ),
    remediation=(
        "Use a handler of the server itself where there is one, or review the files that are listed, and allow this "
        "finding with a reason if the archive is signed by its builder."
    ),
    references=(cwe(829), cwe(494), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06),
)

STARTUP_CODE = Rule(
    id="startup-file-carries-code",
    title="A file is run whenever Python starts",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "site executes lines of .pth files that begin with import, and imports sitecustomize and usercustomize. Such a "
        "file beside a model changes every Python process that finds it."
    ),
    remediation="Remove the file, or review it and allow this finding with a reason: models need no code at start-up.",
    references=(
        cwe(829),
        ATLAS_SUPPLY_CHAIN_MODEL,
        Reference("Python: site", "https://docs.python.org/3/library/site.html"),
    ),
)

MATLAB_CODE = Rule(
    id="matlab-carries-code",
    title="A MAT file carries functions",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "Function handles are stored as text, with the variables that they use, and are evaluated when they are "
        "called. Java objects in a MAT file are deserialized as soon as it is loaded."
    ),
    remediation="Save the values only, and keep functions in source files that are reviewed.",
    references=(cwe(94), cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

TORCH7_CODE = Rule(
    id="torch7-carries-code",
    title="A Lua Torch file carries functions",
    family="carries-code",
    severity=Severity.HIGH,
    why=(
        "Lua Torch stores functions as bytecode and loads it without checks. Bytecode made by hand leaves Lua's own "
        "virtual machine."
    ),
    remediation=(
        "Convert the weights to safetensors on a machine that has nothing to lose, and keep the functions as source."
    ),
    references=(cwe(502), cwe(94), ATLAS_UNSAFE_ARTIFACT),
)

TENSORRT_ENGINE = Rule(
    id="tensorrt-carries-code",
    title="A TensorRT engine carries compiled code",
    family="carries-code",
    severity=Severity.HIGH,
    why="An engine holds kernels for one device and the state of plugins, which native libraries restore. Its format "
    "is not public: nobody can tell from the file what it does, and a damaged one has crashed the runtime.",
    remediation="Build engines yourself from a model that was examined, on the machine that runs them. Where they "
    "must be shipped, let the policy decide and require a signature of the builder.",
    references=(cwe(829), cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

JAVA_OBJECTS = Rule(
    id="java-objects-carry-code",
    title="A model is a stream of Java objects",
    family="carries-code",
    severity=Severity.HIGH,
    why="Reading the stream constructs every class that it names and runs code of these classes with values from the "
    "file. Classes that ordinary libraries bring along have been combined into running commands again and again.",
    remediation="Export the model as PMML or ONNX. Where the stream is needed, read it with a filter that admits the "
    "model's classes only, and let the policy require a signature of the builder.",
    references=(
        cwe(502),
        Reference("JEP 290: filters", "https://openjdk.org/jeps/290"),
        ATLAS_UNSAFE_ARTIFACT,
        OWASP_ML06,
    ),
)

RULES = (
    JAVA_OBJECTS,
    TENSORRT_ENGINE,
    TORCH7_CODE,
    TORCH_PACKAGE_CODE,
    MODEL_ARCHIVE_CODE,
    STARTUP_CODE,
    MATLAB_CODE,
    R_CODE,
    PICKLE_CODE,
    TORCHSCRIPT_CODE,
    KERAS_LAMBDA,
    KERAS_TORCH,
    KERAS_CUSTOM,
    REPOSITORY_CODE,
    GRAPH_PYTHON,
)
"""Every rule of the family, in the order of its pages."""
