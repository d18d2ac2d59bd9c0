"""Rules about configurations of models: what a text file makes its loader import, call, read or send."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_SUPPLY_CHAIN_MODEL, ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

UNSAFE_YAML_TAG = Rule(
    id="unsafe-yaml-tag",
    title="A YAML document makes its loader build an object",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Tags such as !!python/object/apply, !ruby/object or the name of a Java class make an unsafe loader import "
        "and call what they name, with arguments from the file. With the right name this runs a command."
    ),
    remediation=(
        "Do not load the file with a loader that builds objects. Write plain values, read them with "
        "yaml.safe_load, and build objects in reviewed code."
    ),
    references=(
        cwe(502),
        cwe(94),
        Reference("CVE-2020-14343", "https://nvd.nist.gov/vuln/detail/CVE-2020-14343"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

YAML_EXPANSION = Rule(
    id="yaml-alias-expansion",
    title="Aliases make a small YAML document grow without bound",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Each alias stands for a whole value, and values hold aliases. A few lines become millions of values when "
        "something walks through them, copies them or writes them as JSON."
    ),
    remediation="Do not load the file. Ask its author for one without nested aliases.",
    references=(cwe(776), cwe(400), ATLAS_UNSAFE_ARTIFACT),
)

CONFIG_TARGET = Rule(
    id="dangerous-config-target",
    title="A configuration names a function that runs code or reaches outside",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "Hydra, NeMo, Lightning, and others import what _target_ or class_path names and call it with arguments from "
        "the file (CVE-2025-23304). No model needs this function."
    ),
    remediation=(
        "Do not load the model. Take it from its origin again, and instantiate only targets that a list of your own "
        "allows."
    ),
    references=(
        cwe(94),
        cwe(470),
        Reference("CVE-2025-23304", "https://nvd.nist.gov/vuln/detail/CVE-2025-23304"),
        ATLAS_UNSAFE_ARTIFACT,
        OWASP_ML06,
    ),
)

UNKNOWN_TARGET = Rule(
    id="unknown-config-target",
    title="A model's configuration names a callable that is not known to be harmless",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The loader imports what _target_ or class_path names and calls it with arguments from the file. What it does "
        "cannot be known from here; a class of a model's own package is usual, a function is not."
    ),
    remediation=(
        "Look at what is named. If it is harmless, allow it under [scan] allow with a reason; else do not load the "
        "model."
    ),
    references=(cwe(470), cwe(829), ATLAS_UNSAFE_ARTIFACT),
)

INTERPOLATION = Rule(
    id="unsafe-config-interpolation",
    title="A configuration computes a value with code or from the environment",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "OmegaConf evaluates ${resolver:argument} when a value is read. A resolver that evaluates text runs what the "
        "file says; oc.env brings variables of the loading process, keys among them, into the model."
    ),
    remediation="Replace the expression by its value, and load the configuration without such resolvers.",
    references=(cwe(95), cwe(526), ATLAS_UNSAFE_ARTIFACT),
)

PATH_ESCAPE = Rule(
    id="config-path-escape",
    title="A model's configuration names a file outside of the model's directory",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "The loader reads the file that is named. An absolute path or one with '..' makes it load another file of "
        "the machine as weights, code or data, one that nobody reviewed with the model."
    ),
    remediation="Do not load the model. Take it from its origin again; its files belong into its own directory.",
    references=(cwe(22), cwe(73), ATLAS_UNSAFE_ARTIFACT),
)

SECRET = Rule(
    id="secret-in-config",
    title="A key or token stands in a configuration file",
    family="scan",
    severity=Severity.HIGH,
    why="Whoever gets the model gets the key. Models are copied, published and mirrored; keys in them are used.",
    remediation=(
        "Revoke the key at its issuer first; then take it out of the file and of its history, and read it from the "
        "environment or a secret store."
    ),
    references=(cwe(798), cwe(312), Reference("AML.T0055", "https://atlas.mitre.org/techniques/AML.T0055")),
)

IMPORTED_CODE = Rule(
    id="repository-code-runs-on-import",
    title="Code of a model's repository runs commands or connects as soon as it is imported",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "A loader that trusts the repository imports this file before it looks at any weight. What stands outside of "
        "functions runs then; a model's code has no reason to start programs or open connections there."
    ),
    remediation="Do not load the model with trust_remote_code. Report the repository to where you got it from.",
    references=(cwe(506), cwe(829), ATLAS_SUPPLY_CHAIN_MODEL, ATLAS_UNSAFE_ARTIFACT),
)

PICKLE_BESIDE = Rule(
    id="pickle-beside-safetensors",
    title="The same weights lie beside each other as safetensors and as a pickle",
    family="scan",
    severity=Severity.INFO,
    why="A loader that is asked for it, or that does not know safetensors, takes the pickle, which can run code.",
    remediation="Remove the pickle from what you deploy, or load with use_safetensors=True.",
    references=(cwe(502), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (
    UNSAFE_YAML_TAG,
    YAML_EXPANSION,
    CONFIG_TARGET,
    UNKNOWN_TARGET,
    INTERPOLATION,
    PATH_ESCAPE,
    SECRET,
    IMPORTED_CODE,
    PICKLE_BESIDE,
)
"""Every rule of this file, in the order of its pages."""
