"""Rules about pickles: what a stream imports, calls and changes when it is loaded."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

_PYTHON_DOCS = Reference("Python: pickle", "https://docs.python.org/3/library/pickle.html#restricting-globals")
_SHARED = (cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, _PYTHON_DOCS)

_DO_NOT_LOAD = (
    "Do not load the file. Find out where it comes from; take the model again from its publisher, as safetensors or "
    "another format without code, and compare digests."
)
_ALLOW = (
    "If the name is yours and harmless, allow exactly this use with a reason: a table [[scan.allow]] in "
    "chainguard-ml.toml with name, may-be, reason and, if it holds for some files only, path or sha256. Better, export "
    "the weights with safetensors.torch.save_file and rebuild the object in reviewed code."
)

DANGEROUS_GLOBAL = Rule(
    id="dangerous-global",
    title="A pickle reaches a function with which it can run code, commands or transfers",
    family="scan",
    severity=Severity.CRITICAL,
    why="Loading a pickle imports what it names and calls it with arguments from the file. This name is known to run "
    "commands or code, or to open files or connections; no model needs it.",
    remediation=_DO_NOT_LOAD,
    references=(cwe(94), *_SHARED),
)

UNKNOWN_GLOBAL = Rule(
    id="unknown-global",
    title="A pickle uses a name that is on no list of harmless ones",
    family="scan",
    severity=Severity.HIGH,
    why="Thousands of functions in ordinary packages can be turned into running code, and new ones are found every "
    "week. So a name is trusted only if it is listed with the use that is made of it. A name that is only referred to "
    "counts as medium: importing its module runs that module's code, and the program may call it later.",
    remediation=_ALLOW,
    references=_SHARED,
)

UNRESOLVED_GLOBAL = Rule(
    id="unresolved-global",
    title="A pickle imports a name that cannot be known from the file",
    family="scan",
    severity=Severity.CRITICAL,
    why="The name is computed while the file is loaded, is no text, or is an extension code that only the loader's "
    "registry resolves. Frameworks write names as literals; a computed one hides what is imported.",
    remediation=_DO_NOT_LOAD,
    references=_SHARED,
)

ATTRIBUTE_PATH = Rule(
    id="attribute-path-global",
    title="A pickle reaches a name through special attributes or through another object",
    family="scan",
    severity=Severity.CRITICAL,
    why="Through a module that looks harmless a path such as numpy.__builtins__ or sub.os.system leads to any function "
    "of the process. Only paths that are listed exactly are trusted, such as the methods that frameworks write.",
    remediation=_DO_NOT_LOAD,
    references=(cwe(915), *_SHARED),
)

MAIN_GLOBAL = Rule(
    id="main-global",
    title="A pickle needs a name from the script that loads it",
    family="scan",
    severity=Severity.CRITICAL,
    why="__main__ is whatever program happens to load the file: which code runs cannot be known from the file, and a "
    "program that defines the name by chance runs its own code with the file's arguments.",
    remediation="Move the class into a package, save the model again, and allow the class by its package name with a "
    "reason. If the program's own class is meant, allow '__main__.Name' for exactly this file.",
    references=_SHARED,
)

OVERWRITTEN_GLOBAL = Rule(
    id="overwritten-global",
    title="A pickle changes a module, a class or a function",
    family="scan",
    severity=Severity.CRITICAL,
    why="State or items are set on what was imported, not on an object of the stream. It changes the running program: "
    "a replaced method or builtin runs the next time anybody calls it.",
    remediation=_DO_NOT_LOAD,
    references=(cwe(915), *_SHARED),
)

MISUSED_GLOBAL = Rule(
    id="misused-global",
    title="A pickle uses a harmless name in a way that no framework does",
    family="scan",
    severity=Severity.HIGH,
    why="The name is listed, but not for this use: a class that is only referred to is called, what a call returned is "
    "called again, special attributes are set, arguments are hidden, or a type of NumPy takes bytes for "
    "addresses of objects. Such detours are how listed names are abused.",
    remediation=_ALLOW,
    references=_SHARED,
)

MALFORMED_PICKLE = Rule(
    id="malformed-pickle",
    title="A pickle breaks off, or is not what picklers write",
    family="scan",
    severity=Severity.HIGH,
    why="What stands before the break has run when the loader notices it; attackers break their files on purpose, "
    "because many scanners then give up. Where nothing was imported before the break it counts as medium.",
    remediation="Take the file again from its origin and compare digests. If it is meant to be so, it is an attack.",
    references=(cwe(20), *_SHARED),
)

PERSISTENT_ID = Rule(
    id="unknown-persistent-id",
    title="A pickle asks its loader for an object that is not in the file",
    family="scan",
    severity=Severity.MEDIUM,
    why="What a persistent id stands for is decided by the loader's own code. Those of torch's tensors are known; for "
    "others nobody can say from the file what will be used.",
    remediation="Load it only with the program that wrote it, or save the model again without persistent ids.",
    references=_SHARED,
)

HIDDEN_PICKLE = Rule(
    id="hidden-pickle",
    title="A pickle that names something stands behind the end of the content",
    family="scan",
    severity=Severity.MEDIUM,
    why="Ordinary loaders stop before it. A loader that starts at another place, or another program, runs it; scanners "
    "that stop where the first stream ends do not see it.",
    remediation=_DO_NOT_LOAD,
    references=(cwe(506), *_SHARED),
)

RULES = (
    DANGEROUS_GLOBAL,
    UNKNOWN_GLOBAL,
    UNRESOLVED_GLOBAL,
    ATTRIBUTE_PATH,
    MAIN_GLOBAL,
    OVERWRITTEN_GLOBAL,
    MISUSED_GLOBAL,
    MALFORMED_PICKLE,
    PERSISTENT_ID,
    HIDDEN_PICKLE,
)
