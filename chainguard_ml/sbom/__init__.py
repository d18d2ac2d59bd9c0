"""Bills of materials: what the pipeline consists of, as CycloneDX 1.6 JSON.

``build`` makes a graph that knows no format, ``write`` turns it into bytes, ``validate`` reads them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import Digest, Evidence, Gap, GapReason, Subject
from chainguard_ml.sbom.building import build
from chainguard_ml.sbom.cyclonedx import MEDIA_TYPE, SPECIFICATION, write
from chainguard_ml.sbom.validation import validate

if TYPE_CHECKING:
    from chainguard_ml.context import Context
    from chainguard_ml.model import Json, Observations

__all__ = ["build", "examine", "validate", "write"]

_NAME = "bom.cdx.json"


def examine(context: Context) -> Observations:
    """Build and validate the bill of materials; yield what it holds, and what could not be recorded.

    Yields nothing where there is neither a package nor a model nor a data set.
    """
    import hashlib

    bom, gaps = build(context)
    yield from gaps
    if not bom.nodes:
        return
    data = write(bom)
    digest = Digest("sha256", hashlib.sha256(data).hexdigest())
    subject = Subject(_NAME, "sbom", digest, len(data), MEDIA_TYPE)
    problems = validate(data)
    if problems:
        yield Gap(subject, GapReason.INTERNAL, f"the bill of materials is not valid: {problems[0]}")
    statement: dict[str, Json] = {
        "specification": SPECIFICATION,
        "components": sum(1 for _ in bom.walk()),
        "packages": len(bom.nodes) - len(bom.of("machine-learning-model", "data")),
        "models": len(bom.of("machine-learning-model")),
        "datasets": len(bom.of("data")),
        "valid": not problems,
        "sha256": digest.hex,
    }
    yield Evidence("sbom", subject, "sbom", statement)
