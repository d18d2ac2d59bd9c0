"""Rules about containers and about formats other than pickle."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import (
    ATLAS_UNSAFE_ARTIFACT,
    OWASP_ML06,
    atlas,
    cwe,
)

FORMAT_MISMATCH = Rule(
    id="format-mismatch",
    title="The content is not what the name says",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Loaders and reviewers go by the name. A pickle called weights.safetensors looks like data and can run "
        "code where a loader sniffs the content; scanners that go by the name skip it."
    ),
    remediation=(
        "Find out who wrote the file. Rename it to what it is, or export the weights again in the format that the "
        "name promises."
    ),
    references=(cwe(434), cwe(646), ATLAS_UNSAFE_ARTIFACT),
)

NATIVE_CODE = Rule(
    id="native-code-in-model",
    title="Native machine code stands where a model should be",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Weights need no executable. A library inside a model archive is loaded by the model's own code or by a "
        "custom operator, with all rights of the process."
    ),
    remediation=(
        "Remove the binary. If the model needs a custom operator, ship it as a package with a signature of its own."
    ),
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

NATIVE_BESIDE = Rule(
    id="native-code-beside-model",
    title="Native machine code lies in a model's directory",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Weights need no executable. A library that is downloaded with a model is loaded by the model's own code, as a "
        "custom operator, or by a loader that looks for it beside the weights, with all rights of the process."
    ),
    remediation=(
        "Find out what loads it. If nothing does, remove it; if the model needs it, build it from reviewed source and "
        "ship it as a package with a signature of its own."
    ),
    references=(cwe(829), ATLAS_UNSAFE_ARTIFACT, OWASP_ML06),
)

PATH_TRAVERSAL = Rule(
    id="archive-path-traversal",
    title="A member of an archive leads out of the directory it is unpacked into",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "A member called ../../x, an absolute name or a link that points outside overwrites files of the user who "
        "unpacks the archive: start-up scripts, keys, packages."
    ),
    remediation=(
        "Do not unpack it. Take the model from its origin again, and report the archive to where you got it from."
    ),
    references=(cwe(22), cwe(59), ATLAS_UNSAFE_ARTIFACT),
)

ZIP_INCONSISTENT = Rule(
    id="zip-inconsistent",
    title="Two readers of this zip archive would see two different contents",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "A zip archive names each member twice: before its data and in the directory at the end. Where both "
        "disagree on name, size, method or checksum, or members overlap, a scanner can be shown something else "
        "than the loader reads."
    ),
    remediation="Write the archive again with an ordinary tool from a source that you trust.",
    references=(cwe(436), cwe(345), ATLAS_UNSAFE_ARTIFACT),
)

ZIP_HIDDEN_MEMBER = Rule(
    id="zip-hidden-member",
    title="A zip archive carries a member that its directory does not list",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Readers that go through the archive from the front find the member, readers that use the directory do "
        "not. Ordinary tools do not write such archives."
    ),
    remediation="Write the archive again with an ordinary tool from a source that you trust.",
    references=(cwe(436), ATLAS_UNSAFE_ARTIFACT),
)

ZIP_ENCRYPTED = Rule(
    id="zip-encrypted-member",
    title="A member of a zip archive is marked as encrypted",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "What is encrypted cannot be examined. Some loaders ignore the mark and read the data as it is, so that "
        "the mark alone hides a member from scanners."
    ),
    remediation="Unpack the archive with its password in a safe place, and scan what comes out.",
    references=(cwe(693), ATLAS_UNSAFE_ARTIFACT),
)

TAR_UNSAFE = Rule(
    id="tar-unsafe-member",
    title="A tar archive carries a member that no model needs",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Devices, pipes and header blocks with wrong checksums have no place in a model. They show an archive that "
        "was made by hand, and readers treat them differently."
    ),
    remediation="Write the archive again with an ordinary tool from a source that you trust.",
    references=(cwe(436), ATLAS_UNSAFE_ARTIFACT),
)

TRAILING_DATA = Rule(
    id="trailing-data",
    title="Bytes follow the end of the content",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "No loader needs them. They can be a second file in one: another reader, one that looks from the end or "
        "asks for another format, sees a different content."
    ),
    remediation="Save the model again and compare; the new file should end where its content ends.",
    references=(cwe(436), ATLAS_UNSAFE_ARTIFACT),
)

NPY_BAD_HEADER = Rule(
    id="npy-bad-header",
    title="The header of a NumPy array is not what NumPy writes",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The header is a Python literal that names type, order and shape. Anything else was not written by NumPy, "
        "and old readers evaluate it."
    ),
    remediation="Save the array again with numpy.save(..., allow_pickle=False).",
    references=(cwe(20), ATLAS_UNSAFE_ARTIFACT),
)

SAFETENSORS_BAD_HEADER = Rule(
    id="safetensors-bad-header",
    title="The header of a safetensors file breaks the format's rules",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The format is safe because readers check it. A header with duplicate names, wrong sizes or places outside "
        "the file is read differently by readers that check less."
    ),
    remediation="Write the file again with the safetensors library from weights that you trust.",
    references=(cwe(20), cwe(125), ATLAS_UNSAFE_ARTIFACT),
)

SAFETENSORS_OVERLAP = Rule(
    id="safetensors-overlap",
    title="Tensors of a safetensors file overlap or leave holes",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "The format wants every byte to belong to exactly one tensor. Holes can hide other content, overlaps make "
        "one tensor change with another."
    ),
    remediation="Write the file again with the safetensors library from weights that you trust.",
    references=(cwe(20), ATLAS_UNSAFE_ARTIFACT),
)

GGUF_BAD_HEADER = Rule(
    id="gguf-bad-header",
    title="The header of a GGUF file breaks the format's rules",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Counts, lengths and offsets that do not fit the file have been used to write outside of buffers in C and "
        "C++ readers."
    ),
    remediation="Convert the model again from its original weights, and use a current reader.",
    references=(cwe(190), cwe(787), ATLAS_UNSAFE_ARTIFACT),
)

CHAT_TEMPLATE_INJECTION = Rule(
    id="chat-template-injection",
    title="A chat template reaches for Python's internals",
    family="scan",
    severity=Severity.CRITICAL,
    why=(
        "Chat templates are Jinja programs. One that walks __class__, __globals__ or __builtins__ runs commands "
        "where a server renders it outside of a sandbox (CVE-2024-34359)."
    ),
    remediation=(
        "Do not load the model. Replace the template with the one that the model's authors publish, and render "
        "templates in jinja2.sandbox.ImmutableSandboxedEnvironment only."
    ),
    references=(
        cwe(1336),
        cwe(94),
        Reference("CVE-2024-34359", "https://nvd.nist.gov/vuln/detail/CVE-2024-34359"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

KERAS_FOREIGN = Rule(
    id="keras-foreign-class",
    title="A Keras configuration names a class or function outside of Keras",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "Keras imports the module that a configuration names and calls what it finds there with arguments from the "
        "file (CVE-2025-1550)."
    ),
    remediation=(
        "Rebuild the model from layers of Keras, or review the named package, and allow this finding with a reason."
    ),
    references=(
        cwe(94),
        cwe(502),
        Reference("CVE-2025-1550", "https://nvd.nist.gov/vuln/detail/CVE-2025-1550"),
        ATLAS_UNSAFE_ARTIFACT,
    ),
)

SKOPS_UNTRUSTED = Rule(
    id="skops-untrusted-type",
    title="A skops file names a type that is not known to be harmless",
    family="scan",
    severity=Severity.HIGH,
    why=(
        "skops imports every type that its schema names once the user trusts it. A type that runs code on "
        "construction makes the file as dangerous as a pickle."
    ),
    remediation=(
        "Look at the type; if it is harmless, list it under [scan] allow with a reason, and pass exactly this list "
        "to skops.io.load(trusted=...)."
    ),
    references=(cwe(502), ATLAS_UNSAFE_ARTIFACT),
)

MODELSCAN_ISSUE = Rule(
    id="modelscan-issue",
    title="modelscan reports an unsafe operator",
    family="scan",
    severity=Severity.HIGH,
    why="The second engine found an operator on its list of unsafe ones. Its severity is taken over.",
    remediation=(
        "Do not load the file. Compare with the findings of the builtin engine, and export the model as "
        "safetensors from a source that you trust."
    ),
    references=(cwe(502), atlas("AML.T0010"), ATLAS_UNSAFE_ARTIFACT),
)

RULES = (
    FORMAT_MISMATCH,
    NATIVE_CODE,
    NATIVE_BESIDE,
    PATH_TRAVERSAL,
    ZIP_INCONSISTENT,
    ZIP_HIDDEN_MEMBER,
    ZIP_ENCRYPTED,
    TAR_UNSAFE,
    TRAILING_DATA,
    NPY_BAD_HEADER,
    SAFETENSORS_BAD_HEADER,
    SAFETENSORS_OVERLAP,
    GGUF_BAD_HEADER,
    CHAT_TEMPLATE_INJECTION,
    KERAS_FOREIGN,
    SKOPS_UNTRUSTED,
    MODELSCAN_ISSUE,
)
