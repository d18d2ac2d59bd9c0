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

RULES = (ANTI_ITEM,)
"""Every rule of the area, in the order of its pages."""
