"""Decide: a policy document's rules over the facts of all other rooms, in CEL, failing closed.

``load`` reads a policy, ``Facts.build`` turns what was learnt into facts, ``decide`` says what each rule makes of them;
``apply_waivers`` takes out what somebody accepted before. A group of facts is described in ``schema``. The libraries
for YAML and CEL are imported when a document is read.
"""

from __future__ import annotations

from chainguard_ml.policy.cases import CaseResult, run_tests
from chainguard_ml.policy.deciding import decide
from chainguard_ml.policy.document import check_document, load, load_waivers
from chainguard_ml.policy.facts import Facts
from chainguard_ml.policy.interface import Policy
from chainguard_ml.policy.params import resolve
from chainguard_ml.policy.shipped import library
from chainguard_ml.policy.waivers import apply_waivers

__all__ = [
    "CaseResult",
    "Facts",
    "Policy",
    "apply_waivers",
    "check_document",
    "decide",
    "library",
    "load",
    "load_waivers",
    "resolve",
    "run_tests",
]
