"""Rules of the room ``policy``: what is wrong with the waivers themselves."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity

_SSDF = Reference("NIST SP 800-218, PO.4", "https://csrc.nist.gov/pubs/sp/800/218/final")

WAIVER_EXPIRED = Rule(
    id="waiver-expired",
    title="A waiver has expired",
    family="policy",
    severity=Severity.MEDIUM,
    why="A waiver accepts a risk until a day. After it nobody stands behind the decision, so the waiver no longer "
    "takes its findings out, and they decide again.",
    remediation="Fix what it covered and remove the waiver; or have the risk reviewed again, and set a new date with "
    "the approver's consent.",
    references=(_SSDF,),
)

WAIVER_UNUSED = Rule(
    id="waiver-unused",
    title="A waiver matches no finding",
    family="policy",
    severity=Severity.INFO,
    why="What it covered is gone, or its match does not say what was meant. A waiver that is left behind hides the "
    "next finding that happens to fit.",
    remediation="Remove the waiver, or correct its rule and match.",
    references=(_SSDF,),
)

RULES = (WAIVER_EXPIRED, WAIVER_UNUSED)
"""Every rule of the family, in the order of its pages."""
