"""Rules of the room ``source``: workflows, and the code of the pipeline."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import (
    ATLAS_SUPPLY_CHAIN_MODEL,
    ATLAS_SUPPLY_CHAIN_SOFTWARE,
    ATLAS_UNSAFE_ARTIFACT,
    OWASP_ML06,
    cwe,
)

_HARDENING = Reference("GitHub: secure use", "https://docs.github.com/en/actions/reference/security/secure-use")
_TOKEN = Reference("GitHub: GITHUB_TOKEN", "https://docs.github.com/en/actions/concepts/security/github_token")
_PWN_REQUEST = Reference(
    "GitHub Security Lab: pwn requests",
    "https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/",
)
_PICKLE = Reference("Python: pickle", "https://docs.python.org/3/library/pickle.html")
_REMOTE_CODE = Reference("transformers: custom models", "https://huggingface.co/docs/transformers/custom_models")

UNPINNED_ACTION = Rule(
    id="unpinned-action",
    title="A workflow uses an action that is not pinned to a commit",
    family="source",
    severity=Severity.HIGH,
    why="A tag or a branch is what its owner says it is today. Who takes over the action's repository moves the tag, "
    "and their code runs in the next build with its token, its secrets and the model that it makes. Actions of GitHub "
    "itself count as medium.",
    remediation="Name the full commit (owner/action@<40 hexadecimal digits>) with the tag in a comment; for images, "
    "name the digest (docker://image@sha256:…). Let an updater with a cooldown raise the pins.",
    references=(cwe(829), cwe(494), ATLAS_SUPPLY_CHAIN_SOFTWARE, OWASP_ML06, _HARDENING),
)

EXCESSIVE_PERMISSIONS = Rule(
    id="excessive-permissions",
    title="A workflow's token may do more than it needs",
    family="source",
    severity=Severity.MEDIUM,
    why="Every step of a job, and every package that a step installs, can use the job's token. With write-all, or with "
    "the repository's defaults where nothing is stated (low), one bad step can push code, publish a release or "
    "overwrite a model.",
    remediation="Write 'permissions: {}' at the top of the workflow, and give each job exactly what it needs.",
    references=(cwe(250), cwe(272), ATLAS_SUPPLY_CHAIN_SOFTWARE, _TOKEN),
)

PULL_REQUEST_TARGET_CHECKOUT = Rule(
    id="pull-request-target-checkout",
    title="A privileged workflow checks out the code of a pull request",
    family="source",
    severity=Severity.HIGH,
    why="A workflow that pull_request_target or workflow_run triggers has the repository's secrets and a token that "
    "may write. If it checks out what a stranger proposes, the stranger's build scripts and tests run with both.",
    remediation="Use pull_request for what builds or tests the proposed code. If secrets are needed, split the "
    "workflow, and hand over data, never code.",
    references=(cwe(829), cwe(94), ATLAS_SUPPLY_CHAIN_SOFTWARE, _PWN_REQUEST),
)

TEMPLATE_INJECTION = Rule(
    id="template-injection",
    title="Text that anybody can write becomes part of a script",
    family="source",
    severity=Severity.HIGH,
    why="An expression in a run step is replaced before the shell starts. A title, a branch name or a comment that "
    "holds shell syntax then runs as commands, with the job's secrets.",
    remediation="Put the expression into an environment variable of the step (env:), and use the variable, quoted, in "
    "the script.",
    references=(cwe(94), cwe(78), ATLAS_SUPPLY_CHAIN_SOFTWARE, _HARDENING),
)

INSECURE_MODEL_DOWNLOAD = Rule(
    id="insecure-model-download",
    title="A download does not verify whom it comes from",
    family="source",
    severity=Severity.HIGH,
    why="Over plain HTTP, or with certificate checks switched off, anybody on the way can hand over another file: a "
    "model with a payload, a poisoned data set, a script.",
    remediation="Use https:// with certificate checks on, pin the revision, and compare the file's SHA-256 or verify "
    "its signature before it is used.",
    references=(cwe(319), cwe(295), cwe(494), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06),
)

UNSAFE_LOAD = Rule(
    id="unsafe-load",
    title="Code loads a format that can run commands",
    family="source",
    severity=Severity.MEDIUM,
    why="Pickle, and every format that is made of it, is a program that the loader runs. Whoever can change the file, "
    "or the place it is downloaded from, runs code where it is loaded.",
    remediation="Load weights from safetensors, with torch.load(weights_only=True), or with numpy.load without "
    "allow_pickle; load estimators from skops, YAML with yaml.safe_load. Verify the file's signature first where a "
    "pickle cannot be avoided.",
    references=(cwe(502), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, _PICKLE),
)

TRUSTED_REMOTE_CODE = Rule(
    id="trusted-remote-code",
    title="Code runs what a model repository carries",
    family="source",
    severity=Severity.HIGH,
    why="trust_remote_code=True imports Python files from the model's repository; torch.hub.load does the same. Who "
    "can push there runs code here, with all rights of the process.",
    remediation="Use an architecture that the library ships. Otherwise review the code, copy it into your own package, "
    "or pin the revision to the reviewed commit and waive this finding with the reason.",
    references=(cwe(829), cwe(494), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06, _REMOTE_CODE),
)

UNPINNED_MODEL_REVISION = Rule(
    id="unpinned-model-revision",
    title="A model or data set is downloaded without a fixed revision",
    family="source",
    severity=Severity.MEDIUM,
    why="Without a commit the newest state of the repository is taken. Its owner, or who takes over the account, "
    "decides from one day to the next what is trained or deployed; nothing can be reproduced.",
    remediation="Pass revision= with the full commit (40 hexadecimal digits) that was reviewed.",
    references=(cwe(494), cwe(1357), ATLAS_SUPPLY_CHAIN_MODEL, OWASP_ML06),
)

UNVERIFIED_CONNECTION = Rule(
    id="unverified-connection",
    title="Code switches certificate checks off",
    family="source",
    severity=Severity.HIGH,
    why="Without the check the other side can be anybody: what is downloaded may be replaced, and what is sent, tokens "
    "included, may be read.",
    remediation="Leave verification on. For a private authority pass its certificate: verify='/path/to/ca.pem'.",
    references=(cwe(295), ATLAS_SUPPLY_CHAIN_MODEL),
)

RULES = (
    UNPINNED_ACTION,
    EXCESSIVE_PERMISSIONS,
    PULL_REQUEST_TARGET_CHECKOUT,
    TEMPLATE_INJECTION,
    INSECURE_MODEL_DOWNLOAD,
    UNSAFE_LOAD,
    TRUSTED_REMOTE_CODE,
    UNPINNED_MODEL_REVISION,
    UNVERIFIED_CONNECTION,
)
"""Every rule of the family, in the order of its pages."""
